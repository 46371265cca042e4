//! The forward pass.

use super::PlateForward;
use super::few::Few;
use super::plan::PlateConv;
use crate::bf16::finish::{Finish, MASK};
use crate::bf16::layout::{FloatRows, IMAGES, ValueForm};
use crate::bf16::plates::{PLATE, Products, SIDE, Sum};
use crate::bf16::{Scratch, halves, halves_mut};
use crate::simd::{Simd, dispatch};
use crate::{check_len, checked_product};

/// A call whose lengths are checked.
struct ForwardPass<'a> {
    conv: &'a PlateConv,
    images: usize,
    x: &'a [f32],
    w: *const u16,
    bias: Option<&'a [f32]>,
    y: *mut f32,
    masks: *mut u8,
    scratch: Scratch<'a>,
}

dispatch! {
    /// # Safety
    /// The lengths are those of the convolution.
    unsafe fn run(pass: &mut ForwardPass<'_>) = all_groups
}

impl PlateConv {
    /// Floats of scratch for a call of either pass.
    pub fn scratch_len(&self) -> usize {
        self.forward_scratch().max(self.backward_scratch())
    }

    fn forward_scratch(&self) -> usize {
        let inputs = match (PlateConv::takes_plates(&self.shape), self.forms.input) {
            (true, ValueForm::Rows) => self.pixels() * self.blocks[0] * PLATE / 2,
            (true, ValueForm::Plates) => 0,
            (false, _) => Few::scratch_len(self),
        };
        4 * PLATE + inputs
    }

    /// y = the epilogue of x ∗ kernel + bias.
    ///
    /// # Panics
    /// If a slice has the wrong length (scratch may be longer).
    pub fn forward(&self, call: PlateForward) {
        let filters = self.shape.filters;
        check_len("input", call.x.len(), self.input_len(call.images));
        check_len("derived weights", call.derived.len(), self.derived_lens()[0]);
        check_len("bias", call.bias.map_or(filters, <[f32]>::len), filters);
        check_len("output", call.y.len(), self.output_len(call.images));
        let masks = checked_product(&[self.forms.output.room(call.images), self.masks_len()]);
        if !call.masks.is_empty() {
            check_len("masks", call.masks.len(), masks);
        }
        let wanted = !call.masks.is_empty();
        let mut pass = ForwardPass {
            conv: self,
            images: call.images,
            x: call.x,
            w: halves(call.derived).as_ptr(),
            bias: call.bias,
            y: call.y.as_mut_ptr(),
            masks: if wanted { call.masks.as_mut_ptr() } else { std::ptr::null_mut() },
            scratch: Scratch::new(call.scratch, self.forward_scratch()),
        };
        // SAFETY: the lengths were checked.
        unsafe { run(&mut pass) }
    }
}

/// # Safety
/// The lengths are those of the convolution.
#[inline(always)]
unsafe fn all_groups<S: Simd>(s: S, pass: &mut ForwardPass<'_>) {
    let (conv, products) = (pass.conv, Products::ready());
    let mut scratch = pass.scratch.again();
    let z = scratch.take(4 * PLATE).as_mut_ptr();
    if !PlateConv::takes_plates(&conv.shape) {
        let few = Few::new(conv, &mut scratch);
        for group in 0..PlateConv::groups(pass.images) {
            // SAFETY: the duty above.
            unsafe { few_channels(s, pass, &products, &few, z, group) };
        }
        return;
    }
    let own = match conv.forms.input {
        ValueForm::Rows => halves_mut(scratch.take(conv.pixels() * conv.blocks[0] * PLATE / 2)).as_mut_ptr(),
        ValueForm::Plates => std::ptr::null_mut(),
    };
    for group in 0..PlateConv::groups(pass.images) {
        // SAFETY: the duty above; the group's plates lie in the input, or are made here.
        unsafe {
            let x = if own.is_null() {
                halves(pass.x).as_ptr().add(group * conv.pixels() * conv.blocks[0] * PLATE)
            } else {
                conv.pack(s, pass.x, pass.images, group, own);
                own
            };
            tap_by_tap(s, pass, &products, x, z, group);
        }
    }
}

impl PlateConv {
    /// Rounds the rows of a group of images to plates.
    ///
    /// # Safety
    /// `x` are rows of so many images; the plates of a group are writable.
    #[inline(always)]
    unsafe fn pack<S: Simd>(&self, s: S, x: &[f32], images: usize, group: usize, plates: *mut u16) {
        for plate in 0..self.pixels() * self.blocks[0] {
            let (pixel, block) = (plate / self.blocks[0], plate % self.blocks[0]);
            // SAFETY: the duty above.
            unsafe {
                self.rows_of_pixel(x, images, group, pixel, block).write_plate(s, plates.add(plate * PLATE))
            };
        }
    }

    /// One pixel and block of channels of a group's rows.
    pub(super) fn rows_of_pixel(
        &self,
        x: &[f32],
        images: usize,
        group: usize,
        pixel: usize,
        block: usize,
    ) -> FloatRows {
        FloatRows::of_group(x, [self.pixels(), self.shape.channels], images, group, [pixel, block])
    }
}

/// # Safety
/// The lengths are those of the convolution; `x` are the plates of the group, `z` four plates of floats.
#[inline(always)]
unsafe fn tap_by_tap<S: Simd>(
    s: S,
    pass: &ForwardPass<'_>,
    products: &Products,
    x: *const u16,
    z: *mut f32,
    group: usize,
) {
    let conv = pass.conv;
    let (shape, channels) = (&conv.shape, conv.blocks[0]);
    let per_filter = shape.kernel[0] * shape.kernel[1] * channels;
    let mut sum = Sum::to(products, z, false);
    let [height, width] = conv.positions();
    // The kernel's plates of a block of filters stay in the cache.
    for filters in 0..conv.blocks[1] {
        for at in 0..height * width {
            let at = [at / width, at % width];
            let window = conv.window(at);
            for p in 0..conv.window_len() {
                let [i, j] = window[p];
                // SAFETY: the taps are those within the image.
                unsafe {
                    sum.restart(z.add(p * PLATE), false);
                    for a in conv.taps_at(0, i) {
                        let row = (i * shape.strides[0] + a - shape.pad_top) * shape.width;
                        for b in conv.taps_at(1, j) {
                            let pixel = row + j * shape.strides[1] + b - shape.pad_left;
                            let x = x.add(pixel * channels * PLATE);
                            let w = (filters * per_filter + (a * shape.kernel[1] + b) * channels) * PLATE;
                            for block in 0..channels {
                                sum.add(x.add(block * PLATE), pass.w.add(w + block * PLATE));
                            }
                        }
                    }
                    sum.finish();
                }
            }
            // SAFETY: the sums are there, and the output lies in its place.
            unsafe { finish(s, pass, z, group, filters, at) };
        }
    }
}

/// # Safety
/// The lengths are those of the convolution; `z` are four plates of floats.
#[inline(always)]
unsafe fn few_channels<S: Simd>(
    s: S,
    pass: &ForwardPass<'_>,
    products: &Products,
    few: &Few,
    z: *mut f32,
    group: usize,
) {
    let conv = pass.conv;
    let blocks = conv.kernel[0].blocks()[1];
    let mut sum = Sum::to(products, z, false);
    // SAFETY: the duty above.
    unsafe { few.turn_group(s, conv, pass.x, pass.images, group) };
    let [height, width] = conv.positions();
    for i in 0..height {
        for j in 0..width {
            let window = conv.window([i, j]);
            for (p, at) in window.into_iter().enumerate().take(conv.window_len()) {
                // SAFETY: there is room for the windows of four pixels.
                unsafe { few.window_of_pixel(s, conv, at, p) };
            }
            for filters in 0..conv.blocks[1] {
                for p in 0..conv.window_len() {
                    // SAFETY: the windows and the kernel's plates are there.
                    unsafe {
                        sum.restart(z.add(p * PLATE), false);
                        for block in 0..blocks {
                            let w = pass.w.add((filters * blocks + block) * PLATE);
                            sum.add(few.window(p, block), w);
                        }
                        sum.finish();
                    }
                }
                // SAFETY: as above.
                unsafe { finish(s, pass, z, group, filters, [i, j]) };
            }
        }
    }
}

impl PlateConv {
    /// The pixels that go into an output: the first alone, or all four with pooling.
    #[inline(always)]
    pub(super) fn window(&self, [i, j]: [usize; 2]) -> [[usize; 2]; 4] {
        if self.epilogue.max_pool {
            [[2 * i, 2 * j], [2 * i, 2 * j + 1], [2 * i + 1, 2 * j], [2 * i + 1, 2 * j + 1]]
        } else {
            [[i, j]; 4]
        }
    }

    fn window_len(&self) -> usize {
        if self.epilogue.max_pool { 4 } else { 1 }
    }
}

/// From the sums to the output.
///
/// # Safety
/// The lengths are those of the convolution; `z` are the sums of the window.
#[inline(always)]
unsafe fn finish<S: Simd>(
    s: S,
    pass: &ForwardPass<'_>,
    z: *const f32,
    group: usize,
    filters: usize,
    at: [usize; 2],
) {
    let conv = pass.conv;
    let pixel = at[0] * conv.positions()[1] + at[1];
    let finish = Finish {
        bias: pass.bias.map_or(std::ptr::null(), |bias| bias[filters * SIDE..].as_ptr()),
        relu: conv.epilogue.relu,
        ..Finish::of_group(conv.shape.filters, filters, pass.images, group)
    };
    let masks_of = |masks: usize, plate: usize| match pass.masks.is_null() {
        true => pass.masks,
        false => pass.masks.wrapping_add(plate * IMAGES * masks),
    };
    // SAFETY: the duty above: output and masks of this pixel, block and group.
    unsafe {
        if conv.forms.output == ValueForm::Rows {
            let stride = conv.out_pixels() * conv.shape.filters;
            let y = pass.y.add(group * IMAGES * stride + pixel * conv.shape.filters + filters * SIDE);
            return finish.write_rows(s, z, y, stride);
        }
        let plate = (group * conv.out_pixels() + pixel) * conv.blocks[1] + filters;
        let y = pass.y.cast::<u16>().add(plate * PLATE);
        if conv.epilogue.max_pool {
            finish.write_pooled_plate(s, z, y, masks_of(4 * MASK, plate));
        } else {
            finish.write_plate(s, z, y, masks_of(MASK, plate));
        }
    }
}
