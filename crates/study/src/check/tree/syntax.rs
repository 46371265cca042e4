//! Errors of TOML's syntax, in words for people who do not know the grammar by heart.

use std::ops::Range;

use toml::de::Error;

use crate::check::faults::{Fault, quote};

/// More faults of the syntax are not reported.
const MAX_FAULTS: usize = 20;

/// The parser's errors in the file's order, one for each line.
pub(super) fn faults(text: &str, mut errors: Vec<Error>) -> Vec<Fault> {
    errors.sort_by_key(|error| error.span().map_or(0, |span| span.start));
    let brackets = errors.iter().find(|error| about_brackets(error.message()));
    let open = brackets.and_then(|error| open_bracket(text, error.span()?.start));
    if let Some(open) = open {
        // What comes after a bracket that is not closed is misread, up to where it is noticed.
        errors.retain(|error| {
            about_brackets(error.message()) || error.span().is_none_or(|span| span.start <= open)
        });
    }
    let mut lines = LineCounter { text, byte: 0, line: 0 };
    let mut last_line = None;
    let mut faults: Vec<Fault> = Vec::new();
    for error in errors {
        let span = error.span().unwrap_or(0..0);
        let line = Some(lines.line_of(span.start));
        if line != last_line {
            last_line = line;
            faults.push(fault(text, span, error.message(), open));
        }
        // Once the parser has lost count of the brackets, its further errors only repeat this one.
        if about_brackets(error.message()) || faults.len() >= MAX_FAULTS {
            break;
        }
    }
    faults
}

/// Counts line ends as it goes forward, so that a file with many errors is read once.
struct LineCounter<'a> {
    text: &'a str,
    /// Up to here, lines are counted.
    byte: usize,
    line: usize,
}

impl LineCounter<'_> {
    /// The line of a byte, from 0. Bytes are asked for in order.
    fn line_of(&mut self, byte: usize) -> usize {
        let end = byte.min(self.text.len()).max(self.byte);
        self.line += self.text.as_bytes()[self.byte..end].iter().filter(|&&b| b == b'\n').count();
        self.byte = end;
        self.line
    }
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

fn fault(text: &str, span: Range<usize>, error: &str, open: Option<usize>) -> Fault {
    let (message, mut help) = in_words(text, &span, error);
    if let Some(at) = open.filter(|_| about_brackets(error)) {
        let before = &text[..at];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        help = format!("the `{}` of line {line}, column {column} is still open here; {help}", &text[at..=at]);
    }
    Fault { span, message, help: Some(help) }
}

/// The innermost bracket that is open at a byte, outside of strings and comments.
fn open_bracket(text: &str, until: usize) -> Option<usize> {
    let (mut open, mut at) = (Vec::new(), 0);
    while at < until.min(text.len()) {
        let rest = &text[at..];
        let c = rest.chars().next()?;
        match c {
            '[' | '{' => open.push(at),
            ']' | '}' => drop(open.pop()),
            _ => {}
        }
        at += match c {
            '#' => rest.find('\n').unwrap_or(rest.len()),
            '"' | '\'' => string_length(rest, c),
            _ => c.len_utf8(),
        };
    }
    open.pop()
}

/// Bytes of the string that a text begins with; one that is not closed ends with its line.
fn string_length(text: &str, quote: char) -> usize {
    let three = quote.to_string().repeat(3);
    if text.starts_with(&three) {
        return text[3..].find(&three).map_or(text.len(), |end| end + 6);
    }
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            '\n' => return at,
            c if c == quote && !escaped => return at + 1,
            '\\' if quote == '"' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    text.len()
}

/// The parser's message as ours, with what to do about it.
fn in_words(text: &str, span: &Range<usize>, message: &str) -> (String, String) {
    let found = text.get(span.clone()).unwrap_or("");
    let rest = &text[span.start.min(text.len())..];
    if about_brackets(message) {
        (
            "a comma or a closing bracket is missing before this".to_string(),
            "each `{` needs its `}`, each `[` its `]`, and items have commas between them".to_string(),
        )
    } else if message.starts_with("invalid unquoted key") && rest.starts_with(':') {
        let line = text[..span.start].rsplit('\n').next().unwrap_or("").trim();
        ("expected `=`, found `:`".to_string(), format!("write `{} = …`", quote(line)))
    } else if message.starts_with("unexpected key or value") {
        (
            "unexpected text after the value".to_string(),
            "each setting has a line of its own; a comment begins with `#`".to_string(),
        )
    } else if message.starts_with("string values must be quoted") {
        unquoted(found)
    } else if message == "duplicate key" {
        (format!("the key `{}` is already set", quote(found)), "a table holds each key once".to_string())
    } else {
        (message.to_string(), "this is not TOML (https://toml.io)".to_string())
    }
}

/// Something that is no value, where a value is expected.
fn unquoted(found: &str) -> (String, String) {
    let curly = |c: char| matches!(c, '“' | '”' | '„' | '‘' | '’' | '«' | '»');
    if found.contains(curly) {
        let message = format!("`{}` has typographic quotes", quote(found));
        (message, format!("write \"{}\"", quote(&found.replace(curly, ""))))
    } else if found.is_empty() {
        let help = "write a number, a \"string\", true or false, a [list] or a { table }";
        ("a value is missing".to_string(), help.to_string())
    } else {
        (format!("`{}` must be in quotes", quote(found)), format!("write \"{}\"", quote(found)))
    }
}

#[cfg(test)]
mod tests {
    use crate::check::faults::Fault;
    use crate::check::tree::parse;

    fn faults(text: &str) -> Vec<Fault> {
        parse(text).expect_err("the file is no TOML")
    }

    #[test]
    fn every_line_with_a_syntax_error_is_reported_once() {
        let faults = faults("a = adam\nb = [1,,2]\nc = 1\nc = 2\n");
        assert_eq!(faults.len(), 3, "{faults:?}");
        assert_eq!(faults[0].message, "`adam` must be in quotes");
        assert_eq!(faults[2].message, "the key `c` is already set");
    }

    #[test]
    fn a_bracket_that_is_not_closed_is_reported_once_and_nothing_after_it() {
        let faults = faults("a = [\n  { b = { c = 1 },\n]\n\n[[x]]\nd = 1\ne = 2\n");
        assert_eq!(faults.len(), 1, "{faults:#?}");
        assert_eq!(faults[0].message, "a comma or a closing bracket is missing before this");
    }

    /// It said that `runs` must be in quotes, and then in which line a bracket is missing.
    #[test]
    fn what_follows_an_open_list_is_not_taken_for_its_items() {
        let faults = faults("# [\na = [\"]\", 1,\n  { b = '{' }\n\n[[runs]]\nname = \"A\"\n");
        assert_eq!(faults.len(), 1, "{faults:#?}");
        let help = faults[0].help.as_ref().unwrap();
        assert!(help.starts_with("the `[` of line 2, column 5 is still open here;"), "{help}");
    }

    /// The caret of an empty place is as wide as that of one character: so it is the span that is checked.
    #[test]
    fn a_fault_without_text_of_its_own_marks_none() {
        for text in ["epochs =\n", "optimizer = \"adam\"; seed = 1\n"] {
            let faults = faults(text);
            assert_eq!(faults.len(), 1, "{faults:#?}");
            assert!(faults[0].span.is_empty(), "{faults:#?}");
        }
    }
}
