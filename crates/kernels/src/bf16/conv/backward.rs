//! The backward pass: band by band of output rows, dZ is made, then read by the product that gives the kernel's
//! gradient and by that which gives the input's, while it is in the cache.

use super::PlateBackward;
use super::few::Few;
use super::gradient::KernelSums;
use super::plan::PlateConv;
use crate::bf16::finish::{Finish, MASK, Return};
use crate::bf16::layout::{FloatRows, IMAGES, ValueForm};
use crate::bf16::plates::{PLATE, Products, SIDE, Sum};
use crate::bf16::{Scratch, halves, halves_mut};
use crate::simd::{Simd, dispatch};
use crate::{check_len, checked_product};

/// A call whose lengths are checked.
pub(super) struct BackwardPass<'a> {
    pub conv: &'a PlateConv,
    pub images: usize,
    pub x: &'a [f32],
    d_y: &'a [f32],
    masks: &'a [u8],
    w: *const u16,
    /// Null if it is not wanted.
    d_x: *mut f32,
    sums: *mut f32,
    d_kernel: *mut f32,
    d_bias: *mut f32,
    scratch: Scratch<'a>,
}

/// The rows that are in memory, of a group of images.
pub(super) struct Bands {
    /// dZ as plates of A, `[row][column][block of filters]`; null if no input gradient is wanted.
    plain: *mut u16,
    /// dZ as plates of B.
    pub paired: *mut u16,
    /// The input as plates of A of its transpose, `[row][column][block of channels]`.
    pub transposed: *mut u16,
    /// Two plates.
    between: *mut u16,
}

