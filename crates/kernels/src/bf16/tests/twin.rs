//! The layers on plates, written as the definition says it: lists of k, and a sum over each.

use crate::bf16::{round, widen};
use crate::conv::ConvShape;

use super::definition;

/// Numbers in blocks of 32, each list filled up with zeros to whole blocks.
#[derive(Default)]
pub(super) struct Terms {
    a: Vec<u16>,
    b: Vec<u16>,
}

impl Terms {
    fn add(&mut self, a: u16, b: u16) {
        self.a.push(a);
        self.b.push(b);
    }

    fn end_block(&mut self) {
        let len = self.a.len().next_multiple_of(32);
        self.a.resize(len, 0);
        self.b.resize(len, 0);
    }

    fn sum(&self) -> f32 {
        definition(&self.a, &self.b)
    }
}

/// A convolution of rounded inputs; a dense layer is one of a single pixel.
pub(super) struct Twin {
    pub shape: ConvShape,
    pub images: usize,
    pub x: Vec<u16>,
    pub kernel: Vec<u16>,
}

impl Twin {
    pub(super) fn new(shape: ConvShape, images: usize, x: &[f32], kernel: &[f32]) -> Twin {
        let rounded = |floats: &[f32]| floats.iter().map(|&x| round(x)).collect();
        Twin { shape, images, x: rounded(x), kernel: rounded(kernel) }
    }

    fn x(&self, image: usize, pixel: usize, channel: usize) -> u16 {
        let s = &self.shape;
        self.x[(image * s.height * s.width + pixel) * s.channels + channel]
    }

    fn w(&self, tap: usize, channel: usize, filter: usize) -> u16 {
        self.kernel[(tap * self.shape.channels + channel) * self.shape.filters + filter]
    }

    /// The pixel of the input under a tap of an output, if there is one.
    fn under(&self, [i, j]: [usize; 2], tap: usize) -> Option<usize> {
        let s = &self.shape;
        let y = (i * s.strides[0] + tap / s.kernel[1]).checked_sub(s.pad_top)?;
        let x = (j * s.strides[1] + tap % s.kernel[1]).checked_sub(s.pad_left)?;
        (y < s.height && x < s.width).then_some(y * s.width + x)
    }

    fn taps(&self) -> usize {
        self.shape.kernel[0] * self.shape.kernel[1]
    }

    fn outputs(&self) -> Vec<[usize; 2]> {
        let s = &self.shape;
        (0..s.out_height).flat_map(|i| (0..s.out_width).map(move |j| [i, j])).collect()
    }

    /// The sums, `[image][pixel][filter]`; `few` channels share blocks of k with those of the other taps.
    pub(super) fn forward(&self, few: bool) -> Vec<f32> {
        let mut z = Vec::new();
        for image in 0..self.images {
            for at in self.outputs() {
                for filter in 0..self.shape.filters {
                    let mut terms = Terms::default();
                    for tap in 0..self.taps() {
                        let pixel = self.under(at, tap);
                        for channel in 0..self.shape.channels {
                            let x = pixel.map_or(0, |pixel| self.x(image, pixel, channel));
                            terms.add(x, self.w(tap, channel, filter));
                        }
                        if !few {
                            terms.end_block();
                        }
                    }
                    z.push(terms.sum());
                }
            }
        }
        z
    }

    /// The gradients of input, kernel and bias for this dZ.
    pub(super) fn backward(&self, d_z: &[f32]) -> [Vec<f32>; 3] {
        let (s, outputs) = (&self.shape, self.outputs());
        let d_z = |image: usize, at: usize, filter: usize| {
            round(d_z[(image * outputs.len() + at) * s.filters + filter])
        };
        let mut d_x = Vec::new();
        for image in 0..self.images {
            for pixel in 0..s.height * s.width {
                for channel in 0..s.channels {
                    let mut terms = Terms::default();
                    for (at, output) in outputs.iter().enumerate() {
                        let seen = |tap: &usize| self.under(*output, *tap) == Some(pixel);
                        for tap in (0..self.taps()).filter(seen) {
                            for filter in 0..s.filters {
                                terms.add(d_z(image, at, filter), self.w(tap, channel, filter));
                            }
                            terms.end_block();
                        }
                    }
                    d_x.push(terms.sum());
                }
            }
        }
        let over_images = |value: &dyn Fn(usize, usize) -> u16, filter: usize| {
            let mut terms = Terms::default();
            for start in (0..self.images).step_by(32) {
                for at in 0..outputs.len() {
                    let group = start..(start + 32).min(self.images);
                    group.for_each(|image| terms.add(value(image, at), d_z(image, at, filter)));
                    terms.end_block();
                }
            }
            terms.sum()
        };
        let mut d_kernel = Vec::new();
        for tap in 0..self.taps() {
            for channel in 0..s.channels {
                for filter in 0..s.filters {
                    let x = |image, at: usize| {
                        self.under(outputs[at], tap).map_or(0, |p| self.x(image, p, channel))
                    };
                    d_kernel.push(over_images(&x, filter));
                }
            }
        }
        let d_bias = (0..s.filters).map(|filter| over_images(&|_, _| round(1.0), filter)).collect();
        [d_x, d_kernel, d_bias]
    }
}

/// Rows of `pixels` × `channels` values per image as plates, and back.
pub(super) fn to_plates(rows: &[f32], images: usize, pixels: usize, channels: usize) -> Vec<u16> {
    let blocks = channels.div_ceil(32);
    let mut plates = vec![0u16; images.div_ceil(32) * pixels * blocks * 1024];
    each_value(images, pixels, channels, |row, plate| plates[plate] = round(rows[row]));
    plates
}

/// See `to_plates`.
pub(super) fn to_rows(plates: &[u16], images: usize, pixels: usize, channels: usize) -> Vec<f32> {
    let mut rows = vec![0.0; images * pixels * channels];
    each_value(images, pixels, channels, |row, plate| rows[row] = widen(plates[plate]));
    rows
}

fn each_value(images: usize, pixels: usize, channels: usize, mut f: impl FnMut(usize, usize)) {
    let blocks = channels.div_ceil(32);
    for image in 0..images {
        for pixel in 0..pixels {
            for channel in 0..channels {
                let plate = ((image / 32 * pixels + pixel) * blocks + channel / 32) * 1024;
                let row = (image * pixels + pixel) * channels + channel;
                f(row, plate + image % 32 * 32 + channel % 32);
            }
        }
    }
}
