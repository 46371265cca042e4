//! Where one more run falls: whether a published number is what our runs predict.

use crate::distribution::{student_two_sided, student_upper};
use crate::interval::is_level;
use crate::sample::are_finite;
use crate::{Interval, Printed, mean, sample_variance};

/// A published number of one run against the runs of the same recipe made here.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prediction {
    /// Where one more run falls: mean ± t_{n−1} scale, widened by the rounding of the published number.
    pub interval: Interval,
    /// How many scales the published number lies from the mean; `None` if the scale is 0.
    pub z: Option<f64>,
    /// Two-sided p of z from t with n − 1 degrees of freedom; `None` if the scale is 0.
    pub p: Option<f64>,
    /// The same after the rounding was taken off the distance: the one to be judged by. `None` if the scale is 0.
    pub p_rounded: Option<f64>,
}

impl Prediction {
    /// Whether the published number lies within what the runs predict.
    pub fn contains(&self, published: Printed) -> bool {
        self.interval.contains(published.value)
    }
}

/// Whether `published` is one more draw of what gave `x`, on the *same* images: scale = sd √(1 + 1/n).
///
/// `None` for fewer than two runs, numbers that are not finite, or a `confidence` that is not strictly between 0 and 1.
pub fn prediction(published: Printed, x: &[f64], confidence: f64) -> Option<Prediction> {
    prediction_elsewhere(published, x, 0.0, confidence)
}

/// The same for a number measured on other images, whose variance is added to the squared scale: p(1 − p)/n for an
/// accuracy p on n images.
///
/// `None` as for [`prediction`], or for a variance that is negative or not finite.
pub fn prediction_elsewhere(
    published: Printed,
    x: &[f64],
    image_variance: f64,
    confidence: f64,
) -> Option<Prediction> {
    let variance = sample_variance(x).filter(|_| is_level(confidence) && are_finite(x))?;
    let is_size = |v: f64| v.is_finite() && v >= 0.0;
    if !published.value.is_finite() || !is_size(published.half_unit) || !is_size(image_variance) {
        return None;
    }
    let df = (x.len() - 1) as f64;
    let scale = (variance * (1.0 + 1.0 / x.len() as f64) + image_variance).sqrt();
    let centre = if variance == 0.0 { x[0] } else { mean(x)? };
    let distance = published.value - centre;
    let reach = student_upper(0.5 - 0.5 * confidence, df) * scale + published.half_unit;
    let beyond = (distance.abs() - published.half_unit).max(0.0);
    let p = |distance: f64| (scale > 0.0).then(|| student_two_sided(distance / scale, df));
    Some(Prediction {
        interval: Interval::around(centre, reach),
        z: (scale > 0.0).then(|| distance / scale),
        p: p(distance),
        p_rounded: p(beyond),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const X: [f64; 5] = [0.8751, 0.8763, 0.8739, 0.8770, 0.8748];

    #[test]
    fn p_is_below_a_twentieth_exactly_outside_the_interval() {
        for thousandths in 860..890 {
            let published = Printed::rounded(f64::from(thousandths) / 1000.0, 3);
            let found = prediction(published, &X, 0.95).expect("five runs");
            assert_eq!(found.contains(published), found.p_rounded >= Some(0.05), "{published:?} {found:?}");
        }
    }

    #[test]
    fn other_images_widen_it() {
        let published = Printed::rounded(0.868, 3);
        let same = prediction(published, &X, 0.95).expect("five runs");
        let other = prediction_elsewhere(published, &X, 0.875 * 0.125 / 10_000.0, 0.95).expect("five runs");
        assert!(same.p_rounded < other.p_rounded && !same.contains(published) && other.contains(published));
    }

    #[test]
    fn runs_without_spread_predict_themselves_and_have_no_p() {
        let found = prediction(Printed::rounded(0.51, 3), &[0.1; 3], 0.95).expect("three runs");
        assert_eq!((found.z, found.p, found.p_rounded), (None, None, None));
        assert!(!found.contains(Printed::rounded(0.51, 3)) && found.contains(Printed::rounded(0.1, 3)));
    }

    #[test]
    fn one_run_predicts_nothing() {
        let published = Printed::rounded(0.51, 3);
        assert_eq!((prediction(published, &[0.5], 0.95), prediction(published, &X, 0.0)), (None, None));
        assert_eq!(prediction(published, &[0.5, f64::NAN], 0.95), None);
        assert_eq!(prediction(Printed { value: f64::NAN, half_unit: 0.0 }, &X, 0.95), None);
        assert_eq!(prediction_elsewhere(published, &X, -1.0, 0.95), None);
    }
}
