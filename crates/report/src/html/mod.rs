//! The page: one file that needs nothing else. The layout is in `templates/`, the numbers come from the view.

mod section;

use askama::Template;

use crate::PROCEDURAL_NOTICE;
use crate::chart;
use crate::export::{ExportInput, ExportedFiles, Exporter, one_file};
use crate::view::ReportView;

#[derive(Template)]
#[template(path = "report.html")]
struct Page<'a> {
    view: &'a ReportView,
    style: String,
    notice: &'static str,
    sections: Vec<String>,
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

/// The report as one HTML page with inline styles, charts and images. It loads nothing and runs no script.
pub fn html(view: &ReportView) -> String {
    let page = Page {
        view,
        style: format!("{}{}", include_str!("../../templates/style.css"), chart::palette_css()),
        notice: PROCEDURAL_NOTICE,
        sections: view.sections.iter().map(|one| section::section(one, view.procedural)).collect(),
    };
    page.render().expect("the templates are compiled in, and writing to a String cannot fail")
}
