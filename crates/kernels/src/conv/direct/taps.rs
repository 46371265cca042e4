//! The gradients of a kernel so small that all its taps fit the registers, as a first layer on grey images has it: one
//! pass over the images, with ReLU's mask and the gradient of the bias on the way.

use crate::simd::{Simd, dispatch};

/// The most taps, counting channels, that fit.
pub(super) const MOST_TAPS: usize = 12;

/// Where the taps of a kernel lie.
#[derive(Clone, Copy, Debug)]
pub(super) struct KernelTaps {
    /// How many, and their offsets from the first pixel of the window.
    pub(super) count: usize,
    pub(super) offsets: [usize; MOST_TAPS],
    /// Rows and columns of an output image, and how far the window moves from one to the next.
    pub(super) outputs: [usize; 2],
    pub(super) steps: [usize; 2],
    /// Floats of an input image, and of an output pixel.
    pub(super) x_len: usize,
    pub(super) filters: usize,
}

/// Some images, and the gradients of their outputs, of which only those where y > 0 count if y is given.
pub(super) struct TapImages<'a> {
    pub(super) count: usize,
    pub(super) x: &'a [f32],
    pub(super) y: Option<&'a [f32]>,
    pub(super) d_y: &'a [f32],
}

/// The images and sums of a call. All that is read and written lies in slices that `KernelTaps::add_gradients` has
/// compared with the taps.
struct TapGradients<'a> {
    taps: &'a KernelTaps,
    images: usize,
    x: *const f32,
    y: Option<*const f32>,
    d_y: *const f32,
    d_kernel: *mut f32,
    d_bias: Option<*mut f32>,
}

impl KernelTaps {
    /// Adds the gradients of these images to `d_kernel` and `d_bias`.
    ///
    /// # Panics
    /// If a slice has the wrong length.
    pub(super) fn add_gradients(&self, images: TapImages, d_kernel: &mut [f32], d_bias: Option<&mut [f32]>) {
        let TapImages { count, x, y, d_y } = images;
        let pixels = self.outputs[0] * self.outputs[1];
        let last = (self.outputs[0] - 1) * self.steps[0] + (self.outputs[1] - 1) * self.steps[1];
        let farthest = self.offsets[..self.count].iter().max().map_or(0, |offset| last + offset);
        assert!(farthest < self.x_len && x.len() >= count * self.x_len, "x is too short");
        assert!(d_y.len() == count * pixels * self.filters, "the output gradient's length");
        assert!(y.is_none_or(|y| y.len() == d_y.len()), "y is shaped like its gradient");
        assert!(d_kernel.len() == self.count * self.filters, "the kernel's length");
        assert!(d_bias.as_ref().is_none_or(|d_bias| d_bias.len() == self.filters), "one bias per filter");
        let call = TapGradients {
            taps: self,
            images: count,
            x: x.as_ptr(),
            y: y.map(<[f32]>::as_ptr),
            d_y: d_y.as_ptr(),
            d_kernel: d_kernel.as_mut_ptr(),
            d_bias: d_bias.map(<[f32]>::as_mut_ptr),
        };
        // SAFETY: all lengths have just been asserted, and the sums are borrowed mutably.
        unsafe { add_gradients(&call) };
    }
}

dispatch! {
    /// # Safety
    /// The pointers lead to slices as long as `KernelTaps::add_gradients` asserts.
    unsafe fn add_gradients(call: &TapGradients) = columns
}

/// Calls `$call.sum::<S, T, W>` for the number of taps.
macro_rules! by_count {
    ($s:ident $S:ident, $call:ident, $w:literal, $column:ident, [$($t:literal)+]) => {
        match $call.taps.count {
            $($t => $call.sum::<$S, $t, $w>($s, $column),)+
            count => unreachable!("{count} taps"),
        }
    };
}

/// # Safety
/// The pointers lead to slices as long as `KernelTaps::add_gradients` asserts.
#[inline(always)]
unsafe fn columns<S: Simd>(s: S, call: &TapGradients) {
    let mut column = 0;
    while column < call.taps.filters {
        // SAFETY: the duty above; the first of the two vectors is whole, and there is a filter in the last.
        unsafe {
            // Two vectors at once where there are registers for their sums.
            if S::LANES == 16 && call.taps.filters - column > S::LANES {
                by_count!(s S, call, 2, column, [1 2 3 4 5 6 7 8 9 10 11 12]);
                column += 2 * S::LANES;
            } else {
                by_count!(s S, call, 1, column, [1 2 3 4 5 6 7 8 9 10 11 12]);
                column += S::LANES;
            }
        }
    }
}

