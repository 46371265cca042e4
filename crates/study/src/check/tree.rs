//! The file as a tree of values that know their place.

use std::ops::Range;

use toml::de::{DeTable, DeValue};

use crate::check::faults::{Fault, quote};

/// A value and the bytes it was written in. A table of `[name]` form has the place of its header.
#[derive(Debug)]
pub(crate) struct Node {
    pub span: Range<usize>,
    pub value: Value,
}

/// What a TOML value can be.
#[derive(Debug)]
pub(crate) enum Value {
    String(String),
    Integer(i64),
    /// A whole number that fits no 64-bit integer.
    TooLarge,
    Float(f64),
    Boolean(bool),
    Date,
    Array(Vec<Node>),
    /// In the file's order.
    Table(Vec<Entry>),
}

/// A key, its place, and what it holds.
#[derive(Debug)]
pub(crate) struct Entry {
    pub key: String,
    pub key_span: Range<usize>,
    pub node: Node,
}

impl Node {
    /// The entry of a table.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        match &self.value {
            Value::Table(entries) => entries.iter().find(|entry| entry.key == key),
            _ => None,
        }
    }

    /// The value under a key of a table.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.node)
    }

    /// The items of an array; none if it is something else.
    pub fn items(&self) -> &[Node] {
        match &self.value {
            Value::Array(items) => items,
            _ => &[],
        }
    }

    /// The entries of a table; none if it is something else.
    pub fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Table(entries) => entries,
            _ => &[],
        }
    }

    /// The value at the end of a path, or the last one on the way that exists.
    pub fn at(&self, path: &[&str]) -> &Node {
        let mut node = self;
        for key in path {
            match node.get(key) {
                Some(next) => node = next,
                None => break,
            }
        }
        node
    }

    /// What it is, in words: "a string", with the value where that is short.
    pub fn described(&self) -> String {
        match &self.value {
            Value::String(text) => format!("the string \"{}\"", quote(text)),
            Value::Integer(number) => format!("{number}"),
            Value::TooLarge => "a number too large for 64 bits".to_string(),
            Value::Float(number) => format!("{number:?}"),
            Value::Boolean(value) => format!("{value}"),
            Value::Date => "a date".to_string(),
            Value::Array(items) => format!("a list of {}", items.len()),
            Value::Table(_) => "a table".to_string(),
        }
    }
}

/// Reads TOML; if that fails, every place where it does, one per line of the file.
pub(crate) fn parse(text: &str) -> Result<Node, Vec<Fault>> {
    let (table, mut errors) = DeTable::parse_recoverable(text);
    if errors.is_empty() {
        let span = table.span();
        return Ok(convert(DeValue::Table(table.into_inner()), span));
    }
    errors.sort_by_key(|error| error.span().map_or(0, |span| span.start));
    let mut faults: Vec<Fault> = Vec::new();
    let mut last_line = usize::MAX;
    let mut lost_in_brackets = false;
    let mut seen = (0, 0); // a byte, and the lines before it
    for error in errors {
        let span = error.span().unwrap_or(0..0);
        if span.start > seen.0 {
            let lines =
                text.as_bytes()[seen.0..span.start.min(text.len())].iter().filter(|&&b| b == b'\n').count();
            seen = (span.start, seen.1 + lines);
        }
        // What the parser says after it has lost count of the brackets is an echo.
        if lost_in_brackets {
            break;
        }
        lost_in_brackets = about_brackets(error.message());
        if seen.1 != last_line {
            last_line = seen.1;
            faults.push(syntax_fault(text, span, error.message()));
        }
        if faults.len() >= 20 {
            break;
        }
    }
    Err(faults)
}

/// Whether the parser misses a comma or a bracket, and from there on may misread everything.
fn about_brackets(message: &str) -> bool {
    let beginnings = [
        "missing comma between",
        "missing key for inline table",
        "invalid inline table",
        "unclosed inline table",
        "unclosed array",
        "unexpected `=` in array",
    ];
    let header = message.starts_with("unclosed array table");
    !header && beginnings.iter().any(|beginning| message.starts_with(beginning))
}

