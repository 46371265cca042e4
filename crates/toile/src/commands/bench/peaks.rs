//! The machine at its best: multiply-adds in registers, and reading from each level of memory.

use std::hint::black_box;

use toile_kernels::{Buffer, Pool, probe};
use toile_lab::Clock;

use super::Bench;

/// Seconds that a measurement lasts at least, so that starting the threads does not show.
const LEAST_SECONDS: f64 = 0.01;

/// Each figure is the best of so many measurements: whatever disturbs one makes it slower.
const REPETITIONS: usize = 15;

/// Bytes of all threads' buffers in memory together, at most.
const MOST_BYTES: usize = 1 << 30;

/// Where a buffer lies, and how large it is: it fits this level of most processors and not the one before.
const LEVELS: [(&str, usize); 4] =
    [("L1 cache", 32 << 10), ("L2 cache", 512 << 10), ("L3 cache", 8 << 20), ("memory", 256 << 20)];

/// What was found.
pub(super) struct Peaks {
    /// For one thread, and for all if there are more.
    pub fma: Vec<Fma>,
    /// Level by level, each for one thread, and for all if there are more.
    pub reads: Vec<Read>,
}

/// Multiply-adds.
pub(super) struct Fma {
    pub threads: usize,
    /// 10⁹ operations per second; a multiply-add is two.
    pub gflops: f64,
}

/// Reading.
pub(super) struct Read {
    pub level: &'static str,
    /// Bytes that each thread reads again and again.
    pub bytes: usize,
    pub threads: usize,
    /// 10⁹ bytes per second, all threads together.
    pub gigabytes_per_second: f64,
}

impl Peaks {
    /// Measures all of it.
    pub(super) fn measure(bench: &Bench<'_>) -> Peaks {
        let mut pool = Pool::new();
        let threads = numbers_of_threads(bench);
        let fma = fma(bench, &mut pool);
        let reads = LEVELS
            .iter()
            .flat_map(|&(level, bytes)| {
                let bytes = bytes.min(MOST_BYTES / bench.threads);
                let buffers = filled(&mut pool, bench.threads, bytes);
                let read = |&threads: &usize| Read {
                    level,
                    bytes,
                    threads,
                    gigabytes_per_second: read_speed(bench, &mut pool, &buffers[..threads]),
                };
                threads.iter().map(read).collect::<Vec<_>>()
            })
            .collect();
        Peaks { fma, reads }
    }

    /// Measures the multiply-adds once more, and keeps the better of each.
    pub(super) fn improve(&mut self, bench: &Bench<'_>) {
        for (known, new) in self.fma.iter_mut().zip(fma(bench, &mut Pool::new())) {
            known.gflops = known.gflops.max(new.gflops);
        }
    }

    /// The peak of so many threads, in 10⁹ operations per second.
    pub(super) fn gflops(&self, threads: usize) -> f64 {
        let one = self.fma[0].gflops;
        self.fma.iter().find(|fma| fma.threads == threads).map_or(one * threads as f64, |fma| fma.gflops)
    }
}

/// The multiply-adds alone.
pub(super) fn fma_alone(bench: &Bench<'_>) -> Peaks {
    Peaks { fma: fma(bench, &mut Pool::new()), reads: Vec::new() }
}

fn numbers_of_threads(bench: &Bench<'_>) -> Vec<usize> {
    if bench.threads > 1 { vec![1, bench.threads] } else { vec![1] }
}

fn fma(bench: &Bench<'_>, pool: &mut Pool) -> Vec<Fma> {
    let of = |threads| {
        let work = |rounds| _ = black_box(probe::fma(black_box(rounds)));
        let (rounds, seconds) = best(bench, |rounds| on_each(pool, threads, |_| work(rounds)));
        let flops = probe::flops(rounds) as f64 * threads as f64;
        Fma { threads, gflops: flops / seconds / 1e9 }
    };
    numbers_of_threads(bench).into_iter().map(of).collect()
}

/// The same work once per thread, side by side.
fn on_each(pool: &mut Pool, threads: usize, work: impl Fn(usize) + Sync) {
    pool.for_each(threads, &mut vec![(); threads], &mut vec![(); threads], |(), t, ()| work(t));
}

/// Buffers that were written to: untouched memory is not there yet.
fn filled(pool: &mut Pool, threads: usize, bytes: usize) -> Vec<Buffer> {
    let mut buffers: Vec<Buffer> = (0..threads).map(|_| Buffer::new(bytes / size_of::<f32>())).collect();
    pool.for_each(threads, &mut vec![(); threads], &mut buffers, |(), i, buffer| buffer.fill(i as f32));
    buffers
}

/// 10⁹ bytes per second, each buffer read by a thread of its own.
fn read_speed(bench: &Bench<'_>, pool: &mut Pool, buffers: &[Buffer]) -> f64 {
    let (passes, seconds) = best(bench, |passes| {
        on_each(pool, buffers.len(), |t| {
            for _ in 0..passes {
                black_box(probe::read(black_box(&buffers[t])));
            }
        });
    });
    let bytes: usize = buffers.iter().map(|buffer| buffer.len() * size_of::<f32>()).sum();
    (bytes * passes) as f64 / seconds / 1e9
}

/// Finds how often something must be done to last long enough, and gives that number and the shortest time for it.
fn best(bench: &Bench<'_>, mut work: impl FnMut(usize)) -> (usize, f64) {
    let mut time = |n| {
        let before = bench.clock.elapsed();
        work(n);
        (bench.clock.elapsed() - before).as_secs_f64()
    };
    let mut n = 1;
    while time(n) < LEAST_SECONDS {
        n *= 2;
    }
    let times = (0..REPETITIONS).map(|_| time(n));
    (n, times.fold(f64::INFINITY, f64::min))
}
