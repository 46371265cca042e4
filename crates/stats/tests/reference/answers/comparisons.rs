//! Seeds and images.

use serde_json::{Value, json};
use toile_stats as stats;
use toile_stats::{Basis, Crossed, Likelier, RunScores};

use crate::reference::numbers::{list, number, rows, whole, with_ends};

pub fn answer(group: &str, given: &Value) -> Option<Value> {
    Some(match group {
        "crossed" => compared(Crossed::new(&bits(&given["a"]), &bits(&given["b"])).expect("tables"), given),
        "crossed_losses" => {
            let of = |name| RunScores::of_values(rows(given, name)).expect("a table");
            compared(Crossed::new(&of("a"), &of("b")).expect("tables"), given)
        }
        "crossed_accuracies" => {
            let found = Crossed::of_accuracies(&list(given, "a"), &list(given, "b"), whole(given, "images"));
            compared(found.expect("accuracies"), given)
        }
        "splits" => splits(given),
        "more_seeds" => more_seeds(given),
        "ranking" => ranking(given),
        _ => return None,
    })
}

fn bits(runs: &Value) -> RunScores {
    let runs = runs.as_array().expect("runs").iter().map(|run| run.as_str().expect("bits"));
    RunScores::of_correct(runs.map(|run| run.bytes().map(|bit| bit == b'1'))).expect("a table")
}

fn compared(found: Crossed, given: &Value) -> Value {
    let mut out = json!({
        "difference": found.difference,
        "seed_part": found.seed_part,
        "image_part": found.image_part,
        "se": found.se(),
        "df": found.df,
        "p": found.p(),
        "p_equivalent": found.p_equivalent(number(given, "epsilon")),
    });
    if let Some([a, b]) = found.spreads {
        for (name, value) in
            [("v_a", a.between_runs), ("v_b", b.between_runs), ("r_a", a.residual), ("r_b", b.residual)]
        {
            out[name] = json!(value);
        }
    }
    with_ends(out, found.interval(0.95).expect("a confidence"))
}

fn splits(given: &Value) -> Value {
    let (n_validation, n_train) = (whole(given, "n_validation"), whole(given, "n_train"));
    let Ok(found) = Crossed::of_splits(&list(given, "differences"), n_validation, n_train) else {
        return Value::Null;
    };
    let out = json!({
        "difference": found.difference,
        "seed_part": found.seed_part,
        "df": found.df,
        "p": found.p(),
    });
    with_ends(out, found.interval(0.95).expect("a confidence"))
}

fn more_seeds(given: &Value) -> Value {
    let (seeds, seed_part) = (whole(given, "seeds_now"), number(given, "seed_part"));
    let now = Crossed {
        difference: number(given, "difference"),
        seeds: [seeds; 2],
        images: Some(10_000),
        seed_part,
        seed_parts: [0.5 * seed_part; 2],
        image_part: number(given, "image_part"),
        df: Some(2.0 * (seeds - 1) as f64),
        spreads: None,
        basis: Basis::Images,
    };
    let (level, epsilon) = (number(given, "level"), number(given, "epsilon"));
    let Some(found) = stats::more_seeds(&now, level, Some(epsilon), whole(given, "at_most")) else {
        return Value::Null;
    };
    let word = match found.likelier {
        Likelier::Better => "better",
        Likelier::Equivalent => "equivalent",
    };
    json!({"seeds": found.seeds, "better": found.better, "equivalent": found.equivalent, "word": word})
}

fn ranking(given: &Value) -> Value {
    let better: Vec<(usize, usize)> =
        rows(given, "better").into_iter().map(|pair| (pair[0] as usize, pair[1] as usize)).collect();
    let found = stats::rank_groups(whole(given, "count"), &better).expect("ranks in range");
    let groups: Vec<Vec<usize>> = found.groups.into_iter().map(Iterator::collect).collect();
    json!({"groups": groups, "within": found.within})
}
