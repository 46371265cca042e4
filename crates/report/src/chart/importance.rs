//! The importance of parameters: bars from zero with the whiskers of their intervals.

use super::measure::{fit, width};
use super::scale::Scale;
use super::svg::{Anchor, Svg};
use crate::format;
use crate::view::Share;

const WIDTH: f64 = 460.0;
const TOP: f64 = 12.0;
const ROW: f64 = 24.0;
const FONT: f64 = 12.0;
const LONGEST_NAME: f64 = 200.0;

/// The chart, or `None` without a parameter.
pub(crate) fn importance(shares: &[Share], title: &str, procedural: bool) -> Option<String> {
    let highest = shares.iter().map(|share| share.interval.1.max(share.value)).reduce(f64::max)?;
    let left =
        shares.iter().map(|share| width(&share.name, FONT)).fold(0.0, f64::max).min(LONGEST_NAME) + 12.0;
    let bottom = TOP + ROW * shares.len() as f64;
    let scale = Scale::linear(0.0, highest, (left, WIDTH - 52.0));
    let mut svg = Svg::new("importance", WIDTH, bottom + 38.0, title, &description(shares));
    for tick in scale.ticks(5) {
        let at = scale.at(tick.value);
        svg.line("grid", (at, TOP), (at, bottom));
        svg.label("tick", at, bottom + 16.0, Anchor::Middle, &tick.label);
    }
    svg.label("tick", 0.5 * (left + WIDTH - 52.0), bottom + 32.0, Anchor::Middle, "share of the importance");
    for (i, share) in shares.iter().enumerate() {
        draw(&mut svg, share, TOP + ROW * i as f64, left, &scale);
    }
    svg.notice(procedural, WIDTH - 4.0, bottom + 34.0);
    Some(svg.finish())
}

fn draw(svg: &mut Svg, share: &Share, top: f64, left: f64, scale: &Scale) {
    let middle = top + 0.5 * ROW;
    let (low, high) = (scale.at(share.interval.0), scale.at(share.interval.1));
    svg.label("row-name", left - 6.0, middle + 4.0, Anchor::End, &fit(&share.name, FONT, left - 10.0));
    svg.rect("bar", left, top + 5.0, scale.at(share.value) - left, ROW - 10.0, &words(share));
    svg.line("whisker", (low, middle), (high, middle));
    for end in [low, high] {
        svg.line("whisker", (end, middle - 4.0), (end, middle + 4.0));
    }
    let end = high.max(scale.at(share.value)) + 6.0;
    svg.label("difference", end, middle + 4.0, Anchor::Start, &format!("{:.2}", share.value));
}

fn words(share: &Share) -> String {
    let (low, high) = share.interval;
    format!(
        "{}: {} (95 %: {} to {})",
        share.name,
        format::percent(share.value),
        format::percent(low),
        format::percent(high)
    )
}

fn description(shares: &[Share]) -> String {
    format!("{}.", shares.iter().map(words).collect::<Vec<_>>().join("; "))
}
