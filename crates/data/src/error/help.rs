//! What can be done about each error.

use super::{DataError, FoundFormat};

impl DataError {
    /// What to do about it, in one or two sentences without a full stop at the end.
    pub fn help(&self) -> String {
        match self {
            DataError::Io { action, .. } if *action != "read" => "check the free space and the permissions".into(),
            DataError::Io { .. } => "check that the file is readable by you and its disk is sound".into(),
            DataError::NotAFile { .. } => "remove it, or name another folder".into(),
            DataError::Missing { .. } => "the four files are train-images-idx3-ubyte, train-labels-idx1-ubyte, \
                 t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte, each with or without .gz"
                .into(),
            DataError::NoFolder { .. } => {
                "a relative path in a study file starts at that file's folder; for a named set, see `toile data list`"
                    .into()
            }
            DataError::NotIdx { found, .. } => found.help().into(),
            DataError::Dimensions { .. } => "image files hold (images, height, width) or (images, height, width, \
                 channels), label files (labels): check that the right file has this name"
                .into(),
            DataError::TooLarge { .. } => "the header is damaged, or the set is too large for memory".into(),
            DataError::CutShort { .. } | DataError::TrailingBytes { .. } | DataError::Gzip { .. } => {
                "delete the file and fetch it again".into()
            }
            DataError::CountMismatch { .. } | DataError::ShapeMismatch { .. } => {
                "the files are of two different sets: fetch them again from one place".into()
            }
            DataError::Label { .. } => {
                "the label file is damaged or of another set; with your own `classes.txt`, give every class a line"
                    .into()
            }
            DataError::OneClass { .. } => "a classifier needs at least two classes".into(),
            DataError::ClassNames { .. } => "write one class per line, in label order".into(),
            DataError::WrongData { recognised: Some(_), .. } => {
                "remove it from this folder, or ask for the data set that it is".into()
            }
            DataError::WrongData { .. } => "delete the file and fetch it again; to train on changed data, name its \
                 folder in the study file, so that it gets a fingerprint of its own"
                .into(),
            DataError::UnknownName { known, suggestion, .. } => unknown_help(known, *suggestion),
            DataError::NotFound { name, .. } => format!(
                "put the four IDX files into a folder and name it with `--data-dir`; `data = \"drawn-garments\"` runs \
                 without `{name}`, on procedural data that is not comparable"
            ),
            DataError::Fraction { .. } => "for example 0.1: the last tenth; 0 trains without validation".into(),
            DataError::EmptyPart { n: 0, .. } => "the training part of this data set is empty".into(),
            DataError::EmptyPart { train: 0, .. } => "take a smaller fraction, or more images".into(),
            DataError::EmptyPart { .. } => "take a larger fraction, or 0 to train without validation".into(),
            DataError::NothingToFetch { name } => format!("write `data = \"{name}\"` in a study, or `toile data check {name}`"),
        }
    }
}

impl FoundFormat {
    fn help(&self) -> &'static str {
        match self {
            FoundFormat::LfsPointer => "run `git lfs pull` in its checkout, or download the file itself",
            FoundFormat::WebPage => {
                "a server answered with a page instead of the file: delete it and fetch again"
            }
            FoundFormat::Gzip | FoundFormat::Format(_) => "unpack it, and put the IDX files into the folder",
            FoundFormat::IdxOf(_) => "convert it to unsigned bytes (IDX type 0x08), 0 to 255",
            FoundFormat::Empty | FoundFormat::Bytes(_) => "delete the file and fetch it again",
        }
    }
}

fn unknown_help(known: &[&str], suggestion: Option<&str>) -> String {
    let known = known.join(", ");
    let known = format!("known: {known}; or the path of a folder with IDX files");
    suggestion.map_or(known.clone(), |name| format!("did you mean `{name}`? ({known})"))
}
