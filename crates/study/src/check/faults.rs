//! Faults: everything that is wrong with a study file, each with its place in the text.

use std::fmt;
use std::ops::Range;

use unicode_width::UnicodeWidthChar;

use super::tree;

/// Columns of a line that are shown around a fault.
const WINDOW: usize = 100;

/// Faults that are written out; of more, only the number is given.
const MAX_SHOWN: usize = 50;

/// One fault and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The bytes of the file that the caret points at.
    pub span: Range<usize>,
    /// What was found and what was expected; no full stop.
    pub message: String,
    /// How to fix it, if that is known.
    pub help: Option<String>,
}

/// Everything that is wrong with a file, in the file's order.
///
/// `Display` writes each fault as text, with the line and a caret:
///
/// ```text
/// error: unknown optimizer `adma`
///   studies/x.toml:31:15
///    31 | optimizer = { adma = {} }
///       |               ^^^^
///   help: did you mean `adam`? (known: sgd, adam, adamw, nadam, rmsprop)
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Faults {
    /// The file's name, as it is printed.
    pub file_name: String,
    /// The file's text.
    pub text: String,
    /// At least one fault, sorted by place.
    pub faults: Vec<Fault>,
}

impl Faults {
    /// Line and column (in characters) of a fault, both counted from 1.
    pub fn place(&self, fault: &Fault) -> (usize, usize) {
        let (line, start) = self.line_of(fault.span.start);
        let column = self.text[start..floor(&self.text, fault.span.start)].chars().count() + 1;
        (line, column)
    }

    /// The keys on the way to what a fault is about: `["runs", "0", "optimizer", "adam", "learning_rate"]`. Items of a
    /// list are counted from 0.
    pub fn path(&self, fault: &Fault) -> Vec<String> {
        tree::parse(&self.text).map_or_else(|_| Vec::new(), |root| root.path(fault.span.start))
    }

    /// Number (from 1) and start of the line that holds a byte.
    fn line_of(&self, at: usize) -> (usize, usize) {
        let before = &self.text[..floor(&self.text, at)];
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        // A byte order mark takes no column.
        let mark = if start == 0 && before.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        (before.bytes().filter(|&b| b == b'\n').count() + 1, start + mark)
    }

    fn write_fault(&self, f: &mut fmt::Formatter<'_>, fault: &Fault) -> fmt::Result {
        let (line, column) = self.place(fault);
        writeln!(f, "error: {}", fault.message)?;
        write!(f, "  {}:{line}:{column}", self.file_name)?;
        let (excerpt, caret, width) = self.excerpt(fault);
        if !excerpt.trim().is_empty() {
            let number = line.to_string();
            let margin = " ".repeat(number.len());
            write!(f, "\n   {number} | {excerpt}")?;
            write!(f, "\n   {margin} | {}{}", " ".repeat(caret), "^".repeat(width))?;
        }
        if let Some(help) = &fault.help {
            write!(f, "\n  help: {help}")?;
        }
        Ok(())
    }

    /// The fault's line as it is printed, the column of the caret and its width on a terminal.
    fn excerpt(&self, fault: &Fault) -> (String, usize, usize) {
        let (_, start) = self.line_of(fault.span.start);
        let end = self.text[start..].find('\n').map_or(self.text.len(), |length| start + length);
        let (from, to) = (fault.span.start.min(end), fault.span.end.min(end));
        let mut cells = Vec::new();
        let (mut first, mut last) = (0, 0);
        for (offset, c) in self.text[start..end].trim_end().char_indices() {
            if start + offset < from {
                first = cells.len() + 1;
            }
            if start + offset < to {
                last = cells.len() + 1;
            }
            cells.push(printable(c));
        }
        // Long lines are cut to a window around the caret, so that a file on one line stays readable.
        let cut = if cells.len() > WINDOW { first.saturating_sub(WINDOW / 2) } else { 0 };
        let shown = &cells[cut..cells.len().min(cut + WINDOW)];
        let width = |cells: &[String]| cells.iter().flat_map(|c| c.chars()).filter_map(|c| c.width()).sum();
        let caret: usize = width(&shown[..(first - cut).min(shown.len())]);
        let under: usize =
            width(&shown[(first - cut).min(shown.len())..(last.max(first) - cut).min(shown.len())]);
        (shown.concat(), caret, under.max(1))
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.faults.iter().take(MAX_SHOWN).enumerate() {
            if index > 0 {
                f.write_str("\n\n")?;
            }
            self.write_fault(f, fault)?;
        }
        match self.faults.len() {
            0 | 1 => Ok(()),
            n if n > MAX_SHOWN => {
                write!(f, "\n\n{}: {n} faults, the first {MAX_SHOWN} of them above", self.file_name)
            }
            n => write!(f, "\n\n{}: {n} faults", self.file_name),
        }
    }
}

