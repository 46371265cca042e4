//! NumPy's archives, under the names that Keras, MedMNIST and others give to their arrays. An NPZ file is a ZIP archive
//! of `.npy` files; the same arrays in a folder or another archive are read as well.

use super::npy::{self, NpyArray};
use super::numbers::shape_of_row;
use super::{Format, RawData, RawPart, WantedReading};
use crate::LabelledImages;
use crate::error::DataError;
use crate::locations::LoadProgress;
use crate::options::DataTable;
use crate::source::{Blob, MAX_MEMBER, Source};

/// The format.
pub(super) struct NumpyArrays;

/// Names of images and labels: of the training, the validation and the test part.
const PAIRS: [[(&str, &str); 3]; 4] = [
    [("x_train", "y_train"), ("x_val", "y_val"), ("x_test", "y_test")],
    [("train_images", "train_labels"), ("val_images", "val_labels"), ("test_images", "test_labels")],
    [("images", "labels"), ("", ""), ("", "")],
    [("x", "y"), ("", ""), ("", "")],
];

const NAMES: &str = "x_train, y_train, x_test, y_test; or train_images, train_labels, test_images, test_labels; or images, labels";

impl Format for NumpyArrays {
    fn name(&self) -> &'static str {
        "NumPy arrays"
    }

    fn recognises(&self, source: &Source) -> Result<bool, DataError> {
        let mut arrays = source.top_files().filter(|(name, _)| name.ends_with(".npy"));
        Ok(source.asked.is_none()
            && arrays.any(|(_, blob)| blob.start(6).is_ok_and(|start| start == npy::MAGIC)))
    }

    fn read(
        &self,
        source: &Source,
        wanted: &WantedReading,
        progress: &mut dyn FnMut(LoadProgress),
    ) -> Result<RawData, DataError> {
        let array = |name: &str| source.file(&format!("{name}.npy"));
        let Some(pairs) = PAIRS.iter().find(|pairs| array(pairs[0].0).is_some()) else {
            let found: Vec<String> = source
                .top_files()
                .take(12)
                .map(|(name, _)| name.trim_end_matches(".npy").to_string())
                .collect();
            let fault = format!("holds arrays of other names than toile knows: {}", found.join(", "));
            return Err(DataError::refused(&source.place, fault, format!("save them as {NAMES}")));
        };
        let (mut notes, mut shape, mut parts) = (Vec::new(), None, [None, None, None]);
        for (part, (images, labels)) in parts.iter_mut().zip(pairs) {
            let (Some(images), found) = (array(images), array(labels)) else { continue };
            progress(LoadProgress::Unpacking { file: images.shown().to_str().unwrap_or("") });
            let labels = found.ok_or_else(|| {
                let help = format!("images need labels beside them, as {NAMES}");
                DataError::refused(&source.place, format!("holds images, but no `{labels}`"), help)
            })?;
            let (of_images, pixels) = read_images(images, wanted.table, &mut notes)?;
            if *shape.get_or_insert(of_images) != of_images {
                let help = "bring all parts to one shape";
                return Err(DataError::refused(
                    images.shown(),
                    "has images of another shape than the training part",
                    help,
                ));
            }
            let n = pixels.len() / of_images.iter().product::<usize>().max(1);
            let labels_from = labels.shown().to_path_buf();
            let labels = read_labels(labels, n, &mut notes)?;
            *part = Some(RawPart { images: LabelledImages { images: pixels, labels }, labels_from });
        }
        let [train, validation, test] = parts;
        Ok(RawData {
            train: train.expect("its images were found"),
            validation,
            test,
            shape: shape.unwrap_or([0; 3]),
            class_names: None,
            title: None,
            notes,
            decoders: Vec::new(),
        })
    }
}

fn read(blob: &Blob) -> Result<NpyArray, DataError> {
    npy::parse(&blob.read(MAX_MEMBER)?).map_err(|fault| refused(blob, fault))
}

fn refused(blob: &Blob, fault: impl Into<String>) -> DataError {
    let help = "in Python, `array.astype(\"uint8\")` makes bytes of 0 to 255, and `numpy.savez_compressed` saves them; labels are \
                whole numbers, one for each image";
    DataError::refused(blob.shown(), fault, help)
}

/// Shape and pixels of all images of an array.
fn read_images(
    blob: &Blob,
    table: &DataTable,
    notes: &mut Vec<String>,
) -> Result<([usize; 3], Vec<u8>), DataError> {
    let array = read(blob)?;
    let first = |dim: &usize| [1, 3].contains(dim);
    let (shape, planes) = match array.shape.as_slice() {
        [_, len] => (shape_of_row(*len, table), false),
        [_, height, width] => (Some([*height, *width, 1]), false),
        [_, channels, height, width] if first(channels) && !first(width) => {
            (Some([*height, *width, *channels]), true)
        }
        [_, height, width, channels] => (Some([*height, *width, *channels]), false),
        _ => (None, false),
    };
    let shape = shape.filter(|shape| shape.iter().all(|side| *side > 0)).ok_or_else(|| {
        let dims: Vec<String> = array.shape.iter().map(usize::to_string).collect();
        refused(
            blob,
            format!("has the shape ({}), expected images x height x width [x channels]", dims.join(", ")),
        )
    })?;
    let (pixels, note) = array.numbers.pixels().map_err(|fault| refused(blob, fault))?;
    notes.extend(note);
    if !planes {
        return Ok((shape, pixels));
    }
    notes.push("channels were stored first, and come last now".into());
    Ok((shape, channels_last(&pixels, shape)))
}

/// Of images whose channels come one after the other.
pub(super) fn channels_last(pixels: &[u8], shape: [usize; 3]) -> Vec<u8> {
    let [height, width, channels] = shape;
    let mut result = Vec::with_capacity(pixels.len());
    for image in pixels.chunks_exact(height * width * channels) {
        let plane = height * width;
        (0..plane).for_each(|at| result.extend((0..channels).map(|channel| image[channel * plane + at])));
    }
    result
}

fn read_labels(blob: &Blob, images: usize, notes: &mut Vec<String>) -> Result<Vec<u8>, DataError> {
    let array = read(blob)?;
    let rows = array.shape.first().copied().unwrap_or(0);
    if rows != images {
        return Err(refused(blob, format!("holds {rows} labels for {images} images")));
    }
    let columns = array.numbers.len().checked_div(rows).unwrap_or(1);
    let labels = array.numbers.labels().map_err(|fault| refused(blob, fault))?;
    if columns == 1 {
        return Ok(labels);
    }
    let one_hot = |row: &[u8]| {
        let is_one =
            row.iter().all(|value| *value <= 1) && row.iter().filter(|value| **value == 1).count() == 1;
        is_one.then(|| row.iter().position(|value| *value == 1).unwrap_or(0))
    };
    let classes: Option<Vec<usize>> = labels.chunks_exact(columns).map(one_hot).collect();
    let classes = classes.filter(|_| columns <= 256).ok_or_else(|| {
        refused(blob, format!("has {columns} labels for each image, and toile learns one class for each"))
    })?;
    notes.push(format!("labels were stored as {columns} numbers, one of them 1"));
    Ok(classes.into_iter().map(|class| class as u8).collect())
}
