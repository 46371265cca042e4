//! What the page shows of runs that a reader puts side by side: their settings, their results and the verdict on each
//! pair, as texts that are computed here once. The page's script only selects among them.

use serde::Serialize;

use crate::PROCEDURAL_NOTICE;
use crate::section::grouped::{labels, value};
use crate::view::{DisputedImage, Estimate, ReportView, RunCost, RunGroup, TEST_ACCURACY, VAL_ACCURACY};

/// All that the page knows of runs side by side.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct PinnedRuns<'a> {
    /// The settings in which any two runs differ.
    settings: Vec<&'a str>,
    /// What is measured.
    results: [&'static str; 3],
    runs: Vec<PinnedRun<'a>>,
    /// Of each pair of places of runs the sentence of its comparison; none where runs are not compared in pairs.
    pairs: Vec<(usize, usize, String)>,
    classes: &'a [String],
    images: Vec<PinnedImage<'a>>,
    /// What is said of data that our own code drew; empty of other data.
    notice: &'static str,
}

/// A test image on which runs disagree: what each run takes it for, by the place of the class.
#[derive(Debug, PartialEq, Serialize)]
struct PinnedImage<'a> {
    png: &'a str,
    about: String,
    truth: usize,
    taken: &'a [Option<usize>],
}

/// One run: texts in the order of the settings and of the results.
#[derive(Debug, PartialEq, Serialize)]
struct PinnedRun<'a> {
    id: &'a str,
    name: &'a str,
    settings: Vec<&'a str>,
    results: [String; 3],
}

impl<'a> PinnedRuns<'a> {
    /// What is known of the runs of a study; `None` of fewer than two.
    pub(crate) fn of(view: &'a ReportView) -> Option<Self> {
        let groups = &view.groups;
        let differs =
            |label: &&str| groups.windows(2).any(|two| value(&two[0], label) != value(&two[1], label));
        let settings: Vec<&str> = labels(groups.iter()).into_iter().filter(differs).collect();
        let runs = groups.iter().map(|group| PinnedRun {
            id: &group.anchor,
            name: &group.name,
            settings: settings.iter().map(|label| value(group, label)).collect(),
            results: results(group),
        });
        let runs: Vec<PinnedRun> = runs.collect();
        let results = ["Validation accuracy", "Test accuracy", "Time"];
        let pairs = view.reasoning.ranked_sentences();
        let classes = &view.class_names;
        let image = |image: &'a DisputedImage| PinnedImage {
            png: &image.png,
            about: format!(
                "Test image {}: {}",
                image.index,
                classes.get(image.truth).map_or("", String::as_str)
            ),
            truth: image.truth,
            taken: &image.taken_for,
        };
        let images = view.disputed.iter().map(image).collect();
        let notice = if view.procedural { PROCEDURAL_NOTICE } else { "" };
        (runs.len() > 1).then_some(Self { settings, results, runs, pairs, classes, images, notice })
    }

    /// JSON, for the page.
    pub(crate) fn text(&self) -> String {
        serde_json::to_string(self).expect("texts and numbers of places are JSON")
    }
}

fn results(group: &RunGroup) -> [String; 3] {
    let estimate = |metric| Estimate::text_or_none(group.metric(metric));
    [estimate(VAL_ACCURACY), estimate(TEST_ACCURACY), RunCost::train_text(&group.cost)]
}