impl std::error::Error for Faults {}

/// The character boundary at or before a byte.
fn floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0)
}

/// A character of the file in a form that is safe on a terminal.
fn printable(c: char) -> String {
    match c {
        '\t' => "    ".to_string(),
        c if c.is_control() => "\u{fffd}".to_string(),
        c => c.to_string(),
    }
}

/// A name from the file as messages quote it: printable and at most 48 characters.
pub(crate) fn quote(name: &str) -> String {
    const MAX_LENGTH: usize = 48;
    let mut quoted: String =
        name.chars().take(MAX_LENGTH).flat_map(|c| printable(c).chars().collect::<Vec<_>>()).collect();
    if name.chars().nth(MAX_LENGTH).is_some() {
        quoted.push('…');
    }
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, span: Range<usize>) -> String {
        let fault = Fault { span, message: "wrong".into(), help: None };
        Faults { file_name: "s.toml".into(), text: text.into(), faults: vec![fault] }.to_string()
    }

    #[test]
    fn a_caret_is_under_what_it_marks() {
        let text = "a = 1\nbatch = 2\n";
        assert_eq!(shown(text, 6..11), "error: wrong\n  s.toml:2:1\n   2 | batch = 2\n     | ^^^^^");
    }

    #[test]
    fn tabs_and_wide_characters_move_the_caret_by_their_width() {
        assert_eq!(shown("\ta = 1", 1..2), "error: wrong\n  s.toml:1:2\n   1 |     a = 1\n     |     ^");
        let text = "n = \"図\" # x";
        let at = text.find('#').unwrap();
        assert_eq!(
            shown(text, at..at + 1),
            "error: wrong\n  s.toml:1:9\n   1 | n = \"図\" # x\n     |          ^"
        );
    }

    #[test]
    fn a_span_at_the_end_of_the_file_has_its_caret_after_the_text() {
        assert_eq!(shown("a = ", 4..4), "error: wrong\n  s.toml:1:5\n   1 | a =\n     |    ^");
        assert_eq!(shown("", 0..0), "error: wrong\n  s.toml:1:1");
    }

    #[test]
    fn a_span_over_several_lines_is_marked_on_its_first() {
        assert_eq!(shown("a = [\r\n1]\r\n", 4..10), "error: wrong\n  s.toml:1:5\n   1 | a = [\n     |     ^");
    }

    #[test]
    fn a_long_line_is_cut_around_its_caret() {
        let text = format!("{}x{}", "a".repeat(5000), "b".repeat(5000));
        let shown = shown(&text, 5000..5001);
        assert!(shown.lines().all(|line| line.chars().count() < 120), "{shown}");
        assert!(shown.contains("aaxbb"), "{shown}");
    }

    #[test]
    fn control_characters_never_reach_the_terminal() {
        assert!(!shown("a = \"\u{1b}[31m\"", 0..1).contains('\u{1b}'));
        assert_eq!(quote("\u{1b}x"), "\u{fffd}x");
        assert_eq!(quote(&"y".repeat(60)), "y".repeat(48) + "…");
    }
}
