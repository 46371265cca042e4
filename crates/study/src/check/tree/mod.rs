//! The file as a tree of values, each with its place in the text.

mod syntax;

use std::ops::Range;

use toml::de::{DeTable, DeValue};

use super::faults::{Fault, quote};

/// A value and the bytes of its text. The place of a `[name]` table is its header.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub span: Range<usize>,
    pub value: Value,
}

/// What a TOML value can be.
#[derive(Clone, Debug)]
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

/// A key, its place, and its value.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub key: String,
    pub key_span: Range<usize>,
    pub node: Node,
}

impl Node {
    /// The entry of a table.
    pub(crate) fn entry(&self, key: &str) -> Option<&Entry> {
        match &self.value {
            Value::Table(entries) => entries.iter().find(|entry| entry.key == key),
            _ => None,
        }
    }

    /// The value under a key of a table.
    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.node)
    }

    /// The items of an array; none if it is something else.
    pub(crate) fn items(&self) -> &[Node] {
        match &self.value {
            Value::Array(items) => items,
            _ => &[],
        }
    }

    /// The entries of a table; none if it is something else.
    pub(crate) fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Table(entries) => entries,
            _ => &[],
        }
    }

    /// The value at the end of a path, or the last one on the way that exists.
    pub(crate) fn at(&self, path: &[&str]) -> &Node {
        let mut node = self;
        for key in path {
            match node.get(key) {
                Some(next) => node = next,
                None => break,
            }
        }
        node
    }

    /// The keys on the way to the innermost value, or key, that a byte is part of.
    pub(crate) fn path(&self, at: usize) -> Vec<String> {
        let mut path = Vec::new();
        self.find(at, &mut path);
        path
    }

    fn find(&self, at: usize, path: &mut Vec<String>) -> bool {
        let children: Vec<(String, Range<usize>, &Node)> = match &self.value {
            Value::Table(entries) => {
                entries.iter().map(|e| (e.key.clone(), e.key_span.clone(), &e.node)).collect()
            }
            Value::Array(items) => items.iter().enumerate().map(|(i, n)| (i.to_string(), 0..0, n)).collect(),
            _ => Vec::new(),
        };
        for (key, key_span, node) in children {
            path.push(key);
            if node.find(at, path) || key_span.contains(&at) {
                return true;
            }
            path.pop();
        }
        self.span.contains(&at)
    }

    /// What it is, in words: "the string …", "a list of 3"; a number or a boolean as itself.
    pub(crate) fn described(&self) -> String {
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

/// Reads TOML.
///
/// # Errors
/// Every place where the syntax is wrong, at most one for each line.
pub(crate) fn parse(text: &str) -> Result<Node, Vec<Fault>> {
    let (table, errors) = DeTable::parse_recoverable(text);
    if errors.is_empty() {
        let span = table.span();
        return Ok(convert(DeValue::Table(table.into_inner()), span));
    }
    Err(syntax::faults(text, errors))
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
    fn values_have_their_place() {
        let text = "[a]\nb = { c = [1_0, 0x1f] }\n";
        let tree = parse(text).unwrap();
        let list = tree.at(&["a", "b", "c"]);
        assert_eq!(&text[list.span.clone()], "[1_0, 0x1f]");
        assert!(matches!(list.items()[0].value, Value::Integer(10)));
        assert!(matches!(list.items()[1].value, Value::Integer(31)));
        assert_eq!(&text[tree.at(&["a", "missing"]).span.clone()], "[a]");
    }

    #[test]
    fn a_place_has_a_path() {
        let text = "[a]\nb = { c = [1_0, 0x1f] }\n[[r]]\nn = 1\n[[r]]\nn = 2\n[a.d]\ne = \"x\"\n";
        let tree = parse(text).unwrap();
        for (at, path) in [
            ("0x1f", "a.b.c.1"),
            ("c =", "a.b.c"),
            ("{ c", "a.b"),
            ("2", "r.1.n"),
            ("n = 1", "r.0.n"),
            ("\"x\"", "a.d.e"),
            ("[a.d]", "a.d"),
        ] {
            assert_eq!(tree.path(text.find(at).unwrap()).join("."), path, "{at}");
        }
    }

    #[test]
    fn keys_are_in_the_order_of_the_file() {
        let tree = parse("z = 1\na = 2\n").unwrap();
        assert_eq!(tree.entries().iter().map(|e| e.key.as_str()).collect::<Vec<_>>(), ["z", "a"]);
    }
}
