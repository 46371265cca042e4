//! What the schema requires, in words.

use serde_json::Value as Json;

use super::FieldName;
use crate::check::sample;

/// "from 0 to 1", "at least 1", "a whole number from 1 to 1000".
pub(crate) fn range_in_words(schema: &Json) -> String {
    let bound = |key| schema.get(key).map(plain);
    let least = bound("minimum");
    let above = bound("exclusiveMinimum");
    match (least, above, bound("maximum"), bound("exclusiveMaximum")) {
        (Some(least), _, Some(most), _) => format!("from {least} to {most}"),
        (Some(least), _, _, Some(end)) => format!("from {least} to below {end}"),
        (Some(least), ..) => format!("at least {least}"),
        (_, Some(above), Some(most), _) => format!("above {above}, at most {most}"),
        (_, Some(above), _, Some(end)) => format!("between {above} and {end}, both excluded"),
        (_, Some(above), ..) => format!("above {above}"),
        (_, _, Some(most), _) => format!("at most {most}"),
        (_, _, _, Some(end)) => format!("below {end}"),
        _ => String::new(),
    }
}

/// A bound as people write it: 1 for 1.0.
fn plain(number: &Json) -> String {
    match number.as_f64() {
        Some(value) if value.fract() == 0.0 && value.abs() < 1e15 => format!("{value:.0}"),
        _ => number.to_string(),
    }
}

pub(super) fn in_words(kind: &str) -> &'static str {
    match kind {
        "number" => "a number",
        "integer" => "a whole number",
        "object" => "a table",
        "string" => "a string",
        "array" => "a list",
        _ => "another value",
    }
}

pub(super) fn sample_help(field: FieldName) -> String {
    sample::of(field.0).map_or(String::new(), |sample| format!("for example `{} = {sample}`", field.0))
}

/// Whether a text in quotes is a number, true or false, and needs none.
pub(super) fn is_plain(text: &str) -> bool {
    text.len() < 20 && (text.parse::<f64>().is_ok_and(f64::is_finite) || matches!(text, "true" | "false"))
}

pub(super) fn first_line(text: &str) -> &str {
    text.split('\n').next().unwrap_or("").trim_end_matches('.')
}
