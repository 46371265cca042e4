//! The set-up: data, split, seeds, machine, versions.

use std::collections::BTreeSet;

use toile_record::{DataRecord, ReadingRecord, Records, RunRecord};

use super::openings;
use super::{Fact, Section, SectionContext, SectionTable, TableCell, TableColumn};
use crate::view::NAME_LENGTH;
use crate::{PROCEDURAL_NOTICE, facts, format, text};

/// The section; every study has one.
pub(crate) fn compute(context: &SectionContext) -> Option<Section> {
    let records = context.records;
    let tables = openings::table(records).into_iter().chain([class_counts(&records.study.data)]);
    Some(Section { facts: lines(records), tables: tables.collect(), ..Section::new("setup", "Set-up") })
}

/// The lines of the set-up.
fn lines(records: &Records) -> Vec<Fact> {
    let study = &records.study;
    let mut facts = data_facts(&study.data);
    facts.extend([
        seeds(records),
        fact("Test set", openings::sentence(records)),
        fact("Machine", distinct(records, |run| run.provenance.machine.clone())),
        fact("Kernels", distinct(records, kernels)),
        fact("Time", time(records)),
        fact("Started", started(records)),
        fact("Version", format!("toile {}", versions(records))),
    ]);
    facts
}

fn fact(label: &'static str, value: String) -> Fact {
    let value = if value.is_empty() { format::NONE.to_owned() } else { value };
    Fact { label, value, is_code: false }
}

fn code(label: &'static str, value: &str) -> Fact {
    Fact { is_code: true, ..fact(label, text::name(value, 400)) }
}

fn data_facts(data: &DataRecord) -> Vec<Fact> {
    let title = text::name(&data.title, NAME_LENGTH);
    let title = if data.procedural { format!("{title} ({PROCEDURAL_NOTICE})") } else { title };
    let [height, width, channels] = data.shape;
    let classes = format::plural(data.class_names.len(), "class", "classes");
    let (n_train, n_test) = (format::count(data.n_train as u64), format::count(data.n_test as u64));
    let mut facts = vec![
        fact("Data", title),
        fact(
            "Images",
            format!(
                "{n_train} for training and {n_test} for the test, {height} × {width} × {channels}, {classes}"
            ),
        ),
        code("Found at", &data.source),
        code("Data fingerprint", &data.fingerprint),
        fact("Split", split(data)),
        code("Split fingerprint", &data.split.fingerprint),
    ];
    // After where they were found.
    facts.splice(3..3, reading(&data.reading));
    if !data.warnings.is_empty() {
        let warnings: Vec<String> = data.warnings.iter().map(|warning| text::clean(warning)).collect();
        facts.push(fact("To examine", warnings.join("; ")));
    }
    facts
}

/// How own data were read, and what was done to them on the way.
fn reading(reading: &ReadingRecord) -> Vec<Fact> {
    let mut facts = Vec::new();
    let decoders = match reading.decoders.as_slice() {
        [] => String::new(),
        decoders => format!(", by {}", decoders.join(" and ")),
    };
    if !reading.format.is_empty() {
        facts.push(fact("Read as", text::clean(&format!("{}{decoders}", reading.format))));
    }
    if !reading.notes.is_empty() {
        let notes: Vec<String> = reading.notes.iter().map(|note| text::clean(note)).collect();
        facts.push(fact("Notes", notes.join("; ")));
    }
    facts
}

fn split(data: &DataRecord) -> String {
    let sum =
        |counts: &[usize]| format::count(counts.iter().fold(0u64, |sum, n| sum.saturating_add(*n as u64)));
    let part = format::percent_short(data.split.fraction);
    let how = match data.split.how.as_str() {
        "last" => format!("the last {part} of the training images"),
        "stratified" => format!("{part} of the training images of each class, at random"),
        "random" => format!("{part} of the training images, at random"),
        "own" => "the data's own part".to_owned(),
        other => format!("{part} of the training images, {}", text::name(other, NAME_LENGTH)),
    };
    let parts = (sum(&data.split.train_counts), sum(&data.split.validation_counts));
    if data.split.fraction == 0.0 {
        return format!("no validation part; {} to train", parts.0);
    }
    format!("{how} for validation: {} to train, {} to validate", parts.0, parts.1)
}

