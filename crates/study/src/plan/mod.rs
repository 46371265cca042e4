//! The plan: every run of a study, fully spelled out.

pub(crate) mod hashed;
pub(crate) mod ids;
pub(crate) mod non_default;
pub(crate) mod race;
pub(crate) mod search_plan;
pub(crate) mod settings;

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use toile_judge::RaceRules;
use toile_nn::Layer;
use toile_record::Seeds;

use crate::check::rules::{MAX_RUNS, RACE_NEEDS_VALIDATION};
use crate::check::{CheckedSearch, CheckedStudy, suggest};
use crate::file::{ClassWeight, DataSetting, MAX_SEED, MAX_SEEDS, RunSettings, RunTable, default};
use crate::plan::search_plan::{SearchPlan, search_plan};
use crate::plan::settings::{InitialWeights, Settings, SplitPlan, sha256};

/// A study, ready to be run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The study's name.
    pub study: String,
    /// The question that it answers.
    pub question: Option<String>,
    /// The data set, as the study file names it.
    pub data: DataSetting,
    /// How its training part is divided, the same for all runs.
    pub split: SplitPlan,
    /// All runs: in the file's order, repetitions by seed.
    pub runs: Vec<RunPlan>,
    /// All searches, in the file's order.
    #[serde(default)]
    pub searches: Vec<SearchPlan>,
    /// How often what a search has chosen is trained, if not oftener for its trials' sake: as often as the study says.
    /// In a race, how often at least.
    #[serde(default)]
    pub seeds: usize,
    /// How runs get more seeds until comparisons are decided; the runs of the plan are those that each has at least.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub race: Option<RaceRules>,
    /// How often runs are repeated, if that was asked for instead of what the file says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seeds_asked: Option<Seeds>,
    /// The study file, byte for byte.
    pub file_text: String,
    /// Its name, as it was given.
    pub file_name: String,
}

/// One training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunPlan {
    /// The name in the study file, shared by all repetitions.
    pub name: String,
    /// Place in the study file, from 0, shared by all repetitions.
    pub position: usize,
    /// The file's remark on the run.
    pub note: Option<String>,
    /// The numbers that a publication gives for it.
    pub published: Option<toile_record::Published>,
    /// The search that has chosen this configuration, if the study file does not declare it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chosen_by: Option<String>,
    /// Everything that its results depend on, bit for bit.
    pub settings: Settings,
}

/// Options of the command line for a plan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlanOptions {
    /// Repeat every run this often, instead of as often as the file says.
    pub seeds: Option<Seeds>,
    /// Plan only the runs and searches with these names.
    pub only: Option<Vec<String>>,
}

/// Why a checked study cannot be planned. `Display` gives the message, then a line `  help: …`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlanError {
    /// `only` names a run or search that does not exist.
    UnknownRun {
        /// The name that was asked for.
        name: String,
        /// All names of the study.
        known: Vec<String>,
    },
    /// `seeds` is 0 or too large.
    Seeds(usize),
    /// Too many runs, repetitions counted.
    TooManyRuns(usize),
    /// A race is judged on validation images, and there are none.
    RaceWithoutValidation,
    /// The weights that a run starts from cannot be read.
    InitialWeights {
        /// The run.
        run: String,
        /// The file, as the study file names it.
        file: String,
        /// Why not.
        reason: String,
    },
}

impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PlanError::UnknownRun { name, known } => {
                // Names of runs may have commas in them.
                let all = known.join("; ");
                let nearest = suggest::nearest(name, known.iter().map(String::as_str));
                let nearest = nearest.map(|name| format!("did you mean `{name}`? ")).unwrap_or_default();
                write!(f, "no run is named `{name}`\n  help: {nearest}(known: {all})")
            }
            PlanError::Seeds(seeds) => {
                write!(f, "a run cannot be repeated {seeds} times\n  help: seeds are from 1 to {MAX_SEEDS}")
            }
            PlanError::TooManyRuns(runs) => {
                write!(f, "the study would have {runs} runs\n  help: at most {MAX_RUNS}; take fewer seeds")
            }
            PlanError::RaceWithoutValidation => {
                write!(
                    f,
                    "{RACE_NEEDS_VALIDATION}\n  help: hold some back, for example with `validation_split = 0.1` "
                )?;
                f.write_str("in `[study]`")
            }
            PlanError::InitialWeights { run, file, reason } => {
                write!(f, "run `{run}` starts from `{file}`, which cannot be read: {reason}")?;
                f.write_str("\n  help: copy the file into the folder of the study file; ")?;
                f.write_str("`toile run` writes such files into its `runs` folder")
            }
        }
    }
}

