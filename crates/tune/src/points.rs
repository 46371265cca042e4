//! The points of a space that can be counted, one after the other, without ever listing them.
//!
//! They stand in row-major order: parameters as in the space, values ascending (choices as declared), the last parameter
//! changes first. A parameter that the others rule out contributes nothing. So that 10¹² points are no more work than ten,
//! values between which no condition tells the difference are counted as one run, and parameters that no condition
//! connects are multiplied.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::{Distribution, Is, Param, Params, Space};

/// The points of a space, with some of its parameters fixed.
pub(crate) struct Points<'a> {
    space: &'a Space,
    fixed: &'a Params,
    /// The runs of each parameter's values; none if they cannot be counted.
    runs: Vec<Option<Vec<Run>>>,
    /// The parameters by their positions, so that conditions are within a part only.
    parts: Vec<Vec<usize>>,
    len: u128,
    /// What was counted, from a place on.
    counted: RefCell<BTreeMap<Place, Option<u128>>>,
}

/// A part, a place in it, the values of what matters there.
type Place = (usize, usize, Vec<Option<u64>>);

/// Neighbouring values that no condition tells apart.
struct Run {
    first: u64,
    len: u64,
    /// One of them.
    value: f64,
}

impl<'a> Points<'a> {
    /// None if there is no end to them, or if they are 2¹²⁸ or more.
    pub(crate) fn new(space: &'a Space, fixed: &'a Params) -> Option<Self> {
        let runs = space.params.iter().map(|param| runs(space, param, fixed)).collect();
        let parts = parts(space);
        let mut points = Points { space, fixed, runs, parts, len: 0, counted: RefCell::default() };
        points.len = points.behind(0, &Params::new())?;
        Some(points)
    }

    pub(crate) fn len(&self) -> u128 {
        self.len
    }

    /// The point of a rank below `len`.
    pub(crate) fn at(&self, mut rank: u128) -> Params {
        let (mut params, mut sample) = (Params::new(), Params::new());
        for (i, param) in self.space.params.iter().enumerate() {
            if !param.is_active(&sample) {
                continue;
            }
            for run in self.runs[i].as_deref().unwrap_or(&[]) {
                sample.insert(param.name.clone(), run.value);
                let behind = self.behind(i + 1, &sample).unwrap_or(1);
                let (ahead, rest) = (rank / behind, rank % behind);
                if ahead < run.len as u128 {
                    params.insert(param.name.clone(), self.value(param, run, ahead as u64));
                    rank = rest;
                    break;
                }
                rank -= run.len as u128 * behind;
            }
        }
        params
    }

    fn value(&self, param: &Param, run: &Run, index: u64) -> f64 {
        let fixed = self.fixed.get(&param.name).copied();
        fixed.unwrap_or_else(|| param.distribution.at(run.first + index))
    }

    /// In how many ways the parameters from `position` on can be decided.
    fn behind(&self, position: usize, sample: &Params) -> Option<u128> {
        let places = self.parts.iter().map(|part| part.partition_point(|&i| i < position));
        places
            .enumerate()
            .try_fold(1u128, |product, (part, place)| product.checked_mul(self.ways(part, place, sample)?))
    }

    fn ways(&self, part: usize, place: usize, sample: &Params) -> Option<u128> {
        let Some(&i) = self.parts[part].get(place) else { return Some(1) };
        let key = (part, place, self.known(part, place, sample));
        if let Some(&counted) = self.counted.borrow().get(&key) {
            return counted;
        }
        let ways = self.count(part, place, i, sample);
        self.counted.borrow_mut().insert(key, ways);
        ways
    }

    fn count(&self, part: usize, place: usize, i: usize, sample: &Params) -> Option<u128> {
        let param = &self.space.params[i];
        if !param.is_active(sample) {
            return self.ways(part, place + 1, sample);
        }
        let mut sample = sample.clone();
        self.runs[i].as_ref()?.iter().try_fold(0u128, |sum, run| {
            sample.insert(param.name.clone(), run.value);
            let ways = self.ways(part, place + 1, &sample)?;
            sum.checked_add(ways.checked_mul(run.len as u128)?)
        })
    }

