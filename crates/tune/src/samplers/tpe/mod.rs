//! The tree-structured Parzen estimator, as in Optuna 5.0.
//!
//! Finished trials are split into a few good ones and the rest. From each side's parameters a density is made, l of the good and g of
//! the others; candidates are drawn from l, and the one with the largest l / g is the proposal.
//!
//! Source: Watanabe, "Tree-Structured Parzen Estimator" (2023), and `optuna/samplers/_tpe` of Optuna 5.0.0, whose numbers come
//! out (`tests/golden/make_tpe.py`). It differs from Optuna:
//!
//! - Sorts are stable, and of candidates that differ by rounding only the first is taken, where Optuna's choice depends on the
//!   processor.
//! - With groups, a trial under way has the parameters it has, not also those that it was never asked for.
//! - A candidate that rounding takes beyond a bound is put back onto it. Ranges wider than any number, and integers finer than
//!   any digit, are searched too. Observations that the space no longer has do not count.
//! - What is fixed is not proposed, as if the others were the whole space.
//! - Chance comes from streams that only the search's seed and the trial's number choose, unless `numpy_compatible` is set.

mod numpy;
mod parzen;
mod past;
mod subspace;

use numpy::Numpy;
use parzen::Parzen;
use past::{Past, Split};
use subspace::Subspaces;

use super::{TpeSampler, assign, random};
use crate::{Ask, Param, Params};

pub(super) fn suggest(settings: &TpeSampler, ask: &Ask) -> Params {
    let past = Past::new(ask);
    let mut chance = match settings.numpy_compatible {
        true => Chance::Numpy(Box::new(Numpy::replayed(settings, ask, &past))),
        false => Chance::Streams(*ask),
    };
    if past.finished() < settings.n_startup_trials {
        return assign(ask, |param| chance.start(param));
    }
    let mut search = Search { settings, ask, chance, split: past.split(settings.constant_liar) };
    let mut together = None;
    assign(ask, |param| {
        let together = together.get_or_insert_with(|| search.together(&past));
        together.get(&param.name).copied().unwrap_or_else(|| search.alone(param))
    })
}

/// A proposal under way.
struct Search<'a> {
    settings: &'a TpeSampler,
    ask: &'a Ask<'a>,
    chance: Chance<'a>,
    split: Split<'a>,
}

impl Search<'_> {
    /// The parameters that are proposed together, or by groups.
    fn together(&mut self, past: &Past) -> Params {
        let mut subspaces = Subspaces::new(self.settings, self.ask);
        past.trials().filter(|trial| past::is_finished(trial)).for_each(|trial| subspaces.meet(trial));
        subspaces
            .searched()
            .into_iter()
            .flat_map(|names| {
                let params: Vec<&Param> = names.iter().filter_map(|name| self.ask.space.get(name)).collect();
                let values = self.propose(&params, "tpe");
                names.into_iter().zip(values)
            })
            .collect()
    }

    fn alone(&mut self, param: &Param) -> f64 {
        self.propose(&[param], "tpe alone")[0]
    }

    /// Values for these parameters, all at once.
    fn propose(&mut self, params: &[&Param], purpose: &str) -> Vec<f64> {
        let [good, others] =
            [&self.split.below, &self.split.above].map(|trials| past::columns(trials, params));
        let weigh =
            if self.ask.directions.len() > 1 { parzen::equal_weights } else { parzen::falling_weights };
        let (l, g) =
            (Parzen::new(params, &good, weigh), Parzen::new(params, &others, parzen::falling_weights));
        let candidates =
            self.chance.draw(params, purpose, |uniform| l.sample(self.settings.n_ei_candidates, uniform));
        let (ln_l, ln_g) = (l.ln_density(&candidates), g.ln_density(&candidates));
        let best = first_of_the_best(&ln_l.iter().zip(&ln_g).map(|(l, g)| l - g).collect::<Vec<_>>());
        candidates.iter().map(|column| column[best]).collect()
    }
}

/// The place of the first number that is as large as the largest but for rounding; 0 if all are NaN.
fn first_of_the_best(values: &[f64]) -> usize {
    let best = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    values.iter().position(|&value| value >= best - 1e-10).unwrap_or(0)
}

/// Where chance comes from.
enum Chance<'a> {
    Streams(Ask<'a>),
    Numpy(Box<Numpy>),
}

impl Chance<'_> {
    /// A parameter of one of the first trials.
    fn start(&mut self, param: &Param) -> f64 {
        match self {
            Chance::Streams(ask) => random::value(ask, param),
            Chance::Numpy(numpy) => numpy.start(&param.distribution),
        }
    }

    /// What `sample` makes of uniform numbers in [0, 1).
    fn draw<T>(
        &mut self,
        params: &[&Param],
        purpose: &str,
        sample: impl FnOnce(&mut dyn FnMut() -> f64) -> T,
    ) -> T {
        match self {
            Chance::Streams(ask) => {
                let name = params.first().map_or("", |param| &param.name);
                let mut stream = ask.seed.stream(&format!("{purpose}: {name}"), ask.number as u64);
                sample(&mut || stream.uniform_f64())
            }
            Chance::Numpy(numpy) => sample(&mut || numpy.proposals.uniform()),
        }
    }
}

#[cfg(test)]
mod tests;
