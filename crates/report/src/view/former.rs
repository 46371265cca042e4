//! Runs that the study file no longer has: they are in no table, and that is said.

use toile_record::{FormerRun, Records};

use super::NAME_LENGTH;
use crate::format::plural;
use crate::text;

/// Runs that are named one by one.
const MOST_NAMES: usize = 4;

/// Which runs have left the study file, on one line; `None` if none has.
pub(super) fn former(records: &Records) -> Option<String> {
    let all = &records.former_runs;
    let name = |run: &FormerRun| {
        let (name, folder) = (text::name(&run.name, NAME_LENGTH), text::name(&run.folder, NAME_LENGTH));
        format!("“{name}”, seed {} ({folder})", run.seed)
    };
    let names: Vec<String> = all.iter().take(MOST_NAMES).map(name).collect();
    let more = match all.len().saturating_sub(MOST_NAMES) {
        0 => String::new(),
        n => format!("; and {}", plural(n, "other", "others")),
    };
    let (names, n) = (names.join("; "), all.len());
    match n {
        0 => None,
        1 => Some(format!(
            "1 earlier run is no longer in the file, or not with these settings: {names}. It is in no table; its record \
             and its files stay."
        )),
        n => Some(format!(
            "{} no longer in the file, or not with these settings: {names}{more}. They are in no table; their records \
             and their files stay.",
            plural(n, "earlier run is", "earlier runs are")
        )),
    }
}
