//! How wide the columns of a table are, in which type it fits, and where it is cut if it fits in none.

use super::escape::printed;
use crate::chart::text_width;
use crate::section::{CellTone, SectionTable, TableCell, TableColumn};

/// The width of the text on a page of A4 with margins of 20 mm, and on one that is turned, in points.
const PAGE: f64 = 483.0;
const TURNED_PAGE: f64 = 731.0;
/// Between two columns.
const GAP: f64 = 6.0;
/// A table of fewer rows is cut rather than turned.
const FEWEST_ROWS_TURNED: usize = 6;
/// Longer words of a head may be broken.
const LONGEST_HEAD: usize = 12;
/// By how much bold type is wider.
const BOLD: f64 = 1.15;

/// Sizes of type, the largest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TypeSize {
    Small,
    Footnote,
    Script,
}

/// Where the columns of a table go.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct TableLayout {
    pub size: TypeSize,
    /// Whether it stands on a turned page.
    pub is_turned: bool,
    /// The columns of each piece, which stand below each other.
    pub pieces: Vec<Vec<PlacedColumn>>,
}

/// A column, with those whose cells stand below its own.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct PlacedColumn {
    /// The place of its first column in the table.
    pub first: usize,
    /// How many columns it holds.
    pub n: usize,
    /// Its width in points.
    pub width: f64,
    /// The same as a part of the line, for words that go over several lines.
    pub part: Option<f64>,
}

/// What a column needs, in points for type of one point.
struct ColumnNeed {
    first: usize,
    n: usize,
    /// On one line, and at least.
    natural: f64,
    least: f64,
    is_row_name: bool,
}

impl TypeSize {
    /// The size of Helvetica that is as wide: Computer Modern is narrower, the less so the smaller it is.
    pub(super) fn points(self) -> f64 {
        match self {
            Self::Small => 8.1,
            Self::Footnote => 7.4,
            Self::Script => 6.7,
        }
    }

    pub(super) fn command(self) -> &'static str {
        match self {
            Self::Small => "\\small",
            Self::Footnote => "\\footnotesize",
            Self::Script => "\\scriptsize",
        }
    }
}

/// The layout of a table: upright in the largest type that it fits in; else on a turned page; else cut.
pub(super) fn layout(table: &SectionTable) -> TableLayout {
    use TypeSize::{Footnote, Script, Small};
    let needs = needs(table);
    let mut pages = vec![(Small, false, PAGE), (Footnote, false, PAGE), (Script, false, PAGE)];
    if table.rows.len() >= FEWEST_ROWS_TURNED {
        pages.extend([(Footnote, true, TURNED_PAGE), (Script, true, TURNED_PAGE)]);
    }
    for (size, is_turned, page) in pages {
        let all: Vec<&ColumnNeed> = needs.iter().collect();
        if let Some(piece) = fitted(&all, size, page) {
            return TableLayout { size, is_turned, pieces: vec![piece] };
        }
    }
    TableLayout { size: Script, is_turned: false, pieces: pieces(&needs, Script) }
}

/// The columns in pieces that fit, each with the names of the rows.
fn pieces(needs: &[ColumnNeed], size: TypeSize) -> Vec<Vec<PlacedColumn>> {
    let (names, others): (Vec<&ColumnNeed>, Vec<&ColumnNeed>) =
        needs.iter().partition(|need| need.is_row_name);
    let mut pieces = Vec::new();
    let mut piece = names.clone();
    for need in others {
        let longer: Vec<&ColumnNeed> = piece.iter().copied().chain([need]).collect();
        if fitted(&longer, size, PAGE).is_some() || piece.len() == names.len() {
            piece = longer;
        } else {
            pieces.push(piece);
            piece = names.iter().copied().chain([need]).collect();
        }
    }
    pieces.push(piece);
    // What alone is wider than the page is set narrower than it wants to be.
    let forced = |piece: &Vec<&ColumnNeed>| fitted(piece, size, PAGE).unwrap_or_else(|| shared(piece, PAGE));
    pieces.iter().map(forced).collect()
}

