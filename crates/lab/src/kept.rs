//! The network that a finished run left behind, from its record and its weights alone: no study file, no data, no
//! training.

use std::path::Path;

use toile_nn::{ImageShape, Model};
use toile_record::RunRecord;
use toile_store::{Store, StoreError};
use toile_study::Settings;

use crate::bridge;
use crate::runner::engine;

/// The file of a finished run's weights as it was written: from the study's folder, or from the server that holds its
/// records. In the inner error stands what is wrong with it.
///
/// # Errors
/// If the server cannot be asked.
pub fn kept_weights(
    store: &Store,
    dir: Option<&Path>,
    study: &str,
    run: &RunRecord,
) -> Result<Result<Vec<u8>, String>, StoreError> {
    Ok(match dir.filter(|_| !store.is_server()) {
        Some(dir) => bridge::intact_weights(dir, run),
        None => match store.weights(study, &run.id)? {
            Some(bytes) => bridge::as_recorded(bytes, run),
            None => Err("its weights are not in the database".into()),
        },
    })
}

/// The network of a finished run with these weights, for images of this shape.
///
/// # Errors
/// Which part of the record does not fit, in words.
pub fn kept_model(run: &RunRecord, image: ImageShape, weights: &[u8]) -> Result<(Settings, Model), String> {
    let settings: Settings = serde_json::from_value(run.plan.clone())
        .map_err(|error| format!("its recorded plan cannot be read: {error}"))?;
    let mut model = engine::built(&settings, image)
        .map_err(|error| format!("its recorded layers do not fit: {error}"))?;
    engine::load_weights(&mut model, weights)?;
    Ok((settings, model))
}
