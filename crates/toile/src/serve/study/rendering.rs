//! The report of the moment, made in a thread of its own: how the study stands is told meanwhile.

use std::path::PathBuf;

use toile_record::{NetworkPictures, Records};
use toile_report::{PageParts, view};

use crate::background::Background;

/// Renders reports.
pub(super) type PageRenderer = Background<RenderJob, PageParts>;

/// What is to be rendered.
pub(super) struct RenderJob {
    pub(super) records: Records,
    /// Where the weights lie that can be looked at; nothing while networks still train, and of a server.
    pub(super) weights_in: Option<PathBuf>,
}

/// # Errors
/// If there is no thread for it.
pub(super) fn renderer() -> std::io::Result<PageRenderer> {
    let mut seen = SeenWeights::default();
    Background::start("web renderer", move |job| seen.parts(job))
}

/// What is to be seen in the weights, and of which: looked at again only where they are others.
#[derive(Default)]
struct SeenWeights {
    of: Vec<Option<String>>,
    pictures: Vec<NetworkPictures>,
}

impl SeenWeights {
    fn parts(&mut self, job: RenderJob) -> PageParts {
        let mut records = job.records;
        if let Some(folder) = &job.weights_in {
            let weights: Vec<_> = records.runs.iter().map(|run| run.weights_sha256.clone()).collect();
            if weights != self.of {
                self.pictures = toile_lab::pictures(&records, folder);
                self.of = weights;
            }
            records.pictures = self.pictures.clone();
        }
        PageParts::of(&view(&records))
    }
}
