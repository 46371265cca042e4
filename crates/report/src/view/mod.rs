//! Records → view: every number and every sentence that a face shows, computed once.
//!
//! A *group* is what the page calls a run: one name of the study file, with all its seeds. Numbers of a group come from
//! its complete seeds only; a group without one shows how far it came, and says so.

mod classes;
mod comparison;
mod confusion;
mod curves;
mod disputed;
mod estimate;
mod former;
mod group;
mod networks;
mod ranking;
mod reliability;
mod sealed;
mod search;
mod settings;
mod summary;
mod suspects;
mod warnings;

pub use classes::{ClassRow, ClassScores};
pub use comparison::{Comparison, ComparisonColumn};
pub(crate) use confusion::image_at;
pub use confusion::{Confused, Example, PairView};
pub(crate) use curves::seed_curves;
pub use curves::{CurvePoint, Curves};
pub use disputed::DisputedImage;
pub use estimate::Estimate;
pub(crate) use group::grouped;
pub use group::{LayerRow, MeasuredLayers, RunCost, RunGroup, SeedRow};
pub use networks::{FilterView, MapCheck, MapCorrelation, MapView, NetworkView};
pub use ranking::{Rank, Ranking, TEST_ACCURACY, VAL_ACCURACY};
pub use reliability::Reliability;
pub(crate) use reliability::{BINS, of_training};
pub use search::{
    AxisKind, BANDS, BestTrial, ChosenRun, Compared, Contour, HEADER as SEARCH_HEADER, History, NamedLine,
    ObjectiveView, Parallel, ParameterAxis, ParameterSlice, ParetoFront, Range, SearchRow, SearchView,
    Searches, Share, Shares, Slices, SpaceRow, Spot, Stretch, Thread, Timeline, TopTrials, TrialCurve,
    TrialCurves, largest_batch,
};
pub(crate) use search::{belonging, best_trial, external, metrics, notes};
pub(crate) use settings::{all as settings_in_words, short as settings_line};
pub use summary::{KeyFigure, StudySummary};
pub use suspects::{Suspect, SuspectPart, Suspects};
use toile_record::Records;
pub(crate) use warnings::run_warnings;
pub use warnings::{GroupWarnings, batch_warning};

use crate::reasoning::{Reasoning, reasoning};
use crate::section::{self, Section, SectionContext};
use crate::text;

/// The longest name that is shown in full; longer ones end in an ellipsis (the exports have them whole).
pub(crate) const NAME_LENGTH: usize = 90;

/// Of more runs than these the page shows each in brief, and only the best of them in the figures of all.
pub(crate) const MOST_IN_FULL: usize = 50;

/// Of so many of these, the best, the page makes the whole when it is opened: of all it would grow without bound.
pub(crate) const MOST_OPENED: usize = 200;

/// Everything a report shows.
#[derive(Clone, Debug, PartialEq)]
pub struct ReportView {
    /// The study's name.
    pub title: String,
    /// The question it asks.
    pub question: Option<String>,
    /// Title of the data set, as figures name it.
    pub data_title: String,
    /// Whether the data was drawn by our own code; every table and figure then says so.
    pub procedural: bool,
    /// Version of toile that wrote the records.
    pub toile_version: String,
    /// What came out, in figures and sentences.
    pub summary: StudySummary,
    /// All groups by validation accuracy.
    pub ranking: Ranking,
    /// What the results say: comparisons, claims, findings.
    pub reasoning: Reasoning,
    /// One per name, in the study's order.
    pub groups: Vec<RunGroup>,
    /// What every face shows in the same way.
    pub sections: Vec<Section>,
    /// Its searches.
    pub searches: Searches,
    /// Images whose labels may be wrong, where enough trainings looked.
    pub suspects: Option<Suspects>,
    /// Test images on which runs disagree.
    pub disputed: Vec<DisputedImage>,
    /// The names of the classes.
    pub class_names: Vec<String>,
    /// What is to be seen in the weights, where somebody had them.
    pub networks: Vec<NetworkView>,
    /// Why complete runs have no numbers of the test, on one line.
    pub sealed: Option<String>,
    /// Which runs have left the study file, on one line.
    pub former: Option<String>,
    /// The study file.
    pub study_file: String,
}

impl ReportView {
    /// The section of this id, if it has something to show.
    pub fn section(&self, id: &str) -> Option<&Section> {
        self.sections.iter().find(|section| section.id == id)
    }
}

impl ReportView {
    /// Whether anything was published that the page compares with.
    pub fn has_published(&self) -> bool {
        let of_search = |search: &SearchView| search.chosen.as_ref().is_some_and(ChosenRun::has_published);
        self.groups.iter().any(|group| group.comparison.has_published)
            || self.searches.sections.iter().any(of_search)
    }

    /// Whether the confidences of some run are known.
    pub fn has_reliability(&self) -> bool {
        self.groups.iter().any(|group| group.reliability.is_some())
    }

    /// Whether a table has a row of z.
    pub fn has_z(&self) -> bool {
        self.groups.iter().any(|group| group.comparison.has_z())
    }
}

/// Computes the view of `records`.
pub fn view(records: &Records) -> ReportView {
    let study = &records.study;
    let mut groups = group::groups(records);
    let reasoning = reasoning(records);
    let mut reproductions = reasoning.reproductions.iter().peekable();
    for (group, recipe) in groups.iter_mut().zip(&reasoning.ours.recipes) {
        // They stand in the order of the recipes.
        let own: Vec<_> =
            std::iter::from_fn(|| reproductions.next_if(|one| one.run == recipe.name)).collect();
        group.comparison.mark(&own);
    }
    let ranking = ranking::ranking(records, &groups);
    let searches = search::searches(records, &groups);
    let mut summary = summary::summary(records, &groups, &ranking, &reasoning);
    summary.sentences.extend(searches.summary());
    let (sealed, former) = (sealed::sealed(records), former::former(records));
    summary.sentences.extend(sealed.iter().chain(&former).cloned());
    let suspects = suspects::suspects(records);
    let networks = networks::networks(records);
    let sections = section::sections(&SectionContext {
        records,
        groups: &groups,
        ranking: &ranking,
        reasoning: &reasoning,
        searches: &searches,
        summary: &summary,
        suspects: &suspects,
        networks: &networks,
    });
    ReportView {
        title: named(&study.name, "Study without a name"),
        question: study.question.as_deref().map(text::clean).filter(|question| !question.trim().is_empty()),
        data_title: named(&study.data.title, &study.data.name),
        procedural: study.data.procedural,
        toile_version: text::name(&study.toile_version, NAME_LENGTH),
        summary,
        ranking,
        reasoning,
        groups,
        sections,
        searches,
        suspects,
        disputed: disputed::disputed(records),
        class_names: study.data.class_names.iter().map(|class| text::name(class, NAME_LENGTH)).collect(),
        networks,
        sealed,
        former,
        study_file: text::clean(&study.file),
    }
}

/// The name on one line, or `other` where there is none.
fn named(name: &str, other: &str) -> String {
    let name = text::name(name, NAME_LENGTH);
    if name.is_empty() { text::name(other, NAME_LENGTH) } else { name }
}
