//! TensorBoard: event files with the numbers of every epoch, and its table of hyperparameters (HParams), complete.
//!
//! One folder per training; the step is the epoch. Wall times are the recorded start and seconds, so that the same
//! records give the same bytes. The table's columns are named once, in the folder above: TensorBoard takes one such
//! record, whichever it finds first.

mod events;
mod hparams;
mod sessions;

use toile_record::Records;

use events::EventFile;
use hparams::Hparams;
use sessions::{BoardSession, sessions};

/// The most trials of one search: TensorBoard becomes slow beyond a few hundred folders. The best are taken.
pub const MOST_TRIALS: usize = 200;

/// The event files of a study, with their paths under one folder.
///
/// Trials of a search are taken by their value, the best first, at most [`MOST_TRIALS`]; the second part of the answer
/// is how many were left out.
pub fn event_files(records: &Records) -> (Vec<(String, Vec<u8>)>, usize) {
    let (sessions, left_out) = sessions(records);
    let starts = sessions.iter().map(|session| session.started);
    let first = starts.clone().fold(f64::INFINITY, f64::min);
    let first = if first.is_finite() { first } else { 0.0 };
    let hparams = Hparams::of(&sessions);
    let mut root = EventFile::new(first);
    root.hparams("_hparams_/experiment", first, hparams.experiment(first));
    let mut files = vec![(file_name("", first), root.finish())];
    files.extend(
        sessions.iter().map(|session| (file_name(&session.folder, session.started), events(session))),
    );
    (files, left_out)
}

fn file_name(folder: &str, started: f64) -> String {
    let separator = if folder.is_empty() { "" } else { "/" };
    format!("{folder}{separator}events.out.tfevents.{}.toile", started as u64)
}

fn events(session: &BoardSession) -> Vec<u8> {
    let mut file = EventFile::new(session.started);
    file.hparams("_hparams_/session_start_info", session.started, hparams::start(session));
    for point in &session.points {
        file.scalars(point.time, point.step, &point.scalars);
    }
    file.hparams("_hparams_/session_end_info", session.ended, hparams::end(session));
    file.finish()
}
