//! A network that a run of a study left behind: found by the run's name and seed, with its record and its weights.

use std::path::Path;

use toile_exchange::NetworkFacts;
use toile_nn::Model;
use toile_record::{Records, RunRecord, State};
use toile_store::Store;
use toile_study::Settings;

use crate::args::TrainedArgs;
use crate::failure::Failure;
use crate::terminal::{safe_name, suggestion};
use crate::{places, study_folder};

/// A trained network and where it is from.
pub(crate) struct TrainedNetwork {
    /// All records of its study.
    pub records: Records,
    /// The place of its own among them.
    place: usize,
    pub settings: Settings,
    pub model: Model,
}

impl TrainedNetwork {
    /// Finds it; `command` is what the user typed.
    pub(crate) fn find(args: &TrainedArgs, command: &str) -> Result<TrainedNetwork, Failure> {
        let (store, study) = opened(args, command)?;
        let records = store.records(study.as_deref())?;
        let place = place(&records, &args.run, args.seed)?;
        let run = &records.runs[place];
        let dir = (!places::is_address(&args.storage)).then(|| Path::new(&args.storage));
        let weights = toile_lab::kept_weights(&store, dir, &records.study.name, run)?;
        let weights = weights.map_err(|what| without_weights(args, run, &what))?;
        let image = records.study.data.shape.into();
        let (settings, model) = toile_lab::kept_model(run, image, &weights)
            .map_err(|what| Failure::new(format!("{} cannot be built again: {what}", named(run))))?;
        if model.classes() != records.study.data.class_names.len() {
            return Err(Failure::new(format!(
                "{} has {} classes, its data {}",
                named(run),
                model.classes(),
                records.study.data.class_names.len()
            )));
        }
        if let Some(tensor) =
            model.weights().iter().find(|tensor| !tensor.values.iter().all(|v| v.is_finite()))
        {
            return Err(Failure::new(format!(
                "{}: its weights `{}` are not finite numbers, for its training diverged",
                named(run),
                tensor.name
            ))
            .help("take another run; `toile findings` says which diverged"));
        }
        Ok(TrainedNetwork { place, settings, model, records })
    }

    /// Its record.
    pub(crate) fn run(&self) -> &RunRecord {
        &self.records.runs[self.place]
    }

    /// What files say of it.
    pub(crate) fn facts(&self) -> NetworkFacts {
        NetworkFacts::of(&self.records.study.name, &self.records.study.data, self.run())
    }

    /// `Dense, seed 7`
    pub(crate) fn name(&self) -> String {
        named(self.run())
    }
}

fn named(run: &RunRecord) -> String {
    format!("{}, seed {}", safe_name(&run.name), run.seed)
}

fn opened(args: &TrainedArgs, command: &str) -> Result<(Store, Option<String>), Failure> {
    if !places::is_address(&args.storage) {
        return Ok((study_folder::open(Path::new(&args.storage), command)?, args.study.clone()));
    }
    let server = places::server(&args.storage)?;
    let study = places::study_in(&server, args.study.as_deref())?;
    Ok((server, Some(study)))
}

/// The run of this name: with this seed, or else with the first that is complete.
fn place(records: &Records, name: &str, seed: Option<u64>) -> Result<usize, Failure> {
    let runs = || records.runs.iter().enumerate().filter(|(_, run)| run.name == name);
    if runs().next().is_none() {
        let names = records.runs.iter().map(|run| run.name.as_str());
        let mut known: Vec<&str> = names.collect();
        known.dedup();
        return Err(Failure::new(format!("the study has no run `{}`", safe_name(name)))
            .help(suggestion(name, known.iter().copied())));
    }
    let complete = || runs().filter(|(_, run)| run.state == State::Complete);
    let listed = |runs: &mut dyn Iterator<Item = (usize, &RunRecord)>| {
        runs.map(|(_, run)| run.seed.to_string()).collect::<Vec<_>>().join(", ")
    };
    match seed {
        None => complete().next().map(|(place, _)| place).ok_or_else(|| {
            let states: Vec<&str> = runs().map(|(_, run)| run.state.name()).collect();
            Failure::new(format!(
                "the run `{}` is not complete: it is {}",
                safe_name(name),
                states.join(", ")
            ))
            .help("`toile run` trains what is still to be trained")
        }),
        Some(seed) => complete().find(|(_, run)| run.seed == seed).map(|(place, _)| place).ok_or_else(|| {
            Failure::new(format!("the run `{}` is not complete with the seed {seed}", safe_name(name)))
                .help(format!("seeds with which it is: {}", listed(&mut complete())))
        }),
    }
}

fn without_weights(args: &TrainedArgs, run: &RunRecord, what: &str) -> Failure {
    let again = match places::is_address(&args.storage) {
        true => format!("`toile run STUDY --storage {}`", toile_store::without_password(&args.storage)),
        false => format!("`toile run STUDY --out {}`", args.storage),
    };
    Failure::new(format!("{}: {what}", named(run)))
        .help(format!("{again} with its study file trains such a run again, to the same bits"))
}
