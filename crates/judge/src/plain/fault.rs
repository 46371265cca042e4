//! Why a file holds no plain records: place, message and help.

/// Why a file holds no plain records. `Display` gives place and message, then a line `  help: …`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlainFault {
    /// Where: `line 3 column 7`, or `runs[2].test_correct`.
    pub place: String,
    /// What was found, and what was expected.
    pub message: String,
    /// How to mend it.
    pub help: String,
}

impl std::fmt::Display for PlainFault {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        write!(f, "{}: {}", self.place, self.message)?;
        if self.help.is_empty() { Ok(()) } else { write!(f, "\n  help: {}", self.help) }
    }
}

impl std::error::Error for PlainFault {}

pub(super) fn fault(
    place: impl Into<String>,
    message: impl Into<String>,
    help: impl Into<String>,
) -> PlainFault {
    PlainFault { place: place.into(), message: message.into(), help: help.into() }
}

/// What the JSON reader says names types of the program: in their place stands what is to be written.
const WORDS: [(&str, &str); 6] = [
    ("data did not match any variant of untagged enum SettingValue", "a number or a text was expected"),
    ("data did not match any variant of untagged enum Names", "a name or a list of names was expected"),
    ("expected usize", "expected a whole number, 0 or above"),
    ("expected u64", "expected a whole number, 0 or above"),
    ("expected u32", "expected a whole number, 0 or above"),
    ("expected f64", "expected a number"),
];

/// A fault of the JSON, or of its form.
pub(super) fn of_json(error: &serde_json::Error) -> PlainFault {
    let place = format!("line {} column {}", error.line(), error.column());
    let message = error.to_string();
    let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message);
    let words = |text: String, (own, other): &(&str, &str)| text.replace(own, other);
    let message = WORDS.iter().fold(message.to_string(), words);
    let readable: String = message.chars().map(|c| if c.is_control() { '?' } else { c }).take(600).collect();
    fault(place, readable, "the form is described in docs/judge.md")
}
