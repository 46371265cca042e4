//! Centre and spread of a handful of numbers, such as one metric over the seeds of a run.

/// The arithmetic mean; `None` of no numbers.
pub fn mean(x: &[f64]) -> Option<f64> {
    (!x.is_empty()).then(|| x.iter().sum::<f64>() / x.len() as f64)
}

/// The sample standard deviation (divisor n − 1); `None` for fewer than two numbers.
pub fn sample_sd(x: &[f64]) -> Option<f64> {
    Some(sample_variance(x)?.sqrt())
}

/// The sample variance (divisor n − 1); `None` for fewer than two numbers, exactly 0 if all are equal.
pub fn sample_variance(x: &[f64]) -> Option<f64> {
    let centre = mean(x).filter(|_| x.len() >= 2)?;
    // The mean of equal numbers is rounded: 0.1 + 0.1 + 0.1 is not 0.3.
    if x.iter().all(|v| *v == x[0]) {
        return Some(0.0);
    }
    let squares: f64 = x.iter().map(|v| (v - centre) * (v - centre)).sum();
    Some(squares / (x.len() - 1) as f64)
}

/// Whether there are numbers, and all of them finite: what every test of this crate asks first.
pub(crate) fn are_finite(x: &[f64]) -> bool {
    !x.is_empty() && x.iter().all(|v| v.is_finite())
}

/// The standard error of the mean, sd / √n; `None` for fewer than two numbers.
pub fn standard_error(x: &[f64]) -> Option<f64> {
    Some(sample_sd(x)? / (x.len() as f64).sqrt())
}

/// The middle number, or the mean of the middle two; `None` of no numbers.
pub fn median(x: &[f64]) -> Option<f64> {
    quantile(x, 0.5)
}

/// The `q` quantile with linear interpolation between neighbours (NumPy's default, Hyndman and Fan's type 7).
///
/// `None` of no numbers. `q` below 0 or above 1 gives the smallest or largest number.
pub fn quantile(x: &[f64], q: f64) -> Option<f64> {
    let mut sorted = x.to_vec();
    sorted.sort_by(f64::total_cmp);
    let place = q.clamp(0.0, 1.0) * sorted.len().checked_sub(1)? as f64;
    let (below, above) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
    Some(below + (above - below) * place.fract())
}

#[cfg(test)]
mod tests {
    use super::*;

    const X: [f64; 5] = [0.8751, 0.8763, 0.8739, 0.8770, 0.8748];

    fn close(ours: Option<f64>, reference: f64) {
        let ours = ours.expect("defined");
        assert!((ours - reference).abs() <= 1e-13, "{ours} is not {reference}");
    }

    /// `numpy.mean(x)`, `numpy.std(x, ddof=1)`, `scipy.stats.sem(x)`; NumPy 2.4, SciPy 1.17.1.
    #[test]
    fn centre_and_spread_are_numpys() {
        close(mean(&X), 0.87542);
        close(sample_sd(&X), 0.0012316655390161627);
        close(standard_error(&X), 0.0005508175741568118);
    }

    /// Naively, three times 0.1 has a spread of 1.7e-17, which every test would then divide by.
    #[test]
    fn equal_numbers_have_no_spread_at_all() {
        assert_eq!(sample_sd(&[0.1; 3]), Some(0.0));
        assert_eq!(sample_variance(&[0.1; 10]), Some(0.0));
    }

    #[test]
    fn one_number_has_a_mean_and_no_spread() {
        assert_eq!(mean(&[3.0]), Some(3.0));
        assert_eq!(sample_sd(&[3.0]), None);
        assert_eq!(standard_error(&[3.0]), None);
        assert_eq!((mean(&[]), median(&[]), quantile(&[], 0.3)), (None, None, None));
    }

    /// `numpy.quantile([3, 1, 4, 1, 5, 9, 2, 6], q)`, NumPy 2.4.
    #[test]
    fn quantiles_are_numpys() {
        let y = [3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0, 6.0];
        for (q, reference) in [(0.0, 1.0), (0.1, 1.0), (0.25, 1.75), (0.5, 3.5), (0.9, 6.9), (1.0, 9.0)] {
            close(quantile(&y, q), reference);
        }
        close(median(&y), 3.5);
    }
}
