//! Text that others wrote, made fit to be shown.

/// The longest text of a server that is shown, in characters.
const LONGEST: usize = 2000;

/// Without control characters, and no longer than a screen: a line break becomes a space, anything else that would
/// move the cursor, colour the text or turn its direction is written as its code, `\u{1b}`.
pub fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len().min(LONGEST));
    for (count, letter) in text.trim_end().chars().enumerate() {
        match letter {
            _ if count == LONGEST => {
                shown.push('…');
                break;
            }
            '\n' | '\r' | '\t' => shown.push(' '),
            _ if letter.is_control() || turns_direction(letter) => shown.extend(letter.escape_unicode()),
            _ => shown.push(letter),
        }
    }
    shown
}

/// Marks that let text appear in another order than it stands (UAX 9), and separators that act as line breaks.
pub fn turns_direction(letter: char) -> bool {
    matches!(letter, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::printable;

    #[test]
    fn no_control_character_reaches_the_screen() {
        for (text, shown) in [
            ("plain, é and 数", "plain, é and 数"),
            ("\x1b[2J\x1b]0;title\x07gone", r"\u{1b}[2J\u{1b}]0;title\u{7}gone"),
            ("first\r\nsecond\n", "first  second"),
            ("\u{9b}31m\u{7f}\0", r"\u{9b}31m\u{7f}\u{0}"),
            ("a\u{202e}b", r"a\u{202e}b"),
        ] {
            assert_eq!(printable(text), shown);
        }
        let all: String = (0..0x300).filter_map(char::from_u32).collect();
        assert!(printable(&all).chars().all(|letter| !letter.is_control()));
    }

    #[test]
    fn a_text_without_end_is_cut() {
        let shown = printable(&"x".repeat(1 << 20));
        assert!(shown.chars().count() == 2001 && shown.ends_with("x…"));
    }
}
