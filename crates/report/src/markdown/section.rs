//! Sections in Markdown: sentences, tables, the numbers of figures, notes, and the smaller sections inside.

use super::{MarkdownWriter, blocks};
use crate::section::{Fact, FigureSeries, Section, SectionFigure, SectionTable, TableCell};
use crate::text::escape_markdown as escape;

/// One section.
pub(super) fn section(out: &mut MarkdownWriter, section: &Section) {
    part(out, section, 2);
}

/// A section or a part of one, its heading at `level`.
fn part(out: &mut MarkdownWriter, section: &Section, level: usize) {
    if !can_be_written(section) {
        return;
    }
    heading(out, section, level);
    let sentences = section.lead.iter().chain(&section.remark).chain(&section.paragraphs);
    sentences.for_each(|text| out.paragraph(&escape(text)));
    section.findings.iter().for_each(|finding| out.item(&escape(finding)));
    if !section.findings.is_empty() {
        out.end_list();
    }
    section.alerts.iter().for_each(|alert| out.paragraph(&format!("**{}**", escape(&alert.text))));
    facts(out, &section.facts);
    section.tables.iter().filter(|table| !table.is_detail).for_each(|table| self::table(out, table));
    figures(out, &section.figures);
    section.notes.iter().for_each(|note| out.paragraph(&escape(note)));
    let below = if section.title.is_empty() { level } else { level + 1 };
    section.parts.iter().for_each(|inside| part(out, inside, below.min(6)));
}

/// Whether there is more in it than pictures.
fn can_be_written(section: &Section) -> bool {
    let bare = Section {
        figures: section.figures.iter().filter(|figure| has_numbers(figure)).cloned().collect(),
        definitions: String::new(),
        figure_note: None,
        tables: section.tables.iter().filter(|table| !table.is_detail).cloned().collect(),
        parts: section.parts.iter().filter(|part| can_be_written(part)).cloned().collect(),
        ..section.clone()
    };
    !bare.is_empty()
}

fn has_numbers(figure: &SectionFigure) -> bool {
    !figure.series.is_empty() || figure.table.is_some()
}

fn heading(out: &mut MarkdownWriter, section: &Section, level: usize) {
    let badge = section.badge.as_ref().map_or_else(String::new, |badge| format!(" ({})", badge.text));
    if !section.title.is_empty() {
        let marks = "#".repeat(level);
        out.paragraph(&format!("{marks} {}{}", escape(&section.title), escape(&badge)));
    }
}

fn facts(out: &mut MarkdownWriter, facts: &[Fact]) {
    if facts.is_empty() {
        return;
    }
    let rows: Vec<Vec<String>> =
        facts.iter().map(|fact| vec![fact.label.to_owned(), fact.value.clone()]).collect();
    out.table("ll", &[String::new(), String::new()], &rows);
}

/// What stands for figures: their lines as rows of blocks, their numbers as tables.
fn figures(out: &mut MarkdownWriter, figures: &[SectionFigure]) {
    let series: Vec<&FigureSeries> = figures.iter().flat_map(|figure| &figure.series).collect();
    for FigureSeries { label, first, last, values } in &series {
        out.item(&format!("{} {first} → {last} `{}`", escape(label), blocks(values)));
    }
    if !series.is_empty() {
        out.end_list();
    }
    figures.iter().filter_map(|figure| figure.table.as_ref()).for_each(|table| self::table(out, table));
}

fn table(out: &mut MarkdownWriter, table: &SectionTable) {
    if let Some(words) = &table.folded_under {
        out.paragraph(&format!("<details><summary>{}</summary>", escape(words)));
    }
    out.paragraph(&escape(&table.caption));
    let align: String =
        table.columns.iter().map(|column| if column.is_numeric { 'r' } else { 'l' }).collect();
    let header: Vec<String> = table.columns.iter().map(|column| column.title.clone()).collect();
    let cells = |row: &Vec<TableCell>| row.iter().map(cell).collect();
    let rows: Vec<Vec<String>> = table.rows.iter().chain(&table.total).map(cells).collect();
    out.table(&align, &header, &rows);
    table.notes.iter().for_each(|note| out.paragraph(&escape(note)));
    if table.folded_under.is_some() {
        out.paragraph("</details>");
    }
}

fn cell(cell: &TableCell) -> String {
    match &cell.badge {
        Some(badge) => format!("{} ({})", cell.text, badge.text),
        None => cell.text.clone(),
    }
}
