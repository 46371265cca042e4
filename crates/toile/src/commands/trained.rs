//! A network that a run of a study left behind: found by the run's name and seed, with its record and its weights.

use std::path::Path;

use toile_exchange::NetworkFacts;
use toile_nn::Model;
use toile_record::{Records, RunRecord, State};
use toile_study::Settings;

use crate::args::TrainedArgs;
use crate::commands::studied;
use crate::failure::Failure;
use crate::places;
use crate::terminal::safe_name;

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
        let (store, study) = studied::opened(&args.storage, args.study.as_deref(), command)?;
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

/// The run of this name: with this seed, or else with the first that is complete.
fn place(records: &Records, name: &str, seed: Option<u64>) -> Result<usize, Failure> {
    let named = || records.runs.iter().filter(|run| run.name == name);
    let is_meant = |run: &RunRecord| run.name == name && seed.is_none_or(|seed| run.seed == seed);
    let found = records.runs.iter().position(|run| is_meant(run) && run.state == State::Complete);
    found.ok_or_else(|| match (named().next(), seed) {
        (None, _) => studied::no_run(name, records.runs.iter().map(|run| run.name.as_str())),
        (_, None) => {
            let states: Vec<&str> = named().map(|run| run.state.name()).collect();
            let states = states.join(", ");
            Failure::new(format!("the run `{}` is not complete: it is {states}", safe_name(name)))
                .help("`toile run` trains what is still to be trained")
        }
        (_, Some(seed)) => {
            let complete = named().filter(|run| run.state == State::Complete);
            let seeds: Vec<String> = complete.map(|run| run.seed.to_string()).collect();
            let name = safe_name(name);
            Failure::new(format!("the run `{name}` is not complete with the seed {seed}"))
                .help(format!("seeds with which it is: {}", seeds.join(", ")))
        }
    })
}

fn without_weights(args: &TrainedArgs, run: &RunRecord, what: &str) -> Failure {
    let again = match places::is_address(&args.storage) {
        true => format!("`toile run STUDY --storage {}`", toile_store::without_password(&args.storage)),
        false => format!("`toile run STUDY --out {}`", args.storage),
    };
    Failure::new(format!("{}: {what}", named(run)))
        .help(format!("{again} with its study file trains such a run again, to the same bits"))
}
