//! Text as LaTeX prints it. Nothing that a name holds is a command, and nothing of it is lost.

use std::fmt::Write;

use crate::text::clean;

/// Words of so many characters may be broken, where a hyphen is not added.
const LONG_WORD: usize = 16;
/// After so many characters without a place to break, one is made.
const STRETCH: usize = 16;

/// Text for one paragraph: white space is a space, what TeX takes for its own is escaped, signs of mathematics are set
/// as such, and any other character that is not of ASCII goes to `\toilechar`, which prints it where the font has it
/// and its number (`U+4E2D`) where it has not.
pub(super) fn escape(text: &str) -> String {
    let words: Vec<String> = clean(text).split_whitespace().map(word).collect();
    words.join(" ")
}

/// A line as it stands: spaces are kept, and the line may be broken at any of them.
pub(super) fn escape_line(line: &str) -> String {
    let line = line.replace('\t', "    ");
    let depth = line.len() - line.trim_start_matches(' ').len();
    let words: Vec<String> = line[depth..]
        .split(' ')
        .map(|text| if text.is_empty() { String::new() } else { escape(text) })
        .collect();
    format!("{}{}", "~".repeat(depth), words.join("\\ "))
}

/// What is printed of a text, for measuring it.
pub(super) fn printed(text: &str) -> String {
    let mut printed = String::with_capacity(text.len());
    for c in text.chars() {
        match is_known(c) {
            true => printed.push(c),
            false => printed.push_str(&format!("U+{:04X}", u32::from(c))),
        }
    }
    printed
}

/// ASCII, a sign, or a letter that fonts for pdfTeX have.
fn is_known(c: char) -> bool {
    c.is_ascii() || sign(c).is_some() || (c.is_alphabetic() && (c as u32) < 0x180)
}

fn word(word: &str) -> String {
    let is_long = word.chars().count() > LONG_WORD;
    let mut out = String::with_capacity(word.len() + 8);
    let (mut previous, mut stretch) = (' ', 0);
    for c in word.chars() {
        if stretch >= STRETCH {
            out.push_str("\\toilebreak{}");
            stretch = 0;
        }
        if joins(previous, c) {
            out.push_str("{}");
        }
        character(&mut out, c);
        stretch += 1;
        if is_long && matches!(c, '_' | '/' | '.' | ':' | '=' | '-' | ',' | '(' | ')' | '\\') {
            out.push_str("\\toilebreak{}");
            stretch = 0;
        }
        previous = c;
    }
    out
}

/// Whether the font would read two characters as one sign: a dash, a quotation mark, an upturned question mark.
fn joins(first: char, second: char) -> bool {
    let set = |c: char| match c {
        '-' | '–' | '—' => '-',
        '`' | '‘' | '“' => '`',
        '\'' | '’' | '”' => '\'',
        c => c,
    };
    match (set(first), set(second)) {
        ('!' | '?', '`') => true,
        (a, b) => a == b && matches!(a, '-' | '`' | '\'' | ','),
    }
}

fn character(out: &mut String, c: char) {
    match c {
        '\\' => out.push_str("\\textbackslash{}"),
        '{' | '}' | '$' | '&' | '#' | '%' | '_' => out.extend(['\\', c]),
        '^' => out.push_str("\\textasciicircum{}"),
        '~' => out.push_str("\\textasciitilde{}"),
        '<' => out.push_str("\\textless{}"),
        '>' => out.push_str("\\textgreater{}"),
        '|' => out.push_str("\\textbar{}"),
        // Behind the end of a row these would be its options; packages for languages make commands of the quotes.
        '[' | ']' | '*' => out.extend(['{', c, '}']),
        '"' => out.push_str("\\toilequote{}"),
        '`' => out.push_str("\\toilegrave{}"),
        c if c.is_ascii() => out.push(c),
        c => match sign(c) {
            Some(command) => out.push_str(command),
            // Writing to a String cannot fail.
            None => {
                let _ = write!(out, "\\toilechar{{{:04X}}}{{{c}}}", u32::from(c));
            }
        },
    }
}

