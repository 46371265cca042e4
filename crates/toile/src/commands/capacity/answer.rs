//! What the records of several widths say of a model's limit: a table and sentences, or JSON.

use std::collections::BTreeSet;
use std::path::Path;

use toile_judge::{Capacity, CapacityWidth, WidthDifference};
use toile_record::Records;
use toile_report::format::{metric_or_none, setting, signed};
use toile_report::{capacity_models, model_capacity};

use crate::args::CapacityArgs;
use crate::commands::studied;
use crate::failure::Failure;
use crate::terminal::{Align, Table, count, safe_name, safe_names, suggestion};
use crate::{Completion, terminal};

/// Of a study's folder or server, without training.
pub(super) fn of_records(args: &CapacityArgs) -> Result<Completion, Failure> {
    let records = studied::records(&args.study, None, "capacity")?;
    let model = model(&records, args.model.as_deref())?;
    print(&model_capacity(&records, &model), args.json)?;
    Ok(Completion::Done)
}

/// Of a folder that was just trained.
pub(super) fn of_folder(dir: &Path, model: &str, json: bool) -> Result<(), Failure> {
    let records = studied::records(&dir.display().to_string(), None, "capacity")?;
    print(&model_capacity(&records, model), json)
}

/// The model that was asked for; else the one that the study file claims something about; else the only one.
fn model(records: &Records, asked: Option<&str>) -> Result<String, Failure> {
    let trained: BTreeSet<&str> = records.runs.iter().map(|run| run.model.as_str()).collect();
    if let Some(asked) = asked {
        return match trained.contains(asked) {
            true => Ok(asked.to_owned()),
            false => Err(Failure::new(format!("no run of the study trains a model `{}`", safe_name(asked)))
                .help(suggestion(asked, trained.iter().copied()))),
        };
    }
    let claimed = capacity_models(records);
    match (&claimed[..], trained.len()) {
        ([only], _) => Ok(only.clone()),
        ([], 1) => Ok(trained.into_iter().next().unwrap_or_default().to_owned()),
        _ => Err(Failure::new("the study has several models: which one?")
            .help(format!("name one with `--model NAME` (known: {})", safe_names(trained.iter().copied())))),
    }
}

fn print(found: &Capacity, json: bool) -> Result<(), Failure> {
    if json {
        return terminal::out_json(found);
    }
    let table = if found.widths.len() > 1 { format!("\n{}\n", table(found).render()) } else { String::new() };
    let sentences: String = found.sentences.iter().map(|sentence| format!("{sentence}\n")).collect();
    terminal::out(&format!("{table}{sentences}"))
}

fn table(found: &Capacity) -> Table {
    use Align::{Left, Right};
    let mut table = Table::new(&[
        ("model", Left),
        ("parameters", Right),
        ("rate", Right),
        ("of", Right),
        ("runs", Right),
        ("train", Right),
        ("val", Right),
        ("train against the model", Left),
        ("val against the model", Left),
    ]);
    for width in &found.widths {
        table.row(row(width));
    }
    table
}

fn row(width: &CapacityWidth) -> [String; 9] {
    let difference = |found: &Option<WidthDifference>| {
        let text = |found: &WidthDifference| {
            format!(
                "{} [{} to {}] {}",
                signed(found.difference),
                signed(found.low),
                signed(found.high),
                found.word
            )
        };
        found.as_ref().map(text).unwrap_or_default()
    };
    [
        safe_name(&width.model),
        width.parameters.map(|n| count(n as u64)).unwrap_or_default(),
        width.learning_rate.map(setting).unwrap_or_default(),
        width.rates_tried.to_string(),
        width.runs.to_string(),
        metric_or_none(width.train_accuracy),
        metric_or_none(width.val_accuracy),
        difference(&width.train),
        difference(&width.val),
    ]
}
