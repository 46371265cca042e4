//! `toile compare`: two runs of a study side by side: what differs, how they learnt, which is better, on which images
//! they disagree.

use serde::Serialize;
use toile_judge::{Contrast, Judgement, PairVerdict, Quantity, Recipe, Results, setting_text};
use toile_record::Epoch;
use toile_report::view;

use crate::Completion;
use crate::args::CompareArgs;
use crate::commands::studied;
use crate::failure::Failure;
use crate::terminal::{self, Align, Table, safe_name};

/// Images on which two runs disagree that are named.
const MOST_IMAGES: usize = 20;

/// Epochs that are shown.
const MOST_EPOCHS: usize = 10;

/// Two runs side by side.
#[derive(Serialize)]
struct SideBySide {
    a: String,
    b: String,
    differ_in: Vec<SettingPair>,
    updates: [Option<u64>; 2],
    confounded: bool,
    metrics: Vec<MetricPair>,
    verdict: Option<&'static str>,
    why: Option<String>,
    epochs: Vec<EpochPair>,
    images: Option<Disagreement>,
}

#[derive(Serialize)]
struct SettingPair {
    setting: String,
    a: Option<String>,
    b: Option<String>,
}

#[derive(Serialize)]
struct MetricPair {
    metric: Quantity,
    a: Option<f64>,
    b: Option<f64>,
}

/// Means over the seeds.
#[derive(Serialize)]
struct EpochPair {
    epoch: usize,
    val_loss: [Option<f64>; 2],
    val_accuracy: [Option<f64>; 2],
}

/// Test images that one of two runs of one seed gets right and the other does not.
#[derive(Serialize)]
struct Disagreement {
    seeds: [Option<u64>; 2],
    only_a: Vec<usize>,
    only_b: Vec<usize>,
    of: usize,
}

/// Prints the comparison.
pub(crate) fn run(args: &CompareArgs) -> Result<Completion, Failure> {
    let records = studied::records(&args.storage, args.study.as_deref(), "compare")?;
    let reasoning = view(&records).reasoning;
    let results = &reasoning.ours;
    let [a, b] = [place(results, &args.a)?, place(results, &args.b)?];
    if a == b {
        return Err(Failure::new("a run is compared with another one").help("name two different runs"));
    }
    let ranked = |pair: &&PairVerdict| pair.is_ranked && pair.places == [a.min(b), a.max(b)];
    let pair = reasoning.judgement.pairs.iter().find(ranked);
    let compared = side_by_side(results, a, b, pair);
    if args.json {
        terminal::out_json(&compared)?;
    } else {
        terminal::out(&told(&compared))?;
    }
    Ok(Completion::Done)
}

fn place(results: &Results, name: &str) -> Result<usize, Failure> {
    let names = results.recipes.iter().map(|recipe| recipe.name.as_str());
    results.place(name).ok_or_else(|| studied::no_run(name, names))
}

fn side_by_side(results: &Results, a: usize, b: usize, pair: Option<&PairVerdict>) -> SideBySide {
    let recipes = [&results.recipes[a], &results.recipes[b]];
    let contrast = Contrast::of(results, recipes[0], recipes[1]);
    let text = |value: &Option<serde_json::Value>| value.as_ref().map(setting_text);
    let settings = contrast.settings.iter().map(|setting| SettingPair {
        setting: setting.name.clone(),
        a: text(&setting.a),
        b: text(&setting.b),
    });
    let metrics = Quantity::all()
        .filter(|quantity| *quantity != Quantity::EpochsToLoss)
        .map(|metric| MetricPair { metric, a: recipes[0].mean(metric), b: recipes[1].mean(metric) });
    SideBySide {
        a: recipes[0].name.clone(),
        b: recipes[1].name.clone(),
        differ_in: settings.collect(),
        updates: contrast.updates,
        confounded: contrast.is_confounded(),
        metrics: metrics.filter(|pair| pair.a.is_some() || pair.b.is_some()).collect(),
        verdict: pair.map(|pair| pair.seen_from(a).word().name()),
        why: pair.map(|pair| Judgement::sentence(results, pair)),
        epochs: epochs(recipes),
        images: disagreement(recipes),
    }
}

