//! What a terminal can show: everything is drawn in full, then brought down to what there is.

use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier, Style};

/// What a terminal can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ink {
    /// Characters beyond ASCII.
    pub utf8: bool,
    /// Colours.
    pub colour: bool,
}

/// Okabe and Ito's colours, which colour-blind people tell apart, in the palette of 256.
const COLOURS: [Color; 6] = [
    Color::Indexed(214),
    Color::Indexed(74),
    Color::Indexed(36),
    Color::Indexed(175),
    Color::Indexed(227),
    Color::Indexed(166),
];

/// The colour of a training, which stays its own.
pub(super) fn colour(place: usize) -> Color {
    COLOURS[place % COLOURS.len()]
}

/// Titles of parts.
pub(super) fn dim() -> Style {
    Style::new().add_modifier(Modifier::DIM)
}

/// Headings, and what is chosen.
pub(super) fn bold() -> Style {
    Style::new().add_modifier(Modifier::BOLD)
}

/// What went wrong.
pub(super) fn fault() -> Style {
    Style::new().fg(Color::Indexed(166)).add_modifier(Modifier::BOLD)
}

impl Ink {
    /// Of a locale's variables, the first that is set decides; and `NO_COLOR`.
    pub(crate) fn of_environment(variable: impl Fn(&str) -> Option<String>) -> Ink {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set).unwrap_or_default();
        let locale = locale.to_ascii_lowercase();
        let utf8 = locale.contains("utf-8") || locale.contains("utf8") || cfg!(windows);
        Ink { utf8, colour: set("NO_COLOR").is_none() }
    }

    /// Brings down what was drawn.
    pub(super) fn reduce(self, buffer: &mut Buffer) {
        for cell in &mut buffer.content {
            if !self.colour {
                (cell.fg, cell.bg) = (Color::Reset, Color::Reset);
            }
            if !self.utf8 && !cell.symbol().is_ascii() {
                let plain = ascii(cell.symbol());
                cell.set_char(plain);
            }
        }
    }
}

/// The nearest character of ASCII.
fn ascii(symbol: &str) -> char {
    match symbol.chars().next().unwrap_or(' ') {
        '─' | '━' | '┴' | '┬' | '−' | '–' => '-',
        '╸' => '>',
        '│' | '┤' | '├' => '|',
        '└' | '┼' | '┘' | '┌' | '┐' => '+',
        '▁' | '▂' => '_',
        '▃' | '▄' => '.',
        '▅' | '▆' => '=',
        '▇' | '█' | '▌' | '▍' | '▎' | '▏' | '▋' | '▊' | '▉' => '#',
        '≈' => '~',
        '·' => '.',
        '…' => '~',
        '⏎' => '<',
        '↑' => '^',
        '↓' => 'v',
        '“' | '”' => '"',
        '±' => '+',
        braille if ('\u{2800}'..='\u{28ff}').contains(&braille) => '*',
        _ => '?',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_variable_of_the_locale_that_is_set_decides() {
        let ink = |pairs: &[(&str, &str)]| {
            let pairs: Vec<(String, String)> =
                pairs.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
            Ink::of_environment(|name| {
                pairs.iter().find(|(other, _)| other == name).map(|(_, value)| value.clone())
            })
        };
        assert_eq!(ink(&[("LANG", "en_GB.UTF-8")]), Ink { utf8: true, colour: true });
        assert_eq!(ink(&[("LC_ALL", "C"), ("LANG", "en_GB.UTF-8")]), Ink { utf8: false, colour: true });
        assert_eq!(
            ink(&[("LC_ALL", ""), ("LANG", "C.utf8"), ("NO_COLOR", "1")]),
            Ink { utf8: true, colour: false }
        );
        assert!(!ink(&[]).utf8);
    }

    #[test]
    fn what_is_drawn_of_lines_and_dots_has_a_plain_form() {
        assert_eq!("─┤└▁█≈⣀é".chars().map(|c| ascii(&c.to_string())).collect::<String>(), "-|+_#~*?");
    }
}
