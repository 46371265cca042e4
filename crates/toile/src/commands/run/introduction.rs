//! What a study is about to do, in a few lines.

use std::path::Path;

use console::Style;
use toile_data::DataSet;
use toile_study::{Plan, Split};

use super::threads;
use crate::args::RunArgs;
use crate::commands;
use crate::failure::Failure;
use crate::terminal::{count, note, plural, safe_name};

/// What is about to happen, in a few lines.
pub(super) fn introduce(args: &RunArgs, plan: &Plan, data: &DataSet, dir: &Path) -> Result<(), Failure> {
    let bold = Style::new().for_stderr().bold();
    let dim = Style::new().for_stderr().dim();
    let (runs, only, threads) = (plan.runs.len(), &args.study.only, threads(args));
    let asked = toile_lab::wanted_runs(plan, only).count();
    let part =
        if asked < runs { format!(", {} of them asked for", count(asked as u64)) } else { String::new() };
    let runs = match runs {
        0 => String::new(),
        runs => format!(", {}{part}", plural(runs, "run", "runs")),
    };
    note(&format!("{}{runs}{}", bold.apply_to(safe_name(&plan.study)), searches_text(plan, only)));
    let split = toile_lab::split(plan, data)?;
    note(&format!("{}{}, from {}", dim.apply_to("data    "), data.title, data.source));
    if !commands::data::is_named(data) {
        note(&format!("        {}", commands::data::read_as(data)));
    }
    for remark in &data.reading.notes {
        note(&format!("        {remark}"));
    }
    for part in parts(plan, data, &split) {
        note(&format!("        {part}"));
    }
    for warning in commands::batch::warnings(plan, only, split.train.len()) {
        note(&format!("{} {warning}", Style::new().for_stderr().yellow().apply_to("warning")));
    }
    let mut policies = plan.runs.iter().map(|run| run.settings.dtype_policy);
    let policy = policies.find(|policy| !policy.is_float32()).unwrap_or_default();
    let arithmetic = policy.arithmetic(toile_kernels::isa().name());
    note(&format!("{}{}, {arithmetic}", dim.apply_to("machine "), plural(threads, "thread", "threads")));
    note(&format!("{}{}", dim.apply_to("folder  "), dir.display()));
    Ok(())
}

/// `, 5 searches of 108 trials`
fn searches_text(plan: &Plan, only: &[String]) -> String {
    let wanted: Vec<_> = toile_lab::wanted_searches(plan, only).collect();
    let trials: usize = wanted.iter().map(|search| search.n_trials).sum();
    match wanted.len() {
        0 => String::new(),
        n => format!(", {} of {}", plural(n, "search", "searches"), plural(trials, "trial", "trials")),
    }
}

/// A line per part: `training 54,000, by class 5,370 5,416 …`.
fn parts(plan: &Plan, data: &DataSet, split: &Split) -> Vec<String> {
    let line = |part: &str, n: usize, how: &str, counts: &[usize]| {
        format!("{part} {}{how}, {}", count(n as u64), by_class(counts))
    };
    let mut lines = vec![line("training", split.train.len(), "", &split.train_counts)];
    if !split.validation.is_empty() {
        let how = format!(" ({})", plan.split.how);
        lines.push(line("validation", split.validation.len(), &how, &split.validation_counts));
    }
    lines.push(line("test", data.test.len(), "", &data.test.class_counts(data.class_names.len())));
    lines
}

/// Every count where they differ and there are few; else what they have in common, or their range.
fn by_class(counts: &[usize]) -> String {
    const FEW: usize = 12;
    let number = |n: &usize| count(*n as u64);
    match (counts.iter().min(), counts.iter().max()) {
        (Some(least), Some(most)) if least == most => format!("{} of each class", number(least)),
        (Some(least), Some(most)) if counts.len() > FEW => {
            format!("{} to {} of each class", number(least), number(most))
        }
        _ => format!("by class {}", counts.iter().map(number).collect::<Vec<_>>().join(" ")),
    }
}