/// At most so many epochs, the first and the last among them.
fn epochs(recipes: [&Recipe; 2]) -> Vec<EpochPair> {
    let longest = recipes
        .iter()
        .flat_map(|recipe| recipe.ended())
        .map(|run| Epoch::trained(&run.epochs).len())
        .max()
        .unwrap_or(0);
    let step = longest.div_ceil(MOST_EPOCHS).max(1);
    let shown = (1..=longest).filter(|epoch| epoch % step == 0 || *epoch == 1 || *epoch == longest);
    let mean = |recipe: &Recipe, epoch: usize, of: fn(&Epoch) -> Option<f64>| {
        let values: Vec<f64> =
            recipe.ended().filter_map(|run| of(Epoch::trained(&run.epochs).get(epoch - 1)?)).collect();
        (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
    };
    let pair = |epoch: usize| EpochPair {
        epoch,
        val_loss: recipes.map(|recipe| mean(recipe, epoch, |row| row.val_loss)),
        val_accuracy: recipes.map(|recipe| mean(recipe, epoch, |row| row.val_accuracy)),
    };
    shown.map(pair).collect()
}

/// Of the first seed that both have, else of the first run of each.
fn disagreement(recipes: [&Recipe; 2]) -> Option<Disagreement> {
    let has_bits = |run: &&toile_judge::Run| !run.test.correct.is_empty();
    let same_seed = recipes[0].ended().filter(has_bits).find_map(|run| {
        let other = recipes[1].ended().filter(has_bits).find(|other| other.seed == run.seed)?;
        Some((run, other))
    });
    let first = || Some((recipes[0].ended().find(has_bits)?, recipes[1].ended().find(has_bits)?));
    let (a, b) = same_seed.or_else(first)?;
    let bits = || a.test.correct.iter().zip(&b.test.correct).enumerate();
    Some(Disagreement {
        seeds: [a.seed, b.seed],
        only_a: bits().filter(|(_, (a, b))| **a && !**b).map(|(i, _)| i).collect(),
        only_b: bits().filter(|(_, (a, b))| !**a && **b).map(|(i, _)| i).collect(),
        of: a.test.correct.len(),
    })
}

fn told(compared: &SideBySide) -> String {
    let (a, b) = (safe_name(&compared.a), safe_name(&compared.b));
    let dash = || "–".to_string();
    let number = |value: Option<f64>| value.map_or_else(dash, |value| format!("{value:.4}"));
    let heads = [("", Align::Left), (a.as_str(), Align::Right), (b.as_str(), Align::Right)];
    let mut text = String::new();
    let mut settings = Table::new(&heads);
    for pair in &compared.differ_in {
        let cell = |value: &Option<String>| value.as_deref().map_or_else(dash, safe_name);
        settings.row([pair.setting.clone(), cell(&pair.a), cell(&pair.b)]);
    }
    if let ([Some(x), Some(y)], true) = (compared.updates, compared.updates[0] != compared.updates[1]) {
        settings.row(["updates".into(), x.to_string(), y.to_string()]);
    }
    text += &match compared.differ_in.is_empty() {
        true => "They have the same settings.\n".to_string(),
        false => settings.render(),
    };
    let mut metrics = Table::new(&heads);
    for pair in &compared.metrics {
        metrics.row([pair.metric.name().into(), number(pair.a), number(pair.b)]);
    }
    text += &format!("\n{}", metrics.render());
    if let Some(why) = &compared.why {
        let confounded = match compared.confounded {
            true => " More than one thing was changed: the difference cannot be put down to one setting.",
            false => "",
        };
        text += &format!("\n{why}{confounded}\n");
    }
    if !compared.epochs.is_empty() {
        let (left, right) = (format!("val_loss {a}"), format!("val_accuracy {a}"));
        let heads = [
            ("epoch", Align::Right),
            (&left, Align::Right),
            (&b, Align::Right),
            (&right, Align::Right),
            (&b, Align::Right),
        ];
        let mut curves = Table::new(&heads);
        for row in &compared.epochs {
            let [loss_a, loss_b] = row.val_loss.map(number);
            let [accuracy_a, accuracy_b] = row.val_accuracy.map(number);
            curves.row([row.epoch.to_string(), loss_a, loss_b, accuracy_a, accuracy_b]);
        }
        text += &format!("\n{}", curves.render());
    }
    text + &compared.images.as_ref().map_or_else(String::new, |images| images_told(images, &a, &b))
}

fn images_told(images: &Disagreement, a: &str, b: &str) -> String {
    let listed = |all: &[usize]| {
        let shown: Vec<String> = all.iter().take(MOST_IMAGES).map(usize::to_string).collect();
        let more = if all.len() > MOST_IMAGES { ", …" } else { "" };
        format!("{}{more}", shown.join(", "))
    };
    let seed = match images.seeds {
        [Some(x), Some(y)] if x == y => format!("with seed {x}, "),
        _ => String::new(),
    };
    format!(
        "\nOf {} test images, {seed}{} are right with {a} only, {} with {b} only.\n  {a} only: {}\n  {b} only: {}\n",
        images.of,
        images.only_a.len(),
        images.only_b.len(),
        listed(&images.only_a),
        listed(&images.only_b)
    )
}
