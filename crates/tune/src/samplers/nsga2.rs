//! NSGA-II: children of the best trials, for one objective or several (Deb, Pratap, Agarwal, Meyarivan 2002).
//!
//! The parents are the best `population_size` of the finished trials that may be known: by fronts (those that no other
//! dominates, those that only the first front dominates, …), and within a front those with the largest crowding
//! distance first. A child is made of two parents that won tournaments: each parameter comes from one of them or,
//! rarely, is drawn at random (mutation); a parameter that neither parent has is drawn too. Until there are that many
//! trials, all parameters are drawn.
//!
//! Differs from Optuna: parents are chosen from all trials that may be known, not once per generation, so that a
//! proposal needs no memory; tournaments are decided by front, then by crowding, as in the paper, where Optuna
//! compares dominance alone; parameters under conditions are inherited as well.

use std::cmp::Ordering;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toile_rng::Stream;

use super::{SamplingAlgorithm, assign, random};
use crate::{Direction, Params, SamplingContext, Space, Trial};

/// A genetic algorithm for several objectives.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Nsga2Sampler {
    /// Trials of one generation, the first of which is drawn at random.
    #[schemars(range(min = 2, max = 10_000))]
    pub population_size: usize,
    /// The probability that a child is made of two parents, not of one.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub crossover_prob: f64,
    /// The probability that a parameter of a child comes from the other parent.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub swapping_prob: f64,
    /// The probability that a parameter of a child is drawn at random; 1 / parameters by default.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub mutation_prob: Option<f64>,
}

impl Default for Nsga2Sampler {
    fn default() -> Self {
        Nsga2Sampler { population_size: 50, crossover_prob: 0.9, swapping_prob: 0.5, mutation_prob: None }
    }
}

impl SamplingAlgorithm for Nsga2Sampler {
    fn suggest(&self, context: &SamplingContext) -> Params {
        suggest(self, context)
    }

    fn supports(&self, directions: &[Direction], _space: &Space) -> Result<(), String> {
        match directions.is_empty() {
            true => Err("`nsga2` needs at least one objective, found none".into()),
            false => Ok(()),
        }
    }

    fn title(&self) -> &'static str {
        "NSGA-II"
    }

    fn n_startup_trials(&self) -> usize {
        self.population_size
    }

    fn is_single_objective(&self) -> bool {
        false
    }

    fn is_random(&self) -> bool {
        false
    }

    fn is_exhaustive(&self) -> bool {
        false
    }

    fn yields_to_grid(&self) -> bool {
        false
    }

    fn repeats_optuna(&self) -> bool {
        false
    }
}

/// The next trial's parameters.
fn suggest(settings: &Nsga2Sampler, context: &SamplingContext) -> Params {
    let finished = finished(context);
    if finished.len() < settings.population_size {
        return random::suggest(context);
    }
    let parents = best(&finished, context.directions, settings.population_size);
    let mut stream = context.seed.stream("nsga2", context.number as u64);
    let first = tournament(&parents, None, &mut stream);
    let crossed = stream.uniform_f64() < settings.crossover_prob && parents.len() > 1;
    let second = if crossed { tournament(&parents, Some(first), &mut stream) } else { first };
    child(settings, context, parents[first].trial, parents[second].trial)
}

/// A parameter from one parent or the other, drawn at random if it mutates or if neither has it.
fn child(settings: &Nsga2Sampler, context: &SamplingContext, first: &Trial, second: &Trial) -> Params {
    let mutation = settings.mutation_prob.unwrap_or(1.0 / (first.params.len() as f64).max(1.0));
    let seed = context.seed.derive("nsga2", context.number as u64);
    assign(context, |param| {
        let mut stream = seed.stream(&param.name, 0);
        let mutates = stream.uniform_f64() < mutation;
        let swapped = stream.uniform_f64() < settings.swapping_prob;
        let (one, other) = if swapped { (second, first) } else { (first, second) };
        let inherited = one.params.get(&param.name).or_else(|| other.params.get(&param.name)).copied();
        let inherited = inherited.filter(|&value| !mutates && param.distribution.contains(value));
        inherited.unwrap_or_else(|| random::value(context, param))
    })
}

