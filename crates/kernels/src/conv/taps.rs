//! The gradients of a kernel so small that all its taps fit the registers, as a first layer on grey images has it: one
//! pass over the images, with ReLU's mask and the bias' gradient on the way.

use crate::simd::{Simd, dispatch};

/// The most taps, counting channels, that fit.
pub(super) const MOST: usize = 12;

/// Where the taps lie.
#[derive(Clone, Copy, Debug)]
pub(super) struct Taps {
    /// How many, and their offsets from the first pixel of the window.
    pub(super) count: usize,
    pub(super) offsets: [usize; MOST],
    /// Rows and columns of an output image, and how far the window moves from one to the next.
    pub(super) outputs: [usize; 2],
    pub(super) steps: [usize; 2],
    /// Floats of an input image, and of an output pixel.
    pub(super) x_len: usize,
    pub(super) filters: usize,
}

/// The images and sums of a call.
struct Call<'a> {
    taps: &'a Taps,
    images: usize,
    x: *const f32,
    y: Option<*const f32>,
    d_y: *const f32,
    d_kernel: *mut f32,
    d_bias: Option<*mut f32>,
}

impl Taps {
    /// Adds the gradients of these images to `d_kernel` and `d_bias`; d_y counts only where y > 0, if y is given.
    pub(super) fn add_gradients(
        &self,
        images: usize,
        x: &[f32],
        y: Option<&[f32]>,
        d_y: &[f32],
        d_kernel: &mut [f32],
        d_bias: Option<&mut [f32]>,
    ) {
        let pixels = self.outputs[0] * self.outputs[1];
        let last = (self.outputs[0] - 1) * self.steps[0] + (self.outputs[1] - 1) * self.steps[1];
        let farthest = self.offsets[..self.count].iter().max().map_or(0, |offset| last + offset);
        assert!(farthest < self.x_len && x.len() >= images * self.x_len, "x is too short");
        assert!(d_y.len() == images * pixels * self.filters, "the output gradient's length");
        assert!(y.is_none_or(|y| y.len() == d_y.len()), "y is shaped like its gradient");
        assert!(d_kernel.len() == self.count * self.filters, "the kernel's length");
        assert!(d_bias.as_ref().is_none_or(|d_bias| d_bias.len() == self.filters), "one bias per filter");
        add_gradients(&Call {
            taps: self,
            images,
            x: x.as_ptr(),
            y: y.map(<[f32]>::as_ptr),
            d_y: d_y.as_ptr(),
            d_kernel: d_kernel.as_mut_ptr(),
            d_bias: d_bias.map(<[f32]>::as_mut_ptr),
        });
    }
}

dispatch! {
    fn add_gradients(call: &Call) = columns
}

/// Calls `$call.sum::<S, T, W>` for the number of taps.
macro_rules! by_count {
    ($s:ident, $call:ident, $w:literal, $column:ident, [$($t:literal)+]) => {
        match $call.taps.count {
            $($t => $call.sum::<$s, $t, $w>($column),)+
            count => unreachable!("{count} taps"),
        }
    };
}

/// # Safety
/// The instruction set of `S`, and what `Taps::add_gradients` has checked.
#[inline(always)]
unsafe fn columns<S: Simd>(call: &Call) {
    let mut column = 0;
    while column < call.taps.filters {
        // SAFETY: the duties above.
        unsafe {
            // Two vectors at once where there are registers for their sums.
            if S::LANES == 16 && call.taps.filters - column > S::LANES {
                by_count!(S, call, 2, column, [1 2 3 4 5 6 7 8 9 10 11 12]);
                column += 2 * S::LANES;
            } else {
                by_count!(S, call, 1, column, [1 2 3 4 5 6 7 8 9 10 11 12]);
                column += S::LANES;
            }
        }
    }
}

impl Call<'_> {
    /// The sums of T taps and W vectors of filters: one chain each, pixel after pixel.
    ///
    /// # Safety
    /// As for `columns`; T is the number of taps, and at least one filter is in each vector.
    #[inline(always)]
    unsafe fn sum<S: Simd, const T: usize, const W: usize>(&self, column: usize) {
        let taps = self.taps;
        // Lanes of a vector that are filters.
        let lanes = |w: usize| (taps.filters - column - w * S::LANES).min(S::LANES);
        // SAFETY: the duties above; the checked lengths hold all that is read and written.
        unsafe {
            let d_kernel = self.d_kernel.add(column);
            let (mut sums, mut biases) = ([[S::splat(0.0); W]; T], [S::splat(0.0); W]);
            for w in 0..W {
                for t in 0..T {
                    sums[t][w] = S::load_first(d_kernel.add(t * taps.filters + w * S::LANES), lanes(w));
                }
                if let Some(d_bias) = self.d_bias {
                    biases[w] = S::load_first(d_bias.add(column + w * S::LANES), lanes(w));
                }
            }
            let mut pixel = column;
            for image in 0..self.images {
                for i in 0..taps.outputs[0] {
                    let mut x = self.x.add(image * taps.x_len + i * taps.steps[0]);
                    for _ in 0..taps.outputs[1] {
                        for w in 0..W {
                            let d = self.gradient::<S>(pixel + w * S::LANES, lanes(w));
                            biases[w] = S::add(biases[w], d);
                            for t in 0..T {
                                let value = S::splat(*x.add(taps.offsets[t]));
                                sums[t][w] = S::fma(value, d, sums[t][w]);
                            }
                        }
                        x = x.wrapping_add(taps.steps[1]);
                        pixel += taps.filters;
                    }
                }
            }
            for w in 0..W {
                for t in 0..T {
                    S::store_first(d_kernel.add(t * taps.filters + w * S::LANES), sums[t][w], lanes(w));
                }
                if let Some(d_bias) = self.d_bias {
                    S::store_first(d_bias.add(column + w * S::LANES), biases[w], lanes(w));
                }
            }
        }
    }

    /// The gradient before ReLU, from float `i` on.
    ///
    /// # Safety
    /// The instruction set of `S`; so many lanes from there on.
    #[inline(always)]
    unsafe fn gradient<S: Simd>(&self, i: usize, lanes: usize) -> S::V {
        // SAFETY: the duties above.
        unsafe {
            let d = S::load_first(self.d_y.add(i), lanes);
            let Some(y) = self.y else { return d };
            S::select(S::gt(S::load_first(y.add(i), lanes), S::splat(0.0)), d, S::splat(0.0))
        }
    }
}