/// `Seed: 7`, or `Seeds: 7 to 11`: one number next to the plural would read as how many there are.
fn seeds(records: &Records) -> Fact {
    let seeds: BTreeSet<u64> = records.runs.iter().map(|run| run.seed).collect();
    let seeds: Vec<u64> = seeds.into_iter().collect();
    let (Some(first), Some(last)) = (seeds.first(), seeds.last()) else {
        return fact("Seeds", String::new());
    };
    if seeds.len() == 1 {
        return fact("Seed", first.to_string());
    }
    if seeds.len() > 3 && last.abs_diff(*first) == (seeds.len() as u64).saturating_sub(1) {
        return fact("Seeds", format!("{first} to {last}"));
    }
    let shown: Vec<String> = seeds.iter().take(20).map(u64::to_string).collect();
    let more = if seeds.len() > 20 { format!(" and {} more", seeds.len() - 20) } else { String::new() };
    fact("Seeds", format!("{}{more}", shown.join(", ")))
}

fn kernels(run: &RunRecord) -> String {
    match run.provenance.instruction_set.as_str() {
        "" => String::new(),
        set => format!("{set}, {}", format::plural(run.provenance.threads, "thread", "threads")),
    }
}

/// The different values over all runs, each once, in order of first appearance.
fn distinct(records: &Records, value: impl Fn(&RunRecord) -> String) -> String {
    let mut seen: Vec<String> = Vec::new();
    for run in &records.runs {
        let value = text::name(&value(run), NAME_LENGTH);
        if !value.is_empty() && !seen.contains(&value) && seen.len() < 8 {
            seen.push(value);
        }
    }
    seen.join("; ")
}

fn versions(records: &Records) -> String {
    let versions = distinct(records, |run| run.provenance.toile_version.clone());
    if versions.is_empty() { text::name(&records.study.toile_version, NAME_LENGTH) } else { versions }
}

fn time(records: &Records) -> String {
    let wall: f64 = records.runs.iter().map(facts::wall_seconds).sum();
    let started = records.runs.iter().filter(|run| run.provenance.wall_seconds > 0.0);
    let cpu: Option<f64> = started.map(|run| run.provenance.cpu_seconds).sum();
    let runs =
        format!("sum of the times of the runs {}; runs side by side count each", format::duration(wall));
    cpu.map_or(runs.clone(), |cpu| format!("{runs}. Processor time {}", format::duration(cpu)))
}

/// The first and the last start: RFC 3339 in UTC sorts as text.
fn started(records: &Records) -> String {
    let starts: BTreeSet<&str> = records
        .runs
        .iter()
        .map(|run| run.provenance.started.as_str())
        .filter(|start| !start.is_empty())
        .collect();
    match (starts.first(), starts.last()) {
        (Some(first), Some(last)) if first == last => moment(first),
        (Some(first), Some(last)) => format!("{}; the last run {}", moment(first), moment(last)),
        _ => String::new(),
    }
}

/// `2026-11-22T10:00:05Z` as `2026-11-22 10:00:05 UTC`; another form stays as it is.
pub(crate) fn moment(rfc3339: &str) -> String {
    let text = text::name(rfc3339, 40);
    match text.strip_suffix('Z').and_then(|text| text.split_once('T')) {
        Some((day, time)) => format!("{day} {} UTC", time.split('.').next().unwrap_or(time)),
        None => text,
    }
}

/// Images of each class in each part of the split.
fn class_counts(data: &DataRecord) -> SectionTable {
    let parts = [&data.split.train_counts, &data.split.validation_counts, &data.split.test_counts];
    let row = |name: String, counts: [Option<u64>; 3]| -> Vec<TableCell> {
        std::iter::once(TableCell::text(name)).chain(counts.map(TableCell::count)).collect()
    };
    let classes = data.class_names.iter().enumerate();
    let rows = classes.map(|(i, class)| {
        row(text::name(class, NAME_LENGTH), parts.map(|counts| counts.get(i).map(|n| *n as u64)))
    });
    let total = |counts: &Vec<usize>| counts.iter().fold(0u64, |sum, n| sum.saturating_add(*n as u64));
    let numeric = ["Training", "Validation", "Test"].map(TableColumn::numeric);
    let columns = std::iter::once(TableColumn::row_name("Class")).chain(numeric).collect();
    let caption = "Images of each class in each part of the split.";
    SectionTable {
        total: Some(row("All".to_owned(), parts.map(|counts| Some(total(counts))))),
        ..SectionTable::folded("Images of each class", caption, columns, rows.collect())
    }
}
