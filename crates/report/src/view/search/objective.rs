//! What a search optimises, in words.

use toile_record::{Direction, ObjectiveRecord, SearchRecord};

use crate::{format, text};

/// An objective.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectiveView {
    /// `val_accuracy`, as in the study file.
    pub key: String,
    /// `validation accuracy`
    pub name: String,
    /// Whether larger is better.
    pub maximize: bool,
}

/// The objectives of a search; a search without one has `value`, smaller is better, as in Optuna.
pub(crate) fn metrics(search: &SearchRecord) -> Vec<ObjectiveView> {
    if search.objectives.is_empty() {
        return vec![ObjectiveView { key: "value".into(), name: "value".into(), maximize: false }];
    }
    search.objectives.iter().take(20).map(metric).collect()
}

fn metric(objective: &ObjectiveRecord) -> ObjectiveView {
    let key = text::name(&objective.metric, 60);
    let known = toile_record::Metric::from_name(&key);
    let shown = if key.is_empty() { "value" } else { key.as_str() };
    let name = known.map_or(shown, |metric| metric.label());
    ObjectiveView { name: name.to_owned(), key: key.clone(), maximize: objective.maximize }
}

impl ObjectiveView {
    /// A value in words; a dash if it is no number.
    pub fn text(&self, value: f64) -> String {
        match value {
            _ if value.is_nan() => format::NONE.to_owned(),
            _ if value.is_infinite() => if value > 0.0 { "∞" } else { "−∞" }.to_owned(),
            _ if self.is_count() && (0.0..1e15).contains(&value) => format::count(value.round() as u64),
            _ => format::metric(value),
        }
    }

    fn is_count(&self) -> bool {
        toile_record::Metric::from_name(&self.key).is_some_and(toile_record::Metric::is_count)
    }

    /// `larger is better`
    pub fn better(&self) -> &'static str {
        if self.maximize { "larger is better" } else { "smaller is better" }
    }

    /// Where better lies, for the algorithms.
    pub fn direction(&self) -> Direction {
        if self.maximize { Direction::Maximize } else { Direction::Minimize }
    }

    /// Whether `a` is strictly better.
    pub fn is_better(&self, a: f64, b: f64) -> bool {
        self.direction().is_better(a, b)
    }

    /// The same so that smaller is better; a NaN comes last when sorted by `total_cmp`.
    pub fn loss(&self, value: f64) -> f64 {
        if value.is_nan() { f64::NAN } else { self.direction().loss(value) }
    }
}
