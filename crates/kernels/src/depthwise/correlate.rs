//! One image of a depthwise pass, forward or back to the input: each output is a chain over its taps, channel by
//! channel.

use super::walk::{AxisWalk, PlaceRun, TapRange};
use crate::lanes::{Lanes, vectors};
use crate::simd::{Simd, dispatch};

/// out = Σ over the taps of source · kernel, + bias, then max(out, 0) if `relu`; all with as many channels.
pub(super) struct Correlation<'a> {
    pub(super) rows: &'a AxisWalk,
    pub(super) columns: &'a AxisWalk,
    pub(super) channels: usize,
    pub(super) source: &'a [f32],
    pub(super) kernel: &'a [f32],
    pub(super) bias: Option<&'a [f32]>,
    pub(super) relu: bool,
    pub(super) out: &'a mut [f32],
}

impl Correlation<'_> {
    /// # Panics
    /// If a slice has not the length that the axes say.
    pub(super) fn run(self) {
        let (rows, columns, channels) = (self.rows, self.columns, self.channels);
        assert!(self.source.len() == rows.sources * columns.sources * channels, "the length of the source");
        assert!(self.kernel.len() == rows.kernel * columns.kernel * channels, "the length of the kernel");
        assert!(
            self.out.len() == rows.places.len() * columns.places.len() * channels,
            "the length of the output"
        );
        assert!(self.bias.is_none_or(|bias| bias.len() == channels), "one bias per channel");
        // SAFETY: the lengths have just been asserted.
        unsafe { correlate(self) };
    }
}

dispatch! {
    /// # Safety
    /// The slices are as long as `Correlation::run` asserts.
    unsafe fn correlate(image: Correlation) = each_run
}

/// # Safety
/// The slices are as long as `Correlation::run` asserts.
#[inline(always)]
unsafe fn each_run<S: Simd>(s: S, image: Correlation) {
    let (columns, channels) = (image.columns, image.channels);
    let out = image.out.as_mut_ptr();
    for (row, &taps) in image.rows.places.iter().enumerate() {
        for run in &columns.runs {
            let mut block = OutputBlock::new(&image, taps, run);
            block.out = out.wrapping_add((row * columns.places.len() + run.first) * channels);
            let mut left = run.count;
            // As many outputs at once as there are registers for, then what is left.
            macro_rules! blocks {
                ($($n:literal)+) => {$(
                    while left >= $n {
                        // SAFETY: so many places are left in the run, whose taps read inside of the source
                        // (`AxisWalk` has asserted it).
                        unsafe { block.outputs::<S, $n>(s, channels) };
                        block = block.after($n);
                        left -= $n;
                    }
                )+};
            }
            blocks!(8 4 2 1);
        }
    }
}

/// Some neighbours within a run, and where their channels begin.
#[derive(Clone, Copy)]
struct OutputBlock {
    /// Rows and columns of taps.
    taps: [usize; 2],
    /// What the first tap of the first place reads; the floats to the next row and column of taps, and to the next
    /// place.
    source: *const f32,
    source_steps: [usize; 2],
    source_place: usize,
    /// The first tap's weights, and the floats to those of the next row and column.
    kernel: *const f32,
    kernel_steps: [isize; 2],
    /// Null if there is none.
    bias: *const f32,
    relu: bool,
    /// The first output, and the floats to the next one.
    out: *mut f32,
    out_place: usize,
}

impl OutputBlock {
    /// The first places of a run in a row with these taps; the output is to be added.
    fn new(image: &Correlation, rows: TapRange, run: &PlaceRun) -> OutputBlock {
        let (columns, channels) = (image.columns, image.channels);
        let source = (rows.source * columns.sources + run.taps.source) * channels;
        let kernel = (rows.tap * columns.kernel + run.taps.tap) * channels;
        let kernel_row = (columns.kernel * channels) as isize;
        OutputBlock {
            taps: [rows.count, run.taps.count],
            source: image.source.as_ptr().wrapping_add(source),
            source_steps: [columns.sources * channels, channels],
            source_place: columns.source_step * channels,
            kernel: image.kernel.as_ptr().wrapping_add(kernel),
            kernel_steps: [image.rows.tap_step * kernel_row, columns.tap_step * channels as isize],
            bias: image.bias.map_or(std::ptr::null(), <[f32]>::as_ptr),
            relu: image.relu,
            out: std::ptr::null_mut(),
            out_place: columns.place_step * channels,
        }
    }

    /// The block `places` on.
    #[inline(always)]
    fn after(self, places: usize) -> OutputBlock {
        OutputBlock {
            source: self.source.wrapping_add(places * self.source_place),
            out: self.out.wrapping_add(places * self.out_place),
            ..self
        }
    }

    /// Computes N outputs.
    ///
    /// # Safety
    /// N outputs, and what all their taps read, lie in their slices.
    #[inline(always)]
    unsafe fn outputs<S: Simd, const N: usize>(&self, s: S, channels: usize) {
        vectors!(s, channels, |c, lanes| {
            // SAFETY: the duties above; the lanes lie within the channels of a pixel.
            unsafe { self.vectors::<S, _, N>(s, c, lanes) };
        });
    }

    /// Computes one vector of channels, from channel `c` on, of N outputs.
    ///
    /// # Safety
    /// As for `outputs`; `lanes` channels from `c` on.
    #[inline(always)]
    unsafe fn vectors<S: Simd, L: Lanes, const N: usize>(&self, s: S, c: usize, lanes: L) {
        // SAFETY: the duties above.
        unsafe {
            let start = if self.bias.is_null() { s.splat(0.0) } else { lanes.load(s, self.bias.add(c)) };
            let mut sums = [start; N];
            for i in 0..self.taps[0] {
                let mut source = self.source.wrapping_add(i * self.source_steps[0] + c);
                let mut kernel = self.kernel.wrapping_offset(i as isize * self.kernel_steps[0] + c as isize);
                for _ in 0..self.taps[1] {
                    let weight = lanes.load(s, kernel);
                    for n in 0..N {
                        let value = lanes.load(s, source.add(n * self.source_place));
                        sums[n] = s.fma(value, weight, sums[n]);
                    }
                    source = source.wrapping_add(self.source_steps[1]);
                    kernel = kernel.wrapping_offset(self.kernel_steps[1]);
                }
            }
            for n in 0..N {
                // In this order a NaN stays one.
                let sum = if self.relu { s.max(s.splat(0.0), sums[n]) } else { sums[n] };
                lanes.store(s, self.out.add(n * self.out_place + c), sum);
            }
        }
    }
}
