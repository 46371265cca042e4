//! The ranking: all runs by validation accuracy, what they took, and their settings on one line.

use std::collections::BTreeSet;

use super::{Section, SectionBadge, SectionContext, SectionTable, TableCell, TableColumn};
use crate::format;
use crate::view::{Rank, RunCost, RunGroup, TEST_ACCURACY, VAL_ACCURACY};

const CAPTION: &str = "All runs, mean ± standard deviation over complete seeds. Time and operations are of the training of one \
                       seed.";

const AT_CHANCE: &str = "“At chance” stands behind runs whose accuracy on the test images (without a test, on the validation \
                         images) is not distinguishable from that of always saying the most frequent class: its 95 % interval \
                         (Wilson) reaches down to the share of that class.";

pub(super) const GROUPS: &str = "A line between two groups says that every run above it is better than every run below it, over seeds and \
                      images; the chance that this report draws a false line is at most 5 %. Inside a group no order is \
                      established.";

/// The section; every study has one.
pub(super) fn compute(context: &SectionContext) -> Option<Section> {
    let ranked = ranked_rows(context);
    let rows = ranked.iter().map(|(rank, row)| self::row(*rank, row, &context.groups[row.group])).collect();
    let lines = (1..ranked.len()).filter(|i| ranked[*i].0 != ranked[i - 1].0).collect();
    let chance = context.groups.iter().any(|group| group.warnings.is_at_chance).then(|| AT_CHANCE.to_owned());
    Some(Section {
        tables: vec![SectionTable { lines, ..SectionTable::new(CAPTION, columns(), rows) }],
        notes: notes(context).into_iter().chain(chance).collect(),
        ..Section::new("ranking", "Ranking")
    })
}

fn columns() -> Vec<TableColumn> {
    let numeric =
        ["Validation accuracy", "Test accuracy", "Seeds", "Parameters", "Time"].map(TableColumn::numeric);
    [TableColumn::numeric("Group"), TableColumn::row_name("Run"), TableColumn::words("Settings").below()]
        .into_iter()
        .chain(numeric)
        .chain([TableColumn::numeric("Operations").below()])
        .collect()
}

/// The groups from the best down, then what has no group in the order of validation accuracy.
fn ranked_rows<'a>(context: &SectionContext<'a>) -> Vec<(Option<usize>, &'a Rank)> {
    let groups = &context.reasoning.judgement.groups;
    let rows = &context.ranking.rows;
    let of = |place: &usize| rows.iter().find(|row| row.group == *place);
    if !context.reasoning.has_groups() {
        return rows.iter().map(|row| (None, row)).collect();
    }
    let in_groups = groups.groups.iter().enumerate();
    let mut all: Vec<_> = in_groups
        .flat_map(|(i, group)| group.iter().filter_map(of).map(move |row| (Some(i + 1), row)))
        .collect();
    let grouped: BTreeSet<usize> = all.iter().map(|(_, row)| row.group).collect();
    all.extend(rows.iter().filter(|row| !grouped.contains(&row.group)).map(|row| (None, row)));
    all
}

/// What the groups mean.
fn notes(context: &SectionContext) -> Vec<String> {
    let reasoning = context.reasoning;
    let mut notes: Vec<String> = context.ranking.why_none().into_iter().collect();
    if reasoning.has_groups() {
        notes.push(GROUPS.to_owned());
        notes.extend(reasoning.within_groups());
    } else if context.ranking.has_ranks() {
        notes.push("The runs stand in the order of their validation accuracy.".to_owned());
    }
    notes
}

fn row(number: Option<usize>, rank: &Rank, group: &RunGroup) -> Vec<TableCell> {
    let accuracy = TableCell::estimate(group.metric(VAL_ACCURACY));
    vec![
        TableCell::count(number.map(|number| number as u64)),
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
