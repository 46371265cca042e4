//! The report of results of another program: what they say, as a page, as Markdown, as LaTeX.

use toile_judge::{Judgement, Results};

use crate::page::ReportPage;
use crate::reasoning::Reasoning;
use crate::section::{Reasoned, ResultSource, Section, has_curves, judged};
use crate::text;
use crate::view::NAME_LENGTH;

/// What stands in every such report, around the version: a file that lacks it is none, not even a study's own report.
const MARKS: [&str; 2] = ["Written by toile ", " from plain records."];

/// The report of a judgement. The same results and claims give the same bytes.
#[derive(Clone, Debug)]
pub struct JudgedReport {
    title: String,
    version: String,
    has_curves: bool,
    sections: Vec<Section>,
}

impl JudgedReport {
    /// The report of these results, and of what is said of them. `title` is the name of their file.
    pub fn new(title: &str, version: &str, results: Results, judgement: Judgement) -> Self {
        let has_curves = results.recipes.iter().any(has_curves);
        let reasoning = Reasoning { ours: results, judgement, published: None, reproductions: Vec::new() };
        let sections = judged::sections(Reasoned { reasoning: &reasoning, source: ResultSource::File });
        Self { title: text::name(title, NAME_LENGTH), version: version.to_owned(), has_curves, sections }
    }

    /// What it says.
    pub fn sections(&self) -> &[Section] {
        &self.sections
    }

    /// One HTML page with inline styles and charts. It loads nothing; its one script sorts and filters tables.
    pub fn html(&self) -> String {
        crate::html::judged_html(&self.page(), &self.version)
    }

    /// Markdown (CommonMark with GitHub's tables).
    pub fn markdown(&self) -> String {
        crate::markdown::laid_out(&self.page())
    }

    /// LaTeX in one file, for pdfLaTeX.
    pub fn latex(&self) -> String {
        crate::latex::latex(&self.page())
    }

    /// Whether the bytes of a file are such a report, which may be written again.
    pub fn is_report(bytes: &[u8]) -> bool {
        MARKS.iter().all(|mark| bytes.windows(mark.len()).any(|part| part == mark.as_bytes()))
    }

    fn page(&self) -> ReportPage<'_> {
        ReportPage {
            eyebrow: "What results show, and what they do not".to_owned(),
            title: &self.title,
            question: None,
            procedural: false,
            sections: &self.sections,
            opened: Default::default(),
            pinned: None,
            reading: self.reading(),
            file: None,
            written: MARKS.join(&self.version),
            ending: "The same numbers as JSON: toile judge with --json. How each rule judges: docs/judge.md."
                .to_owned(),
        }
    }

    fn reading(&self) -> Vec<String> {
        let all = [
            (
                true,
                "Runs of one name have the same settings and differ in their seeds. Mean ± sd is over these runs; the standard \
                    deviation is that of single runs, not of the mean.",
            ),
            (
                true,
                "A comparison is better, worse, equivalent within the margin, or undecided. It takes seeds and images into account \
                    where the file says which images were classified correctly; it needs three runs of each. All comparisons of \
                    the report are one family, corrected after Holm: the chance that any better or worse is false is at most 5 %.",
            ),
            (
                true,
                "A finding says what a curve or the whole of the results shows, by a rule with thresholds. It is no proof of its \
                    cause.",
            ),
            (
                self.has_curves,
                "Curves show the mean over the runs of a name, and a band from the smallest to the largest. Dashed: training, \
                    as the program printed it. Thin: training images with the weights at the end of the epoch. Strong, with dots: \
                    validation.",
            ),
        ];
        all.into_iter().filter(|(is_shown, _)| *is_shown).map(|(_, text)| text.to_owned()).collect()
    }
}
