//! What is shown of a study: records in, bytes out.
//!
//! ```text
//! Records ──view──▶ ReportView ──sections──▶ html, markdown          what people read
//!    └──────────────────────▶ results_json, results_csv, trials_csv, history_csv    what programs read
//! ```
//!
//! [`EXPORTERS`] is the list of all files that a report consists of.
//!
//! Everything that two faces show is computed once, in [`view()`]: a summary, and [`section::Section`]s, which `html`
//! and `markdown` only lay out. All of it is a pure function of the records: the same
//! records give the same bytes. Nothing here writes a file or reads the clock.

#![warn(unreachable_pub)]

mod chart;
mod export;
mod facts;
pub mod format;
mod html;
mod image;
mod judged;
mod latex;
mod markdown;
mod page;
mod pinned;
mod plan;
mod range_test;
mod reasoning;
mod running;
pub mod section;
mod text;
pub mod view;

pub use export::{
    Csv, EXPORTERS, ExportInput, ExportedFile, ExportedFiles, Exporter, PredictionsCsvExporter,
    PredictionsNpzExporter, epochs_csv, history_csv, results_csv, results_json, trials_csv,
};
pub use html::{LiveStrip, PagePart, PageParts, ServedPage, html};
pub use judged::JudgedReport;
pub use latex::LatexExporter;
pub use markdown::markdown;
pub use range_test::{
    RangeTestView, RateSpread, RateStanding, SuggestedRates, SweepView, range_test, range_test_html,
    range_test_svg, rate,
};
pub use reasoning::{OWN_FINDINGS, Reasoning, capacity_models, model_capacity, seeds_needed};
pub use running::{
    LeadingTrial, epoch_flops, epoch_updates, leading_trial, parameters_in_words, settings_in_words,
    settings_line, shown_name,
};
pub use toile_record::PROCEDURAL_NOTICE;
pub use toile_stats::LossSmoother;
pub use view::{ReportView, view};
