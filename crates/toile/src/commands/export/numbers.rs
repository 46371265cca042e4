//! The numbers of a study, for other programs: event files for TensorBoard, and tables.

use std::path::PathBuf;

use toile_exchange::tensorboard::event_files;
use toile_record::Records;
use toile_report::{epochs_csv, results_csv, trials_csv};
use toile_store::create_folder;

use crate::Completion;
use crate::args::{ExportArgs, ExportFormat};
use crate::commands::{studied, written};
use crate::failure::Failure;
use crate::terminal::{self, plural, safe_name};

/// Writes the files into the folder.
pub(super) fn run(args: &ExportArgs) -> Result<Completion, Failure> {
    if args.input.is_some() {
        return Err(Failure::new("`--input` says how a network takes images, and this form holds numbers")
            .help("leave it out, or export a network: `--format onnx`"));
    }
    if args.out.exists() && !args.out.is_dir() {
        return Err(Failure::new(format!("`{}` is a file, expected a folder", args.out.display()))
            .help("name a folder: `--out FOLDER`"));
    }
    let records = chosen(studied::records(&args.storage, args.study.as_deref(), "export")?, args)?;
    let (files, remark) = match args.format {
        ExportFormat::Csv => (tables(&records), String::new()),
        _ => events(&records),
    };
    let files: Vec<(PathBuf, Vec<u8>)> =
        files.into_iter().map(|(path, bytes)| (args.out.join(path), bytes)).collect();
    for (path, _) in &files {
        create_folder(path.parent().unwrap_or(&args.out))?;
    }
    written::write(&files, args.force, written::OTHER_FILE)?;
    let size: usize = files.iter().map(|(_, bytes)| bytes.len()).sum();
    terminal::out(&format!(
        "{}: {}, {}{remark}\n",
        args.out.display(),
        plural(files.len(), "file", "files"),
        terminal::bytes(size as u64)
    ))?;
    Ok(Completion::Done)
}

/// The records of the run that is named, if one is: all its seeds, or one.
fn chosen(mut records: Records, args: &ExportArgs) -> Result<Records, Failure> {
    let Some(name) = &args.run else { return Ok(records) };
    if !records.runs.iter().any(|run| run.name == *name) {
        return Err(studied::no_run(name, records.runs.iter().map(|run| run.name.as_str())));
    }
    records.runs.retain(|run| run.name == *name);
    records.searches.clear();
    let Some(seed) = args.seed else { return Ok(records) };
    let seeds: Vec<String> = records.runs.iter().map(|run| run.seed.to_string()).collect();
    records.runs.retain(|run| run.seed == seed);
    if records.runs.is_empty() {
        return Err(Failure::new(format!(
            "the run `{}` has no training with the seed {seed}",
            safe_name(name)
        ))
        .help(format!("seeds that it has: {}", seeds.join(", "))));
    }
    Ok(records)
}

fn tables(records: &Records) -> Vec<(String, Vec<u8>)> {
    let mut files = vec![
        ("runs.csv".to_owned(), results_csv(records).into_bytes()),
        ("epochs.csv".to_owned(), epochs_csv(records).into_bytes()),
    ];
    if records.searches.iter().any(|search| !search.trials.is_empty()) {
        files.push(("trials.csv".to_owned(), trials_csv(records).into_bytes()));
    }
    files
}

fn events(records: &Records) -> (Vec<(String, Vec<u8>)>, String) {
    let (files, left_out) = event_files(records);
    let remark = match left_out {
        0 => String::new(),
        n => format!("; {} left out: the best of each search are there", plural(n, "trial is", "trials are")),
    };
    (files, remark)
}
