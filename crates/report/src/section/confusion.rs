//! What a run confuses: the confusion matrix, the pairs confused most often with images, recall and precision.

use super::{
    CellImage, FigureLayout, FigurePicture, Section, SectionFigure, SectionTable, TableCell, TableColumn,
};
use crate::chart;
use crate::view::{ClassRow, Confused, Example, PairView, RunGroup};

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
        tables: pairs.into_iter().chain([scores(confused)]).collect(),
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
    Some(SectionFigure {
        picture: FigurePicture::Png { address, description },
        ..SectionFigure::svg(String::new(), caption, FigureLayout::Half)
    })
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

/// Recall and precision of each class.
fn scores(confused: &Confused) -> SectionTable {
    let numeric = ["Recall", "Precision"].map(TableColumn::numeric);
    let columns = std::iter::once(TableColumn::row_name("Class")).chain(numeric).collect();
    let part = |part: Option<f64>| TableCell::maybe(part, |part| format!("{part:.3}"));
    let row =
        |score: &ClassRow| vec![TableCell::text(&score.class), part(score.recall), part(score.precision)];
    let rows = confused.scores.iter().map(row).collect();
    let caption = "Of the images of a class, the part recognised; of the predictions of a class, the part that was right.";
    let words = "Recall and precision of each class";
    SectionTable { is_detail: true, ..SectionTable::folded(words, caption, columns, rows) }
}
