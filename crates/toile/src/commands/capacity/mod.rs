//! `toile capacity`: what limits a model, from trainings of other widths of it.
//!
//! It writes a study file with the model at several widths, each with a search for its learning rate, and runs it as
//! `toile run` does: all is recorded, can be interrupted, and goes on. What follows is read from the records.

mod answer;
mod asked;
mod cost;
mod rates;

use std::path::{Path, PathBuf};

use toile_study::{WidthStudy, width_request};

use crate::args::{CapacityArgs, RunArgs, StudyArgs};
use crate::failure::Failure;
use crate::source::{self, StudySource};
use crate::terminal::note;
use crate::{Completion, commands, places};

/// The name of the study file in its folder.
const FILE: &str = "study.toml";

/// Trains what is missing, and says what limits the model.
pub(crate) fn run(args: &CapacityArgs) -> Result<Completion, Failure> {
    let place = Path::new(&args.study);
    let is_built_in = toile_study::built_in(&args.study).is_some();
    if places::is_address(&args.study) || place.is_dir() && !is_built_in {
        return answer::of_records(args);
    }
    let source = StudySource::find(&args.study)?;
    let (study, data) = source.check(&args.data)?;
    let asked = asked::asked(&source, &study, args)?;
    let dir = args.out.clone().unwrap_or_else(|| source::default_folder(&asked.name));
    let file = dir.join(FILE);
    if is_written(&asked, &dir, &file)? {
        // The trainings load what they need.
        drop(data);
    } else {
        let data = data.map_or_else(|| source.load(&asked.run.settings.data, &args.data), Ok)?;
        let Some(rates) = rates::rates(&asked, &data, args)? else {
            note("interrupted before the first training; the same command begins again");
            return Ok(Completion::Interrupted);
        };
        write(&file, &asked.text(&rates))?;
    }
    cost::announce(&file, args)?;
    let ending = commands::run::train(&run_args(&file, &dir, args), args.json)?;
    if ending == Completion::Interrupted {
        return Ok(ending);
    }
    answer::of_folder(&dir, &asked.run.settings.model, args.json)?;
    Ok(ending)
}

/// Whether the file is there already, made for the same question. What its owner has changed in it since is kept.
fn is_written(asked: &WidthStudy, dir: &Path, file: &Path) -> Result<bool, Failure> {
    if !file.exists() {
        let holds_records = dir.join(toile_store::STORE_FILE).exists();
        return match holds_records {
            false => Ok(false),
            true => Err(Failure::new(format!("`{}` holds another study", dir.display()))
                .help("choose another folder with `--out DIR`")),
        };
    }
    let text = toile_store::read_file(file, toile_study::LARGEST_FILE)
        .map_err(|error| Failure::new(format!("cannot read `{}`: {error}", file.display())))?;
    let text = String::from_utf8_lossy(&text);
    match width_request(&text) {
        Some(request) if request == asked.request() => {
            note(&format!("goes on with {}", file.display()));
            Ok(true)
        }
        _ => Err(Failure::new(format!("`{}` asks another question than this command", file.display())).help(format!(
            "choose another folder with `--out DIR`; `toile run {0} --out {1}` goes on with what is there, and `toile capacity {1}` \
             reads it",
            file.display(),
            dir.display()
        ))),
    }
}

fn write(file: &Path, text: &str) -> Result<(), Failure> {
    let refused = |error: String| {
        Failure::new(format!("cannot write `{}`: {error}", file.display()))
            .help("choose another folder with `--out DIR`")
    };
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder).map_err(|error| refused(error.to_string()))?;
    }
    toile_store::write_atomic(file, text.as_bytes()).map_err(|error| refused(error.to_string()))
}

/// What `toile run` would be asked.
fn run_args(file: &Path, dir: &Path, args: &CapacityArgs) -> RunArgs {
    RunArgs {
        study: study_args(file, args),
        out: Some(PathBuf::from(dir)),
        storage: None,
        checkpoints: None,
        lease: 60,
        open_test: false,
        dashboard: false,
        web: Default::default(),
    }
}

fn study_args(file: &Path, args: &CapacityArgs) -> StudyArgs {
    StudyArgs {
        study: file.display().to_string(),
        threads: args.threads,
        seeds: None,
        until: None,
        only: Vec::new(),
        data: args.data.clone(),
    }
}
