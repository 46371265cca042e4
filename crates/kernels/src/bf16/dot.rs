//! The product of plates with VDPBF16PS.
//!
//! The instruction adds the product of the upper halves to its sum first, then that of the lower ones. So the even k of
//! two pairs are put together, the first of them on top, and the odd ones; each of the two kinds has a sum of its own.

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use crate::bf16::plates::{PLATE, SIDE, Step};

    /// OrderedRows whose sums are kept in registers together.
    const ROWS: usize = 4;

    /// The pairs of B in the order of the instruction: `[pair][half of the columns]`.
    type Lines = [[__m512i; 2]; 16];

    /// A plate of A, likewise.
    #[repr(align(64))]
    struct OrderedRows([u16; PLATE]);

    /// As [`plates`](crate::bf16::plates), with VDPBF16PS.
    ///
    /// # Safety
    /// The processor has AVX512_BF16. C is a plate of writable floats, each step's A and B are readable plates; C lies
    /// in none of them.
    #[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512dq,avx512bf16")]
    pub(in crate::bf16) unsafe fn plates(c: *mut f32, onward: bool, steps: &[Step]) {
        let mut lines: Lines = [[_mm512_setzero_si512(); 2]; 16];
        let mut a = OrderedRows([0; PLATE]);
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
    unsafe fn order_a(a: *const u16, to: &mut OrderedRows) {
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
    #[target_feature(enable = "avx512f")]
    unsafe fn order_b(b: *const u16, to: &mut Lines) {
        let upper = _mm512_set1_epi32(0xffff_0000_u32.cast_signed());
        for n in 0..2 {
            for pair in (0..16).step_by(2) {
                let from = b.wrapping_add(512 * n + 32 * pair);
                // SAFETY: both lines lie within the plate.
                let [first, second] =
                    [from, from.wrapping_add(32)].map(|p| unsafe { _mm512_loadu_si512(p.cast()) });
                let (on_top, below) = (_mm512_slli_epi32::<16>(first), _mm512_andnot_si512(upper, second));
                to[pair][n] = _mm512_or_si512(on_top, below);
                let (on_top, below) = (_mm512_and_si512(upper, first), _mm512_srli_epi32::<16>(second));
                to[pair + 1][n] = _mm512_or_si512(on_top, below);
            }
        }
    }

    /// c += E + O of some rows.
    ///
    /// # Safety
    /// A writable plate, of which these are rows, and the instruction set.
    #[target_feature(enable = "avx512f,avx512bf16")]
    unsafe fn add_rows(c: *mut f32, row: usize, a: &OrderedRows, lines: &Lines) {
        let mut sums = [[[_mm512_setzero_ps(); 2]; 2]; ROWS];
        for k in 0..16 {
            // SAFETY: any bits are bfloat16 numbers.
            let b = lines[k].map(|line| unsafe { std::mem::transmute::<__m512i, __m512bh>(line) });
            for r in 0..ROWS {
                let at = SIDE * (row + r) + 2 * k;
                let pair =
                    _mm512_set1_epi32((u32::from(a.0[at + 1]) << 16 | u32::from(a.0[at])).cast_signed());
                // SAFETY: as above.
                let pair = unsafe { std::mem::transmute::<__m512i, __m512bh>(pair) };
                for n in 0..2 {
                    sums[r][k % 2][n] = _mm512_dpbf16_ps(sums[r][k % 2][n], pair, b[n]);
                }
            }
        }
        for r in 0..ROWS {
            for n in 0..2 {
                let row = row + r;
                let c = c.wrapping_add(row / 16 * 512 + n * 256 + row % 16 * 16);
                let both = _mm512_add_ps(sums[r][0][n], sums[r][1][n]);
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
