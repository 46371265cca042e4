//! Random: every parameter by itself, from a stream that only its name and the trial's number choose.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toile_rng::Stream;

use super::{SamplingAlgorithm, assign};
use crate::{Direction, Distribution, Param, Params, SamplingContext, Space};

/// Every parameter at random, by itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RandomSampler {}

impl SamplingAlgorithm for RandomSampler {
    fn suggest(&self, context: &SamplingContext) -> Params {
        suggest(context)
    }

    fn supports(&self, _directions: &[Direction], _space: &Space) -> Result<(), String> {
        Ok(())
    }

    fn title(&self) -> &'static str {
        "random search"
    }

    fn n_startup_trials(&self) -> usize {
        0
    }

    fn is_single_objective(&self) -> bool {
        false
    }

    fn is_random(&self) -> bool {
        true
    }

    fn is_exhaustive(&self) -> bool {
        false
    }

    fn yields_to_grid(&self) -> bool {
        true
    }

    fn repeats_optuna(&self) -> bool {
        false
    }
}

/// Parameters at random.
pub(super) fn suggest(context: &SamplingContext) -> Params {
    assign(context, |param| value(context, param))
}

/// A parameter's value, whatever the other parameters are.
pub(super) fn value(context: &SamplingContext, param: &Param) -> f64 {
    let mut stream = context.seed.stream(&format!("random: {}", param.name), context.number as u64);
    match &param.distribution {
        Distribution::Int { low, high, log: false, step } => {
            let last = (*high as i128 - *low as i128) as u128 / *step as u128;
            let index = below_or_equal(&mut stream, last as u64);
            (*low as i128 + index as i128 * *step as i128) as f64
        }
        distribution @ (Distribution::Categorical { .. } | Distribution::Float { step: Some(_), .. }) => {
            match distribution.count() {
                Some(count) => distribution.at(below_or_equal(&mut stream, count - 1)),
                None => at_fraction(distribution, stream.uniform_f64()),
            }
        }
        distribution => at_fraction(distribution, stream.uniform_f64()),
    }
}

/// Uniform on 0..=`last`, without bias (Lemire 2019, rejection).
fn below_or_equal(stream: &mut Stream, last: u64) -> u64 {
    let Some(bound) = last.checked_add(1) else { return stream.next_u64() };
    let threshold = bound.wrapping_neg() % bound;
    loop {
        let product = stream.next_u64() as u128 * bound as u128;
        if product as u64 >= threshold {
            return (product >> 64) as u64;
        }
    }
}

/// The value below which a fraction of the range lies, 0 ≤ fraction < 1.
///
/// For real numbers low + fraction (high − low), with `log` of their logarithms. Discrete values have equal shares;
/// integers with `log` have those of [k − ½, k + ½] by the logarithm.
pub(super) fn at_fraction(distribution: &Distribution, fraction: f64) -> f64 {
    // Not low + fraction · (high − low), which overflows where the range is wider than any number.
    let between = |low: f64, high: f64| low * (1.0 - fraction) + high * fraction;
    match *distribution {
        Distribution::Float { low, high, log: true, .. } => {
            libm::exp(between(libm::log(low), libm::log(high))).clamp(low, high)
        }
        Distribution::Int { low, high, log: true, .. } => {
            let (low, high) = (libm::log(low as f64 - 0.5), libm::log(high as f64 + 0.5));
            distribution.nearest(libm::exp(between(low, high)))
        }
        Distribution::Float { low, high, step: None, .. } => between(low, high).clamp(low, high),
        Distribution::Float { low, high, .. } => match distribution.count() {
            Some(count) => distribution.at(share(fraction, count)),
            None => distribution.nearest(between(low, high)),
        },
        Distribution::Int { low, high, step, .. } => {
            let last = (high as i128 - low as i128) as u128 / step as u128;
            (low as i128 + ((last + 1) as f64 * fraction) as i128 * step as i128).min(high as i128) as f64
        }
        Distribution::Categorical { ref choices } => share(fraction, choices.len() as u64) as f64,
    }
}

/// Which of `count` equal shares a fraction falls into.
fn share(fraction: f64, count: u64) -> u64 {
    ((count as f64 * fraction) as u64).min(count - 1)
}
