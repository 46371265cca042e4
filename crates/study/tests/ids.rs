//! Ids and fingerprints: what the study files of version 0.1.0 were in the stores of their day, they are still.
//!
//! `ids.txt` was written when 0.1.0 was the program, from the built-in studies and from those of
//! `crates/toile/tests/corpus`. An id that moves retires results that are on somebody's disk: lines may be added to the
//! file, never changed. `print` below prints what the program of the day makes of the study files.

use std::fs;
use std::path::{Path, PathBuf};

use toile_nn::ImageShape;
use toile_study::{
    DataShape, Plan, PlanOptions, SearchPlan, Settings, built_in, built_in_names, check, plan,
};
use toile_tune::{Distribution, Params};

/// In place of the fingerprint of real data.
const DATA: &str = "0123456789abcdef";

/// The study files beside the built-in ones, from the corpus of stores.
const FILES: [&str; 10] = [
    "runs/earlier.toml",
    "runs/study.toml",
    "interrupted/study.toml",
    "search-finished/study.toml",
    "search-half/study.toml",
    "search-changed/earlier.toml",
    "search-changed/study.toml",
    "server/finished.toml",
    "server/half.toml",
    // Names every setting that a study file of version 0.1.0 may hold.
    "settings/every.toml",
];

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../toile/tests/corpus")
}

/// The plan of a study on images of 8 x 8 in four classes, if it does not name its data.
fn planned(name: &str, text: &str) -> Plan {
    let image = ImageShape { height: 8, width: 8, channels: 1 };
    let shape = text.contains("data = \"../data\"").then_some(DataShape {
        image,
        classes: 4,
        images: 400,
        first_label: 0,
        own_validation: 0,
    });
    let study = check(text, name, shape).unwrap_or_else(|faults| panic!("{name}: {faults}"));
    plan(&study, &PlanOptions::default(), &|_| Ok(b"weights".to_vec())).unwrap()
}

/// Studies by name: built-in ones, then files.
fn studies() -> Vec<(String, Plan)> {
    let built_in =
        built_in_names().into_iter().map(|name| (name.to_string(), built_in(name).unwrap().into()));
    let read = |file: &str| fs::read_to_string(corpus().join(file)).unwrap_or_else(|e| panic!("{file}: {e}"));
    let files = FILES.into_iter().map(|file| (file.to_string(), read(file)));
    built_in.chain(files).map(|(name, text)| (name.clone(), planned(&name, &text))).collect()
}

/// One corner of a search's space: the first of all choices and the smallest numbers, or the last and the largest.
fn corner(search: &SearchPlan, last: bool) -> Params {
    let end = |low: f64, high: f64| if last { high } else { low };
    search.space.assign(|param, _| match &param.distribution {
        Distribution::Float { low, high, .. } => end(*low, *high),
        Distribution::Int { low, high, .. } => end(*low as f64, *high as f64),
        Distribution::Categorical { choices } => end(0.0, choices.len() as f64 - 1.0),
    })
}

fn settings(search: &SearchPlan, last: bool) -> Settings {
    search.settings(&corner(search, last), search.seed).unwrap()
}

/// What the stores know the runs and searches of a study by, a line for each. Names are not among it.
fn lines(name: &str, plan: &Plan) -> Vec<String> {
    let ids = toile_study::run_ids(plan, DATA);
    let runs = plan.runs.iter().zip(ids).map(|(run, id)| {
        let (place, seed) = (run.position, run.settings.seed);
        format!("{name}\trun\t{place}\t{seed}\t{id}")
    });
    let searches = plan.searches.iter().map(|search| {
        let record = search.to_record(DATA);
        let corners = [false, true].map(|last| settings(search, last).id(DATA));
        let hashes = [record.fingerprint, record.space_fingerprint, search.base_fingerprint(DATA)];
        format!("{name}\tsearch\t{}\t{}\t{}", search.position, hashes.join("\t"), corners.join("\t"))
    });
    runs.chain(searches).collect()
}

