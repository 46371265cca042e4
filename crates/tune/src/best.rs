//! The best trial: one rule for reports, choices and lists.

use std::collections::HashMap;
use std::hash::Hash;

use toile_record::{Direction, ParamRecord, State};

use crate::{Choice, Distribution};

/// The value by which a trial is compared with others: its first one.
///
/// `None` unless the trial is complete and feasible (no constraint is above 0, none is NaN) and the value is finite.
pub fn comparable_value(state: State, values: &[f64], constraints: &[f64]) -> Option<f64> {
    let is_feasible = constraints.iter().all(|constraint| *constraint <= 0.0);
    let value = values.first().copied().filter(|value| value.is_finite())?;
    (state == State::Complete && is_feasible).then_some(value)
}

/// The values of a trial's parameters, as they are meant: trials of one configuration are repetitions of each other,
/// whatever ranges their values were drawn from and in whatever order they are.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Configuration(Vec<(String, Meaning)>);

/// The value of a parameter: numbers by their bits, everything else by its words.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Meaning {
    Number(u64),
    Words(String),
}

impl Configuration {
    /// Name, internal value and range of each parameter. `None` if there is no parameter, or if a value is not in its
    /// range: such a trial is a repetition of no other.
    pub fn new<'t>(
        params: impl IntoIterator<Item = (&'t str, f64, &'t Distribution)>,
    ) -> Option<Configuration> {
        let meant = |(name, value, range): (&str, f64, &Distribution)| {
            range.contains(value).then(|| (name.to_owned(), meaning(&range.external(value))))
        };
        let mut params: Vec<_> = params.into_iter().map(meant).collect::<Option<_>>()?;
        params.sort();
        (!params.is_empty()).then_some(Configuration(params))
    }

    /// That of a recorded trial. `None` as well: a range is none that this version knows.
    pub fn recorded(params: &[ParamRecord]) -> Option<Configuration> {
        let ranges = params.iter().map(|param| Distribution::try_from(param.distribution.clone()).ok());
        let ranges: Vec<Distribution> = ranges.collect::<Option<_>>()?;
        let params = params.iter().zip(&ranges);
        Configuration::new(params.map(|(param, range)| (param.name.as_str(), param.value, range)))
    }
}

fn meaning(choice: &Choice) -> Meaning {
    // Of whole and real numbers, and of the two zeros, those that are equal are one.
    let number = |value: f64| Meaning::Number((value + 0.0).to_bits());
    match choice {
        Choice::Int(value) => number(*value as f64),
        Choice::Float(value) => number(*value),
        Choice::Null | Choice::Bool(_) | Choice::Text(_) => Meaning::Words(format!("{choice:?}")),
    }
}

/// The values that count, in the order of the trials: of repetitions of one configuration the mean of those that can be
/// compared (complete, feasible, finite), for each of these. A trial of no configuration stands for itself.
///
/// `trials` are values, which [`comparable_value`] gives, and configurations: a [`Configuration`], or a number for it.
pub fn counted_values<C: Eq + Hash>(
    trials: impl IntoIterator<Item = (Option<f64>, Option<C>)>,
) -> Vec<Option<f64>> {
    let trials: Vec<(Option<f64>, Option<C>)> = trials.into_iter().collect();
    let mut means: HashMap<&C, (f64, f64)> = HashMap::new();
    for (value, configuration) in &trials {
        let Some((value, configuration)) = value.zip(configuration.as_ref()) else { continue };
        let (mean, n) = means.entry(configuration).or_insert((value, 0.0));
        *n += 1.0;
        // Exact where all are equal; halves, so that no difference overflows.
        *mean += (0.5 * value - 0.5 * *mean) / *n * 2.0;
    }
    let counted = |(value, configuration): &(Option<f64>, Option<C>)| {
        let mean = configuration.as_ref().and_then(|configuration| means.get(configuration));
        value.map(|value| mean.map_or(value, |(mean, _)| *mean))
    };
    trials.iter().map(counted).collect()
}

