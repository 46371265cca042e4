//! Text of users made safe to show: cleaned, cut to a length, escaped for XML and for Markdown.

/// Replaces what would not be seen or would disturb its neighbours: control characters and bidirectional overrides.
///
/// Line breaks and tabs stay.
pub(crate) fn clean(text: &str) -> String {
    text.chars().map(|c| if is_disturbing(c) { '\u{FFFD}' } else { c }).collect()
}

fn is_disturbing(c: char) -> bool {
    let is_control = c.is_control() && !matches!(c, '\n' | '\t');
    is_control || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FFFE}' | '\u{FFFF}')
}

/// Cleaned, on one line, and cut to `length` characters with an ellipsis.
pub(crate) fn name(text: &str, length: usize) -> String {
    let line = clean(text).split_whitespace().collect::<Vec<_>>().join(" ");
    cut(&line, length)
}

/// The first `length` characters, the last of them an ellipsis if there were more.
pub(crate) fn cut(text: &str, length: usize) -> String {
    if text.chars().nth(length).is_none() {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(length.saturating_sub(1)).collect();
    short.push('…');
    short
}

/// The same with a capital letter at its beginning.
pub(crate) fn sentence_case(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// `a`, `a and b`, `a, b and c`.
pub(crate) fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [all @ .., last] => format!("{} and {last}", all.join(", ")),
    }
}

/// Escapes text for XML and HTML, elements and quoted attributes alike.
pub(crate) fn escape_xml(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c if is_disturbing(c) => escaped.push('\u{FFFD}'),
            c => escaped.push(c),
        }
    }
    escaped
}

/// Escapes text for one line of Markdown, inside a table or outside.
pub(crate) fn escape_markdown(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\r' | '\t' => escaped.push(' '),
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '~' | '$' | '!' => escaped.extend(['\\', c]),
            c if is_disturbing(c) => escaped.push('\u{FFFD}'),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_in_a_name_is_shown_and_not_run() {
        assert_eq!(escape_xml("<script>\"a\" & 'b'"), "&lt;script&gt;&quot;a&quot; &amp; &#39;b&#39;");
        assert_eq!(escape_markdown("a|b *c* <i>\n[x](y)"), "a\\|b \\*c\\* &lt;i&gt; \\[x\\](y)");
    }

    #[test]
    fn control_characters_and_overrides_of_direction_become_visible() {
        assert_eq!(clean("a\0b\u{202E}c\nd"), "a\u{FFFD}b\u{FFFD}c\nd");
        assert_eq!(escape_xml("\u{1b}[31m"), "\u{FFFD}[31m");
    }

    #[test]
    fn long_names_are_cut_by_characters_and_not_by_bytes() {
        assert_eq!(name("  Modèle\n n° 1 ", 40), "Modèle n° 1");
        assert_eq!(cut("héhéhé", 4), "héh…");
        assert_eq!(cut("héhé", 4), "héhé");
        assert_eq!(name(&"x".repeat(10_000), 80).chars().count(), 80);
    }
}
