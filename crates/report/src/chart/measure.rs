//! How wide a text will be, without a font: widths of Helvetica, which the usual system fonts come near.

/// Fonts that are wider than Helvetica (DejaVu Sans) should fit as well.
const SLACK: f64 = 1.1;

/// The width of `text` at a font size, in the same unit; on the large side.
pub(super) fn width(text: &str, size: f64) -> f64 {
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
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&a, &b| wanted[a].total_cmp(&wanted[b]));
    let mut places = vec![0.0; n];
    let mut floor = low;
    for &i in &order {
        places[i] = wanted[i].clamp(floor, high.max(floor));
        floor = places[i] + gap;
    }
    let mut ceiling = high;
    for &i in order.iter().rev() {
        places[i] = places[i].min(ceiling);
        ceiling = places[i] - gap;
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
    fn labels_keep_their_order_and_their_distance() {
        assert_eq!(spread(&[10.0, 12.0, 50.0], 14.0, 0.0, 100.0), [10.0, 24.0, 50.0]);
        assert_eq!(spread(&[99.0, 98.0], 14.0, 0.0, 100.0), [100.0, 86.0]);
        assert_eq!(spread(&[5.0, 5.0, 5.0], 80.0, 0.0, 100.0), [0.0, 50.0, 100.0]);
        assert_eq!(spread(&[], 14.0, 0.0, 100.0), [0.0; 0]);
    }
}
