//! One metric over the seeds of a group.

use toile_stats::{mean, sample_sd};

use crate::format;

/// A mean over seeds, with the spread of single runs where there are at least two.
#[derive(Clone, Debug, PartialEq)]
pub struct Estimate {
    /// The mean.
    pub mean: f64,
    /// The sample standard deviation of single runs.
    pub sd: Option<f64>,
    /// The numbers themselves, in the order of the seeds.
    pub values: Vec<f64>,
}

impl Estimate {
    /// The estimate from one number per seed, those that are missing left out; `None` if none is left.
    pub fn of(values: impl IntoIterator<Item = Option<f64>>) -> Option<Self> {
        let values: Vec<f64> = values.into_iter().flatten().filter(|value| value.is_finite()).collect();
        let is_finite = |number: &f64| number.is_finite();
        Some(Self {
            mean: mean(&values).filter(is_finite)?,
            sd: sample_sd(&values).filter(is_finite),
            values,
        })
    }

    /// How many numbers.
    pub fn n(&self) -> usize {
        self.values.len()
    }

    /// The mean in words.
    pub fn mean_text(&self) -> String {
        format::metric(self.mean)
    }

    /// `0.8754 ± 0.0012`, or the number alone where there is no spread.
    pub fn text(&self) -> String {
        match self.sd {
            Some(sd) => format!("{} ± {}", format::metric(self.mean), format::metric(sd)),
            None => format::metric(self.mean),
        }
    }

    /// The text, or a dash.
    pub fn text_or_none(estimate: Option<&Self>) -> String {
        estimate.map_or_else(|| format::NONE.to_owned(), Self::text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_seed_has_no_spread_and_none_no_estimate() {
        assert_eq!(Estimate::of([Some(0.5), None]).map(|e| e.text()), Some("0.5000".to_owned()));
        assert_eq!(
            Estimate::of([Some(1.0), Some(2.0), Some(3.0)]).map(|e| e.text()),
            Some("2.0000 ± 1.0000".to_owned())
        );
        assert_eq!(Estimate::of([None, Some(f64::NAN)]), None);
    }
}
