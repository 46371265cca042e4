//! A chart of text: loss over learning rate, eighty columns wide.

use toile_report::RangeTestView;
use toile_report::format::setting;

const COLUMNS: usize = 70;
const ROWS: usize = 12;
/// Before the picture: `2.45 |`.
const MARGIN: usize = 8;
/// The decades of the axis.
const DECADES: (i32, i32) = (-6, 1);
/// What rises higher than so many times the level at the start is cut off.
const HIGHEST: f64 = 1.3;

/// The curves of a range test, the interval and the run's own rate.
pub(crate) fn range_chart(view: &RangeTestView) -> String {
    let Some((low, high)) = ends(view) else { return String::new() };
    let mut cells = vec![[b' '; COLUMNS]; ROWS];
    for sweep in &view.sweeps {
        for (rate, loss) in sweep.rates.iter().zip(&sweep.medians).filter(|(_, loss)| **loss <= high) {
            let up = (loss - low) / (high - low).max(f64::MIN_POSITIVE);
            cells[ROWS - 1 - (up * (ROWS - 1) as f64).round() as usize][column(*rate)] = b'*';
        }
    }
    let mut text = String::from("   loss\n");
    for (i, row) in cells.iter().enumerate() {
        let label = match i {
            0 => format!("{high:.2}"),
            i if i == ROWS - 1 => format!("{low:.2}"),
            _ => String::new(),
        };
        text += &ended(&format!("{label:>7} |{}", String::from_utf8_lossy(row)));
    }
    text += &axis();
    if let Some([from, to]) = view.interval {
        let (from, to) = (column(from), column(to));
        let inside = "=".repeat((to - from).saturating_sub(1));
        text += &under(from, &format!("[{inside}] training works"));
    }
    text += &under(
        column(view.learning_rate),
        &format!("^ learning_rate = {}", setting(view.learning_rate).replace('−', "-")),
    );
    text
}

/// The lowest and the highest loss that are shown.
fn ends(view: &RangeTestView) -> Option<(f64, f64)> {
    let all = || view.sweeps.iter().flat_map(|sweep| &sweep.medians).copied();
    let first = view.sweeps.iter().filter_map(|sweep| sweep.medians.first()).copied().reduce(f64::max)?;
    Some((all().reduce(f64::min)?, all().reduce(f64::max)?.min(HIGHEST * first)))
}

/// The column of a rate; those beyond the ends lie at the ends.
fn column(rate: f64) -> usize {
    let (first, last) = DECADES;
    let part = (rate.max(f64::MIN_POSITIVE).log10() - f64::from(first)) / f64::from(last - first);
    (part.clamp(0.0, 1.0) * (COLUMNS - 1) as f64).round() as usize
}

fn axis() -> String {
    let (mut line, mut labels) = ([b'-'; COLUMNS], [b' '; COLUMNS + 4]);
    for decade in DECADES.0..=DECADES.1 {
        let at = column(10f64.powi(decade));
        line[at] = b'+';
        let label = setting(10f64.powi(decade)).replace('−', "-");
        let start = at.saturating_sub(label.len() / 2);
        labels[start..start + label.len()].copy_from_slice(label.as_bytes());
    }
    let margin = " ".repeat(MARGIN);
    let line = format!("{margin}+{}", String::from_utf8_lossy(&line));
    ended(&line) + &ended(&format!("{margin} {}", String::from_utf8_lossy(&labels)))
}

/// A text below a column, moved to the left where it would leave the picture.
fn under(column: usize, text: &str) -> String {
    let room = (COLUMNS + 1).saturating_sub(text.chars().count());
    let (head, words) = text.split_once(' ').unwrap_or((text, ""));
    match column <= room {
        true => ended(&format!("{}{text}", " ".repeat(MARGIN + 1 + column))),
        // The mark stays where it belongs, and the words stand before it.
        false => {
            let before = (column + MARGIN).saturating_sub(words.chars().count());
            ended(&format!("{}{words} {head}", " ".repeat(before)))
        }
    }
}

fn ended(line: &str) -> String {
    format!("{}\n", line.trim_end())
}