    /// What is decided among the parents of the parameters from here on.
    fn known(&self, part: usize, place: usize, sample: &Params) -> Vec<Option<u64>> {
        let (before, after) = self.parts[part].split_at(place);
        let name = |&i: &usize| &self.space.params[i].name;
        let matters = |i: &&usize| after.iter().any(|&j| is_child(&self.space.params[j], name(i)));
        before.iter().filter(matters).map(|i| sample.get(name(i)).map(|value| value.to_bits())).collect()
    }
}

fn is_child(param: &Param, of: &str) -> bool {
    param.when.iter().any(|condition| condition.parent == of)
}

/// Parameters that conditions connect, directly or not.
fn parts(space: &Space) -> Vec<Vec<usize>> {
    let mut parts: Vec<Vec<usize>> = Vec::new();
    for (i, param) in space.params.iter().enumerate() {
        let touches = |part: &Vec<usize>| part.iter().any(|&j| is_child(param, &space.params[j].name));
        let (mut joined, others): (Vec<_>, Vec<_>) = parts.into_iter().partition(touches);
        let mut part: Vec<usize> = joined.drain(..).flatten().collect();
        part.push(i);
        part.sort_unstable();
        parts = others;
        parts.push(part);
    }
    parts
}

/// Cut where a condition on the parameter begins or ceases to hold.
fn runs(space: &Space, param: &Param, fixed: &Params) -> Option<Vec<Run>> {
    if let Some(&value) = fixed.get(&param.name) {
        return Some(vec![Run { first: 0, len: 1, value }]);
    }
    let count = param.distribution.count()?;
    let conditions = space.params.iter().flat_map(|child| &child.when);
    let mut cuts = vec![0, count];
    for condition in conditions.filter(|condition| condition.parent == param.name) {
        match condition.is {
            Is::Choice(index) => {
                cuts.push(below(&param.distribution, count, |value| value < index as f64));
                cuts.push(below(&param.distribution, count, |value| value <= index as f64));
            }
            Is::AtLeast(least) => cuts.push(below(&param.distribution, count, |value| value < least)),
        }
    }
    cuts.sort_unstable();
    cuts.dedup();
    let run =
        |pair: &[u64]| Run { first: pair[0], len: pair[1] - pair[0], value: param.distribution.at(pair[0]) };
    Some(cuts.windows(2).map(run).collect())
}

