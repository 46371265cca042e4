//! One name of the study file with all its seeds.

use std::collections::BTreeMap;

use toile_record::{End, LayersRecord, Records, RunRecord, State, SummaryRecord};

use super::settings::{self, Setting};
use super::{
    Comparison, Confused, Curves, Estimate, MOST_IN_FULL, NAME_LENGTH, Reliability, comparison, confusion,
    curves, reliability,
};
use super::{GroupWarnings, warnings};
use crate::facts::{
    epoch_flops, last_numbers, published_numbers, state_text, train_seconds, training_flops, wall_seconds,
};
use crate::plan::{PlanSettings, planned_epochs};
use crate::{format, text};

/// Reasons are cut to this many characters on the page.
const REASON_LENGTH: usize = 600;

/// A run of the study, over its seeds.
#[derive(Clone, Debug, PartialEq)]
pub struct RunGroup {
    /// The name, for people.
    pub name: String,
    /// A name for links inside the page.
    pub anchor: String,
    /// The model's name.
    pub model: String,
    /// The study file's remark.
    pub note: Option<String>,
    /// What is not as planned, for a badge: `4 of 5 seeds complete, 1 failed`. `None` when all are complete.
    pub unfinished: Option<String>,
    /// Why seeds failed, each with its seed.
    pub failures: Vec<String>,
    /// What to be careful of in its numbers.
    pub warnings: GroupWarnings,
    /// Why seeds ended before their last planned epoch without failing.
    pub stops: Vec<String>,
    /// Optimizer, learning rate and so on: the document's table.
    pub settings: Vec<Setting>,
    /// The same on one line.
    pub settings_line: String,
    /// Every setting of the resolved plan.
    pub all_settings: Vec<Setting>,
    /// Whether the run goes back to the weights of an earlier epoch, in words.
    pub weights_note: Option<String>,
    /// One row per layer.
    pub layers: Vec<LayerRow>,
    /// What was measured of its layers, of its first seed of which that is known.
    pub measured: Option<MeasuredLayers>,
    /// Parameters that training moves, and those that it does not.
    pub parameters: (u64, u64),
    /// Ours, the published numbers, the difference.
    pub comparison: Comparison,
    /// Loss and accuracy over the epochs.
    pub curves: Curves,
    /// What it confuses.
    pub confused: Option<Confused>,
    /// Whether it is as often right as it says; unknown of the runs of a study that is shown in brief.
    pub reliability: Option<Reliability>,
    /// One row per seed.
    pub seeds: Vec<SeedRow>,
    /// Time and operations.
    pub cost: RunCost,
    /// The plan of its runs; their seeds differ.
    pub(crate) plan: PlanSettings,
}

/// One row of the model's summary.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerRow {
    /// `conv2d_1 (Conv2D)`
    pub layer: String,
    /// `(None, 24, 24, 64)`
    pub output_shape: String,
    /// How many parameters it has.
    pub parameters: u64,
}

/// What was measured of the layers of a seed while it trained.
#[derive(Clone, Debug, PartialEq)]
pub struct MeasuredLayers {
    /// The seed.
    pub seed: u64,
    /// After each epoch that was measured.
    pub epochs: Vec<LayersRecord>,
}

/// One seed.
#[derive(Clone, Debug, PartialEq)]
pub struct SeedRow {
    /// The seed.
    pub seed: u64,
    /// Its state in words; a run that is not finished says how far it is.
    pub state: String,
    /// The six numbers of the document's table.
    pub numbers: [Option<f64>; 6],
    /// Wall time.
    pub seconds: f64,
    /// The first digits of the weights' checksum.
    pub weights: String,
    /// Where its files are.
    pub folder: String,
}

/// What a group costs.
#[derive(Clone, Debug, PartialEq)]
pub struct RunCost {
    /// Seconds of training per run, evaluations left out, over the complete seeds.
    pub train_seconds: Option<Estimate>,
    /// Seconds of a whole run.
    pub wall_seconds: Option<Estimate>,
    /// Seconds of training per epoch.
    pub epoch_seconds: Option<Estimate>,
    /// Processor seconds of a whole run.
    pub cpu_seconds: Option<Estimate>,
    /// Floating-point operations of one run's training.
    pub flops: u64,
    /// Floating-point operations of an epoch of training.
    pub epoch_flops: u64,
    /// Floating-point operations of classifying one image.
    pub forward_flops: u64,
    /// Epochs per run, `50` or `17–23`.
    pub epochs: String,
    /// Nothing is trained: the starting weights are evaluated.
    pub is_untrained: bool,
}

