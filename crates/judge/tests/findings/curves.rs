//! Curves that are made to show a finding, or made not to: deterministic, from named streams.

use std::ops::Range;

use toile_judge::{NamedFinding, Recipe, Results, Run, of_run};
use toile_record::Epoch;
use toile_rng::{Seed, Stream};

/// Columns of an epoch's row.
#[derive(Clone, Copy)]
pub enum Column {
    Loss,
    Accuracy,
    TrainLoss,
    TrainAccuracy,
    ValLoss,
    ValAccuracy,
}

/// A stream of its own for each drawn curve.
pub fn stream(name: &str, draw: u64) -> Stream {
    Seed::new(20_260).stream(name, draw)
}

/// floor + amplitude · exp(−t/τ) after each of `n` epochs.
pub fn learning(n: usize, floor: f64, amplitude: f64, tau: f64) -> Vec<f64> {
    (1..=n).map(|t| floor + amplitude * (-(t as f64) / tau).exp()).collect()
}

/// The same number after each epoch.
pub fn flat(n: usize, level: f64) -> Vec<f64> {
    vec![level; n]
}

/// A straight line over the epochs of this range, from nothing to this part of the last value: 0.1 is a rise of 10 %.
pub fn rising(mut values: Vec<f64>, epochs: Range<usize>, share: f64) -> Vec<f64> {
    let level = values[values.len() - 1];
    let width = (epochs.end - epochs.start) as f64;
    for (i, value) in values.iter_mut().enumerate() {
        let part = ((i + 1) as f64 - epochs.start as f64) / width;
        *value += share * level * part.clamp(0.0, 1.0);
    }
    values
}

/// Independent normal noise of each epoch: `sd` is a part of the value.
pub fn noisy(values: Vec<f64>, sd: f64, stream: &mut Stream) -> Vec<f64> {
    values.into_iter().map(|value| value * (1.0 + sd * stream.normal_f64())).collect()
}

/// Independent normal noise of each epoch, the same at every level.
pub fn shaken(values: Vec<f64>, sd: f64, stream: &mut Stream) -> Vec<f64> {
    values.into_iter().map(|value| value + sd * stream.normal_f64()).collect()
}

/// Noise of which each epoch keeps a part of the last one's: as in curves of averaged weights.
pub fn trailing(values: Vec<f64>, sd: f64, part: f64, stream: &mut Stream) -> Vec<f64> {
    let mut noise = stream.normal_f64();
    let fresh = (1.0 - part * part).sqrt();
    let mut next = |value: f64| {
        let now = value * (1.0 + sd * noise);
        noise = part * noise + fresh * stream.normal_f64();
        now
    };
    values.into_iter().map(&mut next).collect()
}

/// A run with these columns as its curve.
pub fn curve(columns: &[(Column, &[f64])]) -> Run {
    let n = columns.iter().map(|(_, values)| values.len()).max().expect("a column");
    let mut epochs: Vec<Epoch> = (1..=n).map(|epoch| Epoch { epoch, ..Epoch::default() }).collect();
    for (column, values) in columns {
        for (row, value) in epochs.iter_mut().zip(*values) {
            *cell(row, *column) = Some(*value);
        }
    }
    Run { seed: Some(1), epochs, ..Run::default() }
}

/// A number of a row.
pub fn cell(row: &mut Epoch, column: Column) -> &mut Option<f64> {
    match column {
        Column::Loss => &mut row.loss,
        Column::Accuracy => &mut row.accuracy,
        Column::TrainLoss => &mut row.train_loss,
        Column::TrainAccuracy => &mut row.train_accuracy,
        Column::ValLoss => &mut row.val_loss,
        Column::ValAccuracy => &mut row.val_accuracy,
    }
}

/// A run of which the last row alone is known, as in a published table.
pub fn last_row(epoch: usize, columns: &[(Column, f64)]) -> Run {
    let mut row = Epoch { epoch, ..Epoch::default() };
    for (column, value) in columns {
        *cell(&mut row, *column) = Some(*value);
    }
    Run { epochs: vec![row], ..Run::default() }
}

/// A study of this run alone, with the split of Fashion-MNIST.
pub fn study(run: Run) -> Results {
    let recipe = Recipe { name: "A".into(), runs: vec![run], ..Recipe::default() };
    Results {
        n_train: Some(54_000),
        n_validation: Some(6_000),
        n_test: Some(10_000),
        classes: Some(10),
        recipes: vec![recipe],
        ..Results::default()
    }
}

/// What is found of the first recipe's first run.
pub fn findings(results: &Results) -> Vec<NamedFinding> {
    of_run(results, &results.recipes[0], &results.recipes[0].runs[0])
}

/// What is found of a run by itself.
pub fn found(run: Run) -> Vec<NamedFinding> {
    findings(&study(run))
}

/// The names alone.
pub fn names(run: Run) -> Vec<&'static str> {
    found(run).iter().map(|finding| finding.finding).collect()
}

/// The finding of this name.
pub fn the(name: &str, run: Run) -> NamedFinding {
    let all = found(run);
    let others: Vec<&str> = all.iter().map(|finding| finding.finding).collect();
    let message = format!("{name} is not among {others:?}");
    all.into_iter().find(|finding| finding.finding == name).expect(&message)
}

/// In how many of `draws` drawn runs it is found.
pub fn count(name: &str, draws: u64, run: impl Fn(u64) -> Run) -> usize {
    (0..draws).filter(|draw| names(run(*draw)).contains(&name)).count()
}
