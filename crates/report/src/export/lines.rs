//! JSON that people and line tools can read: objects over several lines at first, then one line for each epoch and
//! trial.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

/// Containers within so many others are broken over lines: the document, its lists, their objects, and the lists of
/// these.
const BROKEN: usize = 4;

/// Writes with two spaces per level, then compactly.
#[derive(Default)]
struct LineFormatter {
    depth: usize,
    has_value: bool,
}

/// A document with a line break at its end.
pub(super) fn written(document: &impl Serialize) -> String {
    let mut bytes = Vec::new();
    let mut serializer = Serializer::with_formatter(&mut bytes, LineFormatter::default());
    // Only a map with keys that are no strings, or a failing `Serialize`, can fail here; we have neither.
    document.serialize(&mut serializer).expect("plain data becomes JSON");
    bytes.push(b'\n');
    String::from_utf8(bytes).expect("JSON is text")
}

impl LineFormatter {
    fn open<W: ?Sized + Write>(&mut self, writer: &mut W, bracket: &[u8]) -> io::Result<()> {
        self.depth += 1;
        self.has_value = false;
        writer.write_all(bracket)
    }

    fn close<W: ?Sized + Write>(&mut self, writer: &mut W, bracket: &[u8]) -> io::Result<()> {
        self.depth -= 1;
        if self.has_value && self.depth < BROKEN {
            self.line(writer)?;
        }
        self.has_value = true;
        writer.write_all(bracket)
    }

    fn next<W: ?Sized + Write>(&self, writer: &mut W, first: bool) -> io::Result<()> {
        match (first, self.depth <= BROKEN) {
            (true, true) => self.line(writer),
            (false, true) => writer.write_all(b",").and_then(|()| self.line(writer)),
            (true, false) => Ok(()),
            (false, false) => writer.write_all(b", "),
        }
    }

    fn line<W: ?Sized + Write>(&self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b"\n")?;
        (0..self.depth).try_for_each(|_| writer.write_all(b"  "))
    }
}

impl Formatter for LineFormatter {
    fn begin_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.open(writer, b"[")
    }

    fn end_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.close(writer, b"]")
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.next(writer, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.has_value = true;
        Ok(())
    }

    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.open(writer, b"{")
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.close(writer, b"}")
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.next(writer, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.has_value = true;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::written;

    #[test]
    fn what_lies_deep_stands_on_one_line() {
        let document = json!({"a": [], "b": [{"c": [{"d": [[1, 0.5], [2, null]], "e": "x"}, {}]}]});
        let expected = "{\n  \"a\": [],\n  \"b\": [\n    {\n      \"c\": [\n        {\"d\": [[1, 0.5], [2, null]], \"e\": \"x\"},\n        {}\n      ]\n    }\n  ]\n}\n";
        assert_eq!(written(&document), expected);
        assert_eq!(written(&json!({})), "{}\n");
    }
}