dispatch! {
    /// # Safety
    /// The lengths are those of the convolution.
    unsafe fn run(pass: &mut BackwardPass<'_>) = all_groups
}

impl PlateConv {
    pub(super) fn backward_scratch(&self) -> usize {
        let d_z = 2 * self.kept[0] * self.out[1] * self.blocks[1];
        let inputs = match PlateConv::takes_plates(&self.shape) {
            true => self.kept[1] * self.shape.width * self.blocks[0] * PLATE / 2,
            false => Few::scratch_len(self),
        };
        PLATE + (d_z + 2) * PLATE / 2 + inputs
    }

    /// The gradients of the kernel and the bias, and that of the input if it is wanted.
    ///
    /// # Panics
    /// If a slice has the wrong length (scratch may be longer).
    pub fn backward(&self, call: PlateBackward) {
        let filters = self.shape.filters;
        let masks = checked_product(&[self.forms.output.room(call.images), self.masks_len()]);
        check_len("input", call.x.len(), self.input_len(call.images));
        check_len("masks", call.masks.len(), masks);
        check_len("output gradient", call.d_y.len(), self.output_len(call.images));
        check_len("kernel sums", call.sums.len(), self.sums_len());
        check_len("kernel gradient", call.d_kernel.len(), self.kernel[0].rows * filters);
        check_len("bias gradient", call.d_bias.as_ref().map_or(filters, |d| d.len()), filters);
        if let Some(d_x) = &call.d_x {
            check_len("derived weights", call.derived.len(), self.derived_lens()[1]);
            check_len("input gradient", d_x.len(), self.input_len(call.images));
        }
        let mut pass = BackwardPass {
            conv: self,
            images: call.images,
            x: call.x,
            d_y: call.d_y,
            masks: call.masks,
            w: halves(call.derived).as_ptr(),
            d_x: call.d_x.map_or(std::ptr::null_mut(), <[f32]>::as_mut_ptr),
            sums: call.sums.as_mut_ptr(),
            d_kernel: call.d_kernel.as_mut_ptr(),
            d_bias: call.d_bias.map_or(std::ptr::null_mut(), <[f32]>::as_mut_ptr),
            scratch: Scratch::new(call.scratch, self.backward_scratch()),
        };
        // SAFETY: the lengths were checked.
        unsafe { run(&mut pass) }
    }
}

/// # Safety
/// The lengths are those of the convolution.
#[inline(always)]
unsafe fn all_groups<S: Simd>(s: S, pass: &mut BackwardPass<'_>) {
    let (conv, products) = (pass.conv, Products::ready());
    let mut scratch = pass.scratch.again();
    let z = scratch.take(PLATE).as_mut_ptr();
    let mut plates = |n: usize| halves_mut(scratch.take(n * PLATE / 2)).as_mut_ptr();
    let d_z = conv.kept[0] * conv.out[1] * conv.blocks[1];
    let [plain, paired, between] = [d_z, d_z, 2].map(&mut plates);
    let plain = if pass.d_x.is_null() { std::ptr::null_mut() } else { plain };
    let transposed = match PlateConv::takes_plates(&conv.shape) {
        true => plates(conv.kept[1] * conv.shape.width * conv.blocks[0]),
        false => std::ptr::null_mut(),
    };
    let few = (!PlateConv::takes_plates(&conv.shape)).then(|| Few::new(conv, &mut scratch));
    let bands = Bands { plain, paired, transposed, between };
    let mut sums = KernelSums::new(conv, &products, pass.sums);
    for group in 0..PlateConv::groups(pass.images) {
        // SAFETY: the duty above.
        unsafe { one_group(s, pass, &products, &bands, few.as_ref(), &mut sums, z, group) };
    }
    // SAFETY: the duty above.
    unsafe { sums.write(s, pass.d_kernel, pass.d_bias) };
}

/// # Safety
/// The lengths are those of the convolution.
#[allow(clippy::too_many_arguments)] // what belongs to the call, and what to the group
#[inline(always)]
unsafe fn one_group<S: Simd>(
    s: S,
    pass: &BackwardPass<'_>,
    products: &Products,
    bands: &Bands,
    few: Option<&Few>,
    sums: &mut KernelSums,
    z: *mut f32,
    group: usize,
) {
    let (conv, shape) = (pass.conv, &pass.conv.shape);
    let (mut turned, mut given) = (0, 0);
    // SAFETY: the duty above.
    unsafe {
        if let Some(few) = few {
            few.turn_group(s, conv, pass.x, pass.images, group);
        }
        for start in (0..conv.out[0]).step_by(conv.band) {
            let band = start..(start + conv.band).min(conv.out[0]);
            pass.make_d_z(s, bands, group, band.clone());
            let seen = ((band.end - 1) * shape.strides[0] + shape.kernel[0]).saturating_sub(shape.pad_top);
            if let Some(few) = few {
                sums.add_windows(conv, bands, few, band.clone());
            } else {
                pass.transpose_rows(s, bands, group, turned..seen.min(shape.height));
                turned = seen.min(shape.height);
                sums.add_rows(conv, bands, band.clone());
            }
            // The next band sees the rows from here on again.
            let is_last = band.end == conv.out[0];
            let done = (band.end * shape.strides[0]).saturating_sub(shape.pad_top).min(shape.height);
            let done = if is_last { shape.height } else { done };
            if !pass.d_x.is_null() {
                pass.input_gradient(s, products, bands, z, group, given..done);
                given = done;
            }
        }
        // Pooling may have left no output at all.
        if !pass.d_x.is_null() && given < shape.height {
            pass.input_gradient(s, products, bands, z, group, given..shape.height);
        }
    }
}

impl BackwardPass<'_> {
    /// dZ of some output rows, rounded.
    ///
    /// # Safety
    /// The lengths are those of the convolution.
    #[inline(always)]
    unsafe fn make_d_z<S: Simd>(&self, s: S, bands: &Bands, group: usize, rows: std::ops::Range<usize>) {
        let conv = self.conv;
        let (unit, [_, width]) = (if conv.epilogue.max_pool { 2 } else { 1 }, conv.positions());
        let place = |[i, j]: [usize; 2], f: usize| {
            ((i % conv.kept[0] * conv.out[1] + j) * conv.blocks[1] + f) * PLATE
        };
        let plain =
            |at: usize| if bands.plain.is_null() { bands.plain } else { bands.plain.wrapping_add(at) };
        for i in rows.start / unit..rows.end / unit {
            for j in 0..width {
                for filters in 0..conv.blocks[1] {
                    let plate = (group * conv.out_pixels() + i * width + j) * conv.blocks[1] + filters;
                    let places = conv.window([i, j]).map(|pixel| place(pixel, filters));
                    let paired = places.map(|at| bands.paired.wrapping_add(at));
                    let d_y = || halves(self.d_y).as_ptr().wrapping_add(plate * PLATE);
                    let masks = |len: usize| self.masks.as_ptr().wrapping_add(plate * IMAGES * len);
                    // SAFETY: the duty above: the gradient and the masks of this pixel, and its places in the bands.
                    unsafe {
                        if conv.forms.output == ValueForm::Rows {
                            self.rows_of(group, i * width + j, filters).write_paired_plate(
                                s,
                                plain(places[0]),
                                paired[0],
                            );
                        } else if conv.epilogue.max_pool {
                            let back = Return { d_y: d_y(), masks: masks(4 * MASK) };
                            back.write_four_plates(s, places.map(plain), paired);
                        } else {
                            let masks = if conv.epilogue.relu { masks(MASK) } else { std::ptr::null() };
                            Return { d_y: d_y(), masks }.write_plates(s, plain(places[0]), paired[0]);
                        }
                    }
                }
            }
        }
    }

    /// The output gradient of a pixel and a block of filters, where it lies in rows.
    fn rows_of(&self, group: usize, pixel: usize, filters: usize) -> FloatRows {
        let conv = self.conv;
        let size = [conv.out_pixels(), conv.shape.filters];
        FloatRows::of_group(self.d_y, size, self.images, group, [pixel, filters])
    }

    /// Some rows of the input, transposed pixel by pixel, so that the images are k.
    ///
    /// # Safety
    /// The lengths are those of the convolution.
    #[inline(always)]
    unsafe fn transpose_rows<S: Simd>(
        &self,
        s: S,
        bands: &Bands,
        group: usize,
        rows: std::ops::Range<usize>,
    ) {
        let conv = self.conv;
        let (width, blocks) = (conv.shape.width, conv.blocks[0]);
        for row in rows {
            for at in 0..width * blocks {
                let pixel = row * width + at / blocks;
                let to = bands.transposed.wrapping_add((row % conv.kept[1] * width * blocks + at) * PLATE);
                // SAFETY: the duty above: a plate of the input, and its place in the bands.
                unsafe {
                    let mut plate = bands.between.add(PLATE).cast_const();
                    if conv.forms.input == ValueForm::Rows {
                        let rows = conv.rows_of_pixel(self.x, self.images, group, pixel, at % blocks);
                        rows.write_plate(s, plate.cast_mut());
                    } else {
                        let first = group * conv.pixels() * blocks + pixel * blocks + at % blocks;
                        plate = halves(self.x).as_ptr().add(first * PLATE);
                    }
                    crate::bf16::layout::transpose(s, plate, bands.between, to);
                }
            }
        }
    }

    /// The gradient of some rows of the input.
    ///
    /// # Safety
    /// The lengths are those of the convolution; the rows of dZ that saw them are there.
    #[inline(always)]
    unsafe fn input_gradient<S: Simd>(
        &self,
        s: S,
        products: &Products,
        bands: &Bands,
        z: *mut f32,
        group: usize,
        rows: std::ops::Range<usize>,
    ) {
        let (conv, shape) = (self.conv, &self.conv.shape);
        let filters = conv.blocks[1];
        let per_block = shape.kernel[0] * shape.kernel[1] * filters;
        let mut sum = Sum::to(products, z, false);
        for block in 0..conv.blocks[0] {
            for y in rows.clone() {
                for x in 0..shape.width {
                    sum.restart(z, false);
                    for i in conv.outputs_at(0, y) {
                        let a = y + shape.pad_top - i * shape.strides[0];
                        for j in conv.outputs_at(1, x) {
                            let b = x + shape.pad_left - j * shape.strides[1];
                            let d_z = (i % conv.kept[0] * conv.out[1] + j) * filters;
                            let w = block * per_block + (a * shape.kernel[1] + b) * filters;
                            for f in 0..filters {
                                // SAFETY: the duty above.
                                unsafe {
                                    sum.add(bands.plain.add((d_z + f) * PLATE), self.w.add((w + f) * PLATE));
                                }
                            }
                        }
                    }
                    // SAFETY: the duty above.
                    unsafe {
                        sum.finish();
                        self.finish(s, z, group, y * shape.width + x, block);
                    }
                }
            }
        }
    }

    /// From a sum to the gradient of the input.
    ///
    /// # Safety
    /// The lengths are those of the convolution; `z` is the sum of this pixel and block.
    #[inline(always)]
    unsafe fn finish<S: Simd>(&self, s: S, z: *const f32, group: usize, pixel: usize, block: usize) {
        let conv = self.conv;
        let channels = conv.shape.channels;
        let finish = Finish::of_group(channels, block, self.images, group);
        // SAFETY: the duty above.
        unsafe {
            if conv.forms.input == ValueForm::Rows {
                let stride = conv.pixels() * channels;
                let at = group * IMAGES * stride + pixel * channels + block * SIDE;
                finish.write_rows(s, z, self.d_x.add(at), stride);
            } else {
                let plate = (group * conv.pixels() + pixel) * conv.blocks[0] + block;
                finish.write_plate(s, z, self.d_x.cast::<u16>().add(plate * PLATE), std::ptr::null_mut());
            }
        }
    }
}
