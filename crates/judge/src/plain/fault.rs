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
const WORDS: [(&str, &str); 4] = [
    ("expected usize", "expected a whole number, 0 or above"),
    ("expected u64", "expected a whole number, 0 or above"),
    ("expected u32", "expected a whole number, 0 or above"),
    ("expected f64", "expected a number"),
];

/// How the JSON reader begins where a value is none of several kinds; then stands the type.
const NONE_OF_SEVERAL: &str = "data did not match any variant of untagged enum ";

/// The most characters of a message: it may quote what the file holds.
const LONGEST_MESSAGE: usize = 600;

/// Whether the reader stumbled over `NaN` or `Infinity`, which Python writes, and JSON does not know.
fn is_not_finite(text: &str, error: &serde_json::Error) -> bool {
    let line = text.lines().nth(error.line().saturating_sub(1)).unwrap_or_default();
    let from = error.column().saturating_sub(2).min(line.len());
    let around = &line.as_bytes()[from..line.len().min(from + 10)];
    error.is_syntax()
        && [&b"NaN"[..], b"Infinity"].iter().any(|word| around.windows(word.len()).any(|w| w == *word))
}

/// The help where the form is not that of plain records: it may be that of a study's own results.
const FORM: &str = "the form is described in docs/judge.md; what a study of toile shows is in its report, \
    and `toile findings DIR` lists it";

/// A fault of the JSON, or of its form.
pub(super) fn of_json(text: &str, error: &serde_json::Error) -> PlainFault {
    let place = format!("line {} column {}", error.line(), error.column());
    let message = error.to_string();
    let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message);
    let message = match message.strip_prefix(NONE_OF_SEVERAL) {
        Some("SettingValue") => "a number or a text was expected".to_string(),
        Some("Names") => "a name or a list of names was expected".to_string(),
        _ => WORDS.iter().fold(message.to_string(), |text, (own, other)| text.replace(own, other)),
    };
    if is_not_finite(text, error) {
        let help = "a number that is not finite is `null`, \"nan\", \"inf\" or \"-inf\"";
        return fault(place, "NaN and Infinity are no JSON", help);
    }
    let readable = message.chars().map(|c| if c.is_control() { '?' } else { c }).take(LONGEST_MESSAGE);
    fault(place, readable.collect::<String>(), FORM)
}
