//! The page and the picture of a range test: one file each that needs nothing else.

use askama::Template;

use super::RangeTestView;
use super::sentences::rate;
use crate::PROCEDURAL_NOTICE;
use crate::chart;
use crate::format::{self, setting};
use crate::html;
use crate::text;
use crate::view::NAME_LENGTH;

#[derive(Template)]
#[template(path = "range_test.html")]
struct RangeTestPage<'a> {
    view: &'a RangeTestView,
    title: String,
    study: String,
    /// `adam, learning_rate = 0.001, batches of 256`
    how: String,
    style: String,
    notice: &'static str,
    chart: String,
    rows: Vec<Vec<String>>,
    version: &'a str,
}

/// The page, with the program's version in its last line.
pub fn range_test_html(view: &RangeTestView, version: &str) -> String {
    let row = |sweep: &super::SweepView| {
        let numbers = sweep.suggests.map(|found| found.numbers().map(rate));
        let numbers = numbers.unwrap_or_else(|| std::array::from_fn(|_| format::NONE.to_owned()));
        std::iter::once(sweep.seed.to_string()).chain(numbers).collect()
    };
    let page = RangeTestPage {
        view,
        title: text::name(&view.run, NAME_LENGTH),
        study: text::name(&view.study, NAME_LENGTH),
        how: format!(
            "model {}, {}, learning_rate = {}, batches of {}",
            text::name(&view.model, NAME_LENGTH),
            view.optimizer,
            setting(view.learning_rate),
            format::count(view.batch_size as u64)
        ),
        style: html::style(),
        notice: PROCEDURAL_NOTICE,
        chart: chart::range_test(view),
        rows: view.sweeps.iter().map(row).collect(),
        version,
    };
    page.render().expect("the templates are compiled in, and writing to a String cannot fail")
}

/// The first words of a picture that is no part of a page.
const ALONE: &str =
    "<svg xmlns=\"http://www.w3.org/2000/svg\" font-family=\"sans-serif\" style=\"background:var(--paper)\"";

/// How the lines of the page's style begin that the chart needs: variables, charts, the colours of lines.
const NEEDED_ALONE: [&str; 7] = [
    ":root",
    "--",
    "@media screen and (prefers-color-scheme:dark){:root",
    "svg ",
    "svg.range-test",
    ".h0",
    "@media (prefers-color-scheme:dark){@media screen{.h0",
];

/// The chart as a file of its own, with the part of the page's style that charts need.
pub fn range_test_svg(view: &RangeTestView) -> String {
    let is_needed = |line: &&str| NEEDED_ALONE.iter().any(|head| line.starts_with(head));
    let style = html::style();
    let style: Vec<&str> = style.lines().filter(is_needed).collect();
    let chart = chart::range_test(view);
    let (open, rest) = chart.split_once(">\n").unwrap_or((&chart, ""));
    let open = open.replacen("<svg", ALONE, 1);
    format!("{open}>\n<style>{}</style>\n{rest}\n", style.join("\n"))
}
