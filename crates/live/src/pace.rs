//! When there was news of a training, and how long its epochs take.

use std::collections::HashMap;

use toile_record::Epoch;

use crate::LiveKey;

/// The usual epoch is over so many of the last ones.
const LAST_EPOCHS: usize = 10;

/// How far a new interval moves the mean of the ones before.
const WEIGHT: f64 = 0.3;

/// News of trainings, as it came.
#[derive(Clone, Debug, Default)]
pub(crate) struct EpochPace {
    news: HashMap<LiveKey, LastNews>,
}

#[derive(Clone, Copy, Debug)]
struct LastNews {
    epochs: usize,
    at: f64,
    /// Whether `at` is when an epoch came, and not when somebody began to look.
    is_arrival: bool,
    /// Seconds from one epoch to the next, as they came.
    interval: Option<f64>,
}

impl EpochPace {
    /// A training has so many epochs now.
    pub(crate) fn note(&mut self, key: &LiveKey, epochs: usize, now: f64) {
        let Some(news) = self.news.get_mut(key) else {
            let news = LastNews { epochs, at: now, is_arrival: false, interval: None };
            self.news.insert(key.clone(), news);
            return;
        };
        if epochs > news.epochs && news.is_arrival {
            let each = (now - news.at).max(0.0) / (epochs - news.epochs) as f64;
            news.interval = Some(news.interval.map_or(each, |mean| mean + WEIGHT * (each - mean)));
        }
        if epochs != news.epochs {
            *news = LastNews { epochs, at: now, is_arrival: true, ..*news };
        }
    }

    /// When there was news of it.
    pub(crate) fn since(&self, key: &LiveKey) -> Option<f64> {
        self.news.get(key).map(|news| news.at)
    }

    /// Seconds that an epoch takes: as they came, or as they were recorded, whichever is longer, since what is recorded
    /// leaves the evaluations out.
    pub(crate) fn usual_epoch(&self, key: &LiveKey, epochs: &[Epoch]) -> Option<f64> {
        let came = self.news.get(key).and_then(|news| news.interval);
        let recorded = recorded_epoch(epochs);
        came.into_iter().chain(recorded).reduce(f64::max)
    }
}

/// The mean of the last epochs, as they were recorded.
pub(crate) fn recorded_epoch(epochs: &[Epoch]) -> Option<f64> {
    let trained = Epoch::trained(epochs);
    let last = &trained[trained.len().saturating_sub(LAST_EPOCHS)..];
    let known: Vec<f64> = last.iter().map(|epoch| epoch.seconds).filter(|s| s.is_finite()).collect();
    let sum: f64 = known.iter().sum();
    (sum > 0.0).then(|| sum / known.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_epoch_is_as_long_as_epochs_take_to_come() {
        let key = LiveKey::Run("a".into());
        let epochs = |n: usize| {
            let epoch = |epoch| Epoch { epoch, seconds: 2.0, ..Epoch::default() };
            (1..=n).map(epoch).collect::<Vec<_>>()
        };
        let mut pace = EpochPace::default();
        pace.note(&key, 3, 100.0);
        assert_eq!((pace.usual_epoch(&key, &epochs(3)), pace.since(&key)), (Some(2.0), Some(100.0)));
        pace.note(&key, 4, 101.0);
        pace.note(&key, 4, 107.0);
        assert_eq!(pace.since(&key), Some(101.0), "no news");
        pace.note(&key, 6, 107.0);
        assert_eq!(pace.usual_epoch(&key, &epochs(6)), Some(3.0), "two epochs in six seconds");
        assert_eq!(pace.usual_epoch(&key, &[]), Some(3.0));
    }
}
