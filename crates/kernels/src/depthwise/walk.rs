//! How a depthwise pass walks along one axis: which taps of the kernel count at each place, and from where they read.

/// The taps that count at one place: those that read inside of the source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct TapRange {
    /// How many there are.
    pub(super) count: usize,
    /// What the first of them reads; each further one reads the next.
    pub(super) source: usize,
    /// Which tap of the kernel it is; each further one lies [`AxisWalk::tap_step`] on.
    pub(super) tap: usize,
}

/// Places [`AxisWalk::place_step`] apart with the same taps.
#[derive(Clone, Copy, Debug)]
pub(super) struct PlaceRun {
    pub(super) first: usize,
    pub(super) count: usize,
    /// The taps of the first place; those of each further one read [`AxisWalk::source_step`] on.
    pub(super) taps: TapRange,
}

/// An axis of a pass from `sources` values to as many as there are places.
#[derive(Clone, Debug)]
pub(super) struct AxisWalk {
    pub(super) sources: usize,
    pub(super) kernel: usize,
    pub(super) places: Vec<TapRange>,
    pub(super) runs: Vec<PlaceRun>,
    pub(super) place_step: usize,
    pub(super) source_step: usize,
    pub(super) tap_step: isize,
}

impl AxisWalk {
    /// From the input, padded by `pad` before it, to its outputs: taps in ascending order.
    pub(super) fn forward(size: usize, kernel: usize, stride: usize, pad: usize, outputs: usize) -> AxisWalk {
        let places = (0..outputs).map(|output| {
            let start = output.checked_mul(stride).expect("outputs × stride is a size");
            let tap = pad.saturating_sub(start);
            let end = pad.saturating_add(size).saturating_sub(start).min(kernel);
            let count = end.saturating_sub(tap);
            if count == 0 { TapRange::default() } else { TapRange { count, source: start + tap - pad, tap } }
        });
        AxisWalk::new(size, kernel, places.collect(), 1, stride, 1)
    }

    /// From the gradient of the outputs to that of the input: outputs in ascending, so taps in descending order.
    pub(super) fn backward(
        size: usize,
        kernel: usize,
        stride: usize,
        pad: usize,
        outputs: usize,
    ) -> AxisWalk {
        let places = (0..size).map(|place| {
            let place = place.checked_add(pad).expect("size + padding is a size");
            let source = (place + 1).saturating_sub(kernel).div_ceil(stride);
            let count = (place / stride + 1).min(outputs).saturating_sub(source);
            if count == 0 {
                TapRange::default()
            } else {
                TapRange { count, source, tap: place - source * stride }
            }
        });
        let tap_step = -isize::try_from(stride.min(kernel)).expect("the kernel's size is that of a slice");
        AxisWalk::new(outputs, kernel, places.collect(), stride.min(size), 1, tap_step)
    }

    fn new(
        sources: usize,
        kernel: usize,
        places: Vec<TapRange>,
        place_step: usize,
        source_step: usize,
        tap_step: isize,
    ) -> AxisWalk {
        let mut runs: Vec<PlaceRun> = Vec::new();
        for start in 0..place_step.min(places.len()) {
            let mut open = false;
            for place in (start..places.len()).step_by(place_step) {
                let taps = places[place];
                match runs.last_mut() {
                    Some(run) if open && run.goes_on_with(taps, source_step) => run.count += 1,
                    _ => runs.push(PlaceRun { first: place, count: 1, taps }),
                }
                open = true;
            }
        }
        let walk = AxisWalk { sources, kernel, places, runs, place_step, source_step, tap_step };
        walk.assert_inside();
        walk
    }

    /// What the unsafe loops rely on.
    fn assert_inside(&self) {
        let last_tap = |taps: TapRange| taps.tap as isize + (taps.count as isize - 1) * self.tap_step;
        for taps in self.places.iter().filter(|taps| taps.count > 0) {
            assert!(taps.source + taps.count <= self.sources, "taps read inside of the source: {taps:?}");
            let in_kernel = |tap: isize| usize::try_from(tap).is_ok_and(|tap| tap < self.kernel);
            assert!(
                in_kernel(taps.tap as isize) && in_kernel(last_tap(*taps)),
                "taps of the kernel: {taps:?}"
            );
        }
        let covered: usize = self.runs.iter().map(|run| run.count).sum();
        assert!(covered == self.places.len(), "each place lies in one run");
    }
}

impl PlaceRun {
    /// Whether the place after the last one has these taps.
    fn goes_on_with(&self, taps: TapRange, source_step: usize) -> bool {
        let source = self.taps.source + if self.taps.count == 0 { 0 } else { self.count * source_step };
        taps == TapRange { source, ..self.taps }
    }
}
