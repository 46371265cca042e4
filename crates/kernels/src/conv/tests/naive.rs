//! The naive twin: the definition of the convolution and of its gradients, in f64.
//!
//! Each sum comes with the root of the sum of its squared terms: the size that it would have with random signs, which
//! is what a rounding error is held against. (The sum itself may cancel.)

use crate::conv::ConvShape;

/// Calls `f(y index without filter, x index without channel, tap)` for each pixel, and tap inside of the image.
fn each_tap(s: &ConvShape, images: usize, mut f: impl FnMut(usize, usize, usize)) {
    for image in 0..images {
        for i in 0..s.out_height {
            for j in 0..s.out_width {
                for a in 0..s.kernel[0] {
                    for b in 0..s.kernel[1] {
                        let (row, column) = (i * s.strides[0] + a, j * s.strides[1] + b);
                        let inside = (s.pad_top..s.pad_top + s.height).contains(&row)
                            && (s.pad_left..s.pad_left + s.width).contains(&column);
                        if inside {
                            f(
                                (image * s.out_height + i) * s.out_width + j,
                                (image * s.height + row - s.pad_top) * s.width + column - s.pad_left,
                                a * s.kernel[1] + b,
                            );
                        }
                    }
                }
            }
        }
    }
}

/// A sum and its size.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct NaiveSum {
    pub(super) value: f64,
    squares: f64,
}

impl NaiveSum {
    fn add(&mut self, term: f64) {
        self.value += term;
        self.squares += term * term;
    }

    pub(super) fn size(&self) -> f64 {
        self.squares.sqrt()
    }
}

/// y = x ∗ kernel + bias, then max(y, 0) if `relu`.
pub(super) fn forward(
    s: &ConvShape,
    images: usize,
    x: &[f32],
    kernel: &[f32],
    bias: Option<&[f32]>,
    relu: bool,
) -> Vec<NaiveSum> {
    let (c, f) = (s.channels, s.filters);
    let mut y = vec![NaiveSum::default(); images * s.out_height * s.out_width * f];
    each_tap(s, images, |to, from, tap| {
        for l in 0..c {
            for k in 0..f {
                y[to * f + k].add(x[from * c + l] as f64 * kernel[(tap * c + l) * f + k] as f64);
            }
        }
    });
    for (i, y) in y.iter_mut().enumerate() {
        y.add(bias.map_or(0.0, |bias| bias[i % f] as f64));
        if relu {
            y.value = y.value.max(0.0);
        }
    }
    y
}

/// The gradients of x, the kernel and the bias, with d_y = 0 where y ≤ 0 if y is given.
pub(super) fn backward(
    s: &ConvShape,
    images: usize,
    x: &[f32],
    y: Option<&[f32]>,
    d_y: &[f32],
    kernel: &[f32],
) -> [Vec<NaiveSum>; 3] {
    let (c, f) = (s.channels, s.filters);
    let d_z: Vec<f64> =
        (0..d_y.len()).map(|i| if y.is_none_or(|y| y[i] > 0.0) { d_y[i] as f64 } else { 0.0 }).collect();
    let (mut d_x, mut d_kernel) =
        (vec![NaiveSum::default(); x.len()], vec![NaiveSum::default(); kernel.len()]);
    each_tap(s, images, |to, from, tap| {
        for l in 0..c {
            for k in 0..f {
                d_x[from * c + l].add(d_z[to * f + k] * kernel[(tap * c + l) * f + k] as f64);
                d_kernel[(tap * c + l) * f + k].add(d_z[to * f + k] * x[from * c + l] as f64);
            }
        }
    });
    let mut d_bias = vec![NaiveSum::default(); f];
    for (i, d) in d_z.iter().enumerate() {
        d_bias[i % f].add(*d);
    }
    [d_x, d_kernel, d_bias]
}
