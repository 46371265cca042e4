//! Numbers to places: linear and logarithmic axes with round ticks.

/// Larger numbers lie at the end of every axis, so that no difference of two overflows.
const LARGEST: f64 = 1e300;

/// An axis from numbers to units of the picture.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Scale {
    domain: (f64, f64),
    range: (f64, f64),
    log: bool,
}

/// A tick: where, and what is written there.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tick {
    /// The number.
    pub value: f64,
    /// Its text.
    pub label: String,
}

impl Scale {
    /// A linear axis from exactly `low` to exactly `high`. An empty domain is widened.
    pub(super) fn linear(low: f64, high: f64, range: (f64, f64)) -> Self {
        let (low, high) = (low.clamp(-LARGEST, LARGEST), high.clamp(-LARGEST, LARGEST));
        let domain = if high > low { (low, high) } else { widened(low) };
        Self { domain, range, log: false }
    }

    /// A logarithmic axis; linear where the domain is not positive.
    pub(super) fn log(low: f64, high: f64, range: (f64, f64)) -> Self {
        let high = high.min(LARGEST);
        let is_log = low > 0.0 && high > low;
        if is_log { Self { domain: (low, high), range, log: true } } else { Self::linear(low, high, range) }
    }

    /// The same, its ends moved outwards to the next ticks.
    pub(super) fn nice(mut self, n: usize) -> Self {
        if !self.log {
            let step = step(self.domain.1 - self.domain.0, n);
            self.domain = ((self.domain.0 / step).floor() * step, (self.domain.1 / step).ceil() * step);
        }
        self
    }

    /// The place of `value`, kept inside the axis.
    pub(super) fn at(&self, value: f64) -> f64 {
        self.place(self.part(value).clamp(0.0, 1.0))
    }

    /// Whether a place is one of the axis.
    pub(super) fn is_within(&self, place: f64) -> bool {
        (self.range.0.min(self.range.1)..=self.range.0.max(self.range.1)).contains(&place)
    }

    /// The places of the two ends.
    pub(super) fn ends(&self) -> (f64, f64) {
        self.range
    }

    /// The same ends on a logarithmic axis; the same axis where they are not positive.
    pub(super) fn as_log(&self) -> Self {
        Self::log(self.domain.0, self.domain.1, self.range)
    }

    /// `linear 1 50 52 340`: the kind, the numbers at its ends, and their places.
    pub(super) fn words(&self) -> String {
        let kind = if self.log { "log" } else { "linear" };
        let ends = [self.range.0, self.range.1].map(super::svg::number);
        format!("{kind} {} {} {}", self.domain.0, self.domain.1, ends.join(" "))
    }

    /// The place of `value`, also beyond the ends of the axis.
    pub(super) fn beyond(&self, value: f64) -> f64 {
        self.place(self.part(value))
    }

    /// How far along the axis `value` lies: from 0 to 1 inside.
    fn part(&self, value: f64) -> f64 {
        let (low, high) = self.domain;
        match self.log {
            true => (value.max(f64::MIN_POSITIVE).ln() - low.ln()) / (high.ln() - low.ln()),
            false => (value - low) / (high - low),
        }
    }

    fn place(&self, part: f64) -> f64 {
        self.range.0 + part * (self.range.1 - self.range.0)
    }

    /// About `n` round ticks inside the axis.
    pub(super) fn ticks(&self, n: usize) -> Vec<Tick> {
        if self.log { self.log_ticks(n) } else { self.linear_ticks(step(self.domain.1 - self.domain.0, n)) }
    }

    /// The same, whole numbers only: for epochs and counts.
    pub(super) fn whole_ticks(&self, n: usize) -> Vec<Tick> {
        if self.log {
            let whole = self.log_ticks(n).into_iter().filter(|tick| tick.value.fract() == 0.0);
            return whole.map(|tick| Tick { label: label(tick.value, 0), ..tick }).collect();
        }
        self.linear_ticks(step(self.domain.1 - self.domain.0, n).max(1.0))
    }

    fn linear_ticks(&self, step: f64) -> Vec<Tick> {
        let (low, high) = self.domain;
        let decimals = (-step.log10().floor()).clamp(0.0, 12.0) as usize;
        let slack = step * 1e-6;
        let first = ((low - slack) / step).ceil();
        let count = ((high + slack) / step).floor() - first;
        let ticks = (0..=count.clamp(0.0, 50.0) as usize).map(|i| {
            let value = (first + i as f64) * step;
            Tick { value, label: label(value, decimals) }
        });
        ticks.filter(|tick| tick.value <= high + slack).collect()
    }

    /// 1, 2 and 5 of each decade; of many decades only the powers of ten, thinned to about `n`.
    fn log_ticks(&self, n: usize) -> Vec<Tick> {
        let (low, high) = self.domain;
        let (first, last) = (low.log10().floor() as i32, high.log10().ceil() as i32);
        let decades = high.log10() - low.log10();
        let steps: &[f64] = if decades * 3.0 <= n as f64 + 2.0 { &[1.0, 2.0, 5.0] } else { &[1.0] };
        let every = (decades / n.max(1) as f64).ceil().max(1.0) as i32;
        let decades = (first..=last).filter(|decade| (decade - first) % every == 0);
        let values = decades.flat_map(|decade| steps.iter().map(move |step| step * 10f64.powi(decade)));
        let inside = values.filter(|value| (low * 0.999_999..=high * 1.000_001).contains(value));
        let ticks: Vec<Tick> = inside.map(|value| Tick { value, label: log_label(value) }).collect();
        // On a short stretch of an axis, even steps say more than the one or two round powers that fall into it.
        if ticks.len() < 3 { self.linear_ticks(step(high - low, n)) } else { ticks }
    }
}

