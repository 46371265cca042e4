//! The page: one file that needs nothing else. The layout is in `templates/`, the numbers come from the view.

mod live;
mod parts;
mod section;

use askama::Template;
use base64::Engine;
use sha2::{Digest, Sha256};

use crate::chart;
use crate::export::{ExportInput, ExportedFiles, Exporter, one_file};
use crate::page::ReportPage;
use crate::view::ReportView;
pub use live::{LiveStrip, ServedPage};
pub use parts::{PagePart, PageParts};

const CANNOT_FAIL: &str = "the templates are compiled in, and writing to a String cannot fail";

#[derive(Template)]
#[template(path = "report.html")]
struct HtmlPage<'a> {
    title: &'a str,
    /// The version of toile that wrote it.
    version: &'a str,
    style: &'a str,
    /// The script that makes tables answer, and what the page's policy knows it by.
    script: &'static str,
    script_hash: String,
    contents: &'a str,
    parts: Vec<String>,
    /// What a page has that grows with its study.
    live: Option<live::LivePage<'a>>,
}

/// How to read the report of a study.
#[derive(Template)]
#[template(path = "reading.html")]
struct StudyReading<'a> {
    view: &'a ReportView,
}

/// How to read another report, item by item.
#[derive(Template)]
#[template(path = "judged_reading.html")]
struct JudgedReading<'a> {
    items: &'a [String],
}

/// `report.html`.
pub(crate) struct HtmlExporter;

impl Exporter for HtmlExporter {
    fn name(&self) -> &'static str {
        "report.html"
    }

    fn files<'a>(&'a self, input: ExportInput<'a>) -> ExportedFiles<'a> {
        one_file(self.name(), || html(input.view))
    }
}

/// The report as one HTML page with inline styles, charts and images. It loads nothing. Its one script makes tables,
/// charts and pinned runs answer; the page's policy runs no other, and without it all that the report says is there.
pub fn html(view: &ReportView) -> String {
    PageParts::of(view).file()
}

/// A report that is not of a study.
pub(crate) fn judged_html(page: &ReportPage, version: &str) -> String {
    let reading = JudgedReading { items: &page.reading }.render().expect(CANNOT_FAIL);
    PageParts::laid_out(page, version, reading).file()
}

/// The rules for paper and screens: of the page, and of the charts' colours.
pub(crate) fn style() -> String {
    format!("{}{}", include_str!("../../templates/style.css"), chart::palette_css())
}

/// Makes tables, charts and pinned runs answer.
const SCRIPT: &str = include_str!("../../templates/explore.js");

/// The name of a script or a style in a content security policy: `sha256-` and its SHA-256 in Base64.
fn policy_hash(text: &str) -> String {
    format!("sha256-{}", base64::engine::general_purpose::STANDARD.encode(Sha256::digest(text)))
}
