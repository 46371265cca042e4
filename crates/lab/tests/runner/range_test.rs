//! The range test: a training whose learning rate grows, and which keeps nothing.

use toile_lab::{LoneTraining, SWEEP_BATCHES, SWEEP_RANGE};
use toile_record::{SweepEnd, SweepRecord};
use toile_study::RunPlan;

use super::*;

fn sweep(run: &RunPlan, threads: usize, is_over: &mut dyn FnMut(f64) -> bool) -> Option<SweepRecord> {
    let (data, plan, stop) = (data(), planned(STUDY, &|_| unreachable!()), AtomicBool::new(false));
    let split = toile_lab::split(&plan, &data).unwrap();
    let read = |_: &str| unreachable!();
    let test = LoneTraining { run, data: &data, split: &split, read: &read, threads, stop: &stop };
    test.sweep(is_over).unwrap()
}

/// 48 images in batches of 8: the 300 batches are 50 epochs.
#[test]
fn the_rate_grows_evenly_by_its_logarithm_over_many_epochs() {
    let plan = planned(STUDY, &|_| unreachable!());
    let found = sweep(&plan.runs[0], 1, &mut |_| false).unwrap();
    assert_eq!(
        (found.rates.len(), found.losses.len(), found.end),
        (SWEEP_BATCHES, SWEEP_BATCHES, SweepEnd::Whole)
    );
    let [low, high] = SWEEP_RANGE;
    assert_eq!(found.rates[0], low);
    for (i, rate) in found.rates.iter().enumerate() {
        let expected = low * (high / low).powf(i as f64 / (SWEEP_BATCHES - 1) as f64);
        assert!((rate / expected - 1.0).abs() < 1e-12, "batch {i}: {rate}, expected {expected}");
    }
    let least = found.losses.iter().copied().fold(f64::INFINITY, f64::min);
    assert!(least < 0.5 * found.losses[0], "three bright pixels are learnt: {least}");
    assert_eq!(
        sweep(&plan.runs[0], 3, &mut |_| false),
        Some(found),
        "the same bits for any number of threads"
    );
}

/// The first batch is the run's own: the same weights, the same images.
#[test]
fn a_sweep_begins_as_the_run_does() {
    let plan = planned(STUDY, &|_| unreachable!());
    let found = sweep(&plan.runs[0], 1, &mut |_| true).unwrap();
    let data = data();
    let split = toile_lab::split(&plan, &data).unwrap();
    let (mut model, config) = toile_lab::engine_parts(&plan.runs[0].settings, &data);
    let train = toile_lab::examples(&data, &data.train, &split.train);
    let mut first = None;
    toile_nn::fit(&mut model, &train, None, &config, 1, &mut |event| match event {
        toile_nn::FitEvent::Step { loss, .. } => {
            first = Some(loss);
            toile_nn::Flow::Stop
        }
        _ => toile_nn::Flow::Continue,
    });
    assert_eq!(found.losses.first(), first.as_ref());
}

#[test]
fn a_sweep_ends_where_it_is_told_to() {
    let plan = planned(STUDY, &|_| unreachable!());
    let mut left = 10;
    let found = sweep(&plan.runs[1], 1, &mut |_| {
        left -= 1;
        left == 0
    });
    let found = found.unwrap();
    assert_eq!((found.losses.len(), found.end, found.seed), (10, SweepEnd::Rose, 1));
}

#[test]
fn a_sweep_that_the_user_stops_is_no_sweep() {
    let (data, plan, stop) = (data(), planned(STUDY, &|_| unreachable!()), AtomicBool::new(false));
    let split = toile_lab::split(&plan, &data).unwrap();
    let read = |_: &str| unreachable!();
    let test =
        LoneTraining { run: &plan.runs[0], data: &data, split: &split, read: &read, threads: 1, stop: &stop };
    let found = test.sweep(&mut |_| {
        stop.store(true, Ordering::Relaxed);
        false
    });
    assert_eq!(found.unwrap(), None);
}