/// The ticks next to the ends of an axis upwards, on its outside.
pub(crate) fn round_ends(low: f64, high: f64) -> (f64, f64) {
    Scale::linear(low, high, (0.0, 1.0)).nice(5).domain
}

/// Around a single number, so that it lies in the middle of its axis.
fn widened(value: f64) -> (f64, f64) {
    let half = if value == 0.0 { 0.5 } else { value.abs() * 0.1 };
    (value - half, value + half)
}

/// 1, 2 or 5 times a power of ten, so that `span` has about `n` steps; the nearest one by ratio.
fn step(span: f64, n: usize) -> f64 {
    let rough = span / n.max(1) as f64;
    if !rough.is_finite() || rough <= 0.0 {
        return 1.0;
    }
    let power = 10f64.powf(rough.log10().floor());
    let factor = match rough / power {
        f if f < std::f64::consts::SQRT_2 => 1.0,
        f if f < 10f64.sqrt() => 2.0,
        f if f < 50f64.sqrt() => 5.0,
        _ => 10.0,
    };
    factor * power
}

fn decimals_of(value: f64) -> usize {
    (-value.log10().floor()).clamp(0.0, 12.0) as usize
}

/// Small powers of ten are shorter with an exponent.
fn log_label(value: f64) -> String {
    if value < 0.99e-3 { crate::format::significant(value) } else { label(value, decimals_of(value)) }
}

fn label(value: f64, decimals: usize) -> String {
    if value.abs() >= 1e6 {
        return format!("{value:.0e}").replace('-', "−");
    }
    let text = format!("{value:.decimals$}");
    if text.trim_start_matches('-').chars().all(|c| c == '0' || c == '.') {
        return text.trim_start_matches('-').to_owned();
    }
    text.replace('-', "−")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(ticks: Vec<Tick>) -> Vec<String> {
        ticks.into_iter().map(|tick| tick.label).collect()
    }

    #[test]
    fn ticks_are_round_and_as_many_as_asked_for() {
        assert_eq!(
            labels(Scale::linear(0.0, 1.0, (0.0, 1.0)).ticks(5)),
            ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]
        );
        assert_eq!(labels(Scale::linear(0.71, 0.92, (0.0, 1.0)).ticks(4)), ["0.75", "0.80", "0.85", "0.90"]);
        assert_eq!(
            labels(Scale::linear(1.0, 50.0, (0.0, 1.0)).whole_ticks(5)),
            ["10", "20", "30", "40", "50"]
        );
        assert_eq!(labels(Scale::linear(1.0, 3.0, (0.0, 1.0)).whole_ticks(6)), ["1", "2", "3"]);
        assert_eq!(labels(Scale::linear(-1.0, 1.0, (0.0, 1.0)).ticks(2)), ["−1", "0", "1"]);
    }

    #[test]
    fn a_logarithmic_axis_has_one_two_and_five_of_each_decade() {
        assert_eq!(
            labels(Scale::log(1.0, 50.0, (0.0, 1.0)).whole_ticks(6)),
            ["1", "2", "5", "10", "20", "50"]
        );
        // Four epochs: "1.0 2.0 3.0 4.0" before.
        assert_eq!(labels(Scale::log(1.0, 4.0, (0.0, 1.0)).whole_ticks(6)), ["1", "2", "3", "4"]);
        assert_eq!(
            labels(Scale::log(0.05, 3.0, (0.0, 1.0)).ticks(6)),
            ["0.05", "0.1", "0.2", "0.5", "1", "2"]
        );
        assert_eq!(labels(Scale::log(0.25, 1.0, (0.0, 1.0)).ticks(5)), ["0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(labels(Scale::log(1.0, 1e6, (0.0, 1.0)).ticks(3)), ["1", "100", "10000", "1e6"]);
    }

    #[test]
    fn places_stay_inside_the_picture() {
        let scale = Scale::log(1.0, 100.0, (0.0, 200.0));
        assert_eq!(
            [scale.at(1.0), scale.at(10.0), scale.at(100.0), scale.at(0.0), scale.at(1e9)],
            [0.0, 100.0, 200.0, 0.0, 200.0]
        );
        assert_eq!(Scale::linear(0.0, 10.0, (100.0, 0.0)).at(2.5), 75.0);
    }

    #[test]
    fn one_number_lies_in_the_middle_of_its_axis() {
        for value in [0.0, 0.5, -3.0, 1e-12, 1e12, 1e299] {
            let scale = Scale::linear(value, value, (0.0, 100.0)).nice(4);
            assert!((10.0..=90.0).contains(&scale.at(value)), "{value} lies at {}", scale.at(value));
            assert!(!scale.ticks(4).is_empty());
        }
    }
}
