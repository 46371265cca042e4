//! The report as Markdown: the same numbers and sentences as the page, for repositories, mail and terminals.

mod section;

use std::fmt::Write;

use crate::PROCEDURAL_NOTICE;
use crate::export::{ExportInput, ExportedFiles, Exporter, one_file};
use crate::page::ReportPage;
use crate::text::escape_markdown as escape;
use crate::view::ReportView;

/// `report.md`.
pub(crate) struct MarkdownExporter;

impl Exporter for MarkdownExporter {
    fn name(&self) -> &'static str {
        "report.md"
    }

    fn files<'a>(&'a self, input: ExportInput<'a>) -> ExportedFiles<'a> {
        one_file(self.name(), || markdown(input.view))
    }
}

/// The report as Markdown (CommonMark with GitHub's tables).
pub fn markdown(view: &ReportView) -> String {
    laid_out(&ReportPage::of_study(view))
}

/// Any report.
pub(crate) fn laid_out(page: &ReportPage) -> String {
    let mut out = MarkdownWriter { text: String::new(), procedural: page.procedural };
    head(&mut out, page);
    page.sections.iter().for_each(|section| section::section(&mut out, section));
    out.heading("How to read this");
    page.reading.iter().for_each(|item| out.item(item));
    out.end_list();
    page.file.iter().for_each(|file| study_file(&mut out, file));
    let notice = if page.procedural { format!(" {PROCEDURAL_NOTICE}.") } else { String::new() };
    let _ = writeln!(out.text, "{}{notice}", escape(&page.written));
    out.text
}

struct MarkdownWriter {
    text: String,
    procedural: bool,
}

impl MarkdownWriter {
    fn paragraph(&mut self, text: &str) {
        if !text.is_empty() {
            let _ = write!(self.text, "{text}\n\n");
        }
    }

    fn heading(&mut self, text: &str) {
        self.paragraph(&format!("## {text}"));
    }

    fn item(&mut self, text: &str) {
        let _ = writeln!(self.text, "- {text}");
    }

    fn end_list(&mut self) {
        self.text.push('\n');
    }

    /// A table: `align` has one `l` or `r` per column. Cells are escaped here.
    fn table(&mut self, align: &str, header: &[String], rows: &[Vec<String>]) {
        let row = |cells: &[String]| {
            let cells: Vec<String> = cells.iter().map(|cell| escape(cell)).collect();
            format!("| {} |\n", cells.join(" | "))
        };
        self.text.push_str(&row(header));
        let rules: Vec<&str> = align.chars().map(|c| if c == 'r' { "---:" } else { "---" }).collect();
        let _ = writeln!(self.text, "| {} |", rules.join(" | "));
        rows.iter().for_each(|cells| self.text.push_str(&row(cells)));
        self.text.push('\n');
        if self.procedural {
            self.paragraph(&format!("*{PROCEDURAL_NOTICE}*"));
        }
    }
}

fn head(out: &mut MarkdownWriter, page: &ReportPage) {
    out.paragraph(&format!("# {}", escape(page.title)));
    if let Some(question) = page.question {
        out.paragraph(&format!("> {}", escape(question)));
    }
    if page.procedural {
        out.paragraph(&format!("**{PROCEDURAL_NOTICE}**: the images were drawn by a program."));
    }
}

/// One block per value, from the lowest to the highest.
fn blocks(values: &[f64]) -> String {
    const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let block =
        |value: f64| if high > low { ((value - low) / (high - low) * 7.0).round() as usize } else { 3 };
    values.iter().map(|&value| BLOCKS[block(value).min(7)]).collect()
}

/// How to read the report of a study.
pub(crate) fn study_reading(view: &ReportView) -> Vec<String> {
    let (published, z) = (view.has_published(), view.has_z());
    let items = [
        (
            !published,
            "Training loss and accuracy are running averages over the last epoch while the weights still change, dropout \
         included, as Keras prints them. The row *training set, evaluated* is one pass with the weights as they are at the end.",
        ),
        (
            published,
            "Training loss and accuracy are running averages over the last epoch while the weights still change, dropout \
         included, as Keras prints them; so are the published training columns. The row *training set, evaluated* is \
         one pass with the weights as they are at the end.",
        ),
        (
            !published,
            "Numbers with ± are the mean over the complete seeds ± the standard deviation of single runs.",
        ),
        (
            published,
            "Ours is the mean over the complete seeds ± the standard deviation of single runs. Difference is ours minus published.",
        ),
        (
            z,
            "z of the published run = (published − mean) / (sd · √(1 + 1/n)): if the published run were one more run of \
         ours, it would follow Student's t with n − 1 degrees of freedom.",
        ),
        (
            view.has_reliability(),
            "Reliability sets the confidence of a run, the probability of the class that it predicts, against how often it is right, \
         in fifteen bins of equal width. ECE is the mean distance of the two, each bin counting by its images. Intervals are at \
         95 %, over images, and over seeds where there are several.",
        ),
        (
            true,
            "Operations count forward and backward passes over all training images; a multiply-add is two.",
        ),
    ];
    items.into_iter().filter(|(is_shown, _)| *is_shown).map(|(_, text)| text.to_owned()).collect()
}

fn study_file(out: &mut MarkdownWriter, file: &str) {
    out.heading("Study file");
    // A fence longer than any run of backticks inside it cannot be closed from within.
    let longest = file.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    let end = if file.ends_with('\n') { "" } else { "\n" };
    out.paragraph(&format!("{fence}toml\n{file}{end}{fence}"));
}
