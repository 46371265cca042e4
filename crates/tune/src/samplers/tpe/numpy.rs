//! Random numbers as Optuna draws them with NumPy's `RandomState`: two generators of one seed, one for the first
//! trials and one for proposals.
//!
//! The generators of Optuna continue from trial to trial. Here a trial finds its position in them by counting what the
//! trials before it drew, which follows from their parameters: a function of the history, as everything else. The
//! count is right for a search without lag, where each trial knew all before it as they are now; trials that still run
//! have always been running.

use super::history::{TpeHistory, is_finished};
use super::subspace::Subspaces;
use crate::samplers::TpeSampler;
use crate::{Distribution, SamplingContext, Trial};

/// Both generators, at a trial's position.
pub(super) struct NumpyRandom {
    start: Mt19937,
    pub(super) proposals: Mt19937,
}

impl NumpyRandom {
    /// At the position after the trials before `context.number`. Of the seed the lower 32 bits count, as NumPy takes no
    /// more.
    pub(super) fn replayed(settings: &TpeSampler, context: &SamplingContext, history: &TpeHistory) -> Self {
        let seed = context.seed.value() as u32;
        let mut numpy = NumpyRandom { start: Mt19937::new(seed), proposals: Mt19937::new(seed) };
        let (start, proposals) = drawn(settings, context, history);
        numpy.start.skip(start);
        numpy.proposals.skip(proposals);
        numpy
    }

    /// A value as Optuna's `RandomSampler` draws it.
    pub(super) fn start(&mut self, distribution: &Distribution) -> f64 {
        let mut between = |low: f64, high: f64| low + (high - low) * self.start.uniform();
        match *distribution {
            Distribution::Categorical { ref choices } => {
                let draws: Vec<f64> = choices.iter().map(|_| between(0.0, 1.0)).collect();
                let largest = draws.iter().copied().fold(0.0, f64::max);
                draws.iter().position(|&draw| draw == largest).unwrap_or(0) as f64
            }
            Distribution::Float { low, high, log: true, .. } => {
                libm::exp(between(libm::log(low), libm::log(high))).clamp(low, before(high))
            }
            Distribution::Float { low, high, step: Some(step), .. } => {
                let x = between(low - 0.5 * step, high + 0.5 * step);
                (((x - low) / step).round_ties_even() * step + low).clamp(low, high)
            }
            Distribution::Float { low, high, step: None, .. } => between(low, high).min(before(high)),
            Distribution::Int { low, high, log: true, .. } => {
                let (low, high) = (low as f64, high as f64);
                libm::exp(between(libm::log(low - 0.5), libm::log(high + 0.5)))
                    .round_ties_even()
                    .clamp(low, high)
            }
            Distribution::Int { low, high, step, .. } => {
                let half = 0.5 * step as f64;
                let x = between(low as f64 - half, high as f64 + half);
                let index = ((x - low as f64) / step as f64 + 0.5).floor() as i128;
                (low as i128 + index * step as i128).clamp(low as i128, high as i128) as f64
            }
        }
    }
}

/// The number next to `high` towards `high` − 1.
fn before(high: f64) -> f64 {
    if high - 1.0 < high { high.next_down() } else { high }
}

/// How many numbers the trials before this one drew of each generator.
fn drawn(settings: &TpeSampler, context: &SamplingContext, history: &TpeHistory) -> (u64, u64) {
    let mut before: Vec<&Trial> =
        context.history.iter().filter(|trial| trial.number < context.number).collect();
    before.sort_by_key(|trial| trial.number);
    let mut counting = history.trials().filter(|trial| is_finished(trial)).peekable();
    let mut subspaces = Subspaces::new(settings, context);
    let (mut finished, mut start, mut proposals) = (0, 0, 0);
    for trial in before {
        if finished < settings.n_startup_trials {
            start += drawn_ranges(context, trial).map(of_start).sum::<u64>();
        } else {
            proposals += of_proposal(settings, context, trial, &subspaces.searched());
        }
        if counting.next_if(|finished| finished.number == trial.number).is_some() {
            finished += 1;
            subspaces.add(trial);
        }
    }
    (start, proposals)
}