impl std::error::Error for PlanError {}

impl Plan {
    /// How often the configuration that a search chooses is trained: as often as each of its trials, and at least as
    /// often as the study says.
    pub fn seeds_of_chosen(&self, search: &SearchPlan) -> usize {
        search.seeds.max(self.seeds)
    }
}

/// Spells out every run of a study.
///
/// `read` gives the bytes of a file in the study file's folder; it is called only for `initial_weights`.
///
/// # Errors
/// Names of runs that do not exist, impossible numbers of seeds, weights that cannot be read.
pub fn plan(
    study: &CheckedStudy,
    options: &PlanOptions,
    read: &dyn Fn(&str) -> std::io::Result<Vec<u8>>,
) -> Result<Plan, PlanError> {
    let chosen = chosen(study, options.only.as_deref())?;
    let of_study =
        options.seeds.or(study.study.seeds.map(Seeds::from)).unwrap_or(Seeds::Fixed(default::SEEDS));
    if !(1..=MAX_SEEDS).contains(&of_study.at_least()) {
        return Err(PlanError::Seeds(of_study.at_least()));
    }
    let race = race::race(study, options.seeds);
    if race.is_some() && split(study).fraction == 0.0 {
        return Err(PlanError::RaceWithoutValidation);
    }
    let repetitions = |run: &RunTable| match options.seeds {
        Some(asked) => asked.at_least(),
        None => run.settings.seeds.or(study.defaults.seeds).unwrap_or(of_study.at_least()),
    };
    let total: usize = chosen.iter().map(|&position| repetitions(&study.runs[position])).sum();
    if total > MAX_RUNS {
        return Err(PlanError::TooManyRuns(total));
    }
    let mut runs = Vec::with_capacity(total);
    for position in chosen {
        let run = &study.runs[position];
        let first = settings(study, run, read)?;
        for repetition in 0..repetitions(run) as u64 {
            let settings = Settings { seed: repeated(first.seed, repetition), ..first.clone() };
            runs.push(run_plan(run, position, settings));
        }
    }
    let searches = searches(study, options.only.as_deref(), read)?;
    Ok(Plan {
        study: study.study.name.clone(),
        question: study.study.question.clone(),
        data: study.study.data.clone(),
        split: split(study),
        runs,
        searches,
        seeds: of_study.at_least(),
        race,
        seeds_asked: options.seeds,
        file_text: study.text.clone(),
        file_name: study.file_name.clone(),
    })
}

/// The seed of a repetition: after the largest seed comes 0, as in searches.
pub(crate) fn repeated(seed: u64, repetition: u64) -> u64 {
    (seed + repetition) & MAX_SEED
}

fn run_plan(run: &RunTable, position: usize, settings: Settings) -> RunPlan {
    RunPlan {
        name: run.name.clone(),
        position,
        note: run.note.clone(),
        published: run.published.map(Into::into),
        chosen_by: None,
        settings,
    }
}

/// Positions of the runs to plan.
fn chosen(study: &CheckedStudy, only: Option<&[String]>) -> Result<Vec<usize>, PlanError> {
    let names = || study.runs.iter().map(|run| &run.name);
    let Some(only) = only else { return Ok((0..study.runs.len()).collect()) };
    let known: Vec<String> = names().chain(study.searches.iter().map(|s| &s.table.name)).cloned().collect();
    if let Some(name) = only.iter().find(|name| !known.contains(name)) {
        return Err(PlanError::UnknownRun { name: name.clone(), known });
    }
    Ok(names().enumerate().filter(|(_, name)| only.contains(name)).map(|(position, _)| position).collect())
}

