//! Many comparisons, numbers of runs, budgets, learning curves.

use serde_json::{Value, json};
use toile_stats as stats;

use crate::reference::numbers::{list, number, whole, wholes};

pub fn answer(group: &str, given: &Value) -> Option<Value> {
    Some(match group {
        "holm" => json!({"adjusted": stats::holm(&list(given, "p"))}),
        "weighted_holm" => {
            json!({"adjusted": stats::weighted_holm(&list(given, "p"), &list(given, "weights"))})
        }
        "noether" => noether(given),
        "expected_best" => best(given),
        "expected_maximum_of_noise" => {
            let k = whole(given, "k") as u64;
            json!({"expected": stats::expected_maximum_of_noise(k), "bound": stats::maximum_of_noise_bound(k)})
        }
        "spending" => {
            json!({"alphas": stats::spending(&wholes(given, "looks"), number(given, "alpha"))})
        }
        "prechelt" => prechelt(given),
        _ => return None,
    })
}

fn noether(given: &Value) -> Value {
    let found = stats::noether(number(given, "gamma"), number(given, "alpha"), number(given, "beta"));
    found.map_or(Value::Null, |plan| {
        json!({
            "rank_sum": plan.rank_sum,
            "rank_sum_runs": plan.rank_sum_runs,
            "sign": plan.sign,
            "sign_runs": plan.sign_runs,
        })
    })
}

/// One draw more than there are values, or seven.
fn best(given: &Value) -> Value {
    let values = list(given, "values");
    let n: Vec<u32> = (1..=values.len().min(6) as u32 + 1).collect();
    let found: Vec<_> = n.iter().map(|n| stats::expected_best(&values, *n).expect("values")).collect();
    let with: Vec<f64> = found.iter().map(|best| best.with_replacement).collect();
    let without: Vec<Option<f64>> = found.iter().map(|best| best.without_replacement).collect();
    json!({"n": n, "with_replacement": with, "without_replacement": without})
}

fn prechelt(given: &Value) -> Value {
    let found = stats::prechelt(&list(given, "train_loss"), &list(given, "val_loss"), whole(given, "strip"));
    found.map_or(
        Value::Null,
        |found| json!({"gl": found.gl, "progress": found.progress, "pq": found.pq, "up": found.up}),
    )
}