/// A finished trial among others.
#[derive(Clone, Debug)]
struct Individual<'a> {
    trial: &'a Trial,
    losses: Vec<f64>,
    /// The sum of its violated constraints.
    violation: f64,
    front: usize,
    crowding: f64,
}

/// All trials with a number for each objective.
fn finished<'a>(context: &SamplingContext<'a>) -> Vec<Individual<'a>> {
    let whole = |trial: &&Trial| {
        let complete =
            trial.state == crate::State::Complete && trial.values.len() == context.directions.len();
        complete && !trial.values.iter().chain(&trial.constraints).any(|value| value.is_nan())
    };
    // Adding 0 turns -0 into 0: the order of the fronts distinguishes the two, dominance does not.
    let member = |trial: &'a Trial| Individual {
        trial,
        losses: context.directions.iter().zip(&trial.values).map(|(d, &value)| d.loss(value) + 0.0).collect(),
        violation: trial.constraints.iter().filter(|&&c| c > 0.0).sum::<f64>() + 0.0,
        front: 0,
        crowding: 0.0,
    };
    let mut all: Vec<_> = context.history.iter().filter(whole).map(member).collect();
    all.sort_by_key(|member| member.trial.number);
    all
}

/// The best `count` individuals with their fronts and crowding, best first.
fn best<'a>(all: &[Individual<'a>], directions: &[Direction], count: usize) -> Vec<Individual<'a>> {
    let mut chosen: Vec<Individual> = Vec::new();
    for (number, front) in fronts(all, count).into_iter().enumerate() {
        let crowding =
            crowding(&front.iter().map(|&i| &all[i].trial.values[..]).collect::<Vec<_>>(), directions.len());
        let mut members: Vec<Individual> = front
            .iter()
            .zip(crowding)
            .map(|(&i, crowding)| Individual { front: number, crowding, ..all[i].clone() })
            .collect();
        members.sort_by(|a, b| b.crowding.total_cmp(&a.crowding));
        members.truncate(count - chosen.len());
        chosen.append(&mut members);
    }
    chosen
}

/// The fronts, each by number, until they hold at least `enough` individuals. Trials that violate a constraint come
/// after all that violate none, in the order of the violation.
fn fronts(all: &[Individual], enough: usize) -> Vec<Vec<usize>> {
    let mut left: Vec<usize> = (0..all.len()).collect();
    left.sort_by(|&a, &b| before(&all[a], &all[b]));
    let (mut fronts, mut count) = (Vec::new(), 0);
    while count < enough && !left.is_empty() {
        let mut front: Vec<usize> = Vec::new();
        // In this order none is dominated by a later one, and each dominated one is so by a member of the front.
        left.retain(|&i| {
            let dominated = front.iter().any(|&j| dominates(&all[j], &all[i]));
            if !dominated {
                front.push(i);
            }
            dominated
        });
        count += front.len();
        front.sort_unstable();
        fronts.push(front);
    }
    fronts
}

/// By violation, then by the first loss, the second, ….
fn before(a: &Individual, b: &Individual) -> Ordering {
    let by_loss = || a.losses.iter().zip(&b.losses).map(|(a, b)| a.total_cmp(b)).find(|order| order.is_ne());
    a.violation.total_cmp(&b.violation).then_with(|| by_loss().unwrap_or(Ordering::Equal))
}

/// Whether `a` is at least as good as `b` in everything and better in something; constraints come first.
fn dominates(a: &Individual, b: &Individual) -> bool {
    if a.violation > 0.0 || b.violation > 0.0 {
        return a.violation < b.violation;
    }
    let pairs = || a.losses.iter().zip(&b.losses);
    pairs().all(|(a, b)| a <= b) && pairs().any(|(a, b)| a < b)
}

