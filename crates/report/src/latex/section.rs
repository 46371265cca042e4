//! Sections as LaTeX: headings, sentences, tables, figures, notes, and the smaller sections inside.

use std::fmt::Write;

use super::LatexWriter;
use super::elements::{ChartElement, elements};
use super::escape::escape;
use super::picture::picture;
use super::table::{LatexTable, table};
use crate::section::{FigureLayout, FigurePicture, Section, SectionFigure, SectionTable};

/// One section.
pub(super) fn section(out: &mut LatexWriter, section: &Section) {
    part(out, section, 1, &section.id);
}

/// A section or a part of one. `owner` is the id of the nearest part that has one, and names its tables and figures.
fn part(out: &mut LatexWriter, section: &Section, level: usize, owner: &str) {
    let owner = if section.id.is_empty() { owner } else { &section.id };
    heading(out, section, level);
    section.lead.iter().for_each(|lead| out.paragraph(&format!("\\textit{{{}}}", escape(lead))));
    if let Some(remark) = &section.remark {
        let remark = escape(remark);
        out.paragraph(&format!("\\begin{{quote}}{remark}\\end{{quote}}"));
    }
    let key_figures = section.key_figures.iter().map(|figure| {
        let [value, label, detail] = [&figure.value, &figure.label, &figure.detail].map(|text| escape(text));
        if detail.is_empty() {
            format!("\\textbf{{{value}}} {label}")
        } else {
            format!("\\textbf{{{value}}} {label} ({detail})")
        }
    });
    out.items(key_figures.collect());
    section.paragraphs.iter().for_each(|text| out.paragraph(&escape(text)));
    out.items(section.findings.iter().map(|finding| escape(finding)).collect());
    section.alerts.iter().for_each(|alert| out.paragraph(&format!("\\textbf{{{}}}", escape(&alert.text))));
    facts(out, section);
    section.tables.iter().filter(|table| !table.is_detail).for_each(|one| out.table(one, owner));
    section.figure_note.iter().for_each(|note| out.paragraph(&escape(note)));
    let rows = section.figures.chunk_by(|a, b| a.layout == b.layout);
    let shared = elements(&section.definitions);
    rows.for_each(|figures| out.figures(figures, &shared, owner));
    section.notes.iter().for_each(|note| out.note(note));
    let below = if section.title.is_empty() { level } else { level + 1 };
    section.parts.iter().for_each(|inside| part(out, inside, below, owner));
}

fn heading(out: &mut LatexWriter, section: &Section, level: usize) {
    if section.title.is_empty() {
        return;
    }
    let command = match level {
        1 => "section",
        2 => "subsection",
        _ => "subsubsection*",
    };
    let badge = section.badge.as_ref().map_or_else(String::new, |badge| format!(" ({})", badge.text));
    let title = escape(&format!("{}{badge}", section.title));
    let label = if section.id.is_empty() { String::new() } else { format!("\\label{{sec:{}}}", section.id) };
    let _ = write!(out.text, "\n\\{command}{{{title}}}{label}\n");
}

fn facts(out: &mut LatexWriter, section: &Section) {
    if section.facts.is_empty() {
        return;
    }
    out.text.push_str("\\begin{description}\\toiletight\n");
    for fact in &section.facts {
        let value = escape(&fact.value);
        let value = if fact.is_code { format!("\\texttt{{{value}}}") } else { value };
        let _ = writeln!(out.text, "\\item[{{{}}}] {value}", escape(fact.label));
    }
    out.text.push_str("\\end{description}\n");
}

impl LatexWriter {
    fn paragraph(&mut self, text: &str) {
        if !text.is_empty() {
            let _ = write!(self.text, "{text}\n\n");
        }
    }

    fn items(&mut self, items: Vec<String>) {
        if !items.is_empty() {
            let items: String = items.iter().map(|item| format!("\\item {item}\n")).collect();
            let _ = write!(self.text, "\\begin{{itemize}}\\toiletight\n{items}\\end{{itemize}}\n");
        }
    }

