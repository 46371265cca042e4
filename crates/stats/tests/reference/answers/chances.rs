//! Probabilities and classes.

use serde_json::{Value, json};
use toile_stats as stats;
use toile_stats::{Binning, ClassAverages, ClassMetrics, Confusion};

use crate::reference::numbers::{labels, list, out, table, whole};

pub fn answer(group: &str, given: &Value) -> Option<Value> {
    Some(match group {
        "calibration_error" => calibration(given),
        "brier_and_nll" => {
            let ((p, classes), y) = (table(given, "probabilities"), labels(given, "labels"));
            let brier = out(stats::brier_score(&p, classes, &y));
            json!({"brier": brier, "nll": out(stats::negative_log_likelihood(&p, classes, &y))})
        }
        "nll_from_logits" => {
            let ((z, classes), y) = (table(given, "logits"), labels(given, "labels"));
            json!({"nll": stats::negative_log_likelihood_of_logits(&z, classes, &y)})
        }
        "temperature" => {
            let (z, classes) = table(given, "logits");
            let found = stats::temperature(&z, classes, &labels(given, "labels")).expect("images");
            json!({"temperature": found.temperature, "nll": found.nll, "nll_at_1": found.nll_at_1})
        }
        "classification" => classification(given),
        _ => return None,
    })
}

fn calibration(given: &Value) -> Value {
    let right: Vec<bool> = list(given, "right").into_iter().map(|right| right == 1.0).collect();
    let of = |binning| {
        stats::calibration(&list(given, "confidence"), &right, whole(given, "bins"), binning).expect("images")
    };
    let (width, mass) = (of(Binning::EqualWidth), of(Binning::EqualMass));
    json!({
        "equal_width": width.expected_error,
        "equal_width_largest": width.largest_error,
        "equal_mass": mass.expected_error,
        "equal_mass_largest": mass.largest_error,
    })
}

fn classification(given: &Value) -> Value {
    let (truth, predicted) = (labels(given, "truth"), labels(given, "predicted"));
    let matrix = Confusion::new(&truth, &predicted, whole(given, "classes")).expect("labels in range");
    let found = matrix.classification().expect("images");
    let each = |of: fn(&ClassMetrics) -> f64| found.classes.iter().map(of).collect::<Vec<_>>();
    let mut out = json!({
        "precision": each(|class| class.precision),
        "recall": each(|class| class.recall),
        "f1": each(|class| class.f1),
        "support": each(|class| class.support as f64),
        "micro_f1": found.accuracy,
        "kappa": found.kappa,
    });
    for (name, mean) in [("macro", found.macro_average), ("weighted", found.weighted_average)] {
        let ClassAverages { precision, recall, f1 } = mean;
        for (of, value) in [("precision", precision), ("recall", recall), ("f1", f1)] {
            out[format!("{name}_{of}")] = json!(value);
        }
    }
    out
}