/// The crowding distances: how far a front's members are from their neighbours, summed over the objectives in units of
/// the front's width; infinite at an end.
fn crowding(values: &[&[f64]], objectives: usize) -> Vec<f64> {
    let mut distances = vec![0.0; values.len()];
    let mut order: Vec<usize> = (0..values.len()).collect();
    for objective in 0..objectives {
        let at = |i: usize| values[i][objective];
        order.sort_by(|&a, &b| at(a).total_cmp(&at(b)));
        let (first, last) = (at(order[0]), at(order[order.len() - 1]));
        if first == last {
            continue;
        }
        let finite = || order.iter().map(|&i| at(i)).filter(|v| v.is_finite());
        let width = match (finite().next(), finite().next_back()) {
            (Some(low), Some(high)) if high > low => high - low,
            _ => 1.0,
        };
        for (rank, &i) in order.iter().enumerate() {
            let below = if rank == 0 { f64::NEG_INFINITY } else { at(order[rank - 1]) };
            let above = order.get(rank + 1).map_or(f64::INFINITY, |&j| at(j));
            distances[i] += if below == above { 0.0 } else { (above - below) / width };
        }
    }
    distances
}

/// The better of two random members, neither of which is the one left out.
fn tournament(members: &[Individual], left_out: Option<usize>, stream: &mut Stream) -> usize {
    let count = members.len() - usize::from(left_out.is_some());
    let mut pick = || {
        let i = stream.below(count as u32) as usize;
        if left_out.is_some_and(|out| i >= out) { i + 1 } else { i }
    };
    let (a, b) = (pick(), pick());
    let key = |i: usize| (members[i].front, -members[i].crowding);
    if key(a) <= key(b) { a } else { b }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::State;

    fn trial(number: usize, values: Vec<f64>, constraints: Vec<f64>) -> Trial {
        let (params, intermediate, rungs) = Default::default();
        Trial { number, state: State::Complete, params, values, intermediate, rungs, constraints }
    }

    fn rows(value: &Value) -> Vec<Vec<f64>> {
        let row = |row: &Value| row.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect();
        value.as_array().unwrap().iter().map(row).collect()
    }

    #[test]
    fn fronts_and_crowding_are_those_of_optuna() {
        let cases: Value = serde_json::from_str(include_str!("../../tests/golden/nsga2.json")).unwrap();
        for case in cases.as_array().unwrap() {
            let both = rows(&case["values"]).into_iter().zip(rows(&case["violations"]));
            let history: Vec<Trial> = both.enumerate().map(|(i, (v, c))| trial(i, v, c)).collect();
            let directions: Vec<Direction> = (0..history[0].values.len())
                .map(|i| if i == 1 { Direction::Maximize } else { Direction::Minimize })
                .collect();
            let (space, fixed, seed) = (Space::default(), Params::new(), toile_rng::Seed::new(0));
            let (history, number) = (&history[..], history.len());
            let context = SamplingContext {
                space: &space,
                directions: &directions,
                history,
                number,
                seed,
                n_trials: None,
                fixed: &fixed,
            };
            let chosen = best(&finished(&context), &directions, number);
            assert_eq!(chosen.len(), number);
            for member in chosen {
                let i = member.trial.number;
                assert_eq!(Some(member.front as u64), case["ranks"][i].as_u64(), "trial {i}");
                let wanted = case["crowding"][i].as_f64().unwrap_or(f64::INFINITY);
                let same = member.crowding == wanted || (member.crowding - wanted).abs() < 1e-12;
                assert!(same, "trial {i}: {} is not {wanted}", member.crowding);
            }
        }
    }

    #[test]
    fn a_tournament_never_answers_the_one_left_out_and_prefers_the_better() {
        let trials: Vec<Trial> = (0..4).map(|i| trial(i, vec![i as f64], vec![])).collect();
        let member =
            |trial| Individual { trial, losses: vec![], violation: 0.0, front: trial.number, crowding: 0.0 };
        let members: Vec<Individual> = trials.iter().map(member).collect();
        let mut stream = toile_rng::Seed::new(1).stream("test", 0);
        let mut counts = [0; 4];
        for _ in 0..900 {
            counts[tournament(&members, Some(1), &mut stream)] += 1;
        }
        assert_eq!(counts[1], 0);
        // Of nine pairs the best wins five, the second best three, the worst one.
        assert!(counts[0] > counts[2] && counts[2] > counts[3] && counts[3] > 0, "{counts:?}");
    }
}
