//! Labels to look at: images that nearly all trainings call something else than their label, as a sheet of pictures.

use toile_record::Part;

use super::{CellImage, Section, SectionContext, SectionTable, TableCell, TableColumn};
use crate::format;
use crate::view::{Suspect, Suspects};

/// Rows of pictures, and pictures of a row.
const MOST_ROWS: usize = 8;
const MOST_IN_ROW: usize = 8;
/// Candidates beyond are left to `results.json`.
const MOST_LISTED: usize = 30;

const HOW: &str = "These are candidates, found by confident learning (Northcutt, Jiang and Chuang 2021). An image that is merely hard \
                   is hard for all networks alike, so that agreement alone proves nothing: only looking tells. The number foretold takes \
                   each training at its word; trainings that agree are right more often than each says, so that it is rather too high. In \
                   the test parts of known data sets about half of the candidates were confirmed by people (Northcutt, Athalye and \
                   Mueller 2021).";

const PICTURES: &str = "Test images; below each the mean probability of the class it is called, and how many trainings call it so.";

/// The section; `None` where too few trainings looked, or nothing was found.
pub(super) fn compute(context: &SectionContext) -> Option<Section> {
    let suspects = context.suspects.as_ref()?;
    let tables = [sheet(suspects), Some(list(suspects))];
    let has_any = suspects.n > 0;
    Some(Section {
        paragraphs: suspects.parts.iter().map(|part| part.sentence()).collect(),
        tables: if has_any { tables.into_iter().flatten().collect() } else { Vec::new() },
        notes: Some(HOW.to_owned()).filter(|_| has_any).into_iter().collect(),
        ..Section::new("labels", "Labels to look at")
    })
}

/// The pictures, by label and by what they are called.
fn sheet(suspects: &Suspects) -> Option<SectionTable> {
    let mut rows: Vec<(&[String; 2], Vec<&Suspect>)> = Vec::new();
    for one in suspects.candidates.iter().filter(|one| one.png.is_some()) {
        match rows.iter_mut().find(|(names, _)| **names == one.names) {
            Some((_, of)) => of.push(one),
            None => rows.push((&one.names, vec![one])),
        }
    }
    let columns = vec![
        TableColumn::row_name("Label"),
        TableColumn::words("called"),
        TableColumn::numeric("candidates with a picture"),
    ];
    let row = |(names, of): &(&[String; 2], Vec<&Suspect>)| {
        let images = of.iter().take(MOST_IN_ROW).filter_map(|one| image(one)).collect();
        let n = of.len();
        vec![
            TableCell { images, ..TableCell::text(&names[0]) },
            TableCell::text(&names[1]),
            TableCell::number(n as f64, n.to_string()),
        ]
    };
    let rows: Vec<Vec<TableCell>> = rows.iter().take(MOST_ROWS).map(row).collect();
    let table =
        SectionTable::new("Pictures of candidates, by label and by what they are called.", columns, rows);
    (!table.rows.is_empty()).then(|| SectionTable {
        image_note: Some(PICTURES.to_owned()),
        is_narrow: true,
        ..table
    })
}

fn image(one: &Suspect) -> Option<CellImage> {
    let [label, called] = &one.names;
    let index = one.index.map_or_else(String::new, |index| format!(" {index}"));
    Some(CellImage {
        png: one.png.clone()?,
        description: format!(
            "Test image{index}: labelled {label}, called {called} by {} of {}",
            one.votes, one.of
        ),
        text: format!("{}, {} of {}", probability(one.confidence), one.votes, one.of),
        value: Some(one.confidence),
    })
}

/// Never rounded up to certainty, nor down to impossibility.
fn probability(p: f64) -> String {
    match p {
        p if p < 1.0 && p > 0.99 => "> 0.99".to_owned(),
        p if p > 0.0 && p < 0.01 => "< 0.01".to_owned(),
        p => format!("{p:.2}"),
    }
}

/// All candidates in numbers.
fn list(suspects: &Suspects) -> SectionTable {
    let columns = vec![
        TableColumn::row_name("Part"),
        TableColumn::numeric("Image"),
        TableColumn::words("Label"),
        TableColumn::words("Called"),
        TableColumn::numeric("Trainings"),
        TableColumn::numeric("Sure by"),
        TableColumn::numeric("Of the label"),
    ];
    let row = |one: &Suspect| {
        let [label, called] = &one.names;
        let index = one.index.map(|index| index as u64);
        vec![
            TableCell::text(one.part.name()),
            TableCell {
                text: index.map_or_else(|| format::NONE.to_owned(), |index| index.to_string()),
                ..TableCell::count(index)
            },
            TableCell::text(label),
            TableCell::text(called),
            TableCell::number(one.votes as f64, format!("{} of {}", one.votes, one.of)),
            TableCell::number(one.confidence, probability(one.confidence)),
            TableCell::maybe(one.self_confidence, probability),
        ]
    };
    let n = suspects.candidates.len().min(MOST_LISTED);
    let shown = match suspects.n > n {
        true => format!("The first {n} of {} candidates", format::count(suspects.n as u64)),
        false => format::plural(n, "candidate", "candidates"),
    };
    let has_validation = suspects.candidates.iter().any(|one| one.part == Part::Validation);
    let places = match has_validation {
        true => " A validation image is counted among the training images before the split, from 0.",
        false => " Images are counted from 0.",
    };
    SectionTable::folded(
        shown,
        format!(
            "How many trainings call the image so, how sure they are of it on average, and what probability all trainings give to \
             its label.{places}"
        ),
        columns,
        suspects.candidates.iter().take(MOST_LISTED).map(row).collect(),
    )
}
