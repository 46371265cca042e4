//! The product of plates with vectors: fused multiply-adds on widened numbers.

use super::layout::in_c;
use super::plates::{FloatPlate, PLATE, SIDE, Step};
use crate::isa::Isa;
use crate::simd::Simd;

/// As [`plates`](super::plates), with the fused multiply-adds of an instruction set.
///
/// # Safety
/// The processor has the instruction set. C is a plate of writable floats, each step's A and B are readable plates; C
/// lies in none of them.
pub(super) unsafe fn plates(isa: Isa, c: *mut f32, onward: bool, steps: &[Step]) {
    #[cfg(target_arch = "x86_64")]
    {
        /// # Safety
        /// As for `plates`, with AVX-512.
        #[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512dq,avx2,fma")]
        unsafe fn avx512(c: *mut f32, onward: bool, steps: &[Step]) {
            // SAFETY: the duties above.
            unsafe { all_steps::<_, 6>(crate::simd::Avx512::assume_available(), c, onward, steps) }
        }
        /// # Safety
        /// As for `plates`, with AVX2.
        #[target_feature(enable = "avx2,fma")]
        unsafe fn avx2(c: *mut f32, onward: bool, steps: &[Step]) {
            // SAFETY: the duties above.
            unsafe { all_steps::<_, 3>(crate::simd::Avx2::assume_available(), c, onward, steps) }
        }
        // SAFETY: the duties above.
        unsafe {
            match isa {
                Isa::Avx512 => avx512(c, onward, steps),
                _ => avx2(c, onward, steps),
            }
        }
    }
    #[cfg(target_arch = "aarch64")]
    {
        let _ = isa;
        // SAFETY: the duties above; every processor of this target has NEON.
        unsafe { all_steps::<_, 3>(crate::simd::Neon, c, onward, steps) }
    }
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    {
        let _ = isa;
        // SAFETY: the duties above.
        unsafe { super::portable::plates(c, onward, steps) }
    }
}

/// # Safety
/// C is a plate of writable floats, each step's A and B are readable plates; C lies in none of them.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
#[inline(always)]
unsafe fn all_steps<S: Simd, const R: usize>(s: S, c: *mut f32, onward: bool, steps: &[Step]) {
    let (mut wide_a, mut wide_b) = (FloatPlate([0.0; PLATE]), FloatPlate([0.0; PLATE]));
    // SAFETY: the duties above; the wide plates are as large as plates.
    unsafe {
        if !onward {
            c.write_bytes(0, PLATE);
        }
        for step in steps {
            widen_a(s, step.a, wide_a.0.as_mut_ptr());
            widen_b(s, step.b, wide_b.0.as_mut_ptr());
            let (a, b) = (wide_a.0.as_ptr(), wide_b.0.as_ptr());
            for column in (0..SIDE).step_by(2 * S::LANES) {
                let mut row = 0;
                while row + R <= SIDE {
                    rows::<S, R>(s, c, row, column, a, b);
                    row += R;
                }
                while row < SIDE {
                    rows::<S, 1>(s, c, row, column, a, b);
                    row += 1;
                }
            }
        }
    }
}

/// 32 rows of 32 k.
///
/// # Safety
/// Plates.
#[inline(always)]
unsafe fn widen_a<S: Simd>(s: S, a: *const u16, to: *mut f32) {
    for i in (0..PLATE).step_by(S::LANES) {
        // SAFETY: the lanes lie within the plates.
        unsafe { s.store(to.add(i), s.load_halves(a.add(i))) };
    }
}

/// `[k][column]`.
///
/// # Safety
/// Plates.
#[inline(always)]
unsafe fn widen_b<S: Simd>(s: S, b: *const u16, to: *mut f32) {
    for i in (0..PLATE / 2).step_by(S::LANES) {
        let (half, pair, column) = (i / 256, i / 16 % 16, i % 16);
        // SAFETY: the pairs lie within the plates, those of a vector in one line.
        unsafe {
            let (even, odd) = s.load_pairs(b.add(2 * i));
            let to = to.add(2 * pair * SIDE + 16 * half + column);
            s.store(to, even);
            s.store(to.add(SIDE), odd);
        }
    }
}

/// c += E + O for so many rows and two vectors of columns.
///
/// # Safety
/// Plates; the rows and columns lie within them.
#[inline(always)]
unsafe fn rows<S: Simd, const R: usize>(
    s: S,
    c: *mut f32,
    row: usize,
    column: usize,
    a: *const f32,
    b: *const f32,
) {
    let mut even = [[s.splat(0.0); 2]; R];
    let mut odd = even;
    for k in (0..SIDE).step_by(2) {
        for n in 0..2 {
            // SAFETY: the duties above.
            unsafe {
                let b = b.add(k * SIDE + column + n * S::LANES);
                let b = [s.load(b), s.load(b.add(SIDE))];
                for r in 0..R {
                    let a = a.add((row + r) * SIDE + k);
                    even[r][n] = s.fma(s.splat(*a), b[0], even[r][n]);
                    odd[r][n] = s.fma(s.splat(*a.add(1)), b[1], odd[r][n]);
                }
            }
        }
    }
    for r in 0..R {
        for n in 0..2 {
            let (row, column) = (row + r, column + n * S::LANES);
            // SAFETY: the element is one of the plate, and the lanes lie in one tile's row.
            unsafe {
                let c = c.add(in_c(row, column));
                s.store(c, s.add(s.load(c), s.add(even[r][n], odd[r][n])));
            }
        }
    }
}
