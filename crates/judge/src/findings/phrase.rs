//! Words of the findings.

use crate::words::number;

/// A share in percent: 0.1412 is `14 %`, 0.0312 is `3.1 %`.
pub(crate) fn percent(share: f64) -> String {
    let value = 100.0 * share.abs();
    match value {
        value if value < 0.095 => format!("{value:.2} %"),
        value if value < 9.95 => format!("{value:.1} %"),
        value => format!("{value:.0} %"),
    }
}

/// The change per epoch that a slope of a logarithm is: −0.0305 is `3.0 %`.
pub(crate) fn percent_of_log(slope: f64) -> String {
    percent(slope.exp_m1())
}

/// `0.412 after epoch 50`.
pub(crate) fn after(value: f64, epoch: usize) -> String {
    format!("{} after epoch {epoch}", number(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_have_two_digits_or_a_little_more() {
        let texts = [0.0007, 0.0312, 0.0996, 0.1412, 1.05, -0.0312].map(percent);
        assert_eq!(texts, ["0.07 %", "3.1 %", "10 %", "14 %", "105 %", "3.1 %"]);
    }

    #[test]
    fn a_slope_of_logarithms_is_said_in_percent() {
        assert_eq!(percent_of_log(0.9f64.ln()), "10 %");
    }

    #[test]
    fn a_number_says_its_epoch() {
        assert_eq!(after(0.4120, 50), "0.412 after epoch 50");
    }
}
