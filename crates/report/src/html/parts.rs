//! The page in parts, each with a version: what a page that is open can take in the place of what it has.

use askama::Template;

use super::section::{place_of, section};
use super::{CANNOT_FAIL, HtmlPage, SCRIPT, StudyReading, policy_hash, style};
use crate::PROCEDURAL_NOTICE;
use crate::page::ReportPage;
use crate::view::ReportView;

/// An element of the page that is replaced as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PagePart {
    /// The id of the element.
    pub id: String,
    /// Changes with its HTML: the beginning of the HTML's SHA-256.
    pub version: String,
    /// One element. In the place of each part inside it stands `<article data-part="ID"></article>`.
    pub html: String,
    /// Whether it stands inside another part.
    pub is_inner: bool,
}

/// A report in parts: those of the page in their order, each followed by the parts inside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageParts {
    title: String,
    version: String,
    parts: Vec<PagePart>,
}

#[derive(Template)]
#[template(path = "contents.html")]
struct ContentsPart<'a> {
    page: &'a ReportPage<'a>,
}

#[derive(Template)]
#[template(path = "masthead.html")]
struct MastheadPart<'a> {
    page: &'a ReportPage<'a>,
    notice: &'static str,
}

#[derive(Template)]
#[template(path = "study_file.html")]
struct StudyFilePart<'a> {
    file: &'a str,
}

#[derive(Template)]
#[template(path = "footer.html")]
struct FooterPart<'a> {
    page: &'a ReportPage<'a>,
    notice: &'static str,
}

#[derive(Template)]
#[template(path = "pinned.html")]
struct PinnedPart<'a> {
    pinned: &'a str,
}

/// The part beside the others that lists them.
const CONTENTS: &str = "contents";

impl PagePart {
    fn new(id: &str, html: String, is_inner: bool) -> Self {
        let hash = toile_store::sha256_hex(html.as_bytes());
        Self { id: id.to_owned(), version: hash[..16].to_owned(), html, is_inner }
    }
}

impl PageParts {
    /// The report of a study.
    pub fn of(view: &ReportView) -> Self {
        let reading = StudyReading { view }.render().expect(CANNOT_FAIL);
        Self::laid_out(&ReportPage::of_study(view), &view.toile_version, reading)
    }

    /// A page for a study of which nothing is recorded yet: it has no word of one.
    pub fn before_the_report(version: &str) -> Self {
        let page = ReportPage {
            eyebrow: "Report of a study".to_owned(),
            title: "A study that begins",
            question: None,
            procedural: false,
            sections: &[],
            opened: Default::default(),
            pinned: None,
            reading: Vec::new(),
            file: None,
            written: format!("Written by toile {version}."),
            ending: String::new(),
        };
        let nothing = "<section id=\"reading\"></section>".to_owned();
        Self::laid_out(&page, version, nothing)
    }

    pub(super) fn laid_out(page: &ReportPage, version: &str, reading: String) -> Self {
        let notice = PROCEDURAL_NOTICE;
        let mut parts = Vec::new();
        let mut add = |id: &str, html: String, is_inner| parts.push(PagePart::new(id, html, is_inner));
        add(CONTENTS, ContentsPart { page }.render().expect(CANNOT_FAIL), false);
        add("masthead", MastheadPart { page, notice }.render().expect(CANNOT_FAIL), false);
        for one in page.sections {
            let (shell, inner) = section(one, page);
            add(&one.id, shell, false);
            inner.into_iter().for_each(|(id, html)| add(id, html, true));
        }
        add("reading", reading, false);
        if let Some(file) = page.file {
            add("file", StudyFilePart { file }.render().expect(CANNOT_FAIL), false);
        }
        add("foot", FooterPart { page, notice }.render().expect(CANNOT_FAIL), false);
        if let Some(pinned) = &page.pinned {
            add("pinned-runs", PinnedPart { pinned }.render().expect(CANNOT_FAIL), false);
        }
        Self { title: page.title.to_owned(), version: version.to_owned(), parts }
    }

    /// All of them.
    pub fn parts(&self) -> &[PagePart] {
        &self.parts
    }

    /// What the page is called.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// The whole as one file that needs nothing else: `report.html`.
    pub fn file(&self) -> String {
        let style = style();
        self.page(&style).render().expect(CANNOT_FAIL)
    }

    pub(super) fn page<'a>(&'a self, style: &'a str) -> HtmlPage<'a> {
        let mut whole = self.whole().into_iter();
        HtmlPage {
            title: &self.title,
            version: &self.version,
            style,
            script: SCRIPT,
            script_hash: policy_hash(SCRIPT),
            contents: &self.parts[0].html,
            parts: whole.by_ref().skip(1).collect(),
            live: None,
        }
    }

    /// The outer parts, with the inner ones in their places.
    fn whole(&self) -> Vec<String> {
        let mut whole: Vec<String> = Vec::new();
        for group in self.parts.chunk_by(|_, next| next.is_inner) {
            let mut rest = group[0].html.as_str();
            let mut html = String::with_capacity(group.iter().map(|part| part.html.len()).sum());
            for inner in &group[1..] {
                let (before, after) = rest.split_once(&place_of(&inner.id)).unwrap_or((rest, ""));
                html.push_str(before);
                html.push_str(&inner.html);
                rest = after;
            }
            html.push_str(rest);
            whole.push(html);
        }
        whole
    }
}
