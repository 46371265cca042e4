//! The points of a space, counted and numbered without ever listing them.
//!
//! They are in row-major order: parameters as in the space, values ascending (choices as declared), the last parameter
//! changes first. A parameter that the others rule out contributes nothing. So that 10¹² points are no more work than
//! ten, neighbouring values that every condition treats alike are counted together, and the counts of parameters that
//! no condition connects are multiplied.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::{Distribution, Is, Param, Params, Space};

/// The points of a space, with some of its parameters fixed.
pub(crate) struct SpacePoints<'a> {
    space: &'a Space,
    fixed: &'a Params,
    /// The intervals of each parameter's values; none if the values cannot be counted.
    intervals: Vec<Option<Vec<ValueInterval>>>,
    /// The parameters by their positions, in groups: conditions are within a group only.
    groups: Vec<Vec<usize>>,
    len: u128,
    /// What was counted already.
    counts: RefCell<BTreeMap<CountKey, Option<u128>>>,
}

/// A group, a position in it, and the values there on which the count depends.
type CountKey = (usize, usize, Vec<Option<u64>>);

/// Neighbouring values that every condition treats alike.
struct ValueInterval {
    first: u64,
    len: u64,
    /// One of them.
    value: f64,
}

impl<'a> SpacePoints<'a> {
    /// None if there are infinitely many.
    pub(crate) fn new(space: &'a Space, fixed: &'a Params) -> Option<Self> {
        let intervals = space.params.iter().map(|param| intervals(space, param, fixed)).collect();
        let groups = groups(space);
        let mut points = SpacePoints { space, fixed, intervals, groups, len: 0, counts: RefCell::default() };
        points.len = points.count_from(0, &Params::new())?;
        Some(points)
    }

    /// How many there are; `u128::MAX` stands for itself and for all larger numbers.
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
            for interval in self.intervals[i].as_deref().unwrap_or(&[]) {
                sample.insert(param.name.clone(), interval.value);
                // A saturated count is larger than any rank.
                let each = self.count_from(i + 1, &sample).unwrap_or(1);
                let (index, rest) = (rank / each, rank % each);
                if index < interval.len as u128 {
                    params.insert(param.name.clone(), self.value(param, interval, index as u64));
                    rank = rest;
                    break;
                }
                rank -= interval.len as u128 * each;
            }
        }
        params
    }

    fn value(&self, param: &Param, interval: &ValueInterval, index: u64) -> f64 {
        let fixed = self.fixed.get(&param.name).copied();
        fixed.unwrap_or_else(|| param.distribution.at(interval.first + index))
    }

    /// In how many ways the parameters from `position` on can be decided.
    fn count_from(&self, position: usize, sample: &Params) -> Option<u128> {
        let starts = self.groups.iter().map(|group| group.partition_point(|&i| i < position));
        starts.enumerate().try_fold(1u128, |product, (group, start)| {
            Some(product.saturating_mul(self.count_in_group(group, start, sample)?))
        })
    }

    fn count_in_group(&self, group: usize, start: usize, sample: &Params) -> Option<u128> {
        let Some(&i) = self.groups[group].get(start) else { return Some(1) };
        let key = (group, start, self.deciding_values(group, start, sample));
        if let Some(&count) = self.counts.borrow().get(&key) {
            return count;
        }
        let count = self.count_values(group, start, i, sample);
        self.counts.borrow_mut().insert(key, count);
        count
    }

    fn count_values(&self, group: usize, start: usize, i: usize, sample: &Params) -> Option<u128> {
        let param = &self.space.params[i];
        if !param.is_active(sample) {
            return self.count_in_group(group, start + 1, sample);
        }
        let mut sample = sample.clone();
        self.intervals[i].as_ref()?.iter().try_fold(0u128, |sum, interval| {
            sample.insert(param.name.clone(), interval.value);
            let each = self.count_in_group(group, start + 1, &sample)?;
            Some(sum.saturating_add(each.saturating_mul(interval.len as u128)))
        })
    }

    /// The values, among those decided before `start`, on which parameters from there on depend.
    fn deciding_values(&self, group: usize, start: usize, sample: &Params) -> Vec<Option<u64>> {
        let (before, after) = self.groups[group].split_at(start);
        let name = |&i: &usize| &self.space.params[i].name;
        let is_parent = |i: &&usize| after.iter().any(|&j| is_child(&self.space.params[j], name(i)));
        before.iter().filter(is_parent).map(|i| sample.get(name(i)).map(|value| value.to_bits())).collect()
    }
}

fn is_child(param: &Param, of: &str) -> bool {
    param.when.iter().any(|condition| condition.parent == of)
}

/// The parameters in groups that conditions connect, directly or not.
fn groups(space: &Space) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (i, param) in space.params.iter().enumerate() {
        let has_parent = |group: &Vec<usize>| group.iter().any(|&j| is_child(param, &space.params[j].name));
        let (joined, others): (Vec<_>, Vec<_>) = groups.into_iter().partition(has_parent);
        let mut group: Vec<usize> = joined.into_iter().flatten().chain([i]).collect();
        group.sort_unstable();
        groups = others;
        groups.push(group);
    }
    groups
}

/// A parameter's values, cut where a condition on the parameter begins or ceases to hold.
fn intervals(space: &Space, param: &Param, fixed: &Params) -> Option<Vec<ValueInterval>> {
    if let Some(&value) = fixed.get(&param.name) {
        return Some(vec![ValueInterval { first: 0, len: 1, value }]);
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
    let interval = |ends: &[u64]| {
        let (first, len) = (ends[0], ends[1] - ends[0]);
        ValueInterval { first, len, value: param.distribution.at(first) }
    };
    Some(cuts.windows(2).map(interval).collect())
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
mod tests;
