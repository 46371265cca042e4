//! Normal numbers with the same bits on every machine.
//!
//! Marsaglia's polar method needs one logarithm; the platform's `ln` may differ in its last bit between systems, so it
//! is computed here from +, ×, ÷ and √ alone, which IEEE 754 fixes.

use crate::Stream;

impl Stream {
    /// A standard normal number (Marsaglia and Bray 1964). Takes a varying number of words from the stream.
    pub fn normal_f64(&mut self) -> f64 {
        loop {
            let (u, v) = (2.0 * self.uniform_f64() - 1.0, 2.0 * self.uniform_f64() - 1.0);
            let s = u * u + v * v;
            if s > 0.0 && s < 1.0 {
                return u * (-2.0 * ln(s) / s).sqrt();
            }
        }
    }

    /// A standard normal number, drawn again until it lies within two standard deviations, as Keras' `TruncatedNormal`.
    pub fn truncated_normal_f64(&mut self) -> f64 {
        loop {
            let z = self.normal_f64();
            if z.abs() < 2.0 {
                return z;
            }
        }
    }
}

/// Natural logarithm of a positive normal number, to about 1e-15 relative: x = m 2^e with m in [√½, √2), and
/// ln m = 2 artanh((m-1)/(m+1)) by its series.
fn ln(x: f64) -> f64 {
    let bits = x.to_bits();
    let mut exponent = ((bits >> 52) & 0x7ff) as i64 - 1023;
    let mut m = f64::from_bits((bits & 0x000f_ffff_ffff_ffff) | 0x3ff0_0000_0000_0000);
    if m > std::f64::consts::SQRT_2 {
        m *= 0.5;
        exponent += 1;
    }
    let t = (m - 1.0) / (m + 1.0);
    let t2 = t * t;
    let mut series = 0.0;
    for k in (0..13).rev() {
        series = series * t2 + 1.0 / (2 * k + 1) as f64;
    }
    exponent as f64 * std::f64::consts::LN_2 + 2.0 * t * series
}

#[cfg(test)]
mod tests {
    use super::ln;
    use crate::Seed;

    #[test]
    fn the_logarithm_agrees_with_the_platform() {
        let mut stream = Seed::new(5).stream("test", 0);
        for _ in 0..10_000 {
            let x = stream.uniform_f64() + 1e-12;
            assert!((ln(x) - x.ln()).abs() <= 4e-16 * x.ln().abs().max(1.0), "{x}");
        }
    }

    #[test]
    fn normal_numbers_have_mean_0_and_variance_1() {
        let mut stream = Seed::new(5).stream("test", 1);
        let z: Vec<f64> = (0..100_000).map(|_| stream.normal_f64()).collect();
        let mean = z.iter().sum::<f64>() / 1e5;
        let variance = z.iter().map(|z| (z - mean).powi(2)).sum::<f64>() / 1e5;
        assert!(mean.abs() < 4.0 / 1e5f64.sqrt(), "mean {mean}");
        assert!((variance - 1.0).abs() < 4.0 * (2.0 / 1e5f64).sqrt(), "variance {variance}");
    }

    /// The standard deviation of a normal cut at ±2 is 0.87962566103423978 (the constant in Keras).
    #[test]
    fn truncated_numbers_have_the_standard_deviation_that_keras_divides_by() {
        let mut stream = Seed::new(5).stream("test", 2);
        let z: Vec<f64> = (0..100_000).map(|_| stream.truncated_normal_f64()).collect();
        assert!(z.iter().all(|z| z.abs() < 2.0));
        let sd = (z.iter().map(|z| z * z).sum::<f64>() / 1e5).sqrt();
        assert!((sd - 0.879_625_661_034_239_8).abs() < 0.005, "sd {sd}");
    }
}
