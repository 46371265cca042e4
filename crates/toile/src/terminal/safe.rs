//! Text of others on the terminal: names, choices and messages may hold what moves the cursor or turns the text round.

use std::borrow::Cow;

use toile_store::turns_direction;

/// What is shown in the place of a character that is not.
const REPLACEMENT: char = '\u{FFFD}';

/// A name on one line, without control characters.
pub(crate) fn name(text: &str) -> String {
    text.chars().map(|c| if c.is_control() || turns_direction(c) { REPLACEMENT } else { c }).collect()
}

/// Names in a row, as messages list what is known: `a; b; c`.
pub(crate) fn names<'a>(all: impl IntoIterator<Item = &'a str>) -> String {
    all.into_iter().map(name).collect::<Vec<_>>().join("; ")
}

/// What is printed, whatever it was put together from: line ends and tabs stay, and colours where they are used. Names
/// go through [`name`] before; this is the net below.
pub(super) fn printed(text: &str, with_colours: bool) -> Cow<'_, str> {
    if !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let (piece, kept) = match colour(rest).filter(|_| with_colours) {
            Some(colour) => (colour.len(), true),
            None => (c.len_utf8(), !is_unsafe(c) || rest.starts_with("\r\n")),
        };
        if kept {
            safe.push_str(&rest[..piece]);
        } else {
            safe.push(REPLACEMENT);
        }
        rest = &rest[piece..];
    }
    Cow::Owned(safe)
}

fn is_unsafe(c: char) -> bool {
    (c.is_control() && !matches!(c, '\n' | '\t')) || turns_direction(c)
}

/// The sequence at the beginning of `text` that chooses a colour: `ESC [ 1 ; 31 m`.
fn colour(text: &str) -> Option<&str> {
    let numbers = text.strip_prefix("\u{1b}[")?;
    let end = numbers.find(|c: char| !c.is_ascii_digit() && c != ';')?;
    numbers[end..].starts_with('m').then(|| &text[.."\u{1b}[".len() + end + 1])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stays_on_its_line_and_moves_nothing() {
        for hostile in ["\u{1b}[2J", "\u{9b}2J", "\u{7}", "\u{7f}", "\n", "\r", "\t", "\u{202e}", "\u{2066}"]
        {
            let shown = name(&format!("a{hostile}b"));
            assert!(shown.starts_with("a\u{fffd}") && shown.ends_with('b'), "{shown:?}");
            assert!(!shown.chars().any(|c| c.is_control() || turns_direction(c)), "{shown:?}");
        }
        assert_eq!(name("Größe 3, “wide”"), "Größe 3, “wide”");
    }

    #[test]
    fn only_colours_pass_and_only_where_they_are_used() {
        let text = "\u{1b}[1;31mred\u{1b}[0m\tx\r\n\u{1b}[2J\u{1b}]0;title\u{7}";
        assert_eq!(printed(text, true), "\u{1b}[1;31mred\u{1b}[0m\tx\r\n\u{fffd}[2J\u{fffd}]0;title\u{fffd}");
        assert_eq!(
            printed(text, false),
            "\u{fffd}[1;31mred\u{fffd}[0m\tx\r\n\u{fffd}[2J\u{fffd}]0;title\u{fffd}"
        );
        assert!(matches!(printed("plain\n", true), Cow::Borrowed("plain\n")));
    }
}
