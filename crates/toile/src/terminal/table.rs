//! Tables of text: columns as wide as their widest cell, numbers to the right, folded where the terminal is narrow.

use console::{Style, Term, measure_text_width, truncate_str};

use super::safe;

/// Between two columns.
const GAP: usize = 2;

/// The first column of a folded table is never cut to less.
const LEAST_FIRST: usize = 12;

/// Which side of a column its cells lean on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// Rows under headings.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    columns: Vec<(String, Align)>,
    /// Columns that stay next to the one before them.
    bound: Vec<usize>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these headings.
    pub(crate) fn new(columns: &[(&str, Align)]) -> Table {
        Table {
            columns: columns.iter().map(|(name, align)| (safe::name(name), *align)).collect(),
            bound: Vec::new(),
            rows: Vec::new(),
        }
    }

    /// Keeps these columns (counted from 0) next to the one before them when the table is folded.
    pub(crate) fn bind(&mut self, columns: &[usize]) {
        self.bound.extend(columns);
    }

    /// Adds a row; missing cells are empty.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        let mut cells: Vec<String> = cells.into_iter().collect();
        cells
            .iter_mut()
            .filter(|cell| cell.contains('\n'))
            .for_each(|cell| *cell = cell.replace('\n', "\u{fffd}"));
        cells.resize(self.columns.len(), String::new());
        self.rows.push(cells);
    }

    /// The table, each line ended; columns without a single cell are left out.
    ///
    /// On a terminal that is too narrow for it, the columns that find no room follow below, behind the first column
    /// once more. Files and pipes have room for everything.
    pub(crate) fn render(&self) -> String {
        let terminal = Term::stdout();
        let room = if terminal.is_term() { terminal.size().1.into() } else { usize::MAX };
        self.render_within(room)
    }

    /// The table, whatever room there is.
    pub(crate) fn render_unfolded(&self) -> String {
        self.render_within(usize::MAX)
    }

    fn render_within(&self, room: usize) -> String {
        let parts = self.folded(room);
        if parts.len() > 1 && self.width(0) > room / 3 {
            let narrow = self.with_first_column_within((room / 3).max(LEAST_FIRST));
            return narrow.joined(&narrow.folded(room));
        }
        self.joined(&parts)
    }

    fn joined(&self, parts: &[Vec<usize>]) -> String {
        let parts: Vec<String> = parts.iter().enumerate().map(|(i, part)| self.part(part, i > 0)).collect();
        parts.join("\n")
    }

    /// Names that stand before every part of a folded table must leave room for its numbers.
    fn with_first_column_within(&self, width: usize) -> Table {
        let mut table = self.clone();
        for row in &mut table.rows {
            row[0] = truncate_str(&row[0], width, "…").into_owned();
        }
        table
    }

    /// The columns that are shown, in as many parts as the room makes necessary.
    fn folded(&self, room: usize) -> Vec<Vec<usize>> {
        let is_shown = |column: &usize| self.rows.iter().any(|row| !row[*column].is_empty());
        let mut shown = (0..self.columns.len()).filter(is_shown);
        let Some(first) = shown.next() else { return Vec::new() };
        let others: Vec<usize> = shown.collect();
        let mut parts = vec![vec![first]];
        let mut taken = self.width(first);
        for unit in others.chunk_by(|_, next| self.bound.contains(next)) {
            let width: usize = unit.iter().map(|&column| GAP + self.width(column)).sum();
            if taken + width > room && parts.last().is_some_and(|part| part.len() > 1) {
                parts.push(vec![first]);
                taken = self.width(first);
            }
            parts.last_mut().expect("there is a part").extend(unit);
            taken += width;
        }
        parts
    }

    /// Where a part follows below another, rows without a cell in it are left out.
    fn part(&self, columns: &[usize], follows: bool) -> String {
        let has_cells = |row: &&Vec<String>| !follows || columns[1..].iter().any(|&c| !row[c].is_empty());
        let bold = Style::new().bold();
        let head: Vec<String> =
            self.columns.iter().map(|(name, _)| bold.apply_to(name.as_str()).to_string()).collect();
        let rows = self.rows.iter().filter(has_cells);
        // Once for all rows: each width is that of a whole column.
        let columns: Vec<(usize, usize)> =
            columns.iter().map(|&column| (column, self.width(column))).collect();
        std::iter::once(&head).chain(rows).map(|row| self.line(row, &columns)).collect()
    }

    /// A line of these columns, each with its width.
    fn line(&self, cells: &[String], columns: &[(usize, usize)]) -> String {
        let line: Vec<String> = columns.iter().map(|&(c, width)| self.cell(c, width, &cells[c])).collect();
        format!("{}\n", line.join(&" ".repeat(GAP)).trim_end())
    }

    fn cell(&self, column: usize, width: usize, text: &str) -> String {
        let space = " ".repeat(width.saturating_sub(measure_text_width(text)));
        match self.columns[column].1 {
            Align::Left => format!("{text}{space}"),
            Align::Right => format!("{space}{text}"),
        }
    }

    fn width(&self, column: usize) -> usize {
        let widest = self.rows.iter().map(|row| measure_text_width(&row[column])).max().unwrap_or(0);
        widest.max(measure_text_width(&self.columns[column].0))
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
        assert_eq!(table.render_within(80), "run      epochs\nModel 1       5\nCNN       1,000\n");
    }

    #[test]
    fn a_table_that_is_too_wide_goes_on_below_and_bound_columns_stay_together() {
        let mut table = Table::new(&[
            ("run", Align::Left),
            ("loss", Align::Right),
            ("accuracy", Align::Right),
            ("published", Align::Right),
        ]);
        table.bind(&[3]);
        table.row(["CNN".into(), "0.3".into(), "0.9".into(), "0.91".into()]);
        let folded = "run  loss\nCNN   0.3\n\nrun  accuracy  published\nCNN       0.9       0.91\n";
        assert_eq!(table.render_within(29), folded);
        assert_eq!(table.render_within(5), folded, "what finds no room at all is shown all the same");
        assert_eq!(table.render_within(30).lines().count(), 2);
    }

    #[test]
    fn a_folded_table_cuts_long_names_for_its_numbers() {
        let mut table =
            Table::new(&[("run", Align::Left), ("epochs", Align::Right), ("accuracy", Align::Right)]);
        table.row(["A run with a long name".into(), "3".into(), "0.9".into()]);
        assert_eq!(
            table.render_within(36),
            "run           epochs  accuracy\nA run with …       3       0.9\n"
        );
        assert!(table.render_within(40).contains("A run with a long name"));
    }

    #[test]
    fn a_row_without_cells_in_a_part_that_follows_is_left_out_of_it() {
        let mut table =
            Table::new(&[("layer", Align::Left), ("all", Align::Right), ("forward", Align::Right)]);
        table.row(["dense".into(), "3".into(), "1".into()]);
        table.row(["loss".into(), "2".into()]);
        assert_eq!(
            table.render_within(12),
            "layer  all\ndense    3\nloss     2\n\nlayer  forward\ndense        1\n"
        );
    }

    #[test]
    fn a_table_without_cells_is_nothing() {
        assert_eq!(Table::new(&[("run", Align::Left)]).render_within(80), "");
    }
}
