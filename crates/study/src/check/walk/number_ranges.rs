//! Ranges of numbers: `{ low = …, high = …, log = …, step = … }`.

use serde_json::Value as Json;
use toile_tune::Distribution;

use super::{FieldName, Walk};
use crate::check::schema;
use crate::check::tree::{Node, Value};
use crate::space::template;
use crate::warnings::StudyWarning;

impl Walk {
    /// `low` and `high` compared with the schema of their field, then `log` and `step`.
    pub(super) fn number_range(
        &mut self,
        node: &Node,
        schema: &'static Json,
        field: FieldName,
    ) -> Option<Json> {
        let is_int = schema::text(schema, "type") == "integer";
        let bound = |walk: &mut Walk, key: &str| match node.get(key) {
            Some(bound) if is_int => walk.integer(bound, schema, field)?.as_f64(),
            Some(bound) => walk.number(bound, schema, field)?.as_f64(),
            None => {
                let sample = if is_int { "{ low = 16, high = 128 }" } else { "{ low = 0.001, high = 0.1 }" };
                walk.fault(&node.span, format!("a range lacks `{key}`"), format!("for example `{sample}`"));
                None
            }
        };
        let (low, high) = (bound(self, "low"), bound(self, "high"));
        let (log, step) = (self.log(node), self.step(node, is_int));
        let (low, high, log, step) = (low?, high?, log?, step?);
        self.order(node, low, high)?;
        self.log_fits(node, low, log, step)?;
        self.step_fits(node, low, high, step)?;
        let made = match is_int {
            true => Distribution::int(low as i64, high as i64, log, step.unwrap_or(1.0) as i64),
            false => Distribution::float(low, high, log, step),
        };
        match made {
            Ok(distribution) => {
                let last = distribution.at(distribution.count().unwrap_or(1).saturating_sub(1));
                let name = self.ranges.add(distribution, &node.span);
                if let Some(step) = step.filter(|step| high - last > 1e-9 * step) {
                    let warning = StudyWarning::CutByStep { parameter: name.clone(), low, high, step, last };
                    self.warn(&node.span, warning);
                }
                Some(if is_int { template::int(&name) } else { template::float(&name) })
            }
            Err(error) => {
                self.fault(&node.span, error.0, "");
                None
            }
        }
    }

    /// `None` if it has a fault.
    fn log(&mut self, node: &Node) -> Option<bool> {
        match node.get("log").map(|log| (log, &log.value)) {
            None => Some(false),
            Some((_, Value::Boolean(log))) => Some(*log),
            Some((log, _)) => {
                self.wrong_type(log, "true or false", FieldName("log"));
                None
            }
        }
    }

    /// `None` if it has a fault, `Some(None)` if it is not given.
    fn step(&mut self, node: &Node, is_int: bool) -> Option<Option<f64>> {
        let Some(step) = node.get("step") else { return Some(None) };
        let number = match step.value {
            Value::Integer(number) => number as f64,
            Value::Float(number) if !is_int && number.is_finite() => number,
            _ => {
                self.wrong_type(step, if is_int { "a whole number" } else { "a number" }, FieldName("step"));
                return None;
            }
        };
        if number > 0.0 {
            return Some(Some(number));
        }
        self.fault(&step.span, format!("`step` must be above 0, found {}", step.described()), "");
        None
    }

    fn order(&mut self, node: &Node, low: f64, high: f64) -> Option<()> {
        let written = |key: &str| node.get(key).map_or(String::new(), Node::described);
        if low == high {
            let help = format!("write {}", written("low"));
            self.fault(&node.span, "a range of one value is no range: write the value itself", help);
        } else if low > high {
            let message =
                format!("`high` must be above `low`, found {} and {}", written("high"), written("low"));
            self.fault(&node.get("high")?.span, message, "");
        } else if !(high - low).is_finite() {
            self.fault(&node.span, "the range is too wide to be computed with", "");
        } else {
            return Some(());
        }
        None
    }

    fn log_fits(&mut self, node: &Node, low: f64, log: bool, step: Option<f64>) -> Option<()> {
        if log && low <= 0.0 {
            let message =
                format!("with `log`, `low` must be above 0, found {}", node.get("low")?.described());
            self.fault(&node.get("low")?.span, message, "the logarithm of 0 is not finite");
        } else if log && step.is_some() {
            let key = &node.entry("step")?.key_span;
            self.fault(key, "`log` and `step` exclude each other", "keep one of the two");
        } else {
            return Some(());
        }
        None
    }

    fn step_fits(&mut self, node: &Node, low: f64, high: f64, step: Option<f64>) -> Option<()> {
        let Some(step) = step.filter(|step| *step > high - low) else { return Some(()) };
        let message = format!("the range is shorter than its step of {step}: only {low} is left");
        self.fault(&node.get("step")?.span, message, "make `step` smaller or `high` larger");
        None
    }
}
