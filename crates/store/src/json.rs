//! JSON as Python writes it: `NaN`, `Infinity` and `-Infinity` stand bare where a strict parser knows no such words.

use serde_json::Value;

/// Reads it; the bare words become strings. What is no JSON at all is kept as the text that it is.
pub(crate) fn parse(text: &str) -> Value {
    if let Ok(value) = serde_json::from_str(text) {
        return value;
    }
    serde_json::from_str(&quoted(text)).unwrap_or_else(|_| Value::String(text.to_owned()))
}

/// The number, also where it is one of the three words.
pub(crate) fn number(value: &Value) -> Option<f64> {
    match value.as_str() {
        Some("NaN") => Some(f64::NAN),
        Some("Infinity") => Some(f64::INFINITY),
        Some("-Infinity") => Some(f64::NEG_INFINITY),
        _ => value.as_f64(),
    }
}

/// The JSON of a number that may not be finite, as Python reads it.
pub(crate) fn of_number(value: f64) -> String {
    match value {
        _ if value.is_nan() => "NaN".into(),
        f64::INFINITY => "Infinity".into(),
        f64::NEG_INFINITY => "-Infinity".into(),
        _ => serde_json::to_string(&value).expect("a finite number has JSON"),
    }
}

pub(crate) fn to_text(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("records have string keys and no failing serialiser")
}

/// Puts the three words in quotes where they stand outside of strings.
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' => string_length(rest),
            _ => match ["-Infinity", "Infinity", "NaN"].into_iter().find(|word| rest.starts_with(word)) {
                Some(word) => {
                    out.push('"');
                    out.push_str(word);
                    out.push('"');
                    rest = &rest[word.len()..];
                    continue;
                }
                None => first.len_utf8(),
            },
        };
        out.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    out
}

/// Bytes of the string that `text` begins with, both quotes included.
fn string_length(text: &str) -> usize {
    let mut escaped = false;
    for (place, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return place + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn pythons_words_for_what_is_no_number_are_read() {
        let text = r#"{"a": NaN, "b": [Infinity, -Infinity, 1.5], "c": "NaN \" Infinity", "ü": null}"#;
        let meant =
            json!({ "a": "NaN", "b": ["Infinity", "-Infinity", 1.5], "c": "NaN \" Infinity", "ü": null });
        assert_eq!(parse(text), meant);
        assert!(number(&parse("NaN")).unwrap().is_nan());
        for value in [0.1, f64::INFINITY, f64::NEG_INFINITY, -3e-300] {
            assert_eq!(number(&parse(&of_number(value))), Some(value));
        }
    }

    #[test]
    fn what_is_no_json_stays_text() {
        for text in ["", "{", "NaNo", "\"open", "[1, NaN"] {
            assert_eq!(parse(text), json!(text));
        }
    }
}
