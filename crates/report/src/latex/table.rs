//! Tables as LaTeX sets them: `tabular` with the lines of booktabs, and `longtable` for what is long.

use std::fmt::Write;

use super::columns::{PlacedColumn, TableLayout, TypeSize, cell_width, head_pieces, layout, shown};
use super::escape::escape;
use crate::PROCEDURAL_NOTICE;
use crate::section::{CellTone, SectionTable, TableCell, TableColumn};

/// A table that is higher is parted between pages, in points.
const HIGHEST: f64 = 330.0;
/// Images in one row.
const IMAGES: usize = 10;

/// A table, ready to be set.
pub(super) struct LatexTable {
    pub text: String,
    /// Whether it is parted between pages, so that no float can hold it.
    pub is_long: bool,
    /// Whether it stands on a turned page.
    pub is_turned: bool,
}

/// A table without its caption. `image` keeps a picture and gives the name of its file, if it can.
pub(super) fn table(
    table: &SectionTable,
    procedural: bool,
    image: &mut dyn FnMut(&str) -> Option<String>,
) -> LatexTable {
    let layout = layout(table);
    let is_long = height(table, &layout) > HIGHEST;
    let pictures: Vec<Vec<String>> = table.rows.iter().map(|row| pictures(row, image)).collect();
    let mut text = format!("{{{}\\setlength{{\\tabcolsep}}{{3pt}}%\n", layout.size.command());
    for (i, columns) in layout.pieces.iter().enumerate() {
        // Only the last piece of a table has the notice, and its pictures.
        let is_last = i + 1 == layout.pieces.len();
        let piece = TablePiece { table, columns, size: layout.size, procedural: procedural && is_last };
        let pictures = if is_last { pictures.as_slice() } else { &[] };
        match is_long {
            true => piece.long(&mut text, pictures),
            false => piece.short(&mut text, pictures),
        }
        if !is_last {
            text.push_str("\\par\\medskip\n");
        }
    }
    text.push_str("}%\n");
    LatexTable { text, is_long, is_turned: layout.is_turned }
}

/// Some columns of a table, with all rows.
struct TablePiece<'a> {
    table: &'a SectionTable,
    columns: &'a [PlacedColumn],
    size: TypeSize,
    procedural: bool,
}

