//! The gradient of a depthwise kernel over one image: a few taps at a time are summed up in registers.

use super::walk::{AxisWalk, TapRange};
use crate::lanes::{Lanes, vectors};
use crate::simd::{Simd, dispatch};

/// Rows and columns of taps whose sums, and those they are summed from, fit the registers of every instruction set.
const MOST: [usize; 2] = [3, 4];

/// d_kernel += Σ over the output pixels of x at the tap times d_y at the pixel; all with as many channels.
pub(super) struct KernelGradient<'a> {
    pub(super) rows: &'a AxisWalk,
    pub(super) columns: &'a AxisWalk,
    pub(super) channels: usize,
    pub(super) x: &'a [f32],
    pub(super) d_y: &'a [f32],
    pub(super) d_kernel: &'a mut [f32],
}

impl KernelGradient<'_> {
    /// # Panics
    /// If a slice has not the length that the axes say.
    pub(super) fn run(self) {
        let (rows, columns, channels) = (self.rows, self.columns, self.channels);
        assert!(self.x.len() == rows.sources * columns.sources * channels, "the length of the input");
        assert!(
            self.d_y.len() == rows.places.len() * columns.places.len() * channels,
            "the output gradient's length"
        );
        assert!(self.d_kernel.len() == rows.kernel * columns.kernel * channels, "the kernel's length");
        // SAFETY: the lengths have just been asserted.
        unsafe { add_gradient(self) };
    }
}

dispatch! {
    /// # Safety
    /// The slices are as long as `KernelGradient::run` asserts.
    unsafe fn add_gradient(image: KernelGradient) = each_patch
}

/// # Safety
/// The slices are as long as `KernelGradient::run` asserts.
#[inline(always)]
unsafe fn each_patch<S: Simd>(s: S, image: KernelGradient) {
    let patch = |first, size| TapPatch {
        rows: image.rows,
        columns: image.columns,
        channels: image.channels,
        x: image.x.as_ptr(),
        d_y: image.d_y.as_ptr(),
        first,
        size,
    };
    let d_kernel = image.d_kernel.as_mut_ptr();
    for (row, rows) in parts(image.rows.kernel, MOST[0]) {
        for (column, columns) in parts(image.columns.kernel, MOST[1]) {
            let patch = patch([row, column], [rows, columns]);
            macro_rules! by_size {
                ($($rows:literal $columns:literal),+) => {
                    match patch.size {
                        // SAFETY: the duties above; the parts lie in the kernel.
                        $([$rows, $columns] => unsafe { patch.sum::<S, $rows, $columns>(s, d_kernel) },)+
                        size => unreachable!("{size:?} taps at a time"),
                    }
                };
            }
            by_size!(1 1, 1 2, 1 3, 1 4, 2 1, 2 2, 2 3, 2 4, 3 1, 3 2, 3 3, 3 4);
        }
    }
}

/// Cuts 0 .. n into parts of about the same size, `most` at most: (first, size).
fn parts(n: usize, most: usize) -> impl Iterator<Item = (usize, usize)> {
    let count = n.div_ceil(most);
    (0..count).map(move |i| (i * n / count, (i + 1) * n / count - i * n / count))
}

/// Which rows or columns of a patch read inside of the image: those from `first` up to `end`.
#[derive(Clone, Copy)]
struct CountingTaps {
    first: usize,
    end: usize,
}

impl CountingTaps {
    #[inline(always)]
    fn all(self, size: usize) -> bool {
        self.first == 0 && self.end == size
    }

    #[inline(always)]
    fn contains(self, i: usize) -> bool {
        self.first <= i && i < self.end
    }
}

/// What of the patch's `size` taps from tap `first` on counts.
#[inline(always)]
fn inside(taps: TapRange, first: usize, size: usize) -> CountingTaps {
    let within = |tap: usize| tap.saturating_sub(first).min(size);
    CountingTaps { first: within(taps.tap), end: within(taps.tap + taps.count) }
}

/// Some rows and columns of neighbouring taps, and what their gradients are summed from.
#[derive(Clone, Copy)]
struct TapPatch<'a> {
    rows: &'a AxisWalk,
    columns: &'a AxisWalk,
    channels: usize,
    x: *const f32,
    d_y: *const f32,
    /// The first row and column.
    first: [usize; 2],
    /// How many rows and columns.
    size: [usize; 2],
}