/// Equal parts of the page.
fn shared(needs: &[&ColumnNeed], page: f64) -> Vec<PlacedColumn> {
    let n = needs.len().max(1) as f64;
    let width = (page - GAP * (n - 1.0)) / n;
    let place =
        |need: &&ColumnNeed| PlacedColumn { first: need.first, n: need.n, width, part: Some(width / page) };
    needs.iter().map(place).collect()
}

/// The widths of columns that fit the page side by side; `None` if they do not.
fn fitted(needs: &[&ColumnNeed], size: TypeSize, page: f64) -> Option<Vec<PlacedColumn>> {
    let points = size.points();
    let room = page - GAP * (needs.len().max(1) - 1) as f64;
    let sum = |of: fn(&ColumnNeed) -> f64| points * needs.iter().map(|need| of(need)).sum::<f64>();
    let (natural, least) = (sum(|need| need.natural), sum(|need| need.least));
    if least > room {
        return None;
    }
    let widths: Vec<f64> = match natural > room {
        true => narrowed(needs, points, room - least),
        false => needs.iter().map(|need| points * need.natural).collect(),
    };
    let place = |(need, width): (&&ColumnNeed, f64)| {
        let is_narrowed = width < 0.999 * points * need.natural;
        PlacedColumn { first: need.first, n: need.n, width, part: is_narrowed.then_some(width / page) }
    };
    Some(needs.iter().zip(widths).map(place).collect())
}

/// The least widths, and what is left shared by the roots of what is wished for: the longest text does not take it all.
fn narrowed(needs: &[&ColumnNeed], points: f64, mut left: f64) -> Vec<f64> {
    let mut widths: Vec<f64> = needs.iter().map(|need| points * need.least).collect();
    // What a column does not take is shared again.
    for _ in 0..needs.len() {
        let wishes: Vec<f64> =
            needs.iter().zip(&widths).map(|(need, width)| (points * need.natural - width).max(0.0)).collect();
        let roots: f64 = wishes.iter().map(|wish| wish.sqrt()).sum();
        if left <= 0.01 || roots <= 0.0 {
            break;
        }
        let taken: Vec<f64> = wishes.iter().map(|wish| (left * wish.sqrt() / roots).min(*wish)).collect();
        widths.iter_mut().zip(&taken).for_each(|(width, taken)| *width += taken);
        left -= taken.iter().sum::<f64>();
    }
    widths
}

/// What each column needs, those below it included.
fn needs(table: &SectionTable) -> Vec<ColumnNeed> {
    let mut needs: Vec<ColumnNeed> = Vec::new();
    for (at, column) in table.columns.iter().enumerate() {
        let own = need(table, at, column);
        match needs.last_mut() {
            Some(above) if column.is_below => {
                above.n += 1;
                above.natural = above.natural.max(own.natural);
                above.least = above.least.max(own.least);
            }
            _ => needs.push(own),
        }
    }
    needs
}

fn need(table: &SectionTable, at: usize, column: &TableColumn) -> ColumnNeed {
    let cells: Vec<(String, f64)> =
        table.rows.iter().chain(&table.total).map(|row| (shown(&row[at]), weight(&row[at]))).collect();
    let widest = |width: &dyn Fn(&str) -> f64| {
        cells.iter().map(|(text, weight)| weight * width(text)).fold(0.0, f64::max)
    };
    let measure = |text: &str| cell_width(text, column.is_code);
    let head = head_pieces(&column.title)
        .iter()
        .map(|piece| cell_width(piece.trim_end(), false))
        .fold(0.0, f64::max);
    let natural = widest(&measure).max(head);
    let least = match column.is_numeric {
        true => natural,
        false => widest(&|text| longest_word(text, column.is_code)).max(head).min(natural),
    };
    ColumnNeed { first: at, n: 1, natural, least, is_row_name: column.is_row_name }
}