/// Signs that every TeX can set.
fn sign(c: char) -> Option<&'static str> {
    Some(match c {
        '−' => "\\ensuremath{-}",
        '±' => "\\ensuremath{\\pm}",
        '×' => "\\ensuremath{\\times}",
        '÷' => "\\ensuremath{\\div}",
        '·' => "\\ensuremath{\\cdot}",
        '≤' => "\\ensuremath{\\le}",
        '≥' => "\\ensuremath{\\ge}",
        '≠' => "\\ensuremath{\\ne}",
        '≈' => "\\ensuremath{\\approx}",
        '→' => "\\ensuremath{\\rightarrow}",
        '←' => "\\ensuremath{\\leftarrow}",
        '↑' => "\\ensuremath{\\uparrow}",
        '↓' => "\\ensuremath{\\downarrow}",
        '∞' => "\\ensuremath{\\infty}",
        '√' => "\\ensuremath{\\surd}",
        '∈' => "\\ensuremath{\\in}",
        '◇' => "\\ensuremath{\\diamond}",
        '•' => "\\ensuremath{\\bullet}",
        '°' => "\\ensuremath{^\\circ}",
        '²' => "\\ensuremath{^2}",
        '³' => "\\ensuremath{^3}",
        '₁' => "\\ensuremath{_1}",
        '₂' => "\\ensuremath{_2}",
        '…' => "\\dots{}",
        '–' => "--",
        '—' => "---",
        '“' => "``",
        '”' => "''",
        '‘' => "`",
        '’' => "'",
        '§' => "\\S{}",
        '\u{A0}' => "~",
        '\u{2009}' | '\u{202F}' => "\\,",
        c => return greek(c),
    })
}

fn greek(c: char) -> Option<&'static str> {
    Some(match c {
        'α' => "\\ensuremath{\\alpha}",
        'β' => "\\ensuremath{\\beta}",
        'γ' => "\\ensuremath{\\gamma}",
        'δ' => "\\ensuremath{\\delta}",
        'ε' => "\\ensuremath{\\varepsilon}",
        'ζ' => "\\ensuremath{\\zeta}",
        'η' => "\\ensuremath{\\eta}",
        'θ' => "\\ensuremath{\\theta}",
        'κ' => "\\ensuremath{\\kappa}",
        'λ' => "\\ensuremath{\\lambda}",
        'µ' | 'μ' => "\\ensuremath{\\mu}",
        'ν' => "\\ensuremath{\\nu}",
        'ξ' => "\\ensuremath{\\xi}",
        'π' => "\\ensuremath{\\pi}",
        'ρ' => "\\ensuremath{\\rho}",
        'σ' => "\\ensuremath{\\sigma}",
        'τ' => "\\ensuremath{\\tau}",
        'φ' => "\\ensuremath{\\varphi}",
        'χ' => "\\ensuremath{\\chi}",
        'ψ' => "\\ensuremath{\\psi}",
        'ω' => "\\ensuremath{\\omega}",
        'Δ' => "\\ensuremath{\\Delta}",
        'Σ' => "\\ensuremath{\\Sigma}",
        'Ω' => "\\ensuremath{\\Omega}",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_in_a_name_are_words() {
        assert_eq!(
            escape("\\input{/etc/passwd} 100% a_b $x^2$ #1 ~ <b>"),
            "\\textbackslash{}\\toilebreak{}input\\{/\\toilebreak{}etc/\\toilebreak{}passwd\\} 100\\% a\\_b \
             \\$x\\textasciicircum{}2\\$ \\#1 \\textasciitilde{} \\textless{}b\\textgreater{}"
        );
        assert_eq!(escape("^^41"), "\\textasciicircum{}\\textasciicircum{}41");
        assert_eq!(escape("[a] *"), "{[}a{]} {*}");
    }

    #[test]
    fn signs_are_set_and_other_characters_keep_their_number() {
        assert_eq!(escape("−0.5 ± 1"), "\\ensuremath{-}0.5 \\ensuremath{\\pm} 1");
        assert_eq!(escape("中é🚀"), "\\toilechar{4E2D}{中}\\toilechar{00E9}{é}\\toilechar{1F680}{🚀}");
        assert_eq!(escape("a\0b\u{202E}c"), "a\\toilechar{FFFD}{\u{FFFD}}b\\toilechar{FFFD}{\u{FFFD}}c");
        assert_eq!(printed("中é ≤"), "U+4E2Dé ≤");
    }

    #[test]
    fn no_two_characters_become_a_ligature() {
        assert_eq!(escape("--a '' ,,"), "-{}-a '{}' ,{},");
        assert_eq!(escape("“a” 3–5"), "``a'' 3--5");
        assert_eq!(escape("-– —- ’” '’ ‘“ ?‘"), "-{}-- ---{}- '{}'' '{}' `{}`` ?{}`");
    }

    #[test]
    fn a_long_word_can_be_broken_and_a_short_one_cannot() {
        assert_eq!(escape("learning_rate"), "learning\\_rate");
        assert_eq!(
            escape("optimizer.learning_rate"),
            "optimizer.\\toilebreak{}learning\\_\\toilebreak{}rate"
        );
        assert_eq!(escape(&"x".repeat(20)), format!("{}\\toilebreak{{}}xxxx", "x".repeat(16)));
    }

    #[test]
    fn lines_keep_their_spaces() {
        assert_eq!(escape_line("  a  = \"b\""), "~~a\\ \\ =\\ \\toilequote{}b\\toilequote{}");
    }
}
