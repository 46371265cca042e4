//! The report as LaTeX: a document that pdfLaTeX compiles, each table and figure in a file of its own for papers.
//!
//! ```text
//! latex/report.tex     the document: \input{preamble}, the sentences, \input of all tables and figures
//! latex/preamble.tex   what tables and figures need, for the preamble of a paper
//! latex/tables/*.tex   a table each, without its caption
//! latex/figures/*.tex  a chart each, drawn with TikZ; a large matrix is a PNG beside its file
//! latex/images/*.png   images inside tables
//! ```

mod columns;
mod elements;
mod escape;
mod parts;
mod picture;
mod section;
mod style;
mod table;

use std::fmt::Write;

use crate::PROCEDURAL_NOTICE;
use crate::export::{ExportInput, ExportedFile, ExportedFiles, Exporter};
use crate::page::ReportPage;

use escape::{escape, escape_line};
use parts::Parts;
use style::StyleSheet;

/// `latex/report.tex` and what it inputs, for whoever asks for it.
pub struct LatexExporter;

impl Exporter for LatexExporter {
    fn name(&self) -> &'static str {
        "report.tex"
    }

    fn files<'a>(&'a self, input: ExportInput<'a>) -> ExportedFiles<'a> {
        let page = ReportPage::of_study(input.view);
        Box::new(folder(&page).into_iter())
    }
}

/// A document under construction.
struct LatexWriter {
    text: String,
    procedural: bool,
    sheet: StyleSheet,
    parts: Parts,
}

/// The files of a report, under `latex/`.
fn folder(page: &ReportPage) -> Vec<ExportedFile> {
    let mut out = writer(page, Parts::in_files());
    body(&mut out, page);
    let head = head(page, "\\input{preamble}\n");
    let preamble = preamble(&out.sheet);
    let mut files = out.parts.files();
    files.push(("preamble.tex".to_owned(), preamble.into_bytes()));
    files.push(("report.tex".to_owned(), format!("{head}{}\\end{{document}}\n", out.text).into_bytes()));
    let file = |(path, bytes)| ExportedFile { path: format!("latex/{path}"), bytes };
    files.into_iter().map(file).collect()
}

/// A report in one file. Images, which cannot be inside it, are left out.
pub(crate) fn latex(page: &ReportPage) -> String {
    let mut out = writer(page, Parts::inside());
    body(&mut out, page);
    let head = head(page, &preamble(&out.sheet));
    format!("{head}{}\\end{{document}}\n", out.text)
}

fn writer(page: &ReportPage, parts: Parts) -> LatexWriter {
    let sheet = StyleSheet::new(&crate::html::style());
    LatexWriter { text: String::new(), procedural: page.procedural, sheet, parts }
}

/// What tables and figures need, with the colours of the style sheet.
fn preamble(sheet: &StyleSheet) -> String {
    let colours =
        sheet.colours().map(|(name, digits)| format!("\\definecolor{{{name}}}{{HTML}}{{{digits}}}\n"));
    format!("{}{}", include_str!("../../templates/preamble.tex"), colours.collect::<String>())
}

fn head(page: &ReportPage, preamble: &str) -> String {
    let written = escape(&page.written);
    // The sentence is a comment: nothing in it is a line of its own.
    let mut head = format!("% {written} What is changed here is lost when it is written again.\n");
    head.push_str(include_str!("../../templates/head.tex"));
    head.push_str(preamble);
    head.push_str("\\begin{document}\n\\raggedbottom\n");
    let _ =
        write!(head, "\\toileeyebrow{{{}}}\n\\toiletitle{{{}}}\n", escape(&page.eyebrow), escape(page.title));
    for paragraph in page.question.iter().flat_map(|question| question.split("\n\n")) {
        let _ = writeln!(head, "\\begin{{quote}}{}\\end{{quote}}", escape(paragraph));
    }
    if page.procedural {
        let notice = escape(PROCEDURAL_NOTICE);
        let _ = write!(
            head,
            "\\textbf{{{notice}.}} The images were drawn by a program. The numbers say whether everything works; they \
             must not be compared with numbers on real data.\n\n"
        );
    }
    head.push_str("\\tableofcontents\n");
    head
}

fn body(out: &mut LatexWriter, page: &ReportPage) {
    page.sections.iter().for_each(|one| section::section(out, one));
    out.text.push_str("\n\\section{How to read this}\n\\begin{itemize}\\toiletight\n");
    for item in &page.reading {
        let _ = writeln!(out.text, "\\item {}", escape(&item.replace('*', "")));
    }
    out.text.push_str("\\end{itemize}\n");
    if let Some(file) = page.file {
        out.text.push_str("\n\\section{Study file}\n{\\footnotesize\\ttfamily\\toilelines\n");
        let line = |line: &str| match escape_line(line).as_str() {
            "" => "\\strut\\par\n".to_owned(),
            text => format!("\\strut {text}\\par\n"),
        };
        out.text.extend(file.lines().map(line));
        out.text.push_str("}\n");
    }
    let notice = if page.procedural { format!(" {PROCEDURAL_NOTICE}.") } else { String::new() };
    let end = format!("{} {}{notice}", page.written, page.ending);
    let _ = write!(out.text, "\n\\bigskip\\toilenote{{{}}}\n", escape(&end));
}
