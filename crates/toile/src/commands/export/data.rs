//! The data that a run was trained on, for exports that cannot do without.

use toile_data::DataSet;

use crate::args::ExportArgs;
use crate::commands::trained::TrainedNetwork;
use crate::failure::Failure;
use crate::source::StudySource;

/// Loads them; `why` says what they are for.
///
/// # Errors
/// If they are not at hand, or are others.
pub(super) fn of_run(args: &ExportArgs, network: &TrainedNetwork, why: &str) -> Result<DataSet, Failure> {
    let study = &network.records.study;
    let source = StudySource::from_text("the recorded study file".into(), study.file.clone());
    let data = source.load(&network.settings.data, &args.data)?;
    if data.fingerprint == study.data.fingerprint {
        return Ok(data);
    }
    Err(Failure::new("the data here are not those that the run was trained on")
        .help(format!("{why}; `--data-dir` names another place")))
}