impl TapPatch<'_> {
    /// Adds the gradients of A × B taps to the kernel's, one vector of channels after the other.
    ///
    /// # Safety
    /// A × B is the size; the slices are as long as `KernelGradient::run` asserts, `d_kernel` too.
    #[inline(always)]
    unsafe fn sum<S: Simd, const A: usize, const B: usize>(&self, s: S, d_kernel: *mut f32) {
        vectors!(s, self.channels, |c, lanes| {
            // SAFETY: the duties above; the lanes lie within the channels of a pixel.
            unsafe { self.sum_vector::<S, _, A, B>(s, d_kernel, c, lanes) };
        });
    }

    /// One vector of channels, from channel `c` on: one chain per tap, pixel after pixel.
    ///
    /// # Safety
    /// As for `sum`; `lanes` channels from `c` on.
    #[inline(always)]
    unsafe fn sum_vector<S: Simd, L: Lanes, const A: usize, const B: usize>(
        &self,
        s: S,
        d_kernel: *mut f32,
        c: usize,
        lanes: L,
    ) {
        let line = self.columns.kernel * self.channels;
        let d_kernel = d_kernel.wrapping_add(self.first[0] * line + self.first[1] * self.channels + c);
        let width = self.columns.places.len() * self.channels;
        // SAFETY: the taps lie in the kernel, and each row of the output gradient in that.
        unsafe {
            let mut sums = [[s.splat(0.0); B]; A];
            for a in 0..A {
                for b in 0..B {
                    sums[a][b] = lanes.load(s, d_kernel.add(a * line + b * self.channels));
                }
            }
            for row in 0..self.rows.places.len() {
                self.add_row::<S, L, A, B>(s, row, self.d_y.add(row * width + c), c, lanes, &mut sums);
            }
            for a in 0..A {
                for b in 0..B {
                    lanes.store(s, d_kernel.add(a * line + b * self.channels), sums[a][b]);
                }
            }
        }
    }

    /// Adds one row of output pixels, of which `d_y` is the first.
    ///
    /// # Safety
    /// As for `sum_vector`.
    #[inline(always)]
    unsafe fn add_row<S: Simd, L: Lanes, const A: usize, const B: usize>(
        &self,
        s: S,
        row: usize,
        mut d_y: *const f32,
        c: usize,
        lanes: L,
        sums: &mut [[S::V; B]; A],
    ) {
        let taps = self.rows.places[row];
        let rows = inside(taps, self.first[0], A);
        // Row and column of the pixel under the patch's first tap: not in the image where that tap does not count.
        let y = (taps.source + self.first[0]) as isize - taps.tap as isize;
        for run in &self.columns.runs {
            let inside = [rows, inside(run.taps, self.first[1], B)];
            let x = (run.taps.source + self.first[1]) as isize - run.taps.tap as isize;
            let start = (y * self.columns.sources as isize + x) * self.channels as isize + c as isize;
            let mut x = self.x.wrapping_offset(start);
            let whole = inside[0].all(A) && inside[1].all(B);
            for _ in 0..run.count {
                // SAFETY: the duties above; taps that count read inside of the image.
                unsafe {
                    let d = lanes.load(s, d_y);
                    if whole {
                        self.add_pixel::<S, L, A, B, true>(s, x, inside, d, lanes, sums);
                    } else {
                        self.add_pixel::<S, L, A, B, false>(s, x, inside, d, lanes, sums);
                    }
                }
                x = x.wrapping_add(self.columns.source_step * self.channels);
                d_y = d_y.wrapping_add(self.channels);
            }
        }
    }

    /// Adds one output pixel, of gradient `d`, to the sums of the taps inside of the image: all, if `WHOLE`.
    ///
    /// # Safety
    /// As for `sum_vector`; `x` is what the first tap would read.
    #[inline(always)]
    unsafe fn add_pixel<S: Simd, L: Lanes, const A: usize, const B: usize, const WHOLE: bool>(
        &self,
        s: S,
        x: *const f32,
        inside: [CountingTaps; 2],
        d: S::V,
        lanes: L,
        sums: &mut [[S::V; B]; A],
    ) {
        let line = self.columns.sources * self.channels;
        for a in 0..A {
            for b in 0..B {
                if WHOLE || inside[0].contains(a) && inside[1].contains(b) {
                    // SAFETY: this tap reads inside of the image.
                    let value = unsafe { lanes.load(s, x.wrapping_add(a * line + b * self.channels)) };
                    sums[a][b] = s.fma(value, d, sums[a][b]);
                }
            }
        }
    }
}
