//! Proportions.

use serde_json::{Value, json};
use toile_stats::{clopper_pearson, mcnemar, two_proportions, wilson};

use crate::reference::numbers::{ends, number, whole, with_ends};

pub fn answer(group: &str, given: &Value) -> Option<Value> {
    let interval = |of: fn(usize, usize, f64) -> _| {
        ends(of(whole(given, "hits"), whole(given, "n"), number(given, "confidence")))
    };
    Some(match group {
        "wilson" => interval(wilson),
        "clopper_pearson" => interval(clopper_pearson),
        "two_proportions" => two(given),
        "mcnemar" => images(given),
        _ => return None,
    })
}

fn two(given: &Value) -> Value {
    let side = |k: &str| (whole(given, &format!("hits_{k}")), whole(given, &format!("n_{k}")));
    let Some(found) = two_proportions(side("a"), side("b"), 0.95) else { return Value::Null };
    let out = json!({"difference": found.difference, "se": found.se, "z": found.z, "p": found.p});
    with_ends(out, found.interval)
}

fn images(given: &Value) -> Value {
    let count = |name| whole(given, name) as u64;
    let Some(found) = mcnemar(count("b"), count("c"), count("n")) else { return Value::Null };
    json!({"exact": found.exact, "mid_p": found.mid_p, "difference": found.difference, "se": found.se})
}
