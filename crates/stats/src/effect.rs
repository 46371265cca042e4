//! Effect sizes: a difference in units of the spread. Shown, never the verdict.

use crate::sample::are_finite;
use crate::special::ln_gamma;
use crate::{mean, sample_variance};

/// The difference of two samples in standard deviations; each `None` where its deviation is 0 or does not exist.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct EffectSize {
    /// Cohen's d: the difference of the means over the pooled standard deviation.
    pub d: Option<f64>,
    /// Hedges' g: d without its bias for small samples, by the exact factor Γ(m/2) / (√(m/2) Γ((m − 1)/2)), m = n_A +
    /// n_B − 2 (Hedges 1981).
    pub g: Option<f64>,
    /// d_z: the mean of the paired differences over their standard deviation; `None` for samples of different size.
    pub d_z: Option<f64>,
}

/// The effect sizes of `a` less `b`; all `None` for empty samples or numbers that are not finite.
pub fn effect_size(a: &[f64], b: &[f64]) -> EffectSize {
    if !are_finite(a) || !are_finite(b) {
        return EffectSize::default();
    }
    let d = cohens_d(a, b);
    EffectSize { d, g: d.map(|d| d * hedges_factor(a.len() + b.len() - 2)), d_z: paired_d(a, b) }
}

fn cohens_d(a: &[f64], b: &[f64]) -> Option<f64> {
    let free = a.len() + b.len() - 2;
    let squares = |x: &[f64]| sample_variance(x).map_or(0.0, |variance| variance * (x.len() - 1) as f64);
    let pooled = ((squares(a) + squares(b)) / free as f64).sqrt();
    Some((mean(a)? - mean(b)?) / pooled).filter(|_| free > 0 && pooled > 0.0)
}

/// Γ(m/2) / (√(m/2) Γ((m − 1)/2)); 0 for m = 1, where the second Γ is infinite.
fn hedges_factor(m: usize) -> f64 {
    let m = m as f64;
    if m <= 1.0 { 0.0 } else { (ln_gamma(0.5 * m) - ln_gamma(0.5 * (m - 1.0))).exp() / (0.5 * m).sqrt() }
}

fn paired_d(a: &[f64], b: &[f64]) -> Option<f64> {
    let differences: Vec<f64> = a.iter().zip(b).map(|(a, b)| a - b).collect();
    let sd = sample_variance(&differences)?.sqrt();
    // Differences that are equal but for their rounding have no spread.
    let largest = a.iter().chain(b).fold(0.0f64, |largest, v| largest.max(v.abs()));
    Some(mean(&differences)? / sd).filter(|_| a.len() == b.len() && sd > 4.0 * f64::EPSILON * largest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_spread_there_is_no_unit() {
        assert_eq!(effect_size(&[0.5, 0.5], &[0.25, 0.25]), EffectSize::default());
        assert_eq!(effect_size(&[0.5], &[0.25]), EffectSize::default());
        assert_eq!(effect_size(&[], &[0.25]), EffectSize::default());
        assert_eq!(effect_size(&[0.1, f64::NAN], &[0.25, 0.5]), EffectSize::default());
        let shifted = effect_size(&[0.3, 0.4], &[0.2, 0.3]);
        assert!(shifted.d_z.is_none() && shifted.d.is_some(), "{shifted:?}");
    }
}
