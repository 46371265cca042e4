//! The check: from the text of a study file to a [`Study`], or to all that is wrong with it.

pub(crate) mod data_shape;
pub(crate) mod draft;
pub(crate) mod faults;
pub(crate) mod rules;
pub(crate) mod sample;
pub(crate) mod schema;
pub(crate) mod suggest;
pub(crate) mod tree;
pub(crate) mod walk;

use std::collections::BTreeMap;

use serde_json::Value as Json;
use toile_nn::{ImageShape, Layer};
use toile_tune::{Params, Space};

use crate::check::data_shape::{known_names, known_shape};
use crate::check::draft::Draft;
use crate::check::faults::{Fault, Faults};
use crate::check::rules;
use crate::check::suggest::nearest;
use crate::check::tree;
use crate::check::walk::Walk;
use crate::file::{RunSettings, RunTable, SearchTable, StudyTable};

/// No study file is larger than this; a file that is, is something else.
const MOST_BYTES: usize = 1 << 20;

/// What is known of a data set before it is loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DataShape {
    /// Height, width and channels of an image.
    pub image: ImageShape,
    /// Number of classes.
    pub classes: usize,
    /// Images of the training part, before the split.
    pub images: usize,
}

/// A study file that was found right: what it says, nothing filled in yet.
#[derive(Clone, Debug, PartialEq)]
pub struct Study {
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
    /// `[[runs]]`, in the file's order.
    pub runs: Vec<RunTable>,
    /// `[[searches]]`, in the file's order.
    pub searches: Vec<Search>,
    /// The shape of the data, if it was known when the study was checked.
    pub shape: Option<DataShape>,
}

/// A search that was found right.
#[derive(Clone, Debug, PartialEq)]
pub struct Search {
    /// What the file says, but for the settings of its trials.
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
/// The shape of the data is needed to check the layers' shapes; for the data sets of the catalogue it need not be given.
/// For a folder of the user's own, give it once the data is loaded.
///
/// # Errors
/// Every fault of the file at once. Only errors of TOML's syntax hide others.
pub fn check(text: &str, file_name: &str, shape: Option<DataShape>) -> Result<Study, Faults> {
    let refuse = |mut faults: Vec<Fault>| {
        faults.sort_by_key(|fault| (fault.span.start, fault.span.end));
        faults.dedup();
        Faults { file_name: file_name.to_string(), text: text.to_string(), faults }
    };
    if text.len() > MOST_BYTES {
        let message = format!("a study file has at most {MOST_BYTES} bytes, this one has {}", text.len());
        let help = Some("is it really a study file?".to_string());
        let faults = vec![Fault { span: 0..0, message, help }];
        return Err(Faults { file_name: file_name.to_string(), text: String::new(), faults });
    }
    let root = tree::parse(text).map_err(|mut faults| {
        let last = faults.last_mut().expect("a syntax error has a place");
        let note = "the rest is checked once the file is valid TOML";
        last.help = Some(last.help.take().map_or(note.to_string(), |help| format!("{help}; {note}")));
        refuse(faults)
    })?;
    let mut walk = Walk::default();
    let draft = Draft::read(&root, &mut walk);
    // A misspelt data set is a fault already; the layers are judged as if it were the one that was meant.
    let shape = shape
        .or_else(|| known_shape(&draft.study.data))
        .or_else(|| known_shape(nearest(&draft.study.data, known_names())?));
    rules::check(&draft, shape, &mut walk);
    if walk.faults.is_empty() { Ok(draft.finish(file_name, text, shape)) } else { Err(refuse(walk.faults)) }
}