/// The runs of each group, in the study's order.
pub(crate) fn grouped(records: &Records) -> Vec<Vec<&RunRecord>> {
    let mut groups: BTreeMap<(usize, &str), Vec<&RunRecord>> = BTreeMap::new();
    for run in &records.runs {
        groups.entry((run.position, run.name.as_str())).or_default().push(run);
    }
    groups.into_values().collect()
}

/// The groups of `records`, in the study's order.
pub(super) fn groups(records: &Records) -> Vec<RunGroup> {
    let groups = grouped(records);
    let has_images = groups.len() <= MOST_IN_FULL;
    groups.iter().enumerate().map(|(i, runs)| group(records, i, runs, has_images)).collect()
}

fn group(records: &Records, index: usize, runs: &[&RunRecord], has_images: bool) -> RunGroup {
    let first = runs[0];
    let complete: Vec<&RunRecord> = runs.iter().copied().filter(|run| run.state == State::Complete).collect();
    let shown = if complete.is_empty() { runs } else { &complete };
    let published = published_numbers(runs.iter().find_map(|run| run.published.as_ref()));
    let summary = &first.summary;
    let plan = PlanSettings::new(&first.plan);
    RunGroup {
        name: super::named(&first.name, "Run without a name"),
        anchor: format!("run-{}", index + 1),
        model: text::name(&first.model, NAME_LENGTH),
        note: first.note.as_deref().map(text::clean),
        unfinished: unfinished(runs, complete.len()),
        failures: runs
            .iter()
            .filter(|run| run.state == State::Failed)
            .filter_map(|run| reason(run))
            .collect(),
        warnings: warnings::group_warnings(records, runs),
        stops: runs.iter().filter(|run| run.state != State::Failed).filter_map(|run| reason(run)).collect(),
        settings: settings::headline(&plan, records.study.data.split.fraction),
        settings_line: settings::short(&plan),
        all_settings: settings::all(&plan),
        weights_note: settings::best_weights_note(&plan),
        layers: layers(summary),
        measured: measured(shown),
        parameters: (summary.trainable as u64, summary.non_trainable as u64),
        comparison: comparison::comparison(&complete, published),
        curves: curves::seed_curves(shown.iter().map(|run| (run.epochs.as_slice(), diverged_in(run)))),
        confused: confusion::confused(records, &complete, has_images),
        reliability: has_images.then(|| reliability::reliability(records, &complete)).flatten(),
        seeds: runs.iter().map(|run| seed_row(run)).collect(),
        cost: cost(records, first, shown),
        plan,
    }
}

/// The epoch in which the loss was not finite any more.
fn diverged_in(run: &RunRecord) -> Option<usize> {
    match run.end {
        Some(End::Diverged { epoch, .. }) => Some(epoch),
        _ => None,
    }
}

/// `4 of 5 seeds complete, 1 failed`
fn unfinished(runs: &[&RunRecord], complete: usize) -> Option<String> {
    if complete == runs.len() {
        return None;
    }
    let others = ["running", "interrupted", "waiting", "pruned", "failed"];
    let mut parts: Vec<String> = others
        .into_iter()
        .map(|state| (runs.iter().filter(|run| state_text(run) == state).count(), state))
        .filter(|(n, _)| *n > 0)
        .map(|(n, name)| if runs.len() == 1 { name.to_owned() } else { format!("{n} {name}") })
        .collect();
    if runs.len() > 1 {
        parts.insert(0, format!("{complete} of {} seeds complete", runs.len()));
    }
    Some(parts.join(", "))
}

fn reason(run: &RunRecord) -> Option<String> {
    let why = run.reason().map(|why| text::name(&why, REASON_LENGTH));
    let why = match (why, run.state) {
        (None, State::Failed) => "no reason was recorded".to_owned(),
        (why, _) => why?,
    };
    Some(match run.state {
        State::Failed if run.is_untrained() => format!("Seed {} failed: {why}", run.seed),
        State::Failed => format!("Seed {} failed {}: {why}", run.seed, after(run.epochs.len())),
        State::Pruned => format!("Seed {} was pruned {}: {why}", run.seed, after(run.epochs.len())),
        _ => format!("Seed {}: {why}", run.seed),
    })
}

fn after(epochs: usize) -> String {
    if epochs == 0 { "in its first epoch".to_owned() } else { format!("after epoch {epochs}") }
}

fn layers(summary: &SummaryRecord) -> Vec<LayerRow> {
    let rows = summary.rows.iter().map(|row| LayerRow {
        layer: format!("{} ({})", text::name(&row.name, NAME_LENGTH), text::name(&row.kind, NAME_LENGTH)),
        output_shape: text::name(&row.output_shape, NAME_LENGTH),
        parameters: row.parameters as u64,
    });
    rows.collect()
}

