//! The product of plates with VDPBF16PS.
//!
//! The instruction adds the product of the upper halves to its sum first, then that of the lower ones. So the even k of
//! two pairs are put together, the first of them on top, and the odd ones; each of the two kinds has a sum of its own.

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;
    use std::mem::transmute;

    use crate::bf16::layout::in_c;
    use crate::bf16::plates::{OnePlate, PLATE, SIDE, Step};

    /// Rows whose sums are kept in registers together.
    const ROWS: usize = 4;

    /// The upper half of each pair.
    const UPPER: __mmask32 = 0xaaaa_aaaa;

    /// The pairs of B in the order of the instruction: `[pair][half of the columns]`.
    type Lines = [[__m512i; 2]; 16];

    /// As [`plates`](crate::bf16::plates), with VDPBF16PS.
    ///
    /// # Safety
    /// The processor has AVX512_BF16. C is a plate of writable floats, each step's A and B are readable plates; C lies
    /// in none of them.
    #[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512dq,avx512bf16")]
    pub(in crate::bf16) unsafe fn plates(c: *mut f32, onward: bool, steps: &[Step]) {
        let mut lines: Lines = [[_mm512_setzero_si512(); 2]; 16];
        let mut a = OnePlate([0; PLATE]);
        // SAFETY: the duties above, and the rows are a plate.
        unsafe {
            if !onward {
                c.write_bytes(0, PLATE);
            }
            for step in steps {
                order_a(step.a, &mut a);
                order_b(step.b, &mut lines);
                for row in (0..SIDE).step_by(ROWS) {
                    add_rows(c, row, &a, &lines);
                }
            }
        }
    }

    /// Of every four k: 2 and 0, then 3 and 1, the lower half of a pair named first.
    ///
    /// # Safety
    /// A readable plate, and the instruction set.
    #[target_feature(enable = "avx512f,avx512bw")]
    unsafe fn order_a(a: *const u16, to: &mut OnePlate) {
        let order = _mm_setr_epi8(4, 5, 0, 1, 6, 7, 2, 3, 12, 13, 8, 9, 14, 15, 10, 11);
        let order = _mm512_broadcast_i32x4(order);
        for row in 0..SIDE {
            // SAFETY: the row lies within the plates.
            unsafe {
                let line = _mm512_loadu_si512(a.add(SIDE * row).cast());
                _mm512_storeu_si512(
                    to.0.as_mut_ptr().add(SIDE * row).cast(),
                    _mm512_shuffle_epi8(line, order),
                );
            }
        }
    }

    /// # Safety
    /// A readable plate, and the instruction set.
    #[target_feature(enable = "avx512f,avx512bw")]
    unsafe fn order_b(b: *const u16, to: &mut Lines) {
        for n in 0..2 {
            for pair in (0..16).step_by(2) {
                let from = b.wrapping_add(512 * n + 32 * pair);
                // SAFETY: both lines lie within the plate.
                let [first, second] =
                    [from, from.wrapping_add(32)].map(|p| unsafe { _mm512_loadu_si512(p.cast()) });
                to[pair][n] = _mm512_mask_blend_epi16(UPPER, second, _mm512_slli_epi32::<16>(first));
                to[pair + 1][n] = _mm512_mask_blend_epi16(UPPER, _mm512_srli_epi32::<16>(second), first);
            }
        }
    }

    /// c += E + O of some rows.
    ///
    /// # Safety
    /// A writable plate, of which these are rows, and the instruction set.
    #[target_feature(enable = "avx512f,avx512bf16")]
    unsafe fn add_rows(c: *mut f32, row: usize, a: &OnePlate, lines: &Lines) {
        let mut even = [[_mm512_setzero_ps(); 2]; ROWS];
        let mut odd = even;
        // The kinds by turns and in so many words: by an index they would be kept in memory.
        for (lines, k) in lines.chunks_exact(2).zip((0..SIDE).step_by(4)) {
            // SAFETY: any bits are bfloat16 numbers.
            let [b_even, b_odd] =
                [lines[0], lines[1]].map(|of| of.map(|line| unsafe { transmute::<__m512i, __m512bh>(line) }));
            for r in 0..ROWS {
                let at = a.0[SIDE * (row + r) + k..][..4].as_ptr().cast::<i32>();
                // SAFETY: four numbers are two pairs, and any bits are bfloat16 numbers.
                let [a_even, a_odd] = [at, at.wrapping_add(1)].map(|pair| unsafe {
                    transmute::<__m512i, __m512bh>(_mm512_set1_epi32(pair.read_unaligned()))
                });
                for n in 0..2 {
                    even[r][n] = _mm512_dpbf16_ps(even[r][n], a_even, b_even[n]);
                    odd[r][n] = _mm512_dpbf16_ps(odd[r][n], a_odd, b_odd[n]);
                }
            }
        }
        for r in 0..ROWS {
            for n in 0..2 {
                let c = c.wrapping_add(in_c(row + r, 16 * n));
                let both = _mm512_add_ps(even[r][n], odd[r][n]);
                // SAFETY: half a row of the plate.
                unsafe { _mm512_storeu_ps(c, _mm512_add_ps(_mm512_loadu_ps(c), both)) };
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
pub(super) use x86::plates;

/// There is no VDPBF16PS.
///
/// # Safety
/// Never called, as the way is not available.
#[cfg(not(target_arch = "x86_64"))]
pub(super) unsafe fn plates(_: *mut f32, _: bool, _: &[super::plates::Step]) {
    unreachable!("VDPBF16PS is an instruction of x86-64")
}
