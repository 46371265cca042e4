//! How wide a text will be, without a font: widths of Helvetica, which the usual system fonts come near.

/// Fonts that are wider than Helvetica (DejaVu Sans) should fit as well.
const SLACK: f64 = 1.1;

/// The width of `text` at a font size, in the same unit; on the large side.
pub(crate) fn width(text: &str, size: f64) -> f64 {
    text.chars().map(advance).sum::<f64>() * size * SLACK
}

/// `text` cut with an ellipsis so that it fits into `space`.
pub(super) fn fit(text: &str, size: f64, space: f64) -> String {
    if width(text, size) <= space {
        return text.to_owned();
    }
    let mut room = space - width("…", size);
    let kept: String = text
        .chars()
        .take_while(|c| {
            room -= advance(*c) * size * SLACK;
            room >= 0.0
        })
        .collect();
    format!("{}…", kept.trim_end())
}

/// `text` on lines that fit into `space`, broken between words where that is possible; what more than `most` lines
/// would take is cut with an ellipsis.
pub(super) fn wrap(text: &str, size: f64, space: f64, most: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        if lines.len() + 1 >= most {
            lines.push(fit(rest, size, space));
            break;
        }
        let end = line_end(rest, size, space);
        lines.push(rest[..end].trim_end().to_owned());
        rest = rest[end..].trim_start();
    }
    lines
}

/// Where the first line of `text` ends: after the last word that fits, or after the last character that does.
fn line_end(text: &str, size: f64, space: f64) -> usize {
    let (mut taken, mut word) = (0.0, 0);
    for (place, c) in text.char_indices() {
        if c == ' ' {
            word = place;
        }
        taken += advance(c) * size * SLACK;
        if taken > space && place > 0 {
            return if word > 0 { word } else { place };
        }
        if matches!(c, '-' | '_' | '/') {
            word = place + c.len_utf8();
        }
    }
    text.len()
}

/// Part of the font size by which a character moves on.
fn advance(c: char) -> f64 {
    match c {
        'i' | 'j' | 'l' | '\'' | '|' => 0.23,
        ' ' | 't' | 'f' | 'r' | 'I' | '.' | ',' | ':' | ';' | '!' | '/' | '(' | ')' | '[' | ']' | '-'
        | '·' => 0.32,
        'm' | 'M' | 'W' | '%' | '@' => 0.87,
        'w' => 0.74,
        'A'..='Z' => 0.68,
        c if (c as u32) < 0x1100 => 0.56,
        _ => 1.0, // ideographs and emoji are as wide as the font is high
    }
}

/// Places for labels of height `gap` that want to be at `wanted`, moved apart between `low` and `high`.
///
/// Labels keep their order. If there is no room for all, they share it evenly.
pub(super) fn spread(wanted: &[f64], gap: f64, low: f64, high: f64) -> Vec<f64> {
    let n = wanted.len();
    let gap = if n > 1 { gap.min((high - low) / (n - 1) as f64) } else { gap };
    spread_sizes(wanted, &vec![gap; n], low - 0.5 * gap, high + 0.5 * gap)
}

/// Middles for labels of these heights that want to be at `wanted`, moved apart inside `low` to `high`. Labels keep
/// their order; what there is no room for stands out at the lower end.
pub(super) fn spread_sizes(wanted: &[f64], sizes: &[f64], low: f64, high: f64) -> Vec<f64> {
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by(|&a, &b| wanted[a].total_cmp(&wanted[b]));
    let mut places = vec![0.0; wanted.len()];
    let mut floor = low;
    for &i in &order {
        let half = 0.5 * sizes[i];
        places[i] = wanted[i].clamp(floor + half, (high - half).max(floor + half));
        floor = places[i] + half;
    }
    let mut ceiling = high;
    for &i in order.iter().rev() {
        let half = 0.5 * sizes[i];
        places[i] = places[i].min(ceiling - half);
        ceiling = places[i] - half;
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_is_too_wide_ends_in_an_ellipsis() {
        assert_eq!(fit("short", 12.0, 100.0), "short");
        let cut = fit("a very long name of a run", 12.0, 80.0);
        assert!(cut.ends_with('…') && width(&cut, 12.0) <= 80.0, "{cut}");
        assert_eq!(fit("abc", 12.0, 0.0), "…");
    }

    #[test]
    fn a_long_name_is_broken_between_its_words_and_cut_only_after_the_last_line() {
        assert_eq!(wrap("CNN, 23 epochs", 12.0, 200.0, 3), ["CNN, 23 epochs"]);
        assert_eq!(
            wrap("Trial 2: batch size as published", 12.0, 90.0, 3),
            ["Trial 2: batch", "size as", "published"]
        );
        assert_eq!(wrap("published", 12.0, 30.0, 9).concat(), "published", "a long word is broken inside");
        let cut = wrap("a name of many words that goes on and on", 12.0, 60.0, 2);
        assert!(cut.len() == 2 && cut[1].ends_with('…'), "{cut:?}");
        assert!(wrap("one-two_three four", 12.0, 60.0, 9).iter().all(|line| width(line, 12.0) <= 60.0));
        assert!(wrap("  ", 12.0, 60.0, 2).is_empty() && !wrap("x", 12.0, 0.0, 2).is_empty());
    }

    #[test]
    fn labels_of_several_heights_do_not_cover_each_other() {
        assert_eq!(spread_sizes(&[50.0, 52.0], &[10.0, 30.0], 0.0, 100.0), [50.0, 70.0]);
        assert_eq!(spread_sizes(&[98.0, 90.0], &[10.0, 20.0], 0.0, 100.0), [95.0, 80.0]);
        assert_eq!(spread_sizes(&[], &[], 0.0, 1.0), [0.0; 0]);
    }

    #[test]
    fn labels_keep_their_order_and_their_distance() {
        assert_eq!(spread(&[10.0, 12.0, 50.0], 14.0, 0.0, 100.0), [10.0, 24.0, 50.0]);
        assert_eq!(spread(&[99.0, 98.0], 14.0, 0.0, 100.0), [100.0, 86.0]);
        assert_eq!(spread(&[5.0, 5.0, 5.0], 80.0, 0.0, 100.0), [0.0, 50.0, 100.0]);
        assert_eq!(spread(&[], 14.0, 0.0, 100.0), [0.0; 0]);
    }
}