/// The parser's messages, said for people who do not know the grammar by heart.
fn syntax_fault(text: &str, span: Range<usize>, message: &str) -> Fault {
    let found = text.get(span.clone()).unwrap_or("");
    let rest = &text[span.start.min(text.len())..];
    let curly = |c: char| matches!(c, '“' | '”' | '„' | '‘' | '’' | '«' | '»');
    let (message, help) = if about_brackets(message) {
        (
            "a comma or a closing bracket is missing before this".to_string(),
            "each `{` needs its `}`, each `[` its `]`, and items have commas between them".to_string(),
        )
    } else if message.starts_with("invalid unquoted key") && rest.starts_with(':') {
        let line = text[..span.start].rsplit('\n').next().unwrap_or("").trim();
        ("`:` stands where `=` belongs".to_string(), format!("write `{} = …`", quote(line)))
    } else if message.starts_with("unexpected key or value") {
        (
            "something stands behind the value".to_string(),
            "each setting has a line of its own; a remark begins with `#`".to_string(),
        )
    } else if message.starts_with("string values must be quoted") && found.contains(curly) {
        (
            format!("`{}` has typographic quotes", quote(found)),
            format!("write \"{}\"", quote(&found.replace(curly, ""))),
        )
    } else if message.starts_with("string values must be quoted") && found.is_empty() {
        (
            "a value is missing".to_string(),
            "write a number, a \"string\", true or false, a [list] or a { table }".to_string(),
        )
    } else if message.starts_with("string values must be quoted") {
        (format!("`{}` must stand in quotes", quote(found)), format!("write \"{}\"", quote(found)))
    } else if message == "duplicate key" {
        (
            format!("`{}` stands here for the second time", quote(found)),
            "a table holds each key once".to_string(),
        )
    } else {
        (message.to_string(), "this is not TOML (https://toml.io)".to_string())
    };
    Fault { span, message, help: Some(help) }
}

fn convert(value: DeValue<'_>, span: Range<usize>) -> Node {
    let value = match value {
        DeValue::String(text) => Value::String(text.into_owned()),
        DeValue::Integer(number) => {
            i64::from_str_radix(number.as_str(), number.radix()).map_or(Value::TooLarge, Value::Integer)
        }
        DeValue::Float(number) => Value::Float(number.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(value) => Value::Boolean(value),
        DeValue::Datetime(_) => Value::Date,
        DeValue::Array(items) => Value::Array(
            items
                .into_iter()
                .map(|item| {
                    let span = item.span();
                    convert(item.into_inner(), span)
                })
                .collect(),
        ),
        DeValue::Table(table) => Value::Table(entries(table)),
    };
    Node { span, value }
}

fn entries(table: DeTable<'_>) -> Vec<Entry> {
    let mut entries: Vec<Entry> = table
        .into_iter()
        .map(|(key, value)| {
            let span = value.span();
            let node = convert(value.into_inner(), span);
            Entry { key_span: key.span(), key: key.into_inner().into_owned(), node }
        })
        .collect();
    entries.sort_by_key(|entry| entry.key_span.start);
    entries
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_know_their_place() {
        let text = "[a]\nb = { c = [1_0, 0x1f] }\n";
        let tree = parse(text).unwrap();
        let list = tree.at(&["a", "b", "c"]);
        assert_eq!(&text[list.span.clone()], "[1_0, 0x1f]");
        assert!(matches!(list.items()[0].value, Value::Integer(10)));
        assert!(matches!(list.items()[1].value, Value::Integer(31)));
        assert_eq!(&text[tree.at(&["a", "missing"]).span.clone()], "[a]");
    }

    #[test]
    fn keys_come_in_the_order_of_the_file() {
        let tree = parse("z = 1\na = 2\n").unwrap();
        assert_eq!(tree.entries().iter().map(|e| e.key.as_str()).collect::<Vec<_>>(), ["z", "a"]);
    }

    #[test]
    fn every_line_with_a_syntax_error_is_reported_once() {
        let faults = parse("a = adam\nb = [1,,2]\nc = 1\nc = 2\n").unwrap_err();
        assert_eq!(faults.len(), 3, "{faults:?}");
        assert_eq!(faults[0].message, "`adam` must stand in quotes");
        assert_eq!(faults[2].message, "`c` stands here for the second time");
    }

    #[test]
    fn a_bracket_that_is_not_closed_is_reported_once_and_nothing_after_it() {
        let faults = parse("a = [\n  { b = { c = 1 },\n]\n\n[[x]]\nd = 1\ne = 2\n").unwrap_err();
        assert_eq!(faults.len(), 1, "{faults:#?}");
        assert_eq!(faults[0].message, "a comma or a closing bracket is missing before this");
    }
}
