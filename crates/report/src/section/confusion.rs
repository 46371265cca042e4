//! What a run confuses: the confusion matrix, the pairs confused most often with images, precision, recall and F1.

use super::{CellImage, Section, SectionFigure, SectionTable, TableCell, TableColumn};
use crate::chart;
use crate::format;
use crate::view::{ClassRow, ClassScores, Confused, Estimate, Example, PairView, RunGroup};

const SURE: &str =
    "The test images that the run was most sure of, with the probability it gave to the wrong class.";

/// The part; `None` without a test.
pub(super) fn part(group: &RunGroup, procedural: bool) -> Option<Section> {
    let confused = group.confused.as_ref()?;
    let all_right = confused.pairs.is_empty().then(|| "Every test image was recognised.".to_owned());
    let pairs = (!confused.pairs.is_empty()).then(|| pairs(confused));
    Some(Section {
        lead: Some(confused.choice.clone()),
        paragraphs: all_right.into_iter().collect(),
        tables: pairs.into_iter().chain([scores(&confused.scores, group.warnings.misses_class)]).collect(),
        figures: matrix(group, confused, procedural).into_iter().collect(),
        is_side_by_side: true,
        ..Section::part("Confusion on the test set")
    })
}

/// The matrix: cells with their counts, or a pixel per pair where there are too many classes for that.
fn matrix(group: &RunGroup, confused: &Confused, procedural: bool) -> Option<SectionFigure> {
    let title = format!("Confusion matrix of {}", group.name);
    if let Some(svg) = chart::heat_map(&confused.matrix, &confused.classes, &title, procedural) {
        let caption = "Confusion matrix on the test set: rows are the truth, empty cells are zero.";
        return Some(SectionFigure::half(svg, caption));
    }
    let address = chart::heat_map_png(&confused.matrix)?;
    let description = format!("Confusion matrix of {} classes", confused.classes.len());
    let caption =
        "Confusion matrix on the test set, a pixel per pair of classes: rows are the truth.".to_owned();
    Some(SectionFigure::png(address, description, caption))
}

/// The pairs that are confused most often, with the images that the run was most sure of.
fn pairs(confused: &Confused) -> SectionTable {
    let columns = vec![
        TableColumn::row_name("Most confused"),
        TableColumn::words("taken for"),
        TableColumn::numeric("images"),
        TableColumn::numeric("the other way"),
    ];
    let row = |pair: &PairView| {
        let examples = pair.examples.iter().map(|example| image(pair, example));
        vec![
            TableCell { images: examples.collect(), ..TableCell::text(&pair.truth) },
            TableCell::text(&pair.predicted),
            TableCell::number(pair.count as f64, pair.count_text()),
            TableCell::number(pair.reverse as f64, pair.reverse.to_string()),
        ]
    };
    let rows = confused.pairs.iter().map(row).collect();
    let has_images = confused.pairs.iter().any(|pair| !pair.examples.is_empty());
    let image_note = has_images.then(|| SURE.to_owned());
    let caption = "The pairs of classes that are confused most often.";
    SectionTable { image_note, ..SectionTable::new(caption, columns, rows) }
}

fn image(pair: &PairView, example: &Example) -> CellImage {
    CellImage {
        png: example.png.clone(),
        description: format!("Test image {}: {}, taken for {}", example.index, pair.truth, pair.predicted),
        text: example.confidence_text(),
        value: example.confidence,
    }
}

/// Precision, recall and F1 of each class, and their means.
fn scores(scores: &ClassScores, has_unpredicted: bool) -> SectionTable {
    let numeric = ["Precision", "Recall", "F1", "Images"].map(TableColumn::numeric);
    let columns = std::iter::once(TableColumn::row_name("Class")).chain(numeric).collect();
    let seeds = scores.macro_average.f1.as_ref().map_or(1, Estimate::n);
    let over = match seeds {
        1 => String::new(),
        n => format!(" Mean ± standard deviation over {n} seeds."),
    };
    let caption = format!(
        "Precision: of the predictions of a class, the part that was right. Recall: of its images, the part recognised. F1: their \
         harmonic mean. In the macro average every class counts alike.{over}"
    );
    let unpredicted = "A class that a seed never predicts counts as precision 0 there.".to_owned();
    let f1 = short(scores.macro_average.f1.as_ref());
    let table = SectionTable::folded(
        format!("Each class: macro F1 {f1}"),
        caption,
        columns,
        scores.classes.iter().map(class_row).collect(),
    );
    SectionTable {
        total: Some(class_row(&scores.macro_average)),
        notes: has_unpredicted.then_some(unpredicted).into_iter().collect(),
        ..table
    }
}

fn class_row(row: &ClassRow) -> Vec<TableCell> {
    let measures = [&row.precision, &row.recall, &row.f1].map(|measure| self::measure(measure.as_ref()));
    let images = TableCell::count(Some(row.images as u64));
    std::iter::once(TableCell::text(&row.class)).chain(measures).chain([images]).collect()
}

/// A measure of a class with three decimals: there are a thousand images of it, and not ten thousand.
pub(super) fn measure(estimate: Option<&Estimate>) -> TableCell {
    TableCell { text: short(estimate), ..TableCell::estimate(estimate) }
}

fn short(estimate: Option<&Estimate>) -> String {
    match estimate {
        Some(Estimate { mean, sd: Some(sd), .. }) => format!("{mean:.3} ± {sd:.3}"),
        Some(Estimate { mean, .. }) => format!("{mean:.3}"),
        None => format::NONE.to_owned(),
    }
}
