//! A training step allocates nothing: every buffer is there before the first one.

mod nets;

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use nets::{Given, Noise, SHAPE, config, nets, optimizers};
use toile_nn::{DtypePolicy, FitConfig, FitEvent, Flow, Model, fit};
use toile_rng::Seed;

/// The system's allocator, counting.
struct Counting;

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

// SAFETY: hands everything on to the system's allocator.
#[allow(unsafe_code)]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Allocations of all threads from the end of one step to the end of the next, for all steps of an epoch but the first.
fn in_steps(
    policy: DtypePolicy,
    given: Given,
    layers: &[toile_nn::Layer],
    optimizer: &toile_nn::Optimizer,
    threads: usize,
) -> usize {
    let noise = Noise::new(120);
    let [examples, _] = noise.split_as(given, 120);
    let model = Model::build(layers, SHAPE, Seed::new(7)).expect("the layers fit");
    let mut model = model.with_dtype_policy(policy);
    let (mut before, mut sum) = (0, 0);
    let config = FitConfig { measures_layers: true, ..config(optimizer, 2) };
    fit(&mut model, &examples, None, &config, &AtomicUsize::new(threads), &mut |event| {
        let now = ALLOCATIONS.load(Ordering::Relaxed);
        if let FitEvent::Step { epoch: 2, batch, .. } = event {
            sum += if batch > 1 { now - before } else { 0 };
        }
        before = now;
        Flow::Continue
    });
    sum
}

#[test]
fn a_step_allocates_nothing() {
    for (name, layers) in nets() {
        for (optimizer, how) in optimizers() {
            for (given, threads) in [(Given::Bytes, 1), (Given::Bytes, 2), (Given::Floats, 2)] {
                let count = in_steps(DtypePolicy::Float32, given, &layers, &how, threads);
                assert_eq!(count, 0, "{name}, {optimizer}, {given:?}, {threads} threads");
            }
        }
        for (given, threads) in [(Given::Bytes, 2), (Given::Floats, 1)] {
            let count = in_steps(DtypePolicy::MixedBfloat16, given, &layers, &optimizers()[2].1, threads);
            assert_eq!(count, 0, "{name} in bfloat16, {given:?}, {threads} threads");
        }
    }
}
