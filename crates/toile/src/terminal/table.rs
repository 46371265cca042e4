//! Tables of text: columns as wide as their widest cell, numbers to the right.

use console::{Style, measure_text_width};

/// Which side of a column its cells lean on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// Rows under headings.
#[derive(Clone, Debug)]
pub struct Table {
    columns: Vec<(String, Align)>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these headings.
    pub fn new(columns: &[(&str, Align)]) -> Table {
        Table {
            columns: columns.iter().map(|(name, align)| (name.to_string(), *align)).collect(),
            rows: Vec::new(),
        }
    }

    /// Adds a row; missing cells are empty.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        let mut cells: Vec<String> = cells.into_iter().collect();
        cells.resize(self.columns.len(), String::new());
        self.rows.push(cells);
    }

    /// The table, each line ended; columns without a single cell are left out.
    pub fn render(&self) -> String {
        let shown: Vec<usize> =
            (0..self.columns.len()).filter(|&c| self.rows.iter().any(|row| !row[c].is_empty())).collect();
        let bold = Style::new().bold();
        let head: Vec<String> =
            self.columns.iter().map(|(name, _)| bold.apply_to(name.as_str()).to_string()).collect();
        std::iter::once(&head).chain(&self.rows).map(|row| self.line(row, &shown)).collect()
    }

    fn line(&self, cells: &[String], shown: &[usize]) -> String {
        let line: Vec<String> = shown.iter().map(|&c| self.cell(c, &cells[c])).collect();
        format!("{}\n", line.join("  ").trim_end())
    }

    fn cell(&self, column: usize, text: &str) -> String {
        let (name, align) = &self.columns[column];
        let widest = self.rows.iter().map(|row| measure_text_width(&row[column])).max().unwrap_or(0);
        let space = " ".repeat(widest.max(measure_text_width(name)) - measure_text_width(text));
        match align {
            Align::Left => format!("{text}{space}"),
            Align::Right => format!("{space}{text}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let mut table = Table::new(&[("run", Align::Left), ("epochs", Align::Right), ("note", Align::Left)]);
        table.row(["Model 1".into(), "5".into()]);
        table.row(["CNN".into(), "1,000".into()]);
        assert_eq!(table.render(), "run      epochs\nModel 1       5\nCNN       1,000\n");
    }
}
