//! The ranking: all runs by validation accuracy, what they took, and their settings on one line.

use super::{Section, SectionBadge, SectionContext, SectionTable, TableCell, TableColumn};
use crate::format;
use crate::view::{Rank, RunCost, RunGroup, TEST_ACCURACY, VAL_ACCURACY};

const CAPTION: &str = "All runs by validation accuracy, mean ± standard deviation over complete seeds. Time and operations are of \
                       the training of one seed.";

const AT_CHANCE: &str = "“At chance” stands behind runs whose accuracy on the test images (without a test, on the validation \
                         images) is not distinguishable from that of always saying the most frequent class: its 95 % interval \
                         (Wilson) reaches down to the share of that class.";

/// The section; every study has one.
pub(super) fn compute(context: &SectionContext) -> Option<Section> {
    let rows = context.ranking.rows.iter().map(|rank| row(rank, &context.groups[rank.group])).collect();
    let chance = context.groups.iter().any(|group| group.warnings.is_at_chance).then(|| AT_CHANCE.to_owned());
    Some(Section {
        tables: vec![SectionTable::new(CAPTION, columns(), rows)],
        notes: std::iter::once(context.ranking.footnote()).chain(chance).collect(),
        ..Section::new("ranking", "Ranking")
    })
}

fn columns() -> Vec<TableColumn> {
    let numeric =
        ["Validation accuracy", "Test accuracy", "Seeds", "Parameters", "Time"].map(TableColumn::numeric);
    [TableColumn::numeric("Rank"), TableColumn::row_name("Run"), TableColumn::words("Settings").below()]
        .into_iter()
        .chain(numeric)
        .chain([TableColumn::numeric("Operations").below()])
        .collect()
}

fn row(rank: &Rank, group: &RunGroup) -> Vec<TableCell> {
    let near = if rank.is_near_best { "≈ " } else { "" };
    let accuracy = TableCell::estimate(group.metric(VAL_ACCURACY));
    vec![
        TableCell { value: rank.rank.parse().ok(), ..TableCell::text(format!("{near}{}", rank.rank)) },
        name(group),
        TableCell::text(format!("{} · {}", group.model, group.settings_line)),
        TableCell { meter: rank.place, ..accuracy },
        TableCell::estimate(group.metric(TEST_ACCURACY)),
        TableCell::number(group.comparison.n as f64, seeds(group)),
        TableCell::number(group.parameters.0 as f64 + group.parameters.1 as f64, group.parameters_text()),
        time(&group.cost),
        operations(&group.cost),
    ]
}

fn name(group: &RunGroup) -> TableCell {
    TableCell { link: Some(group.anchor.clone()), badge: badge(group), ..TableCell::text(&group.name) }
}

/// What is not finished of a run, or failed, and whether what is finished is at chance.
pub(super) fn badge(group: &RunGroup) -> Option<SectionBadge> {
    let chance = group.warnings.is_at_chance.then(|| "at chance".to_owned());
    let text = group.unfinished.iter().cloned().chain(chance).reduce(|all, one| format!("{all}, {one}"))?;
    Some(SectionBadge { text, is_failure: !group.failures.is_empty() })
}

fn seeds(group: &RunGroup) -> String {
    match group.unfinished {
        None => group.seeds.len().to_string(),
        Some(_) => format!("{} of {}", group.comparison.n, group.seeds.len()),
    }
}

/// The mean training time of one seed.
fn time(cost: &RunCost) -> TableCell {
    TableCell::maybe(cost.train_seconds.as_ref().map(|seconds| seconds.mean), format::duration)
}

fn operations(cost: &RunCost) -> TableCell {
    match cost.train_seconds {
        Some(_) => TableCell::number(cost.flops as f64, format::flops(cost.flops)),
        None => TableCell::none(),
    }
}
