//! Rules that end a search, and searches that are prolonged.

use std::sync::atomic::AtomicU64;

use super::*;

#[test]
fn stagnation_ends_a_search_at_the_same_trial_for_any_number_of_workers() {
    let lines = format!("{SPACE}n_trials = 40\nlag = 3\nstagnation = 4");
    let bench = Bench::new(&lines);
    let outcome = bench.work(&How::default());
    assert_eq!(
        outcome.reason.as_deref(),
        Some("the last 4 trials were not better than the best before them")
    );
    assert_eq!((outcome.waiting, outcome.interrupted), (0, false));
    let facts = bench.facts();
    assert!(facts.len() < 40);
    let again = bench.work(&How::default());
    assert_eq!((again.trained, again.reason), (0, outcome.reason));
    for (threads, workers) in [(2, 1), (4, 1), (1, 2), (1, 4)] {
        let many = Bench::new(&lines);
        match workers {
            1 => drop(many.work(&How { threads, ..How::default() })),
            _ => many.side_by_side(workers),
        }
        assert_eq!(many.facts(), facts, "{threads} threads, {workers} workers");
    }
}

/// Each question takes a second.
#[derive(Default)]
struct Ticks(AtomicU64);

impl toile_lab::Clock for Ticks {
    fn elapsed(&self) -> Duration {
        Duration::from_secs(self.0.fetch_add(1, Ordering::Relaxed))
    }
    fn thread_time(&self) -> Option<Duration> {
        Some(Duration::from_secs(self.0.load(Ordering::Relaxed)))
    }
    fn process_time(&self) -> Option<Duration> {
        None
    }
    fn timestamp(&self) -> String {
        String::new()
    }
}

#[test]
fn time_ends_a_search_and_more_time_prolongs_it() {
    for (rule, reason) in [
        ("timeout", "its time of 40.0 s is over"),
        ("cpu_timeout", "its processor time of 40.0 s is used up"),
    ] {
        let lines = |seconds: f64| format!("{SPACE}n_trials = 12\n{rule} = {seconds:?}");
        let mut bench = Bench::new(&lines(40.0));
        let outcome = bench.work(&How { clock: &Ticks::default(), ..How::default() });
        let trials = bench.trials().len();
        assert!((1..12).contains(&trials), "{trials}");
        assert_eq!(
            outcome.reason.as_deref().map(|reason| reason.replace("40 s", "40.0 s")).as_deref(),
            Some(reason)
        );
        let facts = bench.facts();
        bench.change(&lines(41.0));
        let outcome = bench.work(&How { clock: &Ticks::default(), ..How::default() });
        assert!(outcome.reason.is_some_and(|reason| reason.contains("41")), "the later rule is told");
        assert_eq!(outcome.waiting, 0);
        bench.change(&lines(1e9));
        assert!(toile_lab::chosen_runs(&bench.plan, &bench.storage()).unwrap().is_empty(), "it goes on");
        let outcome = bench.work(&How { clock: &Ticks::default(), ..How::default() });
        assert_eq!((outcome.reason, outcome.complete), (None, 12));
        assert_eq!(bench.facts()[..facts.len()], facts);
    }
}

#[test]
fn more_trials_prolong_a_search_to_what_it_would_have_been() {
    let lines = |n: usize| {
        format!("{SPACE}n_trials = {n}\nsampler = {{ tpe = {{ n_startup_trials = 3 }} }}\nlag = 2")
    };
    let mut bench = Bench::new(&lines(5));
    let outcome = bench.work(&How { threads: 3, ..How::default() });
    assert_eq!((outcome.trained, outcome.waiting), (5, 0));
    bench.change(&lines(11));
    let ended = Mutex::new(0);
    let note = |event: Event| {
        if matches!(event, Event::SearchEnded { reason: None, .. }) {
            *ended.lock().unwrap() += 1;
        }
    };
    let outcome = bench.work(&How { threads: 3, events: &note, ..How::default() });
    assert_eq!((outcome.trained, *ended.lock().unwrap()), (6, 1));
    let whole = Bench::new(&lines(11));
    whole.work(&How::default());
    assert_eq!(bench.facts(), whole.facts());
    bench.change(&lines(4));
    assert_eq!(bench.work(&How::default()).trained, 0);
}
