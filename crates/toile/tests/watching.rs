//! Watching: lines where nobody looks on, events for programs; what is watched is not disturbed.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;

use crate::common::{Place, Said};

/// A study that has ended, one run after the other: the one that takes longest first.
fn ended() -> Place {
    let place = Place::new();
    place.run(&["run", "study.toml", "--out", "out", "--threads", "1"]).ok();
    place
}

/// Without what the clock says.
fn without_times(text: &str) -> String {
    let digit = |c: char| c.is_ascii_digit();
    let is_time = |word: &str| {
        word.contains(':') && word.trim_matches(&[',', ' '][..]).chars().all(|c| digit(c) || c == ':')
    };
    let word = |word: &str| match is_time(word) {
        true => format!("TIME{}", if word.ends_with(',') { "," } else { "" }),
        false => word.to_owned(),
    };
    let line = |line: &str| line.split(' ').map(word).collect::<Vec<_>>().join(" ");
    text.lines().map(|text| line(text) + "\n").collect()
}

fn watched(place: &Place, variables: &[(&str, &str)]) -> Said {
    let mut command = place.toile(&["watch", "out"]);
    command.envs(variables.iter().copied());
    Said::of(command.output().unwrap()).ok()
}

/// Golden bytes: of a pipe, of `NO_COLOR`, of a terminal that can do nothing.
#[test]
fn where_no_terminal_looks_on_there_are_lines_and_nothing_else() {
    let place = ended();
    let pipe = watched(&place, &[]);
    let val = |name: &str| {
        let records = place.records("out");
        let run = records.runs.into_iter().find(|run| run.name == name).unwrap();
        format!("{:.4}", run.epochs.last().unwrap().val_accuracy.unwrap())
    };
    let lines = format!(
        "small: finished; the report says what came out; 2/2 runs\n\
         TIME  Conv done: 3 epochs in TIME, {}\n\
         TIME  Dense done: 3 epochs in TIME, {}\n\
         TIME  test part opened for Dense: declared run\n\
         TIME  test part opened for Conv: declared run\n\
         TIME  finished; the report says what came out\n\
         small: finished; the report says what came out; 2/2 runs\n",
        val("Conv"),
        val("Dense"),
    );
    assert_eq!(without_times(&pipe.out), lines);
    assert_eq!(pipe.err, "");
    for variables in [[("NO_COLOR", "1")], [("TERM", "dumb")], [("LC_ALL", "C")]] {
        // How the study stands is said with the time at which somebody looked.
        assert_eq!(without_times(&watched(&place, &variables).out), lines, "{variables:?}");
    }
}

#[test]
fn the_events_are_the_records() {
    let place = ended();
    let said = place.run(&["watch", "out", "--json"]).ok();
    let events: Vec<Value> = said.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((&events[0]["event"], &events[0]["study"]), (&"study".into(), &"small".into()));
    let last = events.last().unwrap();
    assert_eq!(
        (&last["event"], &last["fraction"], &last["runs_ended"]),
        (&"progress".into(), &1.0.into(), &2.into())
    );
    let mut epochs: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
    for event in events.iter().filter(|event| event["event"] == "epoch") {
        epochs.entry(event["id"].as_str().unwrap()).or_default().push(event);
    }
    for run in place.records("out").runs {
        let told = &epochs[run.id.as_str()];
        assert_eq!(told.len(), run.epochs.len());
        for (told, epoch) in told.iter().zip(&run.epochs) {
            let epoch = serde_json::to_value(epoch).unwrap();
            epoch
                .as_object()
                .unwrap()
                .iter()
                .for_each(|(name, value)| assert_eq!(told[name], *value, "{name}"));
        }
    }
    let text =
        fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/watching.md"))
            .unwrap();
    let fields = events.iter().flat_map(|event| event.as_object().unwrap().keys());
    let of_epochs = toile_record::Metric::of_epoch().map(|metric| metric.name()).chain(["learning_rate"]);
    let known: Vec<&str> = of_epochs.collect();
    for field in fields.filter(|field| !known.contains(&field.as_str())) {
        assert!(text.contains(&format!("`{field}`")), "docs/watching.md does not describe `{field}`");
    }
}

#[test]
fn watching_changes_nothing() {
    let place = ended();
    let files = || {
        let entries =
            fs::read_dir(place.path("out")).unwrap().flatten().filter(|entry| entry.path().is_file());
        entries.map(|entry| (entry.file_name(), fs::read(entry.path()).unwrap())).collect::<BTreeMap<_, _>>()
    };
    let before = files();
    place.run(&["watch", "out"]).ok();
    place.run(&["watch", "out", "--json"]).ok();
    let after = files();
    let is_sqlites = |name: &std::ffi::OsString| {
        name.to_string_lossy().ends_with("-shm") || name.to_string_lossy().ends_with("-wal")
    };
    for (name, bytes) in after.iter().filter(|(name, _)| !is_sqlites(name)) {
        assert_eq!(before.get(name), Some(bytes), "{}", name.display());
    }
}

#[test]
fn what_is_no_study_is_said_as_everywhere() {
    let place = Place::new();
    place.run(&["watch", "nowhere"]).refused(&["there is no folder `nowhere`"]);
    place.run(&["watch", "data"]).refused(&["`data` holds no study"]);
    place.run(&["watch", "mysql://host/database"]).refused(&["is no PostgreSQL server"]);
}
