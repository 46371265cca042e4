//! Decimal arithmetic on numbers as they are printed, where Optuna uses Python's `decimal`.

/// The largest `low + k step` that is not above `high`, by the numbers as they are printed: 0.3 is three steps of 0.1.
///
/// As in Optuna, `high` stays as it is if the steps reach it. Numbers whose digits lie more than 38 places apart
/// (1e-30 and 1e10) are computed as `f64`.
pub(crate) fn reached(low: f64, high: f64, step: f64) -> f64 {
    decimally(low, high, step).unwrap_or_else(|| {
        let k = ((high - low) / step + 1e-9).floor();
        let reached = low + k * step;
        if (reached - high).abs() <= 1e-9 * step || !reached.is_finite() { high } else { reached.min(high) }
    })
}

fn decimally(low: f64, high: f64, step: f64) -> Option<f64> {
    let (low, high, step) = (Decimal::of(low), Decimal::of(high), Decimal::of(step));
    let exponent = low.exponent.min(high.exponent).min(step.exponent);
    let [low, high, step] = [low.digits_at(exponent)?, high.digits_at(exponent)?, step.digits_at(exponent)?];
    let range = high.checked_sub(low)?;
    let reached = if range % step == 0 { high } else { low + range / step * step };
    format!("{reached}e{exponent}").parse().ok()
}

/// `digits` · 10^`exponent`.
struct Decimal {
    digits: i128,
    exponent: i32,
}

impl Decimal {
    /// The shortest number that reads back as `value`, which must be finite.
    fn of(value: f64) -> Decimal {
        let text = format!("{value:e}");
        let (mantissa, exponent) = text.split_once('e').expect("a number with an exponent");
        let places = mantissa.split_once('.').map_or(0, |(_, places)| places.len() as i32);
        let exponent: i32 = exponent.parse().expect("a whole exponent");
        let digits = mantissa.replace('.', "").parse().expect("digits");
        Decimal { digits, exponent: exponent - places }
    }

    /// Its digits in units of 10^`exponent`, which is not above its own, if they fit.
    fn digits_at(&self, exponent: i32) -> Option<i128> {
        if self.digits == 0 {
            return Some(0);
        }
        10i128.checked_pow((self.exponent - exponent) as u32)?.checked_mul(self.digits)
    }
}

#[cfg(test)]
mod tests {
    use super::reached;

    #[test]
    fn steps_are_counted_in_printed_digits() {
        assert_eq!(reached(0.0, 0.3, 0.1), 0.3);
        assert_eq!(reached(0.1, 1.0, 0.3), 1.0);
        assert_eq!(reached(0.0, 1.0, 0.3), 0.9);
        assert_eq!(reached(-0.7, 0.0, 0.2), -0.1);
    }

    #[test]
    fn digits_far_apart_do_not_overflow() {
        assert_eq!(reached(1e-300, 1e300, 1e299), 1e300);
        assert_eq!(reached(-1.7e308, 1.7e308, 1e300), 1.7e308);
    }
}
