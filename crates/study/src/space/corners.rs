//! Corners: the points of a space at which the rules between settings are checked.

use std::collections::HashSet;

use toile_tune::{Distribution, Is, Param, Params, Space};

/// Points of a space that contain every choice and both ends of every range, once with the lowest and once with the
/// highest values of all other parameters; all combinations of these if they are at most `max`.
pub(crate) fn corners(space: &Space, max: usize) -> Vec<Params> {
    let values = space.params.iter().map(|param| values(space, param)).collect();
    let mut corners = Corners { space, values, max: max.max(2), seen: HashSet::new(), found: Vec::new() };
    corners.add(RangeEnd::Low, &Params::new());
    corners.add(RangeEnd::High, &Params::new());
    if !corners.add_all() {
        corners.add_each();
    }
    corners.found
}

/// The values of a parameter at corners; at least one, in order.
fn values(space: &Space, param: &Param) -> Vec<f64> {
    let is_parent = |other: &Param| other.when.iter().any(|condition| condition.parent == param.name);
    let all = parent_values(&param.distribution);
    match (&param.distribution, all) {
        (Distribution::Categorical { .. }, Some(all)) => all,
        (_, Some(all)) if space.params.iter().any(is_parent) => all,
        (Distribution::Int { low, high, .. }, _) => vec![*low as f64, *high as f64],
        (Distribution::Float { low, high, .. }, _) => vec![*low, *high],
        _ => vec![0.0],
    }
}

/// Adds the values of the parents without which a parameter does not exist.
fn add_parents(space: &Space, param: &Param, wanted: &mut Params) {
    for condition in &param.when {
        let value = match condition.is {
            Is::Choice(index) => index as f64,
            Is::AtLeast(least) => space.get(&condition.parent).map_or(least, |parent| above(parent, least)),
        };
        wanted.entry(condition.parent.clone()).or_insert(value);
        if let Some(parent) = space.get(&condition.parent) {
            add_parents(space, parent, wanted);
        }
    }
}

/// The first value of a parameter that is not below a bound.
fn above(param: &Param, least: f64) -> f64 {
    let values = parent_values(&param.distribution).unwrap_or_default();
    values.into_iter().find(|value| *value >= least).unwrap_or(least)
}

/// The internal values of a parameter that others depend on: a choice, or a number of repetitions.
fn parent_values(distribution: &Distribution) -> Option<Vec<f64>> {
    match distribution {
        Distribution::Categorical { choices } => Some((0..choices.len()).map(|i| i as f64).collect()),
        Distribution::Int { low, high, step, .. } if high - low <= 1000 => {
            Some((*low..=*high).step_by(*step as usize).map(|value| value as f64).collect())
        }
        Distribution::Int { .. } | Distribution::Float { .. } => None,
    }
}

#[derive(Clone, Copy)]
enum RangeEnd {
    Low,
    High,
}

struct Corners<'a> {
    space: &'a Space,
    /// Of each parameter, in order.
    values: Vec<Vec<f64>>,
    max: usize,
    seen: HashSet<Vec<u64>>,
    found: Vec<Params>,
}

impl Corners<'_> {
    /// Every value of every parameter, with the lowest and with the highest values of the others.
    fn add_each(&mut self) {
        for (index, param) in self.space.params.iter().enumerate() {
            for value in self.values[index].clone() {
                let mut wanted = Params::from([(param.name.clone(), value)]);
                add_parents(self.space, param, &mut wanted);
                self.add(RangeEnd::Low, &wanted);
                self.add(RangeEnd::High, &wanted);
            }
        }
    }

    /// The point with these values, and the others at one end.
    fn add(&mut self, end: RangeEnd, wanted: &Params) {
        let mut params = Params::new();
        for (param, values) in self.space.params.iter().zip(&self.values) {
            if param.is_active(&params) {
                let others = match end {
                    RangeEnd::Low => values.first(),
                    RangeEnd::High => values.last(),
                };
                let value = wanted.get(&param.name).or(others).copied().unwrap_or(0.0);
                params.insert(param.name.clone(), value);
            }
        }
        self.keep(params);
    }

    /// Keeps a point, unless there are enough or it is there already.
    fn keep(&mut self, params: Params) {
        let of = |param: &Param| params.get(&param.name).map_or(u64::MAX, |value| value.to_bits());
        let key = self.space.params.iter().map(of).collect();
        if self.found.len() < self.max && self.seen.insert(key) {
            self.found.push(params);
        }
    }

    /// All combinations; false, and none of them kept, if there are too many.
    fn add_all(&mut self) -> bool {
        let mut points = Vec::new();
        let fits = combinations(self.space, &self.values, 0, &mut Params::new(), self.max, &mut points);
        if fits {
            points.into_iter().for_each(|point| self.keep(point));
        }
        fits
    }
}

/// Adds all combinations of the values from one parameter on; false once there are more than `max`.
fn combinations(
    space: &Space,
    values: &[Vec<f64>],
    index: usize,
    params: &mut Params,
    max: usize,
    points: &mut Vec<Params>,
) -> bool {
    let Some(param) = space.params.get(index) else {
        points.push(params.clone());
        return points.len() <= max;
    };
    if !param.is_active(params) {
        return combinations(space, values, index + 1, params, max, points);
    }
    for &value in &values[index] {
        params.insert(param.name.clone(), value);
        if !combinations(space, values, index + 1, params, max, points) {
            return false;
        }
    }
    params.remove(&param.name);
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use toile_tune::{Choice, Condition};

    fn space(n: usize) -> Space {
        let choices =
            Distribution::categorical(vec![Choice::Int(1), Choice::Int(2), Choice::Int(3)]).unwrap();
        let kind = Param { name: "kind".into(), distribution: choices, when: Vec::new() };
        let size = |i: usize| Param {
            name: format!("size {i}"),
            distribution: Distribution::float(0.0, 1.0, false, None).unwrap(),
            when: vec![Condition { parent: "kind".into(), is: Is::Choice(i % 3) }],
        };
        Space { params: std::iter::once(kind).chain((0..n).map(size)).collect() }
    }

    #[test]
    fn few_corners_are_all_there() {
        let space = space(4);
        let corners = corners(&space, 100);
        assert_eq!(corners.len(), 4 + 2 + 2, "sizes 0 and 3 belong to the first kind");
        assert!(corners.iter().all(|corner| space.contains(corner)));
    }

    #[test]
    fn of_many_corners_those_are_there_in_which_each_end_occurs() {
        let space = space(60);
        let corners = corners(&space, 500);
        assert!(corners.len() < 300);
        assert!(corners.iter().all(|corner| space.contains(corner)));
        for param in &space.params {
            for value in values(&space, param) {
                assert!(
                    corners.iter().any(|corner| corner.get(&param.name) == Some(&value)),
                    "{}",
                    param.name
                );
            }
        }
    }
}
