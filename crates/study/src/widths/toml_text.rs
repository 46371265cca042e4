//! JSON values as TOML on one line.

use serde_json::Value;

/// A value of JSON as TOML on one line: `{ sgd = { learning_rate = 0.1 } }`; what is null is left out.
pub fn inline(value: &Value) -> String {
    match value {
        Value::Object(table) if table.is_empty() => "{}".into(),
        Value::Object(table) => {
            let entries = table.iter().filter(|(_, value)| !value.is_null());
            let entries: Vec<String> =
                entries.map(|(name, value)| format!("{} = {}", key(name), inline(value))).collect();
            format!("{{ {} }}", entries.join(", "))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(inline).collect::<Vec<_>>().join(", ")),
        // TOML's strings escape as JSON's do, and this one character more.
        other => other.to_string().replace('\u{7f}', "\\u007F"),
    }
}

/// A key, between quotation marks where it must be.
pub fn key(name: &str) -> String {
    let is_bare = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    match !name.is_empty() && name.chars().all(is_bare) {
        true => name.to_owned(),
        false => inline(&Value::String(name.to_owned())),
    }
}
