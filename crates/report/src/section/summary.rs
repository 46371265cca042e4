//! The summary: what came out, in a few figures and sentences.

use super::{Section, SectionContext};

/// The section; every study has one.
pub(super) fn compute(context: &SectionContext) -> Option<Section> {
    let summary = context.summary;
    Some(Section {
        key_figures: summary.figures.clone(),
        findings: summary.sentences.clone(),
        ..Section::new("summary", "Summary")
    })
}
