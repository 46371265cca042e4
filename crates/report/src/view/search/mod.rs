//! A search and its trials → what its section shows.

mod algorithm;
mod analysis;
mod axis;
mod belonging;
mod best;
mod budget;
mod clock;
mod compare;
mod contour;
mod findings;
mod how;
mod objective;
mod plots;
mod spots;
mod timeline;
mod trial_curves;

pub use algorithm::{ParetoFront, Share, Shares};
pub(crate) use axis::external;
pub use axis::{AxisKind, ParameterAxis};
pub use best::{BestTrial, ChosenRun, TopTrials};
pub use compare::{Compared, HEADER, NamedLine, SearchRow};
pub use contour::{BANDS, Contour};
pub use findings::largest_batch;
pub use how::SpaceRow;
pub use objective::ObjectiveView;
pub(crate) use objective::metrics;
pub use plots::{History, Parallel, ParameterSlice, Slices, Thread};
pub use spots::{Range, Spot};
pub use timeline::{Stretch, Timeline};
use toile_record::{DataRecord, Records};
pub use trial_curves::{TrialCurve, TrialCurves};

use super::RunGroup;
use crate::section::Fact;
use crate::text;
use analysis::SearchAnalysis;
pub(crate) use analysis::best_trial;
pub(crate) use belonging::belonging;

/// Objectives with a history of their own.
const MOST_HISTORIES: usize = 4;

/// All searches of a study.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Searches {
    /// One section each.
    pub sections: Vec<SearchView>,
    /// One line each.
    pub rows: Vec<SearchRow>,
    /// The figures that searches of one objective share.
    pub compared: Vec<Compared>,
}

