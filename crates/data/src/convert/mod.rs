//! A data set written in another form, for other programs: whole or not at all, and never over something.

mod files;

use crate::error::DataError;
use crate::locations::LoadProgress;
use crate::options::{DataTable, ValidationPart};
use crate::own::load_own;
use crate::{DataSet, class_names};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A form in which a data set can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutputForm {
    /// A folder with the four IDX files.
    Idx,
    /// One file of NumPy arrays under Keras' names.
    Npz,
    /// A folder of PNG pictures, one folder for each class.
    Folders,
    /// A folder with `train.csv` and `test.csv`.
    Csv,
}

impl OutputForm {
    /// Every form, by its name.
    pub const ALL: [(&'static str, OutputForm); 4] = [
        ("idx", OutputForm::Idx),
        ("npz", OutputForm::Npz),
        ("folders", OutputForm::Folders),
        ("csv", OutputForm::Csv),
    ];
}

/// What was written, read again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Converted {
    /// The fingerprint of what was written.
    pub fingerprint: String,
    /// Why it is another one than that of the data, and how what was written is to be read; in plain English.
    pub notes: Vec<String>,
}

/// Writes a data set to `out`, where nothing may be yet, reads it again, and compares all parts.
pub fn convert(data: &DataSet, form: OutputForm, out: &Path) -> Result<Converted, DataError> {
    if out.symlink_metadata().is_ok() {
        let help = "name another place, or remove what is there; nothing is ever written over it";
        return Err(DataError::refused(out, "is there already", help));
    }
    if form == OutputForm::Idx && data.own_validation > 0 {
        let help = "write `npz`, `folders` or `csv`, or leave the validation part out";
        return Err(DataError::refused(out, "cannot hold a validation part: IDX has two parts", help));
    }
    let mut ending = out.as_os_str().to_owned();
    ending.push(format!(".{}.part", std::process::id()));
    let part = PartialOutput(PathBuf::from(ending));
    let mut notes = files::write(data, form, &part.0)?;
    let again = read_again(data, &part.0)?;
    notes.extend(differences(data, &again)?);
    fs::rename(&part.0, out).map_err(written(out))?;
    Ok(Converted { fingerprint: again.fingerprint, notes })
}

/// What is being written: removed, unless it was put in place.
struct PartialOutput(PathBuf);

impl Drop for PartialOutput {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0).or_else(|_| fs::remove_dir_all(&self.0));
    }
}

fn written(path: &Path) -> impl Fn(io::Error) -> DataError {
    move |cause| DataError::Io { path: path.to_path_buf(), action: "written", cause }
}

fn read_again(data: &DataSet, path: &Path) -> Result<DataSet, DataError> {
    let table = DataTable {
        size: Some([data.shape[0], data.shape[1]]),
        validation: (data.own_validation > 0).then_some(ValidationPart::Own),
        ..DataTable::at(path.to_string_lossy())
    };
    load_own(&table, path, None, &mut |_: LoadProgress| {})
}

/// What is other than it was; an error where that may not be.
fn differences(data: &DataSet, again: &DataSet) -> Result<Vec<String>, DataError> {
    let lost = |what: &str| {
        let help = "the disk may be unsound; if it is not, this is a fault of toile";
        Err(DataError::refused(
            again.source.as_ref(),
            format!("does not hold {what} that were written"),
            help,
        ))
    };
    if data.fingerprint == again.fingerprint {
        return Ok(Vec::new());
    }
    let mut notes = Vec::new();
    if data.class_names != again.class_names {
        if data.class_names.len() != again.class_names.len() {
            return lost("the classes");
        }
        notes.push("class names became names of folders: the fingerprint is another one".to_string());
    }
    if (&data.train, &data.test) != (&again.train, &again.test) {
        if sorted(data) != sorted(again) {
            return lost("the images");
        }
        notes
            .push("images are in the order of their classes now: the fingerprint is another one".to_string());
    }
    Ok(notes)
}

/// The images of all parts by class, in their order.
fn sorted(data: &DataSet) -> [Vec<(u8, &[u8])>; 3] {
    data.parts().map(|part| {
        let images = part.images.chunks_exact(data.image_len());
        let mut all: Vec<(u8, &[u8])> = part.labels.iter().copied().zip(images).collect();
        all.sort_by_key(|(label, _)| *label);
        all
    })
}

/// The list of class names beside the data.
fn class_list(data: &DataSet) -> (&'static str, String) {
    (class_names::FILE, data.class_names.join("\n") + "\n")
}
