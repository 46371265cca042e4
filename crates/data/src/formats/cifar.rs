//! CIFAR's binary files: records of a label (CIFAR-100: a coarse and a fine one) and 32 x 32 pixels, all red ones
//! first, then green, then blue. The files may have any number of records.

use super::npz::channels_last;
use super::{Format, RawData, RawPart, WantedReading};
use crate::LabelledImages;
use crate::class_names;
use crate::error::DataError;
use crate::locations::LoadProgress;
use crate::source::{Blob, MAX_MEMBER, Source};

/// The format.
pub(super) struct CifarBinary;

const SHAPE: [usize; 3] = [32, 32, 3];
const PIXELS: usize = 32 * 32 * 3;

/// One of the two sets: its training files, its test file, the file of class names, bytes of labels in a record.
struct CifarForm {
    train: &'static [&'static str],
    test: &'static str,
    names: &'static str,
    labels: usize,
}

const FORMS: [CifarForm; 2] = [
    CifarForm {
        train: &[
            "data_batch_1.bin",
            "data_batch_2.bin",
            "data_batch_3.bin",
            "data_batch_4.bin",
            "data_batch_5.bin",
        ],
        test: "test_batch.bin",
        names: "batches.meta.txt",
        labels: 1,
    },
    CifarForm { train: &["train.bin"], test: "test.bin", names: "fine_label_names.txt", labels: 2 },
];

impl Format for CifarBinary {
    fn name(&self) -> &'static str {
        "CIFAR binary"
    }

    fn recognises(&self, source: &Source) -> Result<bool, DataError> {
        Ok(source.asked.is_none() && form(source).is_some())
    }

    fn read(
        &self,
        source: &Source,
        _: &WantedReading,
        progress: &mut dyn FnMut(LoadProgress),
    ) -> Result<RawData, DataError> {
        let form = form(source).expect("it was recognised");
        let mut train = LabelledImages::default();
        let present = form.train.iter().filter_map(|name| Some((name, source.file(name)?)));
        for (name, blob) in present {
            progress(LoadProgress::Unpacking { file: name });
            read_records(blob, form.labels, &mut train)?;
        }
        let place = |name: &str| source.place.join(name);
        let test = source.file(form.test).map(|blob| {
            let mut test = LabelledImages::default();
            read_records(blob, form.labels, &mut test)?;
            Ok(RawPart { images: test, labels_from: place(form.test) })
        });
        Ok(RawData {
            train: RawPart { images: train, labels_from: place(form.train[0]) },
            validation: None,
            test: test.transpose()?,
            shape: SHAPE,
            class_names: class_names::read(source, form.names)?,
            title: None,
            notes: vec!["channels were stored first, and come last now".into()],
            decoders: Vec::new(),
        })
    }
}

fn form(source: &Source) -> Option<&'static CifarForm> {
    FORMS.iter().find(|form| {
        let first = source.file(form.train[0]);
        first.is_some_and(|blob| blob.len() > 0 && blob.len() % (form.labels + PIXELS) as u64 == 0)
            || first.is_some() && source.file(form.names).is_some()
    })
}

fn read_records(blob: &Blob, labels: usize, part: &mut LabelledImages) -> Result<(), DataError> {
    let (bytes, record) = (blob.read(MAX_MEMBER)?, labels + PIXELS);
    if bytes.len() % record != 0 {
        let fault = format!("has {} bytes, which is no whole number of records of {record}", bytes.len());
        return Err(DataError::refused(
            blob.shown(),
            fault,
            "compare the file with its source: it is not whole",
        ));
    }
    for record in bytes.chunks_exact(record) {
        // The last label is the class: that of CIFAR-100 before it is of a group of classes.
        part.labels.push(record[labels - 1]);
        part.images.extend(channels_last(&record[labels..], SHAPE));
    }
    Ok(())
}