fn measured(runs: &[&RunRecord]) -> Option<MeasuredLayers> {
    let run = runs.iter().find(|run| !run.layers.is_empty())?;
    Some(MeasuredLayers { seed: run.seed, epochs: run.layers.clone() })
}

fn seed_row(run: &RunRecord) -> SeedRow {
    let planned = planned_epochs(&run.plan);
    let state = match (run.state, planned) {
        (State::Complete, _) => "complete".to_owned(),
        (_, Some(0)) => state_text(run).to_owned(),
        (_, Some(planned)) => format!("{}, epoch {} of {planned}", state_text(run), run.epochs.len()),
        (_, None) => format!("{}, epoch {}", state_text(run), run.epochs.len()),
    };
    let weights =
        run.weights_sha256.as_deref().map_or_else(|| format::NONE.to_owned(), |sha| text::cut(sha, 13));
    SeedRow {
        seed: run.seed,
        state,
        numbers: last_numbers(run),
        seconds: wall_seconds(run),
        weights: text::clean(&weights),
        folder: text::name(&run.folder, NAME_LENGTH),
    }
}

fn cost(records: &Records, first: &RunRecord, shown: &[&RunRecord]) -> RunCost {
    let trained = || shown.iter().filter(|run| !run.trained_epochs().is_empty());
    let shortest = trained().map(|run| run.epochs.len()).min().unwrap_or(0);
    let longest = trained().map(|run| run.epochs.len()).max().unwrap_or(0);
    let epochs = if shortest == longest { longest.to_string() } else { format!("{shortest}–{longest}") };
    // Of an interrupted run only the epochs are known.
    let whole =
        |run: &RunRecord| Some(run.provenance.wall_seconds).filter(|wall| *wall >= train_seconds(run));
    let flops: Vec<u64> = trained().map(|run| training_flops(records, run)).collect();
    RunCost {
        train_seconds: Estimate::of(trained().map(|run| Some(train_seconds(run)))),
        wall_seconds: Estimate::of(trained().map(|run| whole(run))),
        epoch_seconds: Estimate::of(trained().map(|run| Some(train_seconds(run) / run.epochs.len() as f64))),
        cpu_seconds: Estimate::of(trained().map(|run| run.provenance.cpu_seconds)),
        flops: flops.iter().fold(0u64, |sum, n| sum.saturating_add(*n)) / flops.len().max(1) as u64,
        epoch_flops: epoch_flops(&records.study.data, first),
        forward_flops: first.summary.forward_flops,
        epochs,
        is_untrained: first.is_untrained(),
    }
}

impl RunGroup {
    /// All parameters, as `25,450`.
    pub fn parameters_text(&self) -> String {
        format::count(self.parameters.0.saturating_add(self.parameters.1))
    }

    /// A metric of the comparison: 3 is validation accuracy, 5 is test accuracy.
    pub fn metric(&self, index: usize) -> Option<&Estimate> {
        self.comparison.columns[index].ours.as_ref()
    }
}

impl RunCost {
    /// A mean duration in words.
    pub fn duration_text(estimate: Option<&Estimate>) -> String {
        estimate.map_or_else(|| format::NONE.to_owned(), |estimate| format::duration(estimate.mean))
    }

    /// Training time of one run in words.
    pub fn train_text(&self) -> String {
        Self::duration_text(self.train_seconds.as_ref())
    }

    /// Operations per second of training, in words.
    pub fn speed_text(&self) -> String {
        match &self.train_seconds {
            Some(seconds) if seconds.mean > 0.0 && self.flops > 0 => {
                format!("{}/s", format::flops((self.flops as f64 / seconds.mean) as u64))
            }
            _ => format::NONE.to_owned(),
        }
    }

    /// One sentence on time and cost.
    pub fn sentence(&self) -> String {
        if self.is_untrained {
            return "Not trained: the numbers are those of the starting weights.".to_owned();
        }
        if self.train_seconds.is_none() {
            return "No epoch was finished.".to_owned();
        }
        let whole = self.wall_seconds.as_ref();
        let whole = whole
            .map_or_else(String::new, |all| format!("; {} with evaluations", format::duration(all.mean)));
        format!(
            "{}, {} of training per run ({} per epoch{whole}), {} at {}.",
            if self.epochs == "1" { "1 epoch".to_owned() } else { format!("{} epochs", self.epochs) },
            self.train_text(),
            Self::duration_text(self.epoch_seconds.as_ref()),
            format::flops(self.flops),
            self.speed_text(),
        )
    }
}
