//! What the benchmarks share: numbers to work on, and how long to measure.
//!
//! `cargo bench -p toile-kernels [--bench gemm] [-- filter]` measures on one thread. Where the elements of a
//! throughput are multiplications and additions, `Gelem/s` reads as GFLOP/s. `TOILE_ISA` chooses another instruction
//! set.
#![allow(dead_code)]

use std::time::Duration;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput};
use toile_kernels::{Buffer, Isa};

/// Numbers of both signs, none of them special.
pub fn numbers(len: usize, salt: u32) -> Buffer {
    let mut buffer = Buffer::new(len);
    let mut state = salt | 1;
    for x in buffer.iter_mut() {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        *x = (state >> 8) as f32 / (1u32 << 23) as f32 - 1.0;
    }
    buffer
}

/// A group of benchmarks, each about a second long.
pub fn group<'a>(criterion: &'a mut Criterion, name: &str) -> BenchmarkGroup<'a, WallTime> {
    if let Some(isa) = std::env::var("TOILE_ISA").ok().and_then(|name| Isa::from_name(&name)) {
        toile_kernels::select(isa).expect("an instruction set of this processor");
    }
    let mut group = criterion.benchmark_group(name);
    group.warm_up_time(Duration::from_millis(200)).measurement_time(Duration::from_secs(1)).sample_size(20);
    group
}

/// Measures one function that works on so many elements.
pub fn measure(group: &mut BenchmarkGroup<WallTime>, name: &str, elements: usize, mut f: impl FnMut()) {
    group.throughput(Throughput::Elements(elements as u64));
    group.bench_function(name, |bencher| bencher.iter(&mut f));
}
