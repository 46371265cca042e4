//! Numbers of plain records: a number that is not finite is `null` or one of `"nan"`, `"inf"`, `"-inf"`.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// A number that may be there, and need not be finite: then it is NaN or infinite.
pub(super) fn any<'de, D: Deserializer<'de>>(input: D) -> Result<Option<f64>, D::Error> {
    let wrong = |found: &str| {
        let expected = "a number, null, \"nan\", \"inf\" or \"-inf\" was expected";
        Err(serde::de::Error::custom(format!("{expected}, found {found}")))
    };
    Ok(Some(match Value::deserialize(input)? {
        Value::Null => f64::NAN,
        Value::Number(number) => number.as_f64().unwrap_or(f64::NAN),
        Value::String(text) => match text.as_str() {
            "nan" | "NaN" => f64::NAN,
            "inf" | "Infinity" => f64::INFINITY,
            "-inf" | "-Infinity" => f64::NEG_INFINITY,
            other => return wrong(&format!("{other:?}")),
        },
        other => return wrong(&other.to_string().chars().take(40).collect::<String>()),
    }))
}
