//! The learning-rate range test of a run: what its sweeps suggest, computed once for terminal, page, picture and JSON.

mod page;
mod sentences;

use serde::Serialize;
use toile_record::{RangeTestRecord, SweepEnd, SweepRecord};
use toile_stats::{SweepRates, SweepReading, read_sweep};

pub use page::{range_test_html, range_test_svg};
pub use sentences::rate;

/// Everything that is shown of a range test.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RangeTestView {
    /// 1; raised when a key changes its meaning or goes away.
    pub format: u32,
    /// The study's name.
    pub study: String,
    /// The run's name.
    pub run: String,
    /// The run's model.
    pub model: String,
    /// The optimizer's name.
    pub optimizer: String,
    /// Images per batch.
    pub batch_size: usize,
    /// The run's own learning rate.
    pub learning_rate: f64,
    /// Where it lies.
    pub standing: RateStanding,
    /// The rates between which training works for every seed; `None` if there are none.
    pub interval: Option<[f64; 2]>,
    /// Whether the loss still fell at the largest rate, so that the interval has no upper end.
    pub is_open: bool,
    /// A rate to try: the geometric mean of all suggestions, within the interval.
    pub try_rate: Option<f64>,
    /// The least and the largest of each number over the seeds; `None` where every curve is flat.
    pub spread: Option<RateSpread>,
    /// What all of this comes to, in sentences.
    pub sentences: Vec<String>,
    /// Whether our own code drew the images.
    pub procedural: bool,
    /// One for each seed.
    pub sweeps: Vec<SweepView>,
}

/// Where a learning rate lies to the interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RateStanding {
    /// Below it for every seed.
    Below,
    /// Above its lower end for some seeds, below it for others.
    LowerEnd,
    /// Inside for every seed.
    Inside,
    /// Below its upper end for some seeds, above it for others.
    UpperEnd,
    /// Above it for every seed.
    Above,
    /// There is no interval.
    Unknown,
}

/// The least and the largest over the seeds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct RateSpread {
    /// From where the loss falls noticeably.
    pub low: [f64; 2],
    /// Up to where it does not rise.
    pub high: [f64; 2],
    /// Where it falls most steeply.
    pub steepest: [f64; 2],
    /// A tenth of the rate of the least loss.
    pub least_over_ten: [f64; 2],
    /// In the longest valley.
    pub valley: [f64; 2],
}

/// One sweep and what it shows.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SweepView {
    /// The seed.
    pub seed: u64,
    /// Why the sweep ended.
    pub end: SweepEnd,
    /// What it suggests; `None` if the curve is flat or too short.
    pub suggests: Option<SuggestedRates>,
    /// The learning rate of each batch.
    pub rates: Vec<f64>,
    /// The loss of each batch.
    pub losses: Vec<f64>,
    /// The losses, smoothed by an exponential mean.
    pub smoothed: Vec<f64>,
    /// The median of each loss and seven neighbours on each side.
    pub medians: Vec<f64>,
}

/// The rates that one sweep suggests.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct SuggestedRates {
    /// From where the loss falls noticeably.
    pub low: f64,
    /// Up to where it does not rise.
    pub high: f64,
    /// Where it falls most steeply.
    pub steepest: f64,
    /// A tenth of the rate of the least loss.
    pub least_over_ten: f64,
    /// In the longest valley.
    pub valley: f64,
    /// Whether the loss still fell at the largest rate.
    pub high_is_open: bool,
}

impl SuggestedRates {
    /// All numbers in the order of the tables: the two ends, steepest descent, a tenth of the rate of the least loss,
    /// valley.
    pub fn numbers(&self) -> [f64; 5] {
        [self.low, self.high, self.steepest, self.least_over_ten, self.valley]
    }
}

impl From<SweepRates> for SuggestedRates {
    fn from(found: SweepRates) -> SuggestedRates {
        let SweepRates { steepest, least_over_ten, valley, low, high, high_is_open } = found;
        SuggestedRates { low, high, steepest, least_over_ten, valley, high_is_open }
    }
}

/// What a range test shows.
pub fn range_test(record: &RangeTestRecord) -> RangeTestView {
    let sweeps: Vec<SweepView> = record.sweeps.iter().map(|sweep| of_sweep(sweep, record.batches)).collect();
    let found: Vec<SuggestedRates> = sweeps.iter().filter_map(|sweep| sweep.suggests).collect();
    let spread = spread(&found);
    let interval = spread.map(|spread| [spread.low[1], spread.high[0]]).filter(|[low, high]| low < high);
    let mut view = RangeTestView {
        format: 1,
        study: record.study.clone(),
        run: record.run.clone(),
        model: record.model.clone(),
        optimizer: record.optimizer.clone(),
        batch_size: record.batch_size,
        learning_rate: record.learning_rate,
        standing: spread.map_or(RateStanding::Unknown, |spread| standing(record.learning_rate, &spread)),
        interval,
        is_open: !found.is_empty() && found.iter().all(|found| found.high_is_open),
        try_rate: interval.and_then(|[low, high]| Some(middle(&found)?.clamp(low, high))),
        spread,
        sentences: Vec::new(),
        procedural: record.procedural,
        sweeps,
    };
    view.sentences = sentences::sentences(&view, record);
    view
}

fn of_sweep(sweep: &SweepRecord, planned: usize) -> SweepView {
    let read = read_sweep(&sweep.rates, &sweep.losses, planned);
    let (smoothed, medians, rates) = match read {
        Some(SweepReading { smoothed, medians, rates, .. }) => (smoothed, medians, rates),
        None => Default::default(),
    };
    SweepView {
        seed: sweep.seed,
        end: sweep.end,
        suggests: rates.map(Into::into),
        rates: sweep.rates.clone(),
        losses: sweep.losses.clone(),
        smoothed,
        medians,
    }
}

/// The geometric mean of the three suggestions of all sweeps.
fn middle(found: &[SuggestedRates]) -> Option<f64> {
    let suggestions = |found: &SuggestedRates| {
        let [_, _, suggestions @ ..] = found.numbers();
        suggestions
    };
    let logs: Vec<f64> = found.iter().flat_map(suggestions).map(f64::ln).collect();
    toile_stats::mean(&logs).map(f64::exp)
}

fn spread(found: &[SuggestedRates]) -> Option<RateSpread> {
    let all: Vec<[f64; 5]> = found.iter().map(SuggestedRates::numbers).collect();
    let (first, others) = all.split_first()?;
    let [low, high, steepest, least_over_ten, valley] = std::array::from_fn(|i| {
        let numbers = || others.iter().map(|one| one[i]);
        [numbers().fold(first[i], f64::min), numbers().fold(first[i], f64::max)]
    });
    Some(RateSpread { low, high, steepest, least_over_ten, valley })
}

fn standing(rate: f64, spread: &RateSpread) -> RateStanding {
    match rate {
        rate if rate < spread.low[0] => RateStanding::Below,
        rate if rate > spread.high[1] => RateStanding::Above,
        rate if rate < spread.low[1] => RateStanding::LowerEnd,
        rate if rate > spread.high[0] => RateStanding::UpperEnd,
        _ => RateStanding::Inside,
    }
}
