//! The best trial: one rule for reports, choices and lists.

use toile_record::{Direction, State};

/// The value by which a trial is compared with others: its first one.
///
/// `None` unless the trial is complete and feasible (no constraint is above 0, none is NaN) and the value is finite.
pub fn comparable_value(state: State, values: &[f64], constraints: &[f64]) -> Option<f64> {
    let is_feasible = constraints.iter().all(|constraint| *constraint <= 0.0);
    let value = values.first().copied().filter(|value| value.is_finite())?;
    (state == State::Complete && is_feasible).then_some(value)
}

/// The place of the best trial among `values`, which [`comparable_value`] gives; of equal ones, the first.
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