    fn note(&mut self, note: &str) {
        self.paragraph(&format!("\\toilenote{{{}}}", escape(note)));
    }

    /// A table with its caption, where it stands on the page.
    fn table(&mut self, one: &SectionTable, owner: &str) {
        if one.rows.is_empty() && one.total.is_none() {
            return;
        }
        let parts = &mut self.parts;
        let mut image = |address: &str| {
            let name = parts.name("images", owner);
            parts.image("images", &name, address)
        };
        let LatexTable { text, is_long, is_turned } = table(one, self.procedural, &mut image);
        let name = self.parts.name("tables", owner);
        let caption = match (&one.folded_under, one.caption.as_str()) {
            (Some(words), "") => escape(words),
            (Some(words), caption) if !caption.starts_with(words.as_str()) => {
                format!("{}. {}", escape(words), escape(caption))
            }
            (_, caption) => escape(caption),
        };
        let about = if one.caption.is_empty() { owner } else { &one.caption };
        let input = self.parts.place("tables", &name, about, text);
        let label = format!("\\label{{tab:{name}}}");
        let set = match is_long {
            true => {
                format!("{{\\renewcommand\\toilecaption{{\\caption{{{caption}}}{label}\\\\}}%\n{input}}}\n")
            }
            false => {
                format!("\\begin{{table}}[H]\n\\caption{{{caption}}}{label}\n{input}\\end{{table}}\n")
            }
        };
        match is_turned {
            true => {
                let _ = write!(self.text, "\\begin{{landscape}}\n{set}\\end{{landscape}}\n");
            }
            false => self.text.push_str(&set),
        }
        one.notes.iter().chain(&one.image_note).for_each(|note| self.note(note));
    }

    /// Figures that stand together, so many in a row.
    fn figures(&mut self, figures: &[SectionFigure], shared: &[ChartElement], owner: &str) {
        let Some(first) = figures.first() else { return };
        let (in_a_row, width, gap) = match first.layout {
            FigureLayout::Half => (2, 0.485, 0.03),
            FigureLayout::Panel => (4, 0.235, 0.02),
            FigureLayout::Slice | FigureLayout::Third => (3, 0.32, 0.02),
            FigureLayout::Wide => (1, 1.0, 0.0),
        };
        let gap = format!("\\hspace{{{gap}\\linewidth}}%\n");
        for row in figures.chunks(in_a_row) {
            self.text.push_str("\\begin{figure}[H]\n");
            for (i, figure) in row.iter().enumerate() {
                let space = if i > 0 { gap.as_str() } else { "" };
                let set = self.figure(figure, shared, owner);
                let _ = write!(
                    self.text,
                    "{space}\\begin{{minipage}}[t]{{{width}\\linewidth}}\\vspace{{0pt}}\\setlength\\toilefigurewidth{{\\linewidth}}%\n\
                     {set}\\end{{minipage}}%\n"
                );
            }
            self.text.push_str("\\end{figure}\n");
        }
    }

    fn figure(&mut self, figure: &SectionFigure, shared: &[ChartElement], owner: &str) -> String {
        let name = self.parts.name("figures", owner);
        let set = match &figure.picture {
            FigurePicture::Svg(svg) => {
                let text = picture(&self.sheet, svg, shared);
                let about = if figure.caption.is_empty() { owner } else { &figure.caption };
                self.parts.place("figures", &name, about, text)
            }
            FigurePicture::Png { address, description } => {
                match self.parts.image("figures", &name, address) {
                    Some(path) => format!("\\includegraphics[width=\\linewidth]{{{path}}}%\n"),
                    None => format!("{}%\n", escape(description)),
                }
            }
        };
        match figure.caption.is_empty() {
            true => set,
            false => format!("{set}\\caption{{{}}}\\label{{fig:{name}}}\n", escape(&figure.caption)),
        }
    }
}
