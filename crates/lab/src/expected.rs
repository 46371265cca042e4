//! What is expected of a search before its first trial.

use toile_data::{DataSet, Split};
use toile_rng::Seed;
use toile_study::SearchPlan;
use toile_tune::{Params, RandomSampler, Sampler, SamplingContext};

use crate::runner::{Cost, engine};

/// The mean work of some trials with random parameters.
pub(crate) fn trial_work(search: &SearchPlan, data: &DataSet, split: &Split) -> f64 {
    const POINTS: usize = 8;
    let image = engine::image_shape(data);
    let n = [split.train.len(), split.validation.len(), 0];
    let mut works = Vec::new();
    for number in 0..POINTS {
        let Ok(settings) = search.settings(&random_point(search, number), 0) else { continue };
        let run = search.run(settings);
        // A configuration whose layers do not fit fails at once.
        if let Ok(summary) = engine::summary(&run, image) {
            works.push(Cost::of(&run.settings, &summary, n).work());
        }
    }
    works.iter().sum::<f64>() / works.len().max(1) as f64 * search.seeds as f64
}

/// A point of a search's space, drawn at random; the same for the same number.
pub fn random_point(search: &SearchPlan, number: usize) -> Params {
    let directions: Vec<_> = search.objectives.iter().map(|objective| objective.direction).collect();
    let context = SamplingContext {
        space: &search.space,
        directions: &directions,
        history: &[],
        number,
        seed: Seed::new(0),
        n_trials: None,
        fixed: &search.fixed,
    };
    Sampler::Random(RandomSampler {}).suggest(&context)
}
