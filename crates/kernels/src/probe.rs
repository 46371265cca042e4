//! What this processor can do at best: multiply-adds in registers, and reading memory. The caller holds the clock.

use crate::simd::{MOST_LANES, Simd, dispatch};

/// x ← (x + 1) / 2, `rounds` times, in as many independent chains of vectors as a register block of the products has;
/// the largest of the results, which is that of the chain that starts at 2.
///
/// The chains need no memory: nothing but the multiply-add units and their latency bounds them.
pub fn fma(rounds: usize) -> f32 {
    fma_dispatch(rounds)
}

/// The floating-point operations of [`fma`] (a multiply-add is two), with the instruction set in use.
pub fn flops(rounds: usize) -> u64 {
    flops_dispatch(rounds)
}

/// The largest value of `x`, −∞ of nothing: reads every float once, in order, and does as little else as it can.
pub fn read(x: &[f32]) -> f32 {
    read_dispatch(x)
}

dispatch! { fn fma_dispatch(rounds: usize) -> f32 = fma_rounds }
dispatch! { fn flops_dispatch(rounds: usize) -> u64 = flops_of }
dispatch! { fn read_dispatch(x: &[f32]) -> f32 = read_largest }

/// Vectors in a register block: two columns of it.
const fn chains<S: Simd>() -> usize {
    2 * S::ROWS
}

#[inline(always)]
fn flops_of<S: Simd>(_: S, rounds: usize) -> u64 {
    (2 * chains::<S>() * S::LANES) as u64 * rounds as u64
}

#[inline(always)]
fn fma_rounds<S: Simd>(s: S, rounds: usize) -> f32 {
    match chains::<S>() {
        24 => fma_chains::<S, 24>(s, rounds),
        12 => fma_chains::<S, 12>(s, rounds),
        8 => fma_chains::<S, 8>(s, rounds),
        _ => unreachable!("a register block of another size"),
    }
}

#[inline(always)]
fn fma_chains<S: Simd, const N: usize>(s: S, rounds: usize) -> f32 {
    let half = s.splat(std::hint::black_box(0.5));
    // Different starts: equal chains would be one chain to the compiler.
    let mut x: [S::V; N] = std::array::from_fn(|i| s.splat(2.0 - i as f32 / 64.0));
    for _ in 0..rounds {
        for i in 0..N {
            x[i] = s.fma(x[i], half, half);
        }
    }
    let mut largest = x[0];
    for i in 1..N {
        largest = s.max(x[i], largest);
    }
    lanes(s, largest)[0]
}

/// Vectors that are read side by side, so that no comparison waits for the one before it.
const STREAMS: usize = 8;

#[inline(always)]
fn read_largest<S: Simd>(s: S, x: &[f32]) -> f32 {
    let blocks = x.chunks_exact(STREAMS * S::LANES);
    let rest = blocks.remainder();
    let mut largest = [s.splat(f32::NEG_INFINITY); STREAMS];
    for block in blocks {
        for (largest, vector) in largest.iter_mut().zip(block.chunks_exact(S::LANES)) {
            *largest = s.max(s.load_whole(vector), *largest);
        }
    }
    let mut all = largest[0];
    for i in 1..STREAMS {
        all = s.max(largest[i], all);
    }
    let largest = lanes(s, all).into_iter().fold(f32::NEG_INFINITY, f32::max);
    rest.iter().copied().fold(largest, f32::max)
}

/// The lanes of a vector, −∞ where it has fewer.
#[inline(always)]
fn lanes<S: Simd>(s: S, v: S::V) -> [f32; MOST_LANES] {
    let mut out = [f32::NEG_INFINITY; MOST_LANES];
    s.store_whole(&mut out, v);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::isa::on_each_isa;

    #[test]
    fn the_result_is_that_of_one_chain_on_every_instruction_set() {
        on_each_isa(|isa| {
            for rounds in [0, 1, 2, 7, 100] {
                let naive = (0..rounds).fold(2.0f32, |x, _| x.mul_add(0.5, 0.5));
                assert_eq!(fma(rounds).to_bits(), naive.to_bits(), "{isa:?}, {rounds} rounds");
            }
        });
    }

    #[test]
    fn operations_are_counted_for_every_lane_of_every_chain() {
        on_each_isa(|isa| {
            let per_round = match isa {
                crate::Isa::Avx512 => 2 * 24 * 16,
                crate::Isa::Avx2 | crate::Isa::Neon => 2 * 12 * 8,
                crate::Isa::Portable => 2 * 8 * 8,
            };
            assert_eq!((flops(0), flops(3)), (0, 3 * per_round), "{isa:?}");
        });
    }

    #[test]
    fn every_float_is_read_wherever_the_largest_lies() {
        on_each_isa(|isa| {
            for n in 0..300 {
                let mut x = vec![-1.0f32; n];
                assert_eq!(read(&x), if n == 0 { f32::NEG_INFINITY } else { -1.0 }, "{isa:?}, {n}");
                for at in 0..n {
                    x[at] = at as f32 + 1.0;
                    assert_eq!(read(&x), at as f32 + 1.0, "{isa:?}, {at} of {n}");
                }
            }
        });
    }
}