fn weight(cell: &TableCell) -> f64 {
    match cell.tone {
        CellTone::Strong | CellTone::Outside => BOLD,
        CellTone::Plain | CellTone::Quiet => 1.0,
    }
}

/// The words of a cell, with what its badge says.
pub(super) fn shown(cell: &TableCell) -> String {
    match &cell.badge {
        Some(badge) => format!("{} ({})", cell.text, badge.text),
        None => cell.text.clone(),
    }
}

/// The width of a text in type of one point.
pub(super) fn cell_width(text: &str, is_code: bool) -> f64 {
    let text = printed(text);
    if is_code { 0.61 * text.chars().count() as f64 } else { text_width(&text, 1.0) }
}

/// A head in the pieces between which it may be broken: its words, and of a long one the parts behind `.` and `_`.
pub(super) fn head_pieces(title: &str) -> Vec<String> {
    let mut pieces = Vec::new();
    for word in title.split_whitespace() {
        let parts: Vec<&str> = match word.chars().count() > LONGEST_HEAD {
            true => word.split_inclusive(['.', '_', '/', '-']).collect(),
            false => vec![word],
        };
        let n = parts.len();
        pieces.extend(parts.into_iter().enumerate().map(|(i, part)| match i + 1 == n {
            true => format!("{part} "),
            false => part.to_owned(),
        }));
    }
    pieces
}

/// The longest stretch that is not broken. A long word is, after sixteen characters at the latest.
fn longest_word(text: &str, is_code: bool) -> f64 {
    let width = |word: &str| {
        let head: String = word.chars().take(16).collect();
        cell_width(&head, is_code)
    };
    text.split_whitespace().map(width).fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(columns: Vec<TableColumn>, texts: &[&str], rows: usize) -> SectionTable {
        let row: Vec<TableCell> = texts.iter().map(|text| TableCell::text(*text)).collect();
        SectionTable::new("", columns, vec![row; rows])
    }

    #[test]
    fn what_fits_is_as_wide_as_it_is() {
        let table =
            table(vec![TableColumn::row_name("Run"), TableColumn::numeric("Loss")], &["Adam", "0.1"], 1);
        let layout = layout(&table);
        assert_eq!((layout.size, layout.is_turned, layout.pieces.len()), (TypeSize::Small, false, 1));
        assert!(layout.pieces[0].iter().all(|column| column.part.is_none()));
    }

    #[test]
    fn sentences_take_what_numbers_leave() {
        let long = "a sentence of many words ".repeat(12);
        let columns = vec![TableColumn::numeric("Loss"), TableColumn::words("Why")];
        let layout = layout(&table(columns, &["0.1234 ± 0.1234", &long], 3));
        let [number, words] = layout.pieces[0].as_slice() else { panic!("two columns") };
        assert!(number.part.is_none() && words.part.is_some_and(|part| part > 0.6 && part < 0.95));
    }

    #[test]
    fn many_columns_are_turned_and_still_more_are_cut_each_piece_with_the_names() {
        let numbers = |n: usize| {
            let columns = std::iter::once(TableColumn::row_name("Run"))
                .chain((0..n).map(|_| TableColumn::numeric("Validation accuracy")));
            (columns.collect::<Vec<_>>(), vec!["0.1234 ± 0.1234"; n + 1])
        };
        let (columns, texts) = numbers(8);
        assert!(layout(&table(columns, &texts, 8)).is_turned);
        let (columns, texts) = numbers(30);
        let layout = layout(&table(columns, &texts, 8));
        assert!(layout.pieces.len() > 1 && layout.pieces.iter().all(|piece| piece[0].first == 0));
        let width = |piece: &Vec<PlacedColumn>| piece.iter().map(|c| c.width + GAP).sum::<f64>() - GAP;
        assert!(layout.pieces.iter().all(|piece| width(piece) <= PAGE + 0.01));
    }
}
