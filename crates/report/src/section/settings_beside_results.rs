//! Settings beside results: one column per setting that differs among the runs, and what the runs reached with them.

use super::{Section, SectionContext, SectionTable, TableCell, TableColumn};
use crate::view::{RunGroup, TEST_ACCURACY, VAL_ACCURACY};
use crate::{format, text};

/// Settings beyond are left to `results.csv`.
const MOST_SETTINGS: usize = 12;
/// The longest text of one setting.
const LENGTH: usize = 60;

const CAPTION: &str = "The settings in which the runs differ, and the accuracies they reached: mean ± standard deviation over \
                       complete seeds, in the study's order.";

/// One setting: its name, and its text for each run that has it.
struct SettingColumn {
    name: String,
    values: Vec<Option<String>>,
}

/// The section; `None` if no setting differs.
pub(super) fn compute(context: &SectionContext) -> Option<Section> {
    let all = differing(context);
    let shown = &all[..all.len().min(MOST_SETTINGS)];
    let rows: Vec<Vec<TableCell>> =
        context.groups.iter().enumerate().map(|(i, group)| row(group, shown, i)).collect();
    if shown.is_empty() {
        return None;
    }
    Some(Section {
        tables: vec![SectionTable::new(CAPTION, columns(shown, &rows), rows)],
        notes: notes(&all[shown.len()..]),
        ..Section::new("settings", "Settings beside results")
    })
}

/// The settings that have at least two values. A run that lacks one, as SGD has no `beta_1`, does not make it differ.
fn differing(context: &SectionContext) -> Vec<SettingColumn> {
    let model = SettingColumn {
        name: "model".to_owned(),
        values: context.groups.iter().map(|group| Some(group.model.clone())).collect(),
    };
    let settings: Vec<Vec<(String, String)>> = context.groups.iter().map(|group| group.plan.flat()).collect();
    let mut names: Vec<&str> = Vec::new();
    for (name, _) in settings.iter().flatten() {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    let of = |name: &str| SettingColumn {
        name: name.to_owned(),
        values: settings.iter().map(|run| value(run, name)).collect(),
    };
    let all = std::iter::once(model).chain(names.into_iter().map(of));
    let mut all: Vec<SettingColumn> = all.filter(SettingColumn::differs).collect();
    let makes_updates = |column: &SettingColumn| ["batch_size", "epochs"].contains(&column.name.as_str());
    if let Some(place) = all.iter().rposition(makes_updates) {
        all.insert(place + 1, updates(context));
    }
    all
}

/// How many updates each run makes: what follows from its epochs and batches.
fn updates(context: &SectionContext) -> SettingColumn {
    let ours = &context.reasoning.ours;
    let of = |recipe| ours.updates(recipe).map(|updates| updates.to_string());
    SettingColumn { name: "updates".to_owned(), values: ours.recipes.iter().map(of).collect() }
}

fn value(settings: &[(String, String)], name: &str) -> Option<String> {
    settings.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone())
}

impl SettingColumn {
    fn differs(&self) -> bool {
        let mut values = self.values.iter().flatten();
        values.next().is_some_and(|first| values.any(|value| value != first))
    }

    fn cell(&self, run: usize) -> TableCell {
        let Some(value) = &self.values[run] else { return TableCell::text(format::NONE) };
        match value.parse::<f64>().ok().filter(|number| number.is_finite()) {
            Some(number) => TableCell {
                text: format::setting_to_read(number),
                value: Some(number),
                ..TableCell::default()
            },
            None if value.is_empty() => TableCell::text("none"),
            None => TableCell::text(text::name(value, LENGTH)),
        }
    }
}

fn columns(shown: &[SettingColumn], rows: &[Vec<TableCell>]) -> Vec<TableColumn> {
    let names = shown.iter().map(|setting| text::name(&setting.name, LENGTH));
    let titles = std::iter::once("Run".to_owned())
        .chain(names)
        .chain(["Validation accuracy", "Test accuracy"].map(str::to_owned));
    let is_numeric = |column: usize| {
        let mut cells = rows.iter().map(|row| &row[column]);
        cells.all(|cell| cell.value.is_some() || cell.text == format::NONE)
    };
    let column = |(i, title): (usize, String)| match i {
        0 => TableColumn::row_name(title),
        i => TableColumn { is_numeric: is_numeric(i), ..TableColumn::words(title) },
    };
    titles.enumerate().map(column).collect()
}

fn row(group: &RunGroup, settings: &[SettingColumn], run: usize) -> Vec<TableCell> {
    let name = TableCell { link: Some(group.anchor.clone()), ..TableCell::text(&group.name) };
    std::iter::once(name)
        .chain(settings.iter().map(|setting| setting.cell(run)))
        .chain([VAL_ACCURACY, TEST_ACCURACY].map(|metric| TableCell::estimate(group.metric(metric))))
        .collect()
}

fn notes(left_out: &[SettingColumn]) -> Vec<String> {
    let same = "Settings that are the same in all runs are not shown; a dash stands where a run has no such setting, or no \
                complete seed.";
    let names: Vec<String> = left_out.iter().map(|setting| text::name(&setting.name, LENGTH)).collect();
    match names.len() {
        0 => vec![same.to_owned()],
        n => vec![
            same.to_owned(),
            format!(
                "{} more {} in results.csv: {}.",
                n,
                if n == 1 { "differs and is" } else { "differ and are" },
                text::cut(&names.join(", "), 400)
            ),
        ],
    }
}
