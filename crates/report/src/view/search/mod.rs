//! A search and its trials → what its section shows.

mod axis;
mod best;
mod budget;
mod clock;
mod compare;
mod contour;
mod findings;
mod how;
mod known;
mod metric;
mod plots;
mod spots;

pub use axis::{Axis, AxisKind, external};
pub use best::{BestTrial, Chosen, Top};
pub use compare::{Compared, HEADER, NamedLine, SearchRow};
pub use contour::{BANDS, Contour};
pub use how::SpaceRow;
pub use metric::{Metric, metrics};
pub use plots::{History, Parallel, Slice, Slices, Stretch, Thread, Timeline, TrialCurve, TrialCurves};
pub use spots::{Range, Spot};
use toile_store::Records;

use super::Fact;
use crate::text;
use known::Known;

/// Objectives with a history of their own.
const MOST_HISTORIES: usize = 4;

/// All searches of a study.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Searches {
    /// One section each.
    pub sections: Vec<Search>,
    /// One line each.
    pub rows: Vec<SearchRow>,
    /// The figures that searches of one objective share.
    pub compared: Vec<Compared>,
}

/// The section of a search.
#[derive(Clone, Debug, PartialEq)]
pub struct Search {
    /// Its name.
    pub name: String,
    /// A name for links inside the page.
    pub anchor: String,
    /// The study file's remark.
    pub note: Option<String>,
    /// What is not finished, for a badge.
    pub unfinished: Option<String>,
    /// What was optimised; the first objective is the one that charts and rankings go by.
    pub metrics: Vec<Metric>,
    /// How it was made.
    pub facts: Vec<Fact>,
    /// What was searched.
    pub space: Vec<SpaceRow>,
    /// What came out.
    pub sentences: Vec<String>,
    /// What to be careful of.
    pub warnings: Vec<String>,
    /// The best trial.
    pub best: Option<BestTrial>,
    /// The best trials.
    pub top: Top,
    /// The run of the chosen configuration.
    pub chosen: Option<Chosen>,
    /// Values by number, one per objective.
    pub histories: Vec<History>,
    /// Values by parameter.
    pub slices: Option<Slices>,
    /// All parameters together.
    pub parallel: Option<Parallel>,
    /// Two parameters together.
    pub contours: Vec<Contour>,
    /// Which pairs the contours are of, or why there are none.
    pub contour_note: String,
    /// What the trials reported on the way.
    pub curves: Option<TrialCurves>,
    /// When they ran.
    pub timeline: Option<Timeline>,
}

/// The searches of a study.
pub fn searches(records: &Records) -> Searches {
    let all: Vec<Known> = records.searches.iter().map(known::known).collect();
    Searches {
        sections: (0..all.len()).map(|place| search(records, &all, place)).collect(),
        rows: compare::rows(records, &all),
        compared: compare::compared(&all),
    }
}

fn search(records: &Records, all: &[Known], place: usize) -> Search {
    let known = &all[place];
    let record = &known.records.search;
    let best = best::best(known);
    let mut sentences = findings::sentences(records, known, best.as_ref());
    sentences.extend(compare::beside_random(all, place));
    let (contours, contour_note) = contours(known);
    let histories = (0..known.metrics.len().min(MOST_HISTORIES)).filter_map(|i| plots::history(known, i));
    Search {
        name: super::named(&record.name, "Search without a name"),
        anchor: format!("search-{}", place + 1),
        note: record.note.as_deref().map(text::clean),
        unfinished: unfinished(known),
        metrics: known.metrics.clone(),
        facts: how::facts(known),
        space: how::space(known),
        sentences,
        warnings: findings::warnings(known),
        best,
        top: best::top(known),
        chosen: best::chosen(records, known),
        histories: histories.collect(),
        slices: plots::slices(known),
        parallel: plots::parallel(known),
        contours,
        contour_note,
        curves: plots::curves(known),
        timeline: plots::timeline(known),
    }
}

/// `48 of 60 trials ended`
fn unfinished(known: &Known) -> Option<String> {
    let (ended, planned) = (compare::ended(known), known.records.search.n_trials.max(known.trials.len()));
    (ended < planned)
        .then(|| format!("{ended} of {} ended", crate::format::plural(planned, "trial", "trials")))
}

fn contours(known: &Known) -> (Vec<Contour>, String) {
    let complete = known.trials.iter().filter(|trial| trial.value.is_some()).count();
    let axes: Vec<usize> = (0..known.axes.len()).take(3).collect();
    let found = contour::contours(known, &axes);
    let note = match found.is_empty() {
        true if complete < contour::FEWEST => format!(
            "No contours: {} with a value, and below {} an estimate would be an invention.",
            crate::format::plural(complete, "trial", "trials"),
            contour::FEWEST
        ),
        true => "No contours: no two parameters vary in enough of the trials.".to_owned(),
        false => String::new(),
    };
    (found, note)
}

impl Search {
    /// The first objective.
    pub fn metric(&self) -> &Metric {
        &self.metrics[0]
    }

    /// What stands above the table of the best trials.
    pub fn top_caption(&self) -> String {
        let n = self.top.rows.len();
        let first = if self.metrics.len() > 1 { " by the first objective" } else { "" };
        let which = if n == 1 { "The one complete trial".to_owned() } else { format!("The {n} best trials") };
        let note = if self.top.note.is_empty() { String::new() } else { format!(" {}", self.top.note) };
        format!("{which}{first}.{note}")
    }
}
