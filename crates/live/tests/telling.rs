//! Events: folded by whoever reads them they give what is recorded; nothing is told twice.

use std::collections::BTreeMap;

use toile_live::{Axis, LiveState, WatchEvent, Watching, numbers, points};
use toile_record::*;
use toile_rng::Seed;
use toile_store::{Change, Store};

use crate::fixtures::*;

/// What a program makes of the lines of `toile watch --json`.
#[derive(Default)]
struct Reader {
    epochs: BTreeMap<String, Vec<Epoch>>,
    states: BTreeMap<String, LiveState>,
}

impl Reader {
    fn read(&mut self, event: &WatchEvent) {
        // As a line, and back: what a program sees.
        let line: serde_json::Value = serde_json::from_str(&serde_json::to_string(event).unwrap()).unwrap();
        let id = line["id"].as_str().unwrap_or_default().to_owned();
        match event {
            WatchEvent::Run { state, epoch, .. } => {
                if !state.has_ended() {
                    self.epochs.entry(id.clone()).or_default().truncate(*epoch);
                }
                self.states.insert(id, *state);
            }
            WatchEvent::Epoch { step, numbers, .. } => {
                let known = self.epochs.entry(id).or_default();
                assert_eq!(known.len() + 1, *step, "each epoch once, in order");
                assert_eq!(line["epoch"], numbers.epoch, "the numbers stand beside the event's own fields");
                known.push(*numbers);
            }
            _ => {}
        }
    }
}

/// A worker does what chance says; whoever looks now and then knows all of it.
#[test]
fn the_events_folded_are_what_is_recorded() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    store.save_study(&study()).unwrap();
    let plan: Vec<RunRecord> = (0..4).map(|i| run(&format!("R{i}"), i, State::Waiting, (0, 6))).collect();
    store.save_plan("quick", &plan).unwrap();
    let viewer = Store::open_read_only(dir.path()).unwrap();
    let (followed, mut cursor) = viewer.follow(None).unwrap();
    let (mut watched, events) = Watching::new(followed, NOW);
    let mut reader = Reader::default();
    events.iter().for_each(|event| reader.read(event));
    let mut chance = Seed::new(3).stream("acts", 0);
    let mut claims = Vec::new();
    let mut n_events = 0;
    for look in 0..300 {
        for _ in 0..chance.below(4) {
            act(&store, &plan, &mut claims, &mut chance, look);
        }
        let changes = viewer.changes_since(&mut cursor).unwrap();
        let events = watched.fold(changes, NOW + look as f64);
        n_events += events.len();
        events.iter().for_each(|event| reader.read(event));
        let recorded = viewer.records(None).unwrap();
        assert_eq!(*watched.records(), recorded, "look {look}");
        for (run, training) in recorded.runs.iter().zip(watched.runs()) {
            assert_eq!(reader.epochs.get(&run.id).cloned().unwrap_or_default(), run.epochs, "look {look}");
            assert_eq!(reader.states[&run.id], training.state, "look {look}");
        }
        let (fresh, _) = viewer.follow(None).unwrap();
        let (fresh, _) = Watching::new(fresh, NOW + look as f64);
        assert_eq!(fresh.study(NOW).best, watched.study(NOW).best);
        assert_eq!(fresh.progress().runs, watched.progress().runs);
    }
    assert!(n_events > 100, "the chance was too small to see much: {n_events} events");
}

fn act(
    store: &Store,
    plan: &[RunRecord],
    claims: &mut Vec<(toile_store::Claim, RunRecord)>,
    chance: &mut toile_rng::Stream,
    clock: usize,
) {
    let place = chance.below(4) as usize;
    if claims.is_empty() || chance.below(4) == 0 {
        let id = &plan[place].id;
        if let Some(claim) = store.claim_run("quick", id, "w", chance.below(8) == 0).unwrap() {
            let mut run = RunRecord {
                epochs: (1..=chance.below(3) as usize).map(epoch).collect(),
                ..plan[place].clone()
            };
            run.provenance.started = format!("2027-01-15T07:50:{:02}.{clock:03}Z", clock % 60);
            store.save(&[Change::Begin(&claim, &run)]).unwrap();
            claims.push((claim, run));
        }
        return;
    }
    let place = chance.below(claims.len() as u32) as usize;
    match chance.below(6) {
        0 => {
            let (claim, mut run) = claims.remove(place);
            run.state = State::Complete;
            run.end = Some(End::Finished);
            store.save(&[Change::Finish(&claim, &run, None)]).unwrap();
        }
        1 => {
            let (claim, _) = claims.remove(place);
            store.save(&[Change::PutBack(&claim, None)]).unwrap();
        }
        _ => {
            let (claim, run) = &mut claims[place];
            let next = epoch(run.epochs.len() + 1);
            store.save(&[Change::Epoch(claim, &next)]).unwrap();
            run.epochs.push(next);
        }
    }
}

#[test]
fn a_trial_is_told_with_its_parameters_and_a_search_with_its_best() {
    let trials = vec![trial(0, State::Complete, 10), trial(1, State::Running, 3)];
    let (watched, events) = watching(records(vec![], Some(trials), 5));
    let lines: Vec<String> = events.iter().map(|event| serde_json::to_string(event).unwrap()).collect();
    let text = lines.join("\n");
    assert!(text.contains(r#""params":{"learning_rate":"0.01"}"#), "{text}");
    assert!(
        text.contains(
            r#""event":"search","search":"joint","ended":1,"trials":5,"best_trial":0,"best_value":0.5"#
        ),
        "{text}"
    );
    let (_, events_of_waiting) = watching(records(vec![run("A", 0, State::Waiting, (0, 3))], None, 0));
    let text = serde_json::to_string(&events_of_waiting[1]).unwrap();
    assert!(text.contains(r#""seconds":0.0,"#), "no time is 0, not -0: {text}");
    assert_eq!(watched.trials(0)[1].left, Some(14.0));
    assert_eq!(events.iter().filter(|event| matches!(event, WatchEvent::Epoch { .. })).count(), 13);
}

#[test]
fn curves_are_over_epochs_updates_seconds_and_operations() {
    let (watched, _) = watching(records(vec![run("A", 0, State::Running, (3, 10))], None, 0));
    let training = &watched.runs()[0];
    let epochs = watched.epochs(&training.key);
    let last = |axis| points(training, epochs, Metric::ValAccuracy, axis).last().map(|point| point.x);
    // 54 training images in batches of 32; 1,000 operations each.
    assert_eq!(Axis::ALL.map(last), [Some(3.0), Some(3.0 * 2.0), Some(6.0), Some(3.0 * 54_000.0)]);
    let found = numbers(epochs, Metric::ValLoss).unwrap();
    assert_eq!((found.at, found.best), (3, 1.1 / 3.0), "losses are better when lower");
}