impl TapGradients<'_> {
    /// The sums of T taps and W vectors of filters: one chain each, pixel after pixel.
    ///
    /// # Safety
    /// The pointers lead to slices as long as `KernelTaps::add_gradients` asserts; T is the number of taps, and at
    /// least one filter is in each vector.
    #[inline(always)]
    unsafe fn sum<S: Simd, const T: usize, const W: usize>(&self, s: S, column: usize) {
        // SAFETY: the duties above: each pixel's window lies in its image, and the vectors in pixel, kernel and bias.
        unsafe {
            let (mut sums, mut biases) = self.load::<S, T, W>(s, column);
            let (taps, mut pixel) = (self.taps, column);
            for image in 0..self.images {
                for i in 0..taps.outputs[0] {
                    let mut x = self.x.add(image * taps.x_len + i * taps.steps[0]);
                    for _ in 0..taps.outputs[1] {
                        for w in 0..W {
                            let d = self.gradient(s, pixel + w * S::LANES, self.lanes::<S>(column, w));
                            biases[w] = s.add(biases[w], d);
                            for t in 0..T {
                                let value = s.splat(*x.add(taps.offsets[t]));
                                sums[t][w] = s.fma(value, d, sums[t][w]);
                            }
                        }
                        x = x.wrapping_add(taps.steps[1]);
                        pixel += taps.filters;
                    }
                }
            }
            self.store::<S, T, W>(s, column, sums, biases);
        }
    }

    /// How many lanes of vector `w` from `column` on are filters.
    #[inline(always)]
    fn lanes<S: Simd>(&self, column: usize, w: usize) -> usize {
        (self.taps.filters - column - w * S::LANES).min(S::LANES)
    }

    /// The sums so far, of the kernel and of the bias.
    ///
    /// # Safety
    /// As for `sum`.
    #[inline(always)]
    unsafe fn load<S: Simd, const T: usize, const W: usize>(
        &self,
        s: S,
        column: usize,
    ) -> ([[S::V; W]; T], [S::V; W]) {
        let (mut sums, mut biases) = ([[s.splat(0.0); W]; T], [s.splat(0.0); W]);
        for w in 0..W {
            let (at, lanes) = (column + w * S::LANES, self.lanes::<S>(column, w));
            // SAFETY: the duties above: T rows of filters, and one of the bias.
            unsafe {
                for t in 0..T {
                    sums[t][w] = s.load_first(self.d_kernel.add(t * self.taps.filters + at), lanes);
                }
                if let Some(d_bias) = self.d_bias {
                    biases[w] = s.load_first(d_bias.add(at), lanes);
                }
            }
        }
        (sums, biases)
    }

    /// Writes the sums back.
    ///
    /// # Safety
    /// As for `sum`.
    #[inline(always)]
    unsafe fn store<S: Simd, const T: usize, const W: usize>(
        &self,
        s: S,
        column: usize,
        sums: [[S::V; W]; T],
        biases: [S::V; W],
    ) {
        for w in 0..W {
            let (at, lanes) = (column + w * S::LANES, self.lanes::<S>(column, w));
            // SAFETY: the duties above: T rows of filters, and one of the bias.
            unsafe {
                for t in 0..T {
                    s.store_first(self.d_kernel.add(t * self.taps.filters + at), sums[t][w], lanes);
                }
                if let Some(d_bias) = self.d_bias {
                    s.store_first(d_bias.add(at), biases[w], lanes);
                }
            }
        }
    }

    /// The gradient before ReLU, from float `i` on.
    ///
    /// # Safety
    /// So many lanes from there on lie in the outputs.
    #[inline(always)]
    unsafe fn gradient<S: Simd>(&self, s: S, i: usize, lanes: usize) -> S::V {
        // SAFETY: the duty above; y is as long as its gradient.
        unsafe {
            let d = s.load_first(self.d_y.add(i), lanes);
            let Some(y) = self.y else { return d };
            s.select(s.gt(s.load_first(y.add(i), lanes), s.splat(0.0)), d, s.splat(0.0))
        }
    }
}