/// The place of the best trial among `values`, which [`counted_values`] gives; of equal ones, the first.
///
/// `None` if no trial can be compared.
pub fn best_place(direction: Direction, values: impl IntoIterator<Item = Option<f64>>) -> Option<usize> {
    let values = values.into_iter().enumerate().filter_map(|(place, value)| Some((place, value?)));
    let better = |best: (usize, f64), next: (usize, f64)| {
        if direction.is_better(next.1, best.1) { next } else { best }
    };
    values.reduce(better).map(|(place, _)| place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_complete_feasible_trials_with_a_finite_value_are_compared() {
        assert_eq!(comparable_value(State::Complete, &[0.9, 7.0], &[]), Some(0.9));
        assert_eq!(comparable_value(State::Complete, &[0.9], &[0.0, -1.0]), Some(0.9));
        for (state, values, constraints) in [
            (State::Pruned, vec![0.9], vec![]),
            (State::Failed, vec![0.9], vec![]),
            (State::Running, vec![0.9], vec![]),
            (State::Complete, vec![], vec![]),
            (State::Complete, vec![f64::NAN], vec![]),
            (State::Complete, vec![f64::INFINITY], vec![]),
            (State::Complete, vec![0.9], vec![-1.0, 0.1]),
            (State::Complete, vec![0.9], vec![f64::NAN]),
        ] {
            assert_eq!(
                comparable_value(state, &values, &constraints),
                None,
                "{state:?} {values:?} {constraints:?}"
            );
        }
    }

    fn configuration(params: &[(&str, f64, &Distribution)]) -> Option<Configuration> {
        Configuration::new(params.iter().copied())
    }

    #[test]
    fn a_configuration_is_what_the_values_mean() {
        let range = |json: serde_json::Value| Distribution::try_from(json).expect("a range");
        let choices = |choices: serde_json::Value| {
            range(
                serde_json::json!({ "name": "CategoricalDistribution", "attributes": { "choices": choices } }),
            )
        };
        let (int, float) =
            (Distribution::int(0, 9, false, 1).unwrap(), Distribution::float(0.0, 9.0, false, None).unwrap());
        let (then, now) =
            (choices(serde_json::json!(["sgd", "adam", 3])), choices(serde_json::json!(["adam"])));
        let as_int = configuration(&[("n", 3.0, &int), ("o", 1.0, &then)]);
        assert!(as_int.is_some());
        assert_eq!(
            as_int,
            configuration(&[("o", 0.0, &now), ("n", 3.0, &float)]),
            "another order and other ranges"
        );
        assert_eq!(
            configuration(&[("n", 3.0, &int)]),
            configuration(&[("n", 2.0, &then)]),
            "a number among choices"
        );
        assert_eq!(configuration(&[("x", 0.0, &float)]), configuration(&[("x", -0.0, &float)]));
        for other in [
            configuration(&[("n", 4.0, &int), ("o", 1.0, &then)]),
            configuration(&[("n", 3.0, &int), ("o", 0.0, &then)]),
            configuration(&[("n", 3.0, &int)]),
            configuration(&[("m", 3.0, &int), ("o", 1.0, &then)]),
        ] {
            assert!(other.is_some() && other != as_int, "{other:?}");
        }
        assert_eq!(configuration(&[]), None, "such trials are not repetitions of each other");
        assert_eq!(configuration(&[("n", 10.0, &int)]), None, "out of its range");
    }

    #[test]
    fn of_repetitions_the_mean_of_those_that_can_be_compared_counts() {
        let trials = [
            (Some(0.95), Some("lucky")),
            (Some(0.85), Some("steady")),
            (Some(0.65), Some("lucky")),
            (None, Some("steady")),
            (Some(0.875), Some("steady")),
            (Some(0.7), None),
            (Some(0.9), None),
        ];
        let counted = counted_values(trials);
        let close =
            |place: usize, value: f64| counted[place].is_some_and(|found| (found - value).abs() < 1e-12);
        assert!(close(0, 0.8) && close(2, 0.8) && close(1, 0.8625) && close(4, 0.8625), "{counted:?}");
        assert_eq!([counted[3], counted[5], counted[6]], [None, Some(0.7), Some(0.9)]);
        assert_eq!(best_place(Direction::Maximize, counted.iter().copied()), Some(6));
        assert_eq!(
            best_place(Direction::Maximize, counted[..5].iter().copied()),
            Some(1),
            "not the luckiest one"
        );
    }

    #[test]
    fn the_mean_of_equals_is_what_they_are_and_none_overflows() {
        for value in [0.1, 1.0 / 3.0, 1e-300, f64::MAX, -f64::MAX] {
            assert_eq!(counted_values([(Some(value), Some(0)); 7]), [Some(value); 7]);
        }
        let far = counted_values([(Some(f64::MAX), Some(0)), (Some(-f64::MAX), Some(0))]);
        assert_eq!(far, [Some(0.0); 2]);
    }

    #[test]
    fn the_earlier_of_equal_trials_is_the_best() {
        let values = [None, Some(0.5), Some(0.9), Some(0.9), Some(0.5), None];
        assert_eq!(best_place(Direction::Maximize, values), Some(2));
        assert_eq!(best_place(Direction::Minimize, values), Some(1));
        assert_eq!(best_place(Direction::Minimize, [Some(0.0), Some(-0.0)]), Some(0));
        assert_eq!(best_place(Direction::Minimize, [None, None]), None);
        assert_eq!(best_place(Direction::Minimize, []), None);
    }
}