fn all_lines() -> Vec<String> {
    studies().iter().flat_map(|(name, plan)| lines(name, plan)).collect()
}

#[test]
fn every_id_and_fingerprint_of_version_0_1_0_is_still_made() {
    let found = all_lines();
    let stored: Vec<&str> = include_str!("ids.txt").lines().filter(|line| !line.starts_with('#')).collect();
    let gone: Vec<&&str> = stored.iter().filter(|line| !found.iter().any(|one| one == **line)).collect();
    assert!(gone.is_empty(), "no longer made:\n{gone:#?}\nmade today:\n{}", found.join("\n"));
    // Study files of the corpus never change: nothing of them may be missing in the file.
    let is_file = |line: &&String| FILES.iter().any(|file| line.starts_with(file));
    let new: Vec<_> = found.iter().filter(is_file).filter(|line| !stored.contains(&line.as_str())).collect();
    assert!(new.is_empty() && stored.len() >= 112, "not stored: {new:#?}");
}

/// The earlier names of schedules' settings, and those of today.
const RENAMED: [(&str, &str); 9] = [
    ("cosine = { steps =", "cosine = { decay_steps ="),
    ("exponential = { steps =", "exponential = { decay_steps ="),
    ("polynomial = { steps =", "polynomial = { decay_steps ="),
    (", rate = 0.5, staircase", ", decay_rate = 0.5, staircase"),
    ("steps = 4000, rate = 0.5 }", "steps = 4000, decay_rate = 0.5 }"),
    ("steps = 100, rate = {", "steps = 100, decay_rate = {"),
    ("steps = 4000, end =", "steps = 4000, end_learning_rate ="),
    ("steps = 100, end =", "steps = 100, end_learning_rate ="),
    (
        "first = [{ batch_size = 64,",
        "first = [{ schedule.polynomial.end_learning_rate = 0.001, batch_size = 64,",
    ),
];

/// Settings that were renamed are hashed, and parameters named, as version 0.1.0 called them.
#[test]
fn ids_and_fingerprints_are_the_same_by_the_names_of_today() {
    let name = "settings/every.toml";
    let read = fs::read_to_string(corpus().join(name)).unwrap();
    let (last, rest) = RENAMED.split_last().unwrap();
    let renamed = rest.iter().fold(read.clone(), |text, (earlier, now)| {
        assert!(text.contains(earlier), "{earlier}");
        text.replace(earlier, now)
    });
    assert_eq!(lines(name, &planned(name, &renamed)), lines(name, &planned(name, &read)));
    // The first configurations know the parameters by both names.
    let (by_earlier, by_today) = (last.1.replace("end_learning_rate", "end"), last.1);
    let [earlier, today] = [(&read, by_earlier.as_str()), (&renamed, by_today)].map(|(text, first)| {
        assert!(text.contains(last.0), "{}", last.0);
        lines(name, &planned(name, &text.replace(last.0, first)))
    });
    assert_eq!(today, earlier);
    assert_ne!(today, lines(name, &planned(name, &read)));
}

/// `cargo test -p toile-study --test all ids::print -- --ignored --nocapture`
#[test]
#[ignore = "prints lines for ids.txt"]
#[expect(clippy::print_stdout, reason = "printing is what it is for")]
fn print() {
    all_lines().iter().for_each(|line| println!("{line}"));
}

/// A run of 32-bit floats has the id that it had before there was anything else; one of bfloat16 has another, which
/// moves with the arithmetic of bfloat16 alone.
#[test]
fn the_dtype_policy_is_part_of_an_id_only_where_it_is_not_the_default() {
    let study = |policy: &str| {
        let text = built_in("quick").unwrap().replacen("[defaults]\n", &format!("[defaults]\n{policy}"), 1);
        toile_study::run_ids(&planned("quick", &text), DATA)
    };
    let before = study("");
    assert_eq!(study("dtype_policy = \"float32\"\n"), before);
    let mixed = study("dtype_policy = \"mixed_bfloat16\"\n");
    assert!(mixed.iter().all(|id| !before.contains(id)), "{mixed:?} {before:?}");
}
