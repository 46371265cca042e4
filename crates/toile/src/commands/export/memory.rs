//! The optimizer's state of a finished run, which its record does not keep: made again by training it once more.

use std::path::Path;
use std::sync::atomic::Ordering;

use toile_lab::LoneTraining;
use toile_nn::{Tensor, TrainingState};
use toile_store::read_file;
use toile_study::RunPlan;

use super::check::bits;
use super::data;
use crate::args::ExportArgs;
use crate::commands::trained::TrainedNetwork;
use crate::failure::Failure;
use crate::source::LARGEST_WEIGHTS;
use crate::terminal::Waiting;
use crate::{interrupt, machine};

/// Trains the run again up to the epoch of its weights, and gives the state there.
///
/// # Errors
/// If nothing was trained, the data or the initial weights are not at hand, or other weights come out.
pub(super) fn state(args: &ExportArgs, network: &TrainedNetwork) -> Result<TrainingState, Failure> {
    let run = network.run();
    let Some(epoch) = run.kept_epoch().map(|row| row.epoch).filter(|epoch| *epoch > 0) else {
        return Err(Failure::new(format!(
            "{} was not trained: its optimizer remembers nothing",
            network.name()
        ))
        .help("leave `--with-optimizer` out"));
    };
    let data = data::of_run(args, network, "the optimizer's state is made again by training on them")?;
    let plan = RunPlan {
        name: run.name.clone(),
        position: 0,
        note: None,
        published: None,
        chosen_by: None,
        settings: network.settings.clone(),
    };
    let split = toile_lab::split_of(&network.settings.validation_split, &data)?;
    let stop = interrupt::listen();
    let waiting = Waiting::new();
    let again = LoneTraining {
        run: &plan,
        data: &data,
        split: &split,
        read: &|file| initial_weights(args, file),
        threads: machine::cores(),
        stop,
    };
    let name = network.name();
    let mut begins = |now: usize| waiting.show(&format!("{name}: trained again, epoch {now} of {epoch}"));
    let state = again.state_after(epoch, &mut begins)?;
    waiting.end();
    let Some(state) = state else {
        return Err(Failure::new(match stop.load(Ordering::Relaxed) {
            true => format!("{name}: stopped, nothing was written"),
            false => format!("{name}: trained again, it ends before epoch {epoch}: {OTHER}"),
        }));
    };
    if !has_weights(&state, &network.model.weights()) {
        return Err(Failure::new(format!("{name}: trained again, it comes to other weights: {OTHER}"))
            .help("leave `--with-optimizer` out: the weights themselves are as recorded"));
    }
    Ok(state)
}

const OTHER: &str = "another version of toile has trained it";

/// The file that the run starts from, which lies beside the study file: here, or beside the study's folder. Its hash is
/// recorded, so that another one is refused.
fn initial_weights(args: &ExportArgs, file: &str) -> std::io::Result<Vec<u8>> {
    let beside = Path::new(&args.storage).parent().unwrap_or(Path::new("")).join(file);
    let here = Path::new(file);
    read_file(if here.exists() { here } else { &beside }, LARGEST_WEIGHTS)
}

/// Whether the state's weights are these, bit for bit.
fn has_weights(state: &TrainingState, weights: &[Tensor]) -> bool {
    weights.iter().all(|own| {
        let name = format!("weights/{}", own.name);
        state.tensors.iter().any(|found| found.name == name && bits(&found.values).eq(bits(&own.values)))
    })
}
