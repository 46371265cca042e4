//! Warnings: settings that are valid, and yet do nothing, or other than their names say.

use std::fmt;

use toile_record::Direction;

/// A warning, and the line of the study file that it is about.
#[derive(Clone, Debug, PartialEq)]
pub struct PlacedWarning {
    /// Counted from 1.
    pub line: usize,
    /// What it is.
    pub warning: StudyWarning,
}

/// A setting that does nothing, or other than its name says.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the fields are settings, and what they are compared with, by their names")]
pub enum StudyWarning {
    /// The steps of a range pass by its upper end, as in Optuna.
    CutByStep { parameter: String, low: f64, high: f64, step: f64, last: f64 },
    /// The learning rate is 0 throughout.
    RateOfZero,
    /// A bound on the gradient of 0, which is none, as in Keras.
    ClipsNothing { setting: &'static str },
    /// Nesterov's form of no momentum.
    NesterovWithoutMomentum,
    /// Every image's target is the same.
    SmoothedToNothing,
    /// A class has the weight that all have.
    WeightOfOne { label: String },
    /// A factor that changes nothing: 1 for `reduce_lr_on_plateau`, `exponential`, or the `alpha` of `cosine`.
    FactorOfOne { of: &'static str, setting: &'static str },
    /// The first reduction sets the learning rate to 0.
    FactorOfZero,
    /// The learning rate rises where its schedule is called a decay.
    Rises { of: &'static str, setting: &'static str, value: f64 },
    /// The rate is never reduced below what it is.
    FloorAboveRate { min_lr: f64, learning_rate: f64 },
    /// A callback that waits until the training is over.
    WaitsTooLong { callback: &'static str, waits: usize, epochs: usize },
    /// A setting of training in a run that trains nothing.
    NothingTrained { setting: &'static str },
    /// A bound that no accuracy crosses: a percentage, not a fraction.
    NotAFraction { setting: &'static str, value: f64 },
    /// An improvement that no accuracy can make.
    NeverImproves { callback: &'static str, min_delta: f64 },
    /// With so few classes, the right one is always among the first five.
    TopFiveOfFew { metric: &'static str, classes: usize },
    /// A schedule that the training does not reach the end of.
    ScheduleTooLong { schedule: &'static str, steps: usize, updates: usize },
    /// Pieces that begin after the training.
    PiecesAfterTheEnd { pieces: usize, updates: usize },
    /// Half of the settings of a warm-up.
    HalfAWarmup { given: &'static str, lacks: &'static str },
    /// A layer that passes on what it gets.
    LayerWithoutEffect { layer: &'static str, setting: &'static str, value: f64 },
    /// A dropout that lets nothing pass.
    DropsEverything,
    /// A repetition that repeats nothing.
    RepeatedOnce { times: i64 },
    /// A metric is optimised in the direction in which it is worse.
    AgainstItsNature { metric: &'static str, direction: Direction },
    /// A pruner whose first decision comes when trials are over.
    PrunesTooLate { pruner: &'static str, first: usize, of: usize, unit: &'static str },
    /// A pruner or sampler that begins after so many trials, and there are no more.
    BeginsTooLate { what: &'static str, after: usize, n_trials: usize },
    /// Trials without a better value that there cannot be.
    NeverStagnates { stagnation: usize, n_trials: usize },
    /// More configurations to begin with than trials.
    FirstBeyondTrials { first: usize, n_trials: usize },
}

impl fmt::Display for PlacedWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.warning)
    }
}

impl fmt::Display for StudyWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use StudyWarning::*;
        match self {
            CutByStep { parameter, low, high, step, last } => {
                write!(f, "`{parameter}` ends at {last}: steps of {step} from {low} do not reach {high}")
            }
            RateOfZero => f.write_str("with a `learning_rate` of 0, nothing is learnt"),
            ClipsNothing { setting } => write!(f, "`{setting}` = 0 clips nothing, as in Keras"),
            NesterovWithoutMomentum => f.write_str("`nesterov` has no effect without `momentum`"),
            SmoothedToNothing => {
                f.write_str("with a `label_smoothing` of 1, all classes are the target of every image alike")
            }
            WeightOfOne { label } => {
                write!(f, "a `class_weight` of 1 for label {label} has no effect: all classes have it")
            }
            FactorOfOne { of, setting } => {
                write!(f, "`{of}` has no effect: with `{setting}` = 1, the learning rate stays as it is")
            }
            FactorOfZero => f.write_str(
                "`reduce_lr_on_plateau` ends the learning at the first plateau: a `factor` of 0 makes the learning rate `min_lr` = 0",
            ),
            Rises { of, setting, value } => {
                write!(f, "the learning rate rises under `{of}`, or stays: `{setting}` is {value}")
            }
            FloorAboveRate { min_lr, learning_rate } => {
                f.write_str(&floor_above_rate(*min_lr, *learning_rate))
            }
            WaitsTooLong { callback, waits, epochs } => {
                f.write_str(&waits_too_long(callback, *waits, *epochs))
            }
            NothingTrained { setting } => {
                write!(f, "`{setting}` has no effect: with `epochs` = 0 nothing is trained")
            }
            NotAFraction { setting, value } => {
                write!(f, "`{setting}` = {value} lies outside of what an accuracy can be: it is a fraction, from 0 to 1")
            }
            NeverImproves { callback, min_delta } => {
                write!(f, "for `{callback}` no epoch improves: no accuracy rises by more than `min_delta` = {min_delta}")
            }
            TopFiveOfFew { metric, classes } => {
                write!(f, "{metric} is 1 throughout: of {classes} classes, the right one is always among the first five")
            }
            ScheduleTooLong { schedule, steps, updates } => write!(
                f,
                "`{schedule}` does not come to its end: it takes {steps} updates, and the training has {updates}"
            ),
            PiecesAfterTheEnd { pieces, updates } => f.write_str(&pieces_after_the_end(*pieces, *updates)),
            HalfAWarmup { given, lacks } => write!(f, "`{given}` warms nothing up without `{lacks}`"),
            LayerWithoutEffect { layer, setting, value } => {
                write!(f, "`{layer}` passes on what it gets: `{setting}` is {value}")
            }
            DropsEverything => f.write_str("`dropout` with a `rate` of 1 lets nothing pass"),
            RepeatedOnce { times: 0 } => f.write_str("`repeat` leaves its layers out: `times` is 0"),
            RepeatedOnce { times } => write!(f, "`repeat` repeats nothing: `times` is {times}"),
            AgainstItsNature { metric, direction } => f.write_str(&against_its_nature(metric, *direction)),
            PrunesTooLate { pruner, first, of, unit } => {
                f.write_str(&prunes_too_late(pruner, *first, *of, unit))
            }
            BeginsTooLate { what, after, n_trials } => {
                write!(f, "`{what}` does not come to work: it begins after {after} trials, and there are {n_trials}")
            }
            NeverStagnates { stagnation, n_trials } => {
                write!(f, "`stagnation` = {stagnation} has no effect: there are {n_trials} trials")
            }
            FirstBeyondTrials { first, n_trials } => write!(
                f,
                "{} of the {first} configurations in `first` are not trained: there are {n_trials} trials",
                first.saturating_sub(*n_trials)
            ),
        }
    }
}

fn against_its_nature(metric: &str, direction: Direction) -> String {
    let (way, better) = match direction {
        Direction::Minimize => ("minimised", "higher"),
        Direction::Maximize => ("maximised", "lower"),
    };
    format!("{metric} is {way}, so that the worst trial is chosen: {better} values of it are better")
}

fn floor_above_rate(min_lr: f64, rate: f64) -> String {
    format!(
        "`reduce_lr_on_plateau` has no effect: the `learning_rate` of {rate} is not above `min_lr` = {min_lr}"
    )
}

fn waits_too_long(callback: &str, waits: usize, epochs: usize) -> String {
    format!(
        "`{callback}` cannot act: it waits for {waits} epochs after the first, and there are {epochs} in all"
    )
}

fn prunes_too_late(pruner: &str, first: usize, of: usize, unit: &str) -> String {
    format!("`{pruner}` prunes nothing: its first decision comes after {first} {unit}, and a trial has {of}")
}

fn pieces_after_the_end(pieces: usize, updates: usize) -> String {
    format!(
        "the last {pieces} of `piecewise`'s `values` are never used: they begin after the training, which has {updates} updates"
    )
}