/// The ranges for which a trial drew a value.
fn drawn_ranges<'a>(
    context: &'a SamplingContext,
    trial: &'a Trial,
) -> impl Iterator<Item = (&'a str, &'a Distribution)> {
    let params = context.space.params.iter().filter(|param| trial.params.contains_key(&param.name));
    let open =
        params.filter(|param| !context.fixed.contains_key(&param.name) && !param.distribution.is_single());
    open.map(|param| (param.name.as_str(), &param.distribution))
}

fn of_start((_, distribution): (&str, &Distribution)) -> u64 {
    match distribution {
        Distribution::Categorical { choices } => choices.len() as u64,
        _ => 1,
    }
}

/// For each subspace `n_ei_candidates` kernels, and as many values of each parameter.
fn of_proposal(
    settings: &TpeSampler,
    context: &SamplingContext,
    trial: &Trial,
    together: &[Vec<String>],
) -> u64 {
    let is_together = |name: &str| together.iter().flatten().any(|other| other == name);
    let alone = drawn_ranges(context, trial).filter(|(name, _)| !is_together(name)).count();
    let draws = drawn_ranges(context, trial).next().is_some();
    let together = if draws { together.iter().map(|names| 1 + names.len()).sum() } else { 0 };
    settings.n_ei_candidates as u64 * (together + 2 * alone) as u64
}

/// The Mersenne twister (Matsumoto, Nishimura 1998), seeded as by `numpy.random.RandomState(seed)`.
pub(super) struct Mt19937 {
    state: [u32; 624],
    position: usize,
}

impl Mt19937 {
    pub(super) fn new(seed: u32) -> Self {
        let mut state = [seed; 624];
        for i in 1..624 {
            let before: u32 = state[i - 1];
            state[i] = (before ^ before >> 30).wrapping_mul(1_812_433_253).wrapping_add(i as u32);
        }
        Mt19937 { state, position: 624 }
    }

    fn twist(&mut self) {
        for i in 0..624 {
            let y = self.state[i] & 0x8000_0000 | self.state[(i + 1) % 624] & 0x7fff_ffff;
            let odd = if y & 1 == 1 { 0x9908_b0df } else { 0 };
            self.state[i] = self.state[(i + 397) % 624] ^ y >> 1 ^ odd;
        }
        self.position = 0;
    }

    fn next_u32(&mut self) -> u32 {
        if self.position == 624 {
            self.twist();
        }
        let mut y = self.state[self.position];
        self.position += 1;
        y ^= y >> 11;
        y ^= y << 7 & 0x9d2c_5680;
        y ^= y << 15 & 0xefc6_0000;
        y ^ y >> 18
    }

    /// Uniform on the multiples of 2⁻⁵³ in [0, 1).
    pub(super) fn uniform(&mut self) -> f64 {
        let (high, low) = (self.next_u32() >> 5, self.next_u32() >> 6);
        (high as f64 * 67_108_864.0 + low as f64) / 9_007_199_254_740_992.0
    }

    /// Skips uniform numbers: two words each.
    fn skip(&mut self, numbers: u64) {
        let mut words = 2 * numbers;
        while words > 0 {
            if self.position == 624 {
                self.twist();
            }
            let step = words.min((624 - self.position) as u64);
            self.position += step as usize;
            words -= step;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Mt19937;

    /// `numpy.random.RandomState(42).rand(3)`.
    #[test]
    fn the_twister_is_numpys() {
        let mut twister = Mt19937::new(42);
        let drawn = [twister.uniform(), twister.uniform(), twister.uniform()];
        assert_eq!(drawn, [0.3745401188473625, 0.9507143064099162, 0.7319939418114051]);
    }

    #[test]
    fn passing_over_numbers_is_drawing_them() {
        for n in [0, 1, 311, 312, 313, 1000] {
            let (mut drawn, mut skipped) = (Mt19937::new(7), Mt19937::new(7));
            drawn.uniform();
            skipped.uniform();
            for _ in 0..n {
                drawn.uniform();
            }
            skipped.skip(n);
            assert_eq!(drawn.uniform(), skipped.uniform());
        }
    }
}
