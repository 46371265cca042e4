//! The check: from the text of a study file to a [`CheckedStudy`], or to everything that is wrong with it.

pub(crate) mod data_shape;
pub(crate) mod draft;
pub(crate) mod faults;
pub(crate) mod grids;
pub(crate) mod groups;
pub(crate) mod rules;
pub(crate) mod sample;
pub(crate) mod schema;
pub(crate) mod suggest;
pub(crate) mod tree;
pub(crate) mod walk;

use std::collections::BTreeMap;
use std::ops::Range;

use serde_json::Value as Json;
use toile_judge::ClaimTable;
use toile_nn::{ImageShape, Layer};
use toile_tune::{Params, Space};

use crate::file::{RunSettings, RunTable, SearchTable, StudyTable};
use crate::warnings::{PlacedWarning, StudyWarning};
use data_shape::{known_names, known_shape};
use draft::Draft;
use faults::{Fault, Faults};
use suggest::nearest;
use walk::Walk;

/// The most bytes of a study file. Larger files are refused unread: they are no study files.
pub const LARGEST_FILE: u64 = 1 << 20;

/// What is known of a data set before it is loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DataShape {
    /// Height, width and channels of an image.
    pub image: ImageShape,
    /// Number of classes.
    pub classes: usize,
    /// Images of the training part, before the split.
    pub images: usize,
    /// The smallest label that an image has: 0, unless the labels were counted from 1.
    pub first_label: usize,
    /// How many of the images are the data's own validation part, if it is used.
    pub own_validation: usize,
}

/// A study file without faults: what it contains, no default filled in yet.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckedStudy {
    /// The file's name, as it was given.
    pub file_name: String,
    /// The file, byte for byte.
    pub text: String,
    /// `[study]`
    pub study: StudyTable,
    /// `[defaults]`
    pub defaults: RunSettings,
    /// `[models.NAME]`, those without ranges; repetitions are written out.
    pub models: BTreeMap<String, Vec<Layer>>,
    /// `[[runs]]`, in the file's order, and then those of each `[[grid]]`.
    pub runs: Vec<RunTable>,
    /// `[[searches]]`, in the file's order.
    pub searches: Vec<CheckedSearch>,
    /// `[[claims]]`, in the file's order.
    pub claims: Vec<ClaimTable>,
    /// The shape of the data, if it was known when the study was checked.
    pub shape: Option<DataShape>,
    /// Settings that do nothing, or other than their names say, in the file's order.
    pub warnings: Vec<PlacedWarning>,
}

/// A search without faults.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckedSearch {
    /// Its table, except for the settings of its trials.
    pub table: SearchTable,
    /// Its parameters.
    pub space: Space,
    /// The settings of its trials, with holes.
    pub(crate) settings: Json,
    /// The layers of its models, with holes.
    pub(crate) models: BTreeMap<String, Json>,
    pub(crate) fixed: Params,
    pub(crate) first: Vec<Params>,
}

/// Checks a study file: syntax, names, types, ranges, and all rules between settings.
///
/// The layers' shapes are checked against the shape of the data. For the data sets of the catalogue it is known and
/// need not be given; for a folder of the user's own, give it once the data is loaded.
///
/// # Errors
/// Every fault of the file at once. Only errors of TOML's syntax hide others.
pub fn check(text: &str, file_name: &str, shape: Option<DataShape>) -> Result<CheckedStudy, Faults> {
    if text.len() as u64 > LARGEST_FILE {
        return Err(too_large(text, file_name));
    }
    let refuse = |mut faults: Vec<Fault>| {
        faults.sort_by_key(|fault| (fault.span.start, fault.span.end));
        faults.dedup();
        Faults { file_name: file_name.to_string(), text: text.to_string(), faults }
    };
    let root = tree::parse(text).map_err(|faults| refuse(with_syntax_note(faults)))?;
    let mut walk = Walk::default();
    let draft = Draft::read(&root, &mut walk);
    // A misspelt data set is already a fault; the layers are checked as if the nearest name had been written.
    let shape = shape
        .or_else(|| known_shape(draft.study.data.path()))
        .or_else(|| known_shape(nearest(draft.study.data.path(), known_names())?));
    rules::check(&draft, shape, &mut walk);
    if !walk.faults.is_empty() {
        return Err(refuse(walk.faults));
    }
    let warnings = placed(walk.warnings, text);
    Ok(CheckedStudy { warnings, ..draft.finish(file_name, text, shape) })
}

/// The warnings with their lines, in the file's order.
fn placed(mut warnings: Vec<(Range<usize>, StudyWarning)>, text: &str) -> Vec<PlacedWarning> {
    warnings.sort_by_key(|(span, _)| span.start);
    let line = |at: usize| text.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count() + 1;
    warnings.into_iter().map(|(span, warning)| PlacedWarning { line: line(span.start), warning }).collect()
}

impl CheckedStudy {
    /// A fault of the data that the study names, at the place where it names them.
    pub fn fault_of_data(&self, message: String, help: String) -> Faults {
        let span = tree::parse(&self.text).map_or(0..0, |root| root.at(&["study", "data"]).span.clone());
        let faults = vec![Fault { span, message, help: Some(help) }];
        Faults { file_name: self.file_name.clone(), text: self.text.clone(), faults }
    }
}

fn too_large(text: &str, file_name: &str) -> Faults {
    let message = format!("a study file has at most {LARGEST_FILE} bytes, this one has {}", text.len());
    let help = Some("is it really a study file?".to_string());
    let faults = vec![Fault { span: 0..0, message, help }];
    Faults { file_name: file_name.to_string(), text: String::new(), faults }
}

/// Errors of TOML's syntax, the last with a note that they may hide other faults.
fn with_syntax_note(mut faults: Vec<Fault>) -> Vec<Fault> {
    let last = faults.last_mut().expect("a file that does not parse has a syntax error");
    let note = "the rest is checked once the file is valid TOML";
    last.help = Some(last.help.take().map_or(note.to_string(), |help| format!("{help}; {note}")));
    faults
}
