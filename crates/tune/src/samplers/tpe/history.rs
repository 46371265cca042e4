//! The history as TPE uses it: which trials count, and which of them are the good ones.

use std::cmp::Ordering::Equal;

use crate::pareto::{LossVector, ranks, reference_point, subset};
use crate::{Direction, Distribution, Param, SamplingContext, State, Trial};

/// The trials that count, by number: complete, pruned and running ones. Those that failed, or have a value that is not
/// a number, never do.
pub(super) struct TpeHistory<'a> {
    directions: &'a [Direction],
    /// Without the trial whose parameters are wanted.
    all: Vec<&'a Trial>,
}

/// The good trials and the others, both by number.
pub(super) struct TrialSplit<'a> {
    pub(super) below: Vec<&'a Trial>,
    pub(super) above: Vec<&'a Trial>,
}

/// Whether a trial that counts has ended.
pub(super) fn is_finished(trial: &Trial) -> bool {
    trial.state != State::Running
}

impl<'a> TpeHistory<'a> {
    pub(super) fn new(context: &SamplingContext<'a>) -> Self {
        let counts =
            |trial: &&Trial| trial.number != context.number && counts(trial, context.directions.len());
        let mut all: Vec<&Trial> = context.history.iter().filter(counts).collect();
        all.sort_by_key(|trial| trial.number);
        TpeHistory { directions: context.directions, all }
    }

    pub(super) fn trials(&self) -> impl Iterator<Item = &'a Trial> {
        self.all.iter().copied()
    }

    /// How many have ended.
    pub(super) fn finished(&self) -> usize {
        self.trials().filter(|trial| is_finished(trial)).count()
    }

    /// The best tenth, at most 25 with one objective: feasible complete trials first, then feasible pruned ones, then
    /// those that violate constraints. Running trials count as bad ones with the constant liar, else not at all.
    pub(super) fn split(&self, constant_liar: bool) -> TrialSplit<'a> {
        let tenth = (0.1 * self.finished() as f64).ceil() as usize;
        let mut wanted = if self.directions.len() > 1 { tenth } else { tenth.min(25) };
        let (finished, running): (Vec<&Trial>, Vec<&Trial>) =
            self.trials().partition(|trial| is_finished(trial));
        let (feasible, infeasible) =
            finished.into_iter().partition::<Vec<_>, _>(|trial| violation(trial) == 0.0);
        let (complete, pruned) =
            feasible.into_iter().partition::<Vec<_>, _>(|trial| trial.state == State::Complete);
        let (mut below, mut above) = (Vec::new(), if constant_liar { running } else { Vec::new() });
        for ranked in [self.complete(complete, wanted), self.pruned(pruned), by_violation(infeasible)] {
            let (good, bad) = ranked.split_at(wanted.min(ranked.len()));
            wanted -= good.len();
            below.extend(good);
            above.extend(bad);
        }
        below.sort_by_key(|trial: &&Trial| trial.number);
        above.sort_by_key(|trial| trial.number);
        TrialSplit { below, above }
    }

    /// Complete trials, the best `wanted` of them first.
    fn complete(&self, mut trials: Vec<&'a Trial>, wanted: usize) -> Vec<&'a Trial> {
        if self.directions.len() > 1 {
            return self.by_domination(trials, wanted);
        }
        let direction = self.directions.first().copied().unwrap_or(Direction::Minimize);
        trials.sort_by(|a, b| ascending(direction.loss(a.values[0]), direction.loss(b.values[0])));
        trials
    }

    /// By rank of domination; of the rank that is wanted in part only, those that together dominate most.
    fn by_domination(&self, trials: Vec<&'a Trial>, wanted: usize) -> Vec<&'a Trial> {
        if wanted == 0 || wanted >= trials.len() {
            return trials;
        }
        let losses =
            |trial: &&Trial| trial.values.iter().zip(self.directions).map(|(&v, d)| d.loss(v)).collect();
        let points: Vec<LossVector> = trials.iter().map(losses).collect();
        let ranks = ranks(&points, wanted);
        let mut good: Vec<usize> = Vec::new();
        for rank in 0.. {
            let of_rank: Vec<usize> = (0..trials.len()).filter(|&i| ranks[i] == rank).collect();
            if good.len() + of_rank.len() > wanted {
                let tied: Vec<LossVector> = of_rank.iter().map(|&i| points[i].clone()).collect();
                let chosen = subset(&tied, wanted - good.len(), &reference_point(&tied));
                good.extend(chosen.into_iter().map(|i| of_rank[i]));
                break;
            }
            good.extend(of_rank);
            if good.len() == wanted {
                break;
            }
        }
        let mut is_good = vec![false; trials.len()];
        good.iter().for_each(|&i| is_good[i] = true);
        let others = (0..trials.len()).filter(|&i| !is_good[i]);
        good.iter().copied().chain(others).map(|i| trials[i]).collect()
    }

    /// The one that came furthest first, then by the last report; one without a report counts as if it were before
    /// step 0.
    fn pruned(&self, mut trials: Vec<&'a Trial>) -> Vec<&'a Trial> {
        let direction = self.directions.first().copied().unwrap_or(Direction::Minimize);
        let key = |trial: &Trial| match trial.last_step() {
            Some((step, value)) if value.is_nan() => (-(step as i128), f64::INFINITY),
            Some((step, value)) => (-(step as i128), direction.loss(value)),
            None => (1, 0.0),
        };
        trials.sort_by(|a, b| {
            let (a, b) = (key(a), key(b));
            a.0.cmp(&b.0).then(ascending(a.1, b.1))
        });
        trials
    }
}

/// Whether a trial has the values that its state implies.
fn counts(trial: &Trial, objectives: usize) -> bool {
    match trial.state {
        State::Failed => false,
        State::Waiting | State::Running | State::Pruned => true,
        State::Complete => {
            trial.values.len() == objectives.max(1) && !trial.values.iter().any(|value| value.is_nan())
        }
    }
}

/// The sum of what is above 0.
fn violation(trial: &Trial) -> f64 {
    trial.constraints.iter().filter(|&&value| value > 0.0).sum()
}

fn by_violation(mut trials: Vec<&Trial>) -> Vec<&Trial> {
    trials.sort_by(|a, b| ascending(violation(a), violation(b)));
    trials
}

fn ascending(a: f64, b: f64) -> std::cmp::Ordering {
    a.partial_cmp(&b).unwrap_or(Equal)
}

/// A trial's value of a parameter, if it can serve as an observation: between the bounds, though perhaps not on a step.
pub(super) fn usable(trial: &Trial, param: &Param) -> Option<f64> {
    let value = *trial.params.get(&param.name)?;
    let usable = match &param.distribution {
        Distribution::Float { low, high, .. } => (*low..=*high).contains(&value),
        Distribution::Int { low, high, .. } => (*low as f64..=*high as f64).contains(&value),
        Distribution::Categorical { .. } => param.distribution.contains(value),
    };
    usable.then_some(value)
}

/// A column of observations for each parameter, of the trials that have them all.
pub(super) fn columns(trials: &[&Trial], params: &[&Param]) -> Vec<Vec<f64>> {
    let mut columns = vec![Vec::with_capacity(trials.len()); params.len()];
    let mut row = Vec::with_capacity(params.len());
    for trial in trials {
        row.clear();
        row.extend(params.iter().map_while(|param| usable(trial, param)));
        if row.len() == params.len() {
            columns.iter_mut().zip(&row).for_each(|(column, &value)| column.push(value));
        }
    }
    columns
}
