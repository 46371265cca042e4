//! What is known of a study: plain data that explains itself without the code that made it.
//!
//! The engine fills epochs, the lab writes records, the store keeps them, the report reads them. Accuracies are
//! fractions in [0, 1], losses are means per image (natural logarithm), times are seconds. A number that does not exist
//! (validation without a split, a loss that diverged) is `None`, never a magic number. Nothing here computes, reads or
//! writes.
#![warn(unreachable_pub)]

mod data;
mod direction;
mod end;
mod epoch;
mod event;
mod evidence;
mod layers;
mod metric;
mod network;
mod range_test;
mod run;
mod search;
mod seeds;
mod settings;
mod state;
mod study;

pub use data::{DataRecord, ImageRecord, PROCEDURAL_NOTICE, ReadingRecord, SplitRecord};
pub use direction::Direction;
pub use end::End;
pub use epoch::Epoch;
pub use event::{Event, PlannedRun, PlannedSearch, TrainingEnd, TrainingKey};
pub use evidence::{Evidence, Part};
pub use layers::{LayerRecord, LayersRecord};
pub use metric::{Metric, ModelMetric};
pub use network::{FirstFilters, LastMaps, MappedImage, NetworkPictures};
pub use range_test::{RangeTestRecord, SweepEnd, SweepRecord};
pub use run::{LayerSummary, Provenance, Published, RunRecord, SummaryRecord};
pub use search::{
    ObjectiveRecord, ParamRecord, SearchRecord, SearchRecords, TrainingRecord, TrialRecord, TrialSide,
};
pub use seeds::{RaceBounds, Seeds};
pub use settings::{choice, flat_settings};
pub use state::State;
pub use study::{FormerRun, Records, StudyRecord, TestOpening};
