//! `toile watch`: a study as it grows, read from its store; what runs is never disturbed.

mod lines;
mod looking;
mod screen;
mod training_screen;
mod web;

use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::Duration;

use toile_live::WatchEvent;
use toile_store::{Store, StoreError};

use self::looking::Looking;
pub(crate) use self::training_screen::TrainingScreen;
pub(crate) use self::web::beside;
use crate::args::WatchArgs;
use crate::failure::Failure;
use crate::{Completion, interrupt, places, study_folder, terminal};

/// Follows the study until it has ended, or the viewer leaves.
pub(crate) fn run(args: &WatchArgs) -> Result<Completion, Failure> {
    if args.web.web {
        return web::run(args);
    }
    interrupt::listen_to_leave();
    let (looking, first) = opened(args)?;
    let again = again(args);
    match args.json {
        true => lines::json(looking, first)?,
        false if terminal::has_screen() => screen::show(looking, &again)?,
        false => lines::words(looking, &again)?,
    }
    Ok(Completion::Done)
}

/// The study at the first look. One that somebody is about to record is waited for.
fn opened(args: &WatchArgs) -> Result<(Looking, Vec<WatchEvent>), Failure> {
    if !places::is_address(&args.storage) {
        let dir = Path::new(&args.storage);
        let mut is_told = false;
        loop {
            let looking =
                Store::open_read_only(dir).and_then(|store| Looking::new(store, args.study.as_deref()));
            match looking {
                Err(StoreError::NoStudy { .. }) if args.study.is_none() && !is_to_leave() => {
                    if !is_told {
                        terminal::note(
                            "nothing is recorded yet; waiting for a study to begin (Ctrl-C leaves)",
                        );
                    }
                    is_told = true;
                    std::thread::sleep(Duration::from_millis(250));
                }
                // What lies there in the place of a study is said as everywhere.
                Err(error) => return Err(study_folder::open(dir, "watch").err().unwrap_or(error.into())),
                Ok(looking) => return Ok(looking),
            }
        }
    }
    let server = places::server_to_look(&args.storage)?;
    let study = places::study_in(&server, args.study.as_deref())?;
    Ok(Looking::new(server, Some(&study))?)
}

fn is_to_leave() -> bool {
    interrupt::asked().load(Ordering::Relaxed)
}

/// What is typed to go on with the study.
fn again(args: &WatchArgs) -> String {
    match places::is_address(&args.storage) {
        true => "`toile worker --storage URL`".into(),
        false => format!("`toile run STUDY --out {}`", args.storage),
    }
}
