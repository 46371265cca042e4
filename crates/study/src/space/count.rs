//! How many points a space has.

use toile_tune::{Distribution, Is, Param, Params, Space};

/// The points of a space with some parameters held; nothing if a range has no end of values. Saturates.
///
/// Every parameter has at most one condition, so the parameters are a forest, and each tree counts for itself.
pub(crate) fn points(space: &Space, fixed: &Params) -> Option<u64> {
    let roots = space.params.iter().filter(|param| param.when.is_empty());
    product(roots.map(|param| of_tree(space, param, fixed)))
}

fn of_tree(space: &Space, param: &Param, fixed: &Params) -> Option<u64> {
    let children: Vec<&Param> =
        space.params.iter().filter(|p| p.when.iter().any(|c| c.parent == param.name)).collect();
    let held = fixed.get(&param.name).copied();
    if children.is_empty() {
        return if held.is_some() { Some(1) } else { param.distribution.count() };
    }
    let values = match held {
        Some(value) => vec![value],
        None => values(&param.distribution)?,
    };
    let counts: Vec<Option<u64>> = children.iter().map(|child| of_tree(space, child, fixed)).collect();
    let below = |value: f64| {
        let active = children.iter().zip(&counts).filter(|(child, _)| {
            child.when.iter().all(|condition| match condition.is {
                Is::Choice(index) => value == index as f64,
                Is::AtLeast(least) => value >= least,
            })
        });
        product(active.map(|(_, count)| *count))
    };
    values.into_iter().try_fold(0u64, |sum, value| Some(sum.saturating_add(below(value)?)))
}

/// The internal values of a parameter that others depend on: a choice, or a number of repetitions.
pub(super) fn values(distribution: &Distribution) -> Option<Vec<f64>> {
    match distribution {
        Distribution::Categorical { choices } => Some((0..choices.len()).map(|i| i as f64).collect()),
        Distribution::Int { low, high, step, .. } if high - low <= 1000 => {
            Some((*low..=*high).step_by(*step as usize).map(|value| value as f64).collect())
        }
        _ => None,
    }
}

fn product(factors: impl Iterator<Item = Option<u64>>) -> Option<u64> {
    factors.into_iter().try_fold(1u64, |product, factor| Some(product.saturating_mul(factor?)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use toile_tune::{Choice, Condition};

    fn param(name: &str, distribution: Distribution, when: Option<(&str, Is)>) -> Param {
        let when = when.map(|(parent, is)| Condition { parent: parent.into(), is }).into_iter().collect();
        Param { name: name.into(), distribution, when }
    }

    fn ints(low: i64, high: i64, step: i64) -> Distribution {
        Distribution::int(low, high, false, step).unwrap()
    }

    #[test]
    fn a_parameter_counts_only_where_it_exists() {
        let names = ["a", "b", "c"].map(|name| Choice::Text(name.into())).to_vec();
        let of_b = Some(("kind", Is::Choice(1)));
        let params = vec![
            param("kind", Distribution::categorical(names).unwrap(), None),
            param("size", ints(1, 5, 1), of_b),
            param("times", ints(1, 3, 1), None),
            param("units 2", ints(16, 64, 16), Some(("times", Is::AtLeast(2.0)))),
            param("units 3", ints(1, 10, 1), Some(("times", Is::AtLeast(3.0)))),
        ];
        let space = Space { params };
        // (1 + 5 + 1) kinds, times 1 + 4 + 4 × 10 models.
        assert_eq!(points(&space, &Params::new()), Some(7 * 45));
        let held = Params::from([("kind".into(), 1.0), ("units 3".into(), 2.0)]);
        assert_eq!(points(&space, &held), Some(5 * (1 + 4 + 4)));
    }

    #[test]
    fn a_range_without_steps_has_no_number_of_points_unless_it_is_held() {
        let space =
            Space { params: vec![param("x", Distribution::float(0.0, 1.0, false, None).unwrap(), None)] };
        assert_eq!(points(&space, &Params::new()), None);
        assert_eq!(points(&space, &Params::from([("x".into(), 0.5)])), Some(1));
    }
}