/// The plans of the searches.
fn searches(
    study: &CheckedStudy,
    only: Option<&[String]>,
    read: &dyn Fn(&str) -> std::io::Result<Vec<u8>>,
) -> Result<Vec<SearchPlan>, PlanError> {
    let seed = study.defaults.seed.or(study.study.seed).unwrap_or(default::SEED);
    let is_chosen = |search: &CheckedSearch| only.is_none_or(|only| only.contains(&search.table.name));
    let all = study.searches.iter().enumerate().filter(|(_, search)| is_chosen(search));
    let planned = |(position, search): (usize, &CheckedSearch)| {
        let weights = initial_weights(&search.table.name, search.table.initial_weights.as_deref(), read)?;
        Ok(search_plan(position, search, SharedSettings::of(study), weights, seed))
    };
    all.map(planned).collect()
}

fn split(study: &CheckedStudy) -> SplitPlan {
    SplitPlan {
        fraction: study.study.validation_fraction(study.shape),
        how: study.study.validation_how(),
        seed: study.study.seed.unwrap_or(default::SEED),
    }
}

/// What all runs and trials of a study share.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct SharedSettings {
    pub data: DataSetting,
    pub validation_split: SplitPlan,
    pub train_evaluation: f64,
}

impl SharedSettings {
    fn of(study: &CheckedStudy) -> SharedSettings {
        SharedSettings {
            data: study.study.data.clone(),
            validation_split: split(study),
            train_evaluation: study.study.train_evaluation.unwrap_or(default::TRAIN_EVALUATION),
        }
    }

    /// Settings with their defaults; `None` if a setting without a default is missing.
    pub(crate) fn settings(
        &self,
        run: RunSettings,
        layers: &[Layer],
        initial_weights: Option<InitialWeights>,
        seed: u64,
    ) -> Option<Settings> {
        Some(Settings {
            data: self.data.clone(),
            validation_split: self.validation_split,
            seed,
            layers: layers.iter().map(Layer::spelled_out).collect(),
            model: run.model?,
            optimizer: run.optimizer?,
            schedule: run.schedule.unwrap_or_default(),
            loss: run.loss.unwrap_or_default(),
            label_smoothing: run.label_smoothing.unwrap_or(default::LABEL_SMOOTHING),
            class_weight: class_weight(run.class_weight)?,
            batch_size: run.batch_size.unwrap_or(default::BATCH_SIZE),
            epochs: run.epochs?,
            shuffle: run.shuffle.unwrap_or(default::SHUFFLE),
            dtype_policy: run.dtype_policy.unwrap_or_default(),
            callbacks: run.callbacks.unwrap_or_default(),
            initial_weights,
            train_evaluation: self.train_evaluation,
        })
    }
}

/// The settings of a run's first repetition: the run's own, else those of `[defaults]`, else the defaults.
fn settings(
    study: &CheckedStudy,
    run: &RunTable,
    read: &dyn Fn(&str) -> std::io::Result<Vec<u8>>,
) -> Result<Settings, PlanError> {
    let merged = run.settings.or(&study.defaults);
    let seed = merged.seed.or(study.study.seed).unwrap_or(default::SEED);
    let layers = merged.model.as_ref().and_then(|model| study.models.get(model));
    let layers = layers.expect("the check knows the model");
    let weights = initial_weights(&run.name, run.initial_weights.as_deref(), read)?;
    let settings = SharedSettings::of(study).settings(merged, layers, weights, seed);
    Ok(settings.expect("the check asks for all that is required"))
}

/// The weights by label; `None` if a key is no number.
fn class_weight(weights: Option<BTreeMap<String, ClassWeight>>) -> Option<BTreeMap<usize, f32>> {
    weights
        .unwrap_or_default()
        .into_iter()
        .map(|(name, weight)| Some((name.parse().ok()?, weight.0)))
        .collect()
}

fn initial_weights(
    run: &str,
    file: Option<&str>,
    read: &dyn Fn(&str) -> std::io::Result<Vec<u8>>,
) -> Result<Option<InitialWeights>, PlanError> {
    let Some(file) = file else { return Ok(None) };
    match read(file) {
        Ok(bytes) => Ok(Some(InitialWeights { file: file.to_string(), sha256: sha256(&bytes) })),
        Err(error) => Err(PlanError::InitialWeights {
            run: run.to_string(),
            file: file.to_string(),
            reason: error.to_string(),
        }),
    }
}
