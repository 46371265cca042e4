//! Means over seeds, ranks and permutations.

use serde_json::{Value, json};
use toile_stats as stats;
use toile_stats::{Equivalence, Printed, ProbabilityBetter};

use crate::reference::numbers::{ends, list, number, rows, with_ends};

pub fn answer(group: &str, given: &Value) -> Option<Value> {
    let sample = |name| list(given, name);
    let pair = || (list(given, "a"), list(given, "b"));
    Some(match group {
        "t_interval" => ends(stats::mean_interval(&sample("x"), number(given, "confidence"))),
        "prediction_interval" => prediction(given),
        "bca" => bca(given),
        "welch" => welch(given),
        "tost_paired" => margin(given, stats::equivalence_paired),
        "tost_unpaired" => margin(given, stats::equivalence_unpaired),
        "effect_size" => {
            let (a, b) = pair();
            let found = stats::effect_size(&a, &b);
            json!({"d": found.d, "g": found.g, "d_z": found.d_z})
        }
        "paired_permutation" => stats::paired_permutation(&sample("differences"))
            .map_or(Value::Null, |found| json!({"mean": found.difference, "p": found.p})),
        "permutation" => {
            let (a, b) = pair();
            stats::permutation(&a, &b).map_or(Value::Null, |found| {
                json!({"difference": found.difference, "p": found.p, "arrangements": found.arrangements})
            })
        }
        "wilcoxon" => stats::wilcoxon(&sample("differences")).map_or(
            Value::Null,
            |found| json!({"w_plus": found.w_plus, "w_minus": found.w_minus, "n": found.n, "p": found.p}),
        ),
        "probability_better" => better(given, stats::probability_better),
        "probability_better_paired" => better(given, stats::probability_better_paired),
        "spearman" => json!({"rho": stats::spearman(&sample("x"), &sample("y"))}),
        _ => return None,
    })
}

fn prediction(given: &Value) -> Value {
    let published = Printed { value: number(given, "published"), half_unit: number(given, "rounded") };
    let found = stats::prediction(published, &list(given, "x"), number(given, "confidence"));
    let Some(found) = found else { return Value::Null };
    with_ends(json!({"z": found.z, "p": found.p, "p_rounded": found.p_rounded}), found.interval)
}

fn bca(given: &Value) -> Value {
    let resamples: Vec<Vec<usize>> = rows(given, "resamples")
        .into_iter()
        .map(|row| row.into_iter().map(|index| index as usize).collect())
        .collect();
    let Some(found) = stats::bca(&list(given, "x"), &resamples, number(given, "confidence")) else {
        return Value::Null;
    };
    with_ends(json!({"z0": found.z0, "acceleration": found.acceleration}), found.interval)
}

fn welch(given: &Value) -> Value {
    let found = stats::welch(&list(given, "a"), &list(given, "b"), number(given, "confidence"));
    let Some(found) = found else { return Value::Null };
    let out = json!({"difference": found.difference, "t": found.t, "df": found.df, "p": found.p});
    with_ends(out, found.interval)
}

fn margin(given: &Value, of: fn(&[f64], &[f64], f64) -> Option<Equivalence>) -> Value {
    let found = of(&list(given, "a"), &list(given, "b"), number(given, "epsilon"));
    let Some(found) = found else { return Value::Null };
    let out = json!({
        "difference": found.difference,
        "df": found.df,
        "p_above_minus_epsilon": found.p_above,
        "p_below_epsilon": found.p_below,
        "p": found.p,
    });
    with_ends(out, found.interval)
}

fn better(given: &Value, of: fn(&[f64], &[f64], f64) -> Option<ProbabilityBetter>) -> Value {
    let found = of(&list(given, "a"), &list(given, "b"), number(given, "confidence"));
    found.map_or(Value::Null, |found| with_ends(json!({"estimate": found.estimate}), found.interval))
}