impl TablePiece<'_> {
    fn short(&self, out: &mut String, pictures: &[Vec<String>]) {
        let _ =
            write!(out, "\\begin{{tabular}}{{{}}}\n\\toprule\n{}\\midrule\n", self.template(), self.heads());
        self.rows(out, pictures);
        let _ = write!(out, "\\bottomrule\n{}\\end{{tabular}}%\n", self.notice());
    }

    /// The heads are repeated on each page. `\toilecaption` is empty unless whoever inputs the table fills it.
    fn long(&self, out: &mut String, pictures: &[Vec<String>]) {
        let (template, heads) = (self.template(), self.heads());
        let _ = write!(
            out,
            "\\begin{{longtable}}{{{template}}}\n\\toilecaption\n\\toprule\n{heads}\\midrule\n\\endfirsthead\n\
             \\toprule\n{heads}\\midrule\n\\endhead\n\\bottomrule\n{}\\endlastfoot\n",
            self.notice()
        );
        self.rows(out, pictures);
        out.push_str("\\end{longtable}%\n");
    }

    fn column(&self, placed: &PlacedColumn) -> &TableColumn {
        &self.table.columns[placed.first]
    }

    /// `@{}lrp{0.3\linewidth}@{}`
    fn template(&self) -> String {
        let columns = self.columns.iter().map(|placed| match placed.part {
            Some(part) => format!(">{{\\toileragged}}p{{{part:.4}\\linewidth}}"),
            None if self.column(placed).is_numeric => "r".to_owned(),
            None => "l".to_owned(),
        });
        format!("@{{}}{}@{{}}", columns.collect::<String>())
    }

    fn heads(&self) -> String {
        let heads: Vec<String> = self.columns.iter().map(|placed| self.head(placed)).collect();
        format!("{} \\\\\n", heads.join(" & "))
    }

    /// The titles of a column and of those below it, broken between words to its width.
    fn head(&self, placed: &PlacedColumn) -> String {
        let titles = self.table.columns[placed.first..placed.first + placed.n].iter().enumerate();
        let titles = titles.map(|(i, column)| match i {
            0 => column.title.clone(),
            _ => format!(", {}", column.title.to_lowercase()),
        });
        let title: String = titles.collect();
        if placed.part.is_some() {
            return escape(&title);
        }
        let room = placed.width / self.size.points();
        let mut lines: Vec<String> = Vec::new();
        for piece in head_pieces(&title) {
            match lines.last_mut() {
                Some(line) if cell_width(format!("{line}{piece}").trim_end(), false) <= room => {
                    line.push_str(&piece);
                }
                _ => lines.push(piece),
            }
        }
        let lines: Vec<String> = lines.iter().map(|line| escape(line)).collect();
        match lines.len() {
            0 | 1 => lines.concat(),
            _ => self.stacked(placed, 'b', &lines),
        }
    }

    fn rows(&self, out: &mut String, pictures: &[Vec<String>]) {
        // Rows of several lines stand a little apart.
        let has_lines = self.columns.iter().any(|placed| placed.part.is_some());
        for (i, row) in self.table.rows.iter().enumerate() {
            if self.table.lines.contains(&i) {
                out.push_str("\\midrule\n");
            } else if i > 0 && has_lines {
                out.push_str("\\addlinespace[2pt]\n");
            }
            self.row(out, row);
            for pictures in pictures.get(i).into_iter().flat_map(|all| all.chunks(IMAGES)) {
                let _ = writeln!(
                    out,
                    "\\multicolumn{{{}}}{{@{{}}l@{{}}}}{{{}}} \\\\",
                    self.columns.len(),
                    pictures.concat()
                );
            }
        }
        if let Some(total) = &self.table.total {
            out.push_str("\\midrule\n");
            self.row(out, total);
        }
    }

    fn row(&self, out: &mut String, row: &[TableCell]) {
        let cells: Vec<String> = self.columns.iter().map(|placed| self.cells(placed, row)).collect();
        let _ = writeln!(out, "{} \\\\", cells.join(" & "));
    }

    /// A cell, with those below it in small type.
    fn cells(&self, placed: &PlacedColumn, row: &[TableCell]) -> String {
        let places = placed.first..placed.first + placed.n;
        let cells = places.map(|at| (&self.table.columns[at], &row[at])).enumerate();
        let shown = cells.filter(|(i, (_, cell))| *i == 0 || cell.text != crate::format::NONE);
        let lines: Vec<String> = shown
            .map(|(i, (column, cell))| {
                let text = self::cell(column, cell);
                if i == 0 { text } else { format!("{{\\toilebelow {text}}}") }
            })
            .collect();
        match (lines.len(), placed.part) {
            (0 | 1, _) => lines.concat(),
            (_, Some(_)) => lines.join("\\newline "),
            _ => self.stacked(placed, 't', &lines),
        }
    }

    /// Lines in one cell, of which the first (`t`) or the last (`b`) stands on the line of the row.
    fn stacked(&self, placed: &PlacedColumn, on_line: char, lines: &[String]) -> String {
        let side = if self.column(placed).is_numeric { 'r' } else { 'l' };
        format!("\\begin{{tabular}}[{on_line}]{{@{{}}{side}@{{}}}}{}\\end{{tabular}}", lines.join("\\\\"))
    }

    /// Data that a program drew are called so in each table, wherever it is put.
    fn notice(&self) -> String {
        if !self.procedural {
            return String::new();
        }
        let n = self.columns.len();
        format!(
            "\\multicolumn{{{n}}}{{@{{}}l@{{}}}}{{\\toilebelow\\itshape {}}} \\\\\n",
            escape(PROCEDURAL_NOTICE)
        )
    }
}

fn cell(column: &TableColumn, cell: &TableCell) -> String {
    let text = escape(&cell.text);
    let text = if column.is_code && !text.is_empty() { format!("\\texttt{{{text}}}") } else { text };
    let text = match cell.tone {
        CellTone::Plain => text,
        CellTone::Strong => format!("\\toilestrong{{{text}}}"),
        CellTone::Quiet => format!("\\toilequiet{{{text}}}"),
        CellTone::Outside => format!("\\toileoutside{{{text}}}"),
    };
    match &cell.badge {
        Some(badge) => format!("{text} \\toilebadge{{{}}}", escape(&badge.text)),
        None => text,
    }
}

/// The pictures of all cells of a row, with the words below each.
fn pictures(row: &[TableCell], image: &mut dyn FnMut(&str) -> Option<String>) -> Vec<String> {
    let all = row.iter().flat_map(|cell| &cell.images);
    let set =
        all.filter_map(|one| Some(format!("\\toileimage{{{}}}{{{}}}", image(&one.png)?, escape(&one.text))));
    set.collect()
}

/// About how high it is, in points.
fn height(table: &SectionTable, layout: &TableLayout) -> f64 {
    let points = layout.size.points();
    let lines_of = |placed: &PlacedColumn, row: &[TableCell]| -> f64 {
        let places = placed.first..placed.first + placed.n;
        let lines = |at: usize| {
            let width = points * cell_width(&shown(&row[at]), table.columns[at].is_code);
            if placed.part.is_some() { (1.15 * width / placed.width).ceil().max(1.0) } else { 1.0 }
        };
        places.map(lines).sum()
    };
    let row = |piece: &[PlacedColumn], row: &[TableCell]| {
        let pictures = if row.iter().any(|cell| !cell.images.is_empty()) { 3.0 } else { 0.0 };
        piece.iter().map(|placed| lines_of(placed, row)).fold(1.0, f64::max) + pictures
    };
    let piece =
        |piece: &Vec<PlacedColumn>| table.rows.iter().map(|cells| row(piece, cells)).sum::<f64>() + 3.0;
    1.25 * points * layout.pieces.iter().map(piece).sum::<f64>()
}
