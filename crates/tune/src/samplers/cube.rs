//! The unit cube: parameters as coordinates between 0 and 1, as Optuna's `_SearchSpaceTransform` and GP encode them.
//!
//! A logarithmic range is uniform in its logarithm. A range of k values is cut into k cells with the values in their
//! middles, so that a uniform coordinate gives each the same probability (with `log`, its share of the logarithm).

use super::random;
use crate::{Distribution, Param, Params, SamplingContext, Space};

/// One parameter as a coordinate.
#[derive(Clone, Debug)]
pub(super) struct CubeAxis {
    /// The parameter's name.
    pub(super) name: String,
    distribution: Distribution,
    low: f64,
    high: f64,
}

impl CubeAxis {
    /// The coordinate of a parameter.
    pub(super) fn new(param: &Param) -> CubeAxis {
        let distribution = param.distribution.clone();
        let (low, high) = edges(&distribution);
        CubeAxis { name: param.name.clone(), distribution, low, high }
    }

    /// Whether the parameter has categories.
    pub(super) fn is_categorical(&self) -> bool {
        matches!(self.distribution, Distribution::Categorical { .. })
    }

    /// How many values there are, if they can be counted.
    pub(super) fn count(&self) -> Option<u64> {
        self.distribution.count()
    }

    /// Whether an internal value lies in the range.
    pub(super) fn contains(&self, value: f64) -> bool {
        self.distribution.contains(value)
    }

    /// The coordinate of an internal value.
    pub(super) fn coordinate(&self, value: f64) -> f64 {
        // By halves, since a range may be wider than the largest `f64`.
        let (low, high) = (0.5 * self.low, 0.5 * self.high);
        if high > low { (0.5 * self.scaled(value) - low) / (high - low) } else { 0.5 }
    }

    /// The internal value nearest to a coordinate.
    pub(super) fn value(&self, coordinate: f64) -> f64 {
        let scaled = self.low * (1.0 - coordinate) + self.high * coordinate;
        match self.distribution {
            Distribution::Categorical { ref choices } => {
                (coordinate * choices.len() as f64).floor().clamp(0.0, choices.len() as f64 - 1.0)
            }
            _ if self.is_log() => self.distribution.nearest(libm::exp(scaled)),
            _ => self.distribution.nearest(scaled),
        }
    }

    /// The coordinate of the value of this index, if the values can be counted.
    pub(super) fn coordinate_at(&self, index: u64) -> f64 {
        self.coordinate(self.distribution.at(index))
    }

    /// The index of the value nearest to a coordinate, if the values can be counted.
    pub(super) fn index_of(&self, coordinate: f64) -> u64 {
        let value = self.value(coordinate);
        match self.distribution {
            Distribution::Float { low, step, .. } => ((value - low) / step.unwrap_or(1.0)).round() as u64,
            Distribution::Int { low, step, .. } => ((value - low as f64) / step as f64).round() as u64,
            Distribution::Categorical { .. } => value as u64,
        }
    }

    /// The coordinate of the value nearest to a coordinate: itself where the range has no steps.
    pub(super) fn snap(&self, coordinate: f64) -> f64 {
        match self.count() {
            Some(_) => self.coordinate(self.value(coordinate)),
            None => coordinate,
        }
    }

    fn is_log(&self) -> bool {
        matches!(
            self.distribution,
            Distribution::Float { log: true, .. } | Distribution::Int { log: true, .. }
        )
    }

    fn scaled(&self, value: f64) -> f64 {
        if self.is_log() { libm::log(value) } else { value + self.shift() }
    }

    /// A category's number lies in the middle of its cell from `number` to `number + 1`.
    fn shift(&self) -> f64 {
        if self.is_categorical() { 0.5 } else { 0.0 }
    }
}

/// The ends of a range, half a step beyond its first and last value; their logarithms where the range is logarithmic.
fn edges(distribution: &Distribution) -> (f64, f64) {
    let (low, high, half, log) = match *distribution {
        Distribution::Float { low, high, log, step } => (low, high, 0.5 * step.unwrap_or(0.0), log),
        Distribution::Int { low, high, log, step } => (low as f64, high as f64, 0.5 * step as f64, log),
        Distribution::Categorical { ref choices } => (0.0, choices.len() as f64, 0.0, false),
    };
    match log {
        true => (libm::log(low - half), libm::log(high + half)),
        false => (low - half, high + half),
    }
}