/// The section of a search.
#[derive(Clone, Debug, PartialEq)]
pub struct SearchView {
    /// Its name.
    pub name: String,
    /// A name for links inside the page.
    pub anchor: String,
    /// The study file's remark.
    pub note: Option<String>,
    /// What is not finished, for a badge.
    pub unfinished: Option<String>,
    /// What was optimised; the first objective is the one that charts and rankings go by.
    pub metrics: Vec<ObjectiveView>,
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
    pub top: TopTrials,
    /// The run of the chosen configuration.
    pub chosen: Option<ChosenRun>,
    /// Values by number, one per objective.
    pub histories: Vec<History>,
    /// Values by parameter.
    pub slices: Option<Slices>,
    /// All parameters together.
    pub parallel: Option<Parallel>,
    /// What each parameter had to do with the best trials.
    pub importance: Shares,
    /// Two objectives against each other.
    pub front: Option<ParetoFront>,
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
pub(super) fn searches(records: &Records, groups: &[RunGroup]) -> Searches {
    let belonging: Vec<_> = records.searches.iter().map(belonging::belonging).collect();
    let all: Vec<SearchAnalysis> =
        belonging.iter().map(|(records, others)| analysis::analysis(records, *others)).collect();
    Searches {
        sections: (0..all.len()).map(|place| search(records, groups, &all, place)).collect(),
        rows: compare::rows(records, &all),
        compared: compare::compared(&all),
    }
}

fn search(records: &Records, groups: &[RunGroup], all: &[SearchAnalysis], place: usize) -> SearchView {
    let analysis = &all[place];
    let record = &analysis.records.search;
    let best = best::best(&records.study.data, analysis);
    let mut sentences = findings::sentences(records, analysis, best.as_ref());
    sentences.extend(compare::against_random(all, place));
    let input = algorithm::input(analysis);
    let importance = algorithm::shares(analysis, &input);
    let (contours, contour_note) = contours(analysis, &importance);
    let histories =
        (0..analysis.metrics.len().min(MOST_HISTORIES)).filter_map(|i| plots::history(analysis, i));
    SearchView {
        name: super::named(&record.name, "Search without a name"),
        anchor: format!("search-{}", place + 1),
        note: record.note.as_deref().map(text::clean),
        unfinished: unfinished(analysis),
        metrics: analysis.metrics.clone(),
        facts: how::facts(analysis),
        space: how::space(analysis),
        sentences,
        warnings: warnings(&records.study.data, analysis, &input),
        best,
        top: best::top(analysis),
        chosen: best::chosen(records, groups, analysis),
        histories: histories.collect(),
        slices: plots::slices(analysis),
        parallel: plots::parallel(analysis),
        importance,
        front: algorithm::front(analysis),
        contours,
        contour_note,
        curves: trial_curves::curves(analysis),
        timeline: timeline::timeline(analysis),
    }
}

/// What limits a search and which parameters matter: for the exports.
pub(crate) fn notes(data: &DataRecord, records: &toile_record::SearchRecords) -> (Vec<String>, Vec<Share>) {
    let (records, others) = belonging::belonging(records);
    let analysis = analysis::analysis(&records, others);
    let input = algorithm::input(&analysis);
    (warnings(data, &analysis, &input), algorithm::shares(&analysis, &input).shares)
}

fn warnings(data: &DataRecord, analysis: &SearchAnalysis, input: &algorithm::TuneInput) -> Vec<String> {
    findings::warnings(data, analysis).into_iter().chain(algorithm::warnings(analysis, input)).collect()
}

/// `48 of 60 trials ended`
fn unfinished(analysis: &SearchAnalysis) -> Option<String> {
    let (ended, planned) = (compare::ended(analysis), compare::planned(analysis));
    (ended < planned)
        .then(|| format!("{ended} of {} ended", crate::format::plural(planned, "trial", "trials")))
}

/// The pairs of the three most important parameters that enough trials have.
fn contours(analysis: &SearchAnalysis, importance: &Shares) -> (Vec<Contour>, String) {
    let complete = analysis.trials.iter().filter(|trial| trial.value.is_some()).count();
    let axes: Vec<usize> = algorithm::ordered_axes(analysis, importance).into_iter().take(3).collect();
    let found = contour::contours(analysis, &axes);
    let is_by_importance = !importance.shares.is_empty();
    let note = match (found.is_empty(), analysis.axes.len()) {
        (true, 0 | 1) => String::new(),
        (true, _) if complete < contour::FEWEST => format!(
            "No contours: {} with a value, and from fewer than {} an estimate would be an invention.",
            crate::format::plural(complete, "trial", "trials"),
            contour::FEWEST
        ),
        (true, _) => "No contours: no two parameters vary together in enough trials.".to_owned(),
        (false, _) => contour_note(axes.len(), is_by_importance, &found),
    };
    (found, note)
}

/// How to read the contours.
fn contour_note(axes: usize, is_by_importance: bool, found: &[Contour]) -> String {
    let which = match (axes, is_by_importance) {
        (2, true) => "The two most important parameters",
        (2, false) => "The first two parameters",
        (_, true) => "Pairs of the three most important parameters",
        (_, false) => "Pairs of the first three parameters",
    };
    let pruned = match found.iter().flat_map(|one| &one.spots).any(|spot| spot.is_pruned) {
        true => " Hollow triangles are pruned trials, which the shade does not count.",
        false => "",
    };
    format!(
        "{which}: the shade is the mean of the complete trials near a place, weighted by a Gaussian of their distance; \
         there is none further than {} of the axes from every complete trial.{pruned}",
        crate::format::percent_short(contour::REACH)
    )
}

impl Searches {
    /// What the top of the page says of them.
    pub fn summary(&self) -> Vec<String> {
        let sentence = |(section, row): (&SearchView, &SearchRow)| match &section.best {
            None => format!("Search “{}” ({}): no trial is complete yet.", section.name, row.cells[0].text),
            Some(best) => format!(
                "Search “{}” ({}, {} {}): {} {} {}, {}{}.",
                section.name,
                row.cells[0].text,
                row.cells[1].text,
                if row.planned == 1 { "trial" } else { "trials" },
                if best.is_at_chance { "highest" } else { "best" },
                section.metric().name,
                best.value_text,
                best.trials_text(),
                if best.is_at_chance { ", which is at chance" } else { "" },
            ),
        };
        match self.sections.len() {
            n if n > 6 => vec![format!("The study has {n} searches; their sections stand below.")],
            _ => self.sections.iter().zip(&self.rows).map(sentence).collect(),
        }
    }
}

impl Searches {
    /// The searches whose best trial is at chance, each with its sentence.
    pub fn chance(&self) -> impl Iterator<Item = (String, String)> {
        let at_chance = |section: &&SearchView| section.best.as_ref().is_some_and(|best| best.is_at_chance);
        let sections = self.sections.iter().filter(at_chance);
        // The warning on it is the first one.
        sections.filter_map(|section| Some((section.name.clone(), section.warnings.first()?.clone())))
    }
}

impl SearchView {
    /// The first objective.
    pub fn metric(&self) -> &ObjectiveView {
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
