//! The book of the test set: every opening, in order.

use std::collections::{BTreeMap, BTreeSet};

use toile_record::{Records, SearchRecords, State, TestOpening};

use super::setup::moment;
use super::{SectionTable, TableCell, TableColumn};
use crate::facts::has_reused_test;
use crate::format::{count, plural};
use crate::text;
use crate::view::NAME_LENGTH;

/// Openings beyond are left to the store.
const MOST: usize = 500;

/// The openings, oldest first; `None` if there are none.
pub(super) fn table(records: &Records) -> Option<SectionTable> {
    let named = |name: &str, seed: u64| format!("{}, seed {seed}", text::name(name, NAME_LENGTH));
    let runs = records.runs.iter().map(|run| (run.id.as_str(), named(&run.name, run.seed)));
    let gone = |name: String| format!("{name} (no longer in the study)");
    let former = records.former_runs.iter().map(|run| (run.id.as_str(), gone(named(&run.name, run.seed))));
    let names: BTreeMap<&str, String> = former.chain(runs).collect();
    let row = |opening: &TestOpening| {
        let id = || {
            format!("a run that is no longer in the study ({})", text::cut(&text::clean(&opening.run_id), 16))
        };
        let run = names.get(opening.run_id.as_str()).cloned().unwrap_or_else(id);
        [moment(&opening.time), run, why(opening, 200)].map(TableCell::text).to_vec()
    };
    let rows: Vec<Vec<TableCell>> = records.test_openings.iter().take(MOST).map(row).collect();
    let more = match records.test_openings.len().saturating_sub(MOST) {
        0 => String::new(),
        n => format!(" {} in the store.", plural(n, "more is", "more are")),
    };
    let columns = vec![TableColumn::words("When"), TableColumn::row_name("Run"), TableColumn::words("Why")];
    let caption = format!("Every opening of the test set, in order.{more}");
    (!rows.is_empty()).then(|| SectionTable::folded("Openings of the test set", caption, columns, rows))
}

/// Why the test set was opened, in the words of the page: a search stands in quotation marks as everywhere.
fn why(opening: &TestOpening, length: usize) -> String {
    let why = text::name(&opening.why, length);
    match why.strip_prefix("chosen by the search `").and_then(|rest| rest.strip_suffix('`')) {
        Some(search) => format!("chosen by the search “{search}”"),
        None if why == "declared run" => "run of the study file".to_owned(),
        None => why,
    }
}

/// `opened 14 times, after training only: 13 × run of the study file, 1 × chosen by the search “joint”`
pub(super) fn sentence(records: &Records) -> String {
    let name = |search: &SearchRecords| format!("“{}”", text::name(&search.search.name, 80));
    let reused = records.searches.iter().filter(|search| has_reused_test(records, search)).map(name);
    let reused: Vec<String> = reused.collect();
    match reused.is_empty() {
        true => opened(records),
        false => format!("{}; a reused test for what was chosen by {}", opened(records), reused.join(", ")),
    }
}

fn opened(records: &Records) -> String {
    let recorded = records.test_openings.len();
    let ids: BTreeSet<&str> = records.test_openings.iter().map(|opening| opening.run_id.as_str()).collect();
    let tested = || records.runs.iter().filter(|run| run.test.is_some());
    let known = tested().filter(|run| ids.contains(run.id.as_str())).count();
    let unrecorded = tested().count().saturating_sub(known);
    let is_early = records.test_openings.iter().any(TestOpening::is_early)
        || records.runs.iter().any(|run| run.test.is_some() && run.state == State::Running);
    let when = if is_early { "" } else { ", after training only" };
    match (recorded, unrecorded) {
        (0, 0) => "never opened".to_owned(),
        (0, n) => format!("opened {}{when}", times(n)),
        (n, 0) => format!("opened {}{when}: {}", times(n), reasons(records)),
        (n, m) => format!(
            "opened {}{when}: {}; and for {} of which no opening is recorded",
            times(n),
            reasons(records),
            plural(m, "run", "runs")
        ),
    }
}

fn times(n: usize) -> String {
    if n == 1 { "once".to_owned() } else { format!("{} times", count(n as u64)) }
}

/// The reasons in order of first appearance, each with its number.
fn reasons(records: &Records) -> String {
    let mut found: Vec<(String, usize)> = Vec::new();
    for opening in &records.test_openings {
        let why = why(opening, 80);
        match found.iter().position(|(known, _)| *known == why) {
            Some(place) => found[place].1 += 1,
            None if found.len() < 12 => found.push((why, 1)),
            None => {}
        }
    }
    let words = found.into_iter().map(|(why, n)| format!("{} × {why}", count(n as u64)));
    words.collect::<Vec<_>>().join(", ")
}