/// Several parameters as the coordinates of points.
#[derive(Clone, Debug)]
pub(super) struct Cube {
    /// The parameters.
    pub(super) axes: Vec<CubeAxis>,
}

impl Cube {
    /// The parameters of a space that are chosen; those of a single value never are.
    pub(super) fn new(space: &Space, chosen: impl Fn(&Param) -> bool) -> Cube {
        let params = space.params.iter().filter(|param| !param.distribution.is_single() && chosen(param));
        Cube { axes: params.map(CubeAxis::new).collect() }
    }

    /// How many coordinates a point has.
    pub(super) fn n(&self) -> usize {
        self.axes.len()
    }

    /// The point of an assignment; none if it lacks a parameter or one lies outside its range.
    pub(super) fn point(&self, params: &Params) -> Option<Vec<f64>> {
        let coordinate = |axis: &CubeAxis| {
            let value = params.get(&axis.name).copied().filter(|&value| axis.contains(value))?;
            Some(axis.coordinate(value))
        };
        self.axes.iter().map(coordinate).collect()
    }

    /// The values of a point.
    pub(super) fn values(&self, point: &[f64]) -> Params {
        let value = |(axis, &at): (&CubeAxis, &f64)| (axis.name.clone(), axis.value(at));
        self.axes.iter().zip(point).map(value).collect()
    }
}

/// An assignment made of fixed values, of proposed ones, and of random ones for all other parameters. What is fixed or
/// proposed for a parameter that does not exist under the others' values is dropped.
pub(super) fn complete(context: &SamplingContext, proposed: &Params) -> Params {
    context.space.assign(|param, _| {
        let known = context.fixed.get(&param.name).or_else(|| proposed.get(&param.name));
        known.copied().unwrap_or_else(|| random::value(context, param))
    })
}

#[cfg(test)]
mod tests {
    use toile_rng::Seed;

    use super::*;
    use crate::Choice;

    fn axis(distribution: Distribution) -> CubeAxis {
        CubeAxis::new(&Param { name: "x".into(), distribution, when: Vec::new() })
    }

    fn all() -> Vec<Distribution> {
        let names = ["a", "b", "c"].map(|name| Choice::Text(name.into()));
        vec![
            Distribution::float(-2.0, 3.0, false, None).unwrap(),
            Distribution::float(1e-5, 0.1, true, None).unwrap(),
            Distribution::float(0.0, 0.5, false, Some(0.1)).unwrap(),
            Distribution::int(-3, 9, false, 1).unwrap(),
            Distribution::int(32, 256, false, 32).unwrap(),
            Distribution::int(1, 1000, true, 1).unwrap(),
            Distribution::float(-1.5e308, 1.5e308, false, None).unwrap(),
            Distribution::categorical(names.to_vec()).unwrap(),
        ]
    }

    #[test]
    fn a_value_is_the_same_after_the_way_to_the_cube_and_back() {
        let mut stream = Seed::new(1).stream("test", 0);
        for distribution in all() {
            let axis = axis(distribution.clone());
            for _ in 0..500 {
                let value = axis.value(stream.uniform_f64());
                assert!(distribution.contains(value), "{distribution:?}: {value}");
                let back = axis.value(axis.coordinate(value));
                assert!((back - value).abs() <= 1e-12 * value.abs().max(1.0), "{distribution:?}: {value}");
                if axis.count().is_some() {
                    assert_eq!(back, value);
                    let again = axis.coordinate_at(axis.index_of(axis.coordinate(value)));
                    assert_eq!(axis.value(again), value);
                }
            }
            assert!(distribution.contains(axis.value(0.0)) && distribution.contains(axis.value(1.0)));
        }
    }

    /// Chi-square with 12 degrees of freedom: 32.9 is its 0.999 quantile.
    #[test]
    fn each_integer_has_the_same_chance_the_ends_too() {
        let axis = axis(Distribution::int(-3, 9, false, 1).unwrap());
        let mut stream = Seed::new(2).stream("test", 0);
        let mut counts = [0.0; 13];
        for _ in 0..13_000 {
            counts[(axis.value(stream.uniform_f64()) + 3.0) as usize] += 1.0;
        }
        let chi2: f64 = counts.iter().map(|c: &f64| (c - 1e3) * (c - 1e3) / 1e3).sum();
        assert!(chi2 < 32.9, "{counts:?}");
    }
}
