//! Sections in Markdown: paragraphs, tables, the captions of figures, notes.

use super::MarkdownWriter;
use crate::section::{Fact, Section, SectionTable, TableCell};
use crate::text::escape_markdown as escape;

/// One section.
pub fn section(out: &mut MarkdownWriter, section: &Section) {
    out.heading(&escape(&section.title));
    facts(out, &section.facts);
    section.paragraphs.iter().for_each(|text| out.paragraph(&escape(text)));
    section.tables.iter().for_each(|table| self::table(out, table));
    section.figures.iter().for_each(|figure| out.item(&format!("Figure: {}", escape(&figure.caption))));
    if !section.figures.is_empty() {
        out.end_list();
    }
    section.notes.iter().for_each(|note| out.paragraph(&escape(note)));
}

fn facts(out: &mut MarkdownWriter, facts: &[Fact]) {
    if facts.is_empty() {
        return;
    }
    let rows: Vec<Vec<String>> =
        facts.iter().map(|fact| vec![fact.label.to_owned(), fact.value.clone()]).collect();
    out.table("ll", &[String::new(), String::new()], &rows);
}

fn table(out: &mut MarkdownWriter, table: &SectionTable) {
    out.paragraph(&escape(&table.caption));
    let align: String =
        table.columns.iter().map(|column| if column.is_numeric { 'r' } else { 'l' }).collect();
    let header: Vec<String> = table.columns.iter().map(|column| column.title.clone()).collect();
    let cells = |row: &Vec<TableCell>| row.iter().map(|cell| cell.text.clone()).collect();
    let rows: Vec<Vec<String>> = table.rows.iter().chain(&table.total).map(cells).collect();
    out.table(&align, &header, &rows);
}