/// How many of the ascending values are below a threshold.
fn below(distribution: &Distribution, count: u64, is_below: impl Fn(f64) -> bool) -> u64 {
    let (mut low, mut high) = (0, count);
    while low < high {
        let middle = low + (high - low) / 2;
        if is_below(distribution.at(middle)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Choice, Condition};

    fn param(name: &str, distribution: Distribution, when: &[(&str, Is)]) -> Param {
        let when = when.iter().map(|&(parent, is)| Condition { parent: parent.into(), is }).collect();
        Param { name: name.into(), distribution, when }
    }

    fn choices(n: i64) -> Distribution {
        Distribution::categorical((0..n).map(Choice::Int).collect()).expect("choices")
    }

    fn ints(low: i64, high: i64) -> Distribution {
        Distribution::int(low, high, false, 1).expect("a range")
    }

    /// Every point by recursion, in the order that the module promises.
    fn listed(space: &Space, position: usize, params: &Params) -> Vec<Params> {
        let Some(param) = space.params.get(position) else { return vec![params.clone()] };
        if !param.is_active(params) {
            return listed(space, position + 1, params);
        }
        let values = 0..param.distribution.count().expect("a count");
        let with = |k| {
            let mut params = params.clone();
            params.insert(param.name.clone(), param.distribution.at(k));
            listed(space, position + 1, &params)
        };
        values.flat_map(with).collect()
    }

    fn tangled() -> Space {
        Space {
            params: vec![
                param("optimizer", choices(3), &[]),
                param("layers", ints(1, 4), &[]),
                param("momentum", ints(0, 2), &[("optimizer", Is::Choice(0))]),
                param("beta", choices(2), &[("optimizer", Is::Choice(2)), ("layers", Is::AtLeast(3.0))]),
                param("units 2", ints(1, 2), &[("layers", Is::AtLeast(2.0))]),
                param("batch", Distribution::float(0.0, 0.3, false, Some(0.1)).expect("steps"), &[]),
                param("nesterov", choices(2), &[("momentum", Is::AtLeast(1.0))]),
                param("last", choices(2), &[("units 2", Is::Choice(2))]),
            ],
        }
    }

    #[test]
    fn every_point_is_met_once_and_in_order() {
        let (space, fixed) = (tangled(), Params::new());
        let all = listed(&space, 0, &Params::new());
        let points = Points::new(&space, &fixed).expect("countable");
        assert_eq!(points.len(), all.len() as u128);
        assert_eq!((0..points.len()).map(|rank| points.at(rank)).collect::<Vec<_>>(), all);
        assert!(all.iter().all(|params| space.contains(params)));
    }

    #[test]
    fn what_is_fixed_is_not_counted() {
        let (space, fixed) = (tangled(), Params::from([("optimizer".into(), 0.0), ("layers".into(), 1.0)]));
        let points = Points::new(&space, &fixed).expect("countable");
        assert_eq!(points.len(), (1 + 2 + 2) * 4);
        let all = (0..points.len()).map(|rank| points.at(rank));
        assert!(all.clone().all(|params| fixed.iter().all(|(name, value)| params[name] == *value)));
        assert_eq!(
            all.map(|params| format!("{params:?}")).collect::<std::collections::BTreeSet<_>>().len(),
            20
        );
    }

    #[test]
    fn a_range_without_steps_counts_only_where_it_can_be_reached() {
        let real = Distribution::float(0.0, 1.0, false, None).expect("a range");
        let mut space =
            Space { params: vec![param("a", choices(2), &[]), param("b", real, &[("a", Is::Choice(7))])] };
        assert_eq!(space.points(), Some(2));
        space.params[1].when[0].is = Is::Choice(1);
        assert_eq!(space.points(), None);
        assert_eq!(space.points_with(&Params::from([("a".into(), 0.0)])), Some(1));
        assert_eq!(space.points_with(&Params::from([("b".into(), 0.5)])), Some(2));
    }

    /// Sixty switches with a parameter each, all switches first: 3⁶⁰ is beyond 2⁶⁴, 3⁴⁰ is not, and neither is listed.
    #[test]
    fn many_points_and_many_conditions_are_no_more_work() {
        let switches = |n: usize| {
            let parents = (0..n).map(|i| param(&format!("on {i}"), choices(2), &[]));
            let child = |i| param(&format!("size {i}"), choices(2), &[(&format!("on {i}"), Is::Choice(1))]);
            Space { params: parents.chain((0..n).map(child)).collect() }
        };
        assert_eq!(switches(40).points(), Some(3u64.pow(40)));
        assert_eq!(switches(60).points(), None);
        let (space, fixed) = (switches(40), Params::new());
        let points = Points::new(&space, &fixed).expect("countable");
        assert!(points.at(points.len() - 1).values().all(|&value| value == 1.0));
        let huge =
            Space { params: vec![param("a", ints(1, 1_000_000), &[]), param("b", ints(1, 1_000_000), &[])] };
        assert_eq!(huge.points(), Some(1_000_000_000_000));
        let point = Points::new(&huge, &fixed).expect("countable").at(999_999_999_998);
        assert_eq!((point["a"], point["b"]), (1_000_000.0, 999_999.0));
    }

    #[test]
    fn a_space_without_parameters_has_one_point() {
        assert_eq!(Space::default().points(), Some(1));
    }
}
