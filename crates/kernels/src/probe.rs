//! What this processor can do at best: multiply-adds in registers, and reading memory. Whoever calls holds the clock.

use crate::simd::{Simd, dispatch};

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

/// # Safety
/// The instruction set of `S`.
#[inline(always)]
unsafe fn flops_of<S: Simd>(rounds: usize) -> u64 {
    (2 * chains::<S>() * S::LANES) as u64 * rounds as u64
}

/// # Safety
/// The instruction set of `S`.
#[inline(always)]
unsafe fn fma_rounds<S: Simd>(rounds: usize) -> f32 {
    // SAFETY: the instruction set is the caller's promise.
    unsafe {
        match chains::<S>() {
            24 => fma_chains::<S, 24>(rounds),
            12 => fma_chains::<S, 12>(rounds),
            8 => fma_chains::<S, 8>(rounds),
            _ => unreachable!("a register block of another size"),
        }
    }
}

/// # Safety
/// The instruction set of `S`.
#[inline(always)]
unsafe fn fma_chains<S: Simd, const N: usize>(rounds: usize) -> f32 {
    let half = std::hint::black_box(0.5);
    // SAFETY: the instruction set is the caller's promise.
    unsafe {
        // Different starts: equal chains would be one chain to the compiler.
        let mut x: [S::V; N] = std::array::from_fn(|i| S::splat(2.0 - i as f32 / 64.0));
        let half = S::splat(half);
        for _ in 0..rounds {
            for i in 0..N {
                x[i] = S::fma(x[i], half, half);
            }
        }
        let mut largest = x[0];
        for i in 1..N {
            largest = S::max(x[i], largest);
        }
        first::<S>(largest)
    }
}

/// Vectors that are read side by side, so that no comparison waits for the one before it.
const STREAMS: usize = 8;

/// # Safety
/// The instruction set of `S`.
#[inline(always)]
unsafe fn read_largest<S: Simd>(x: &[f32]) -> f32 {
    let whole = x.len() - x.len() % (STREAMS * S::LANES);
    // SAFETY: the instruction set is the caller's promise, and i + STREAMS × LANES ≤ the length.
    let largest = unsafe {
        let mut largest = [S::splat(f32::NEG_INFINITY); STREAMS];
        for i in (0..whole).step_by(STREAMS * S::LANES) {
            for s in 0..STREAMS {
                largest[s] = S::max(S::load(x.as_ptr().add(i + s * S::LANES)), largest[s]);
            }
        }
        let mut all = largest[0];
        for s in 1..STREAMS {
            all = S::max(largest[s], all);
        }
        largest_lane::<S>(all)
    };
    x[whole..].iter().copied().fold(largest, f32::max)
}

/// Room for the lanes of any vector.
const MOST_LANES: usize = 16;

/// # Safety
/// The instruction set of `S`.
#[inline(always)]
unsafe fn lanes<S: Simd>(v: S::V) -> [f32; MOST_LANES] {
    let mut out = [f32::NEG_INFINITY; MOST_LANES];
    // SAFETY: no vector has more lanes than this.
    unsafe { S::store(out.as_mut_ptr(), v) };
    out
}

/// # Safety
/// The instruction set of `S`.
#[inline(always)]
unsafe fn first<S: Simd>(v: S::V) -> f32 {
    // SAFETY: the instruction set is the caller's promise.
    unsafe { lanes::<S>(v)[0] }
}

/// # Safety
/// The instruction set of `S`.
#[inline(always)]
unsafe fn largest_lane<S: Simd>(v: S::V) -> f32 {
    // SAFETY: the instruction set is the caller's promise.
    unsafe { lanes::<S>(v) }.into_iter().fold(f32::NEG_INFINITY, f32::max)
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
                crate::Isa::Avx2 => 2 * 12 * 8,
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
