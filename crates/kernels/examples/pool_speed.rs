//! Cost of handing a round of work to the threads: `cargo run --release -p toile-kernels --example pool_speed
//! [threads]`.
#![allow(clippy::print_stdout)]

use std::time::Instant;

use toile_kernels::Pool;

fn main() {
    let threads = std::env::args().nth(1).and_then(|a| a.parse().ok()).unwrap_or(2);
    let (mut pool, rounds) = (Pool::new(), 100_000);
    let (mut locals, mut items) = (vec![0u64; threads], vec![0u64; 4]);
    for _ in 0..3 {
        let start = Instant::now();
        for _ in 0..rounds {
            pool.for_each(threads, &mut locals, &mut items, |_, _, item| *item += 1);
        }
        println!("{:.0} ns per round", start.elapsed().as_secs_f64() * 1e9 / rounds as f64);
    }
}
