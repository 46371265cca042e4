//! `predictions.csv` and `predictions.npz`: what the weights of a run make of each image, for whoever asks for it.

use std::io::{Cursor, Write};

use toile_record::{Evidence, Part, Records, RunRecord};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::csv::Csv;
use super::{ExportInput, ExportedFile, ExportedFiles, Exporter};
use crate::PROCEDURAL_NOTICE;

/// A line for each validation and test image, in the folder of each run of which that is known.
pub struct PredictionsCsvExporter;

/// The same as arrays for `numpy.load`.
pub struct PredictionsNpzExporter;

/// A part of the data, and what a run makes of it.
struct JudgedPart<'a> {
    part: Part,
    evidence: &'a Evidence,
    /// The place of each image in its file; in that of the training images for validation.
    images: Vec<u32>,
    labels: &'a [u8],
}

impl Exporter for PredictionsCsvExporter {
    fn name(&self) -> &'static str {
        "predictions.csv"
    }

    fn files<'a>(&'a self, input: ExportInput<'a>) -> ExportedFiles<'a> {
        files(self.name(), input, predictions_csv)
    }
}

impl Exporter for PredictionsNpzExporter {
    fn name(&self) -> &'static str {
        "predictions.npz"
    }

    fn files<'a>(&'a self, input: ExportInput<'a>) -> ExportedFiles<'a> {
        files(self.name(), input, |_, parts| predictions_npz(parts))
    }
}

fn files<'a>(
    name: &'static str,
    input: ExportInput<'a>,
    bytes: fn(&Records, &[JudgedPart<'_>]) -> Vec<u8>,
) -> ExportedFiles<'a> {
    let records = input.records;
    Box::new(records.runs.iter().filter_map(move |run| {
        let parts = judged_parts(records, run);
        let path = format!("{}/{name}", run.folder);
        (!parts.is_empty()).then(|| ExportedFile { path, bytes: bytes(records, &parts) })
    }))
}

/// The parts of which something is known. A part whose images are not as many as the record says is left out.
fn judged_parts<'a>(records: &'a Records, run: &'a RunRecord) -> Vec<JudgedPart<'a>> {
    let data = &records.study.data;
    let judged = |part| {
        let evidence = run.evidence(part)?;
        let (images, labels) = match part {
            Part::Validation => (data.split.validation_images.clone(), &data.split.validation_labels),
            Part::Test => ((0..data.test_labels.len() as u32).collect(), &data.test_labels),
        };
        let n = labels.len();
        let is_whole = [images.len(), evidence.predictions.len(), evidence.confidences.len()] == [n; 3];
        is_whole.then_some(JudgedPart { part, evidence, images, labels })
    };
    Part::ALL.into_iter().filter_map(judged).collect()
}

/// Columns: `part`, `image`, `label`, `prediction`, `probability` (of the predicted class), `loss` (empty where it is
/// not known), and `data_note`, which is empty unless the study's data was drawn by our own code.
fn predictions_csv(records: &Records, parts: &[JudgedPart<'_>]) -> Vec<u8> {
    let note = if records.study.data.procedural { PROCEDURAL_NOTICE } else { "" };
    let mut csv = Csv::default();
    let columns = ["part", "image", "label", "prediction", "probability", "loss", "data_note"];
    columns.into_iter().for_each(|column| csv.text(column));
    csv.end_line();
    for JudgedPart { part, evidence, images, labels } in parts {
        for (i, (image, label)) in images.iter().zip(*labels).enumerate() {
            csv.text(part.name());
            csv.count(Some(u64::from(*image)));
            csv.count(Some(u64::from(*label)));
            csv.count(Some(u64::from(evidence.predictions[i])));
            csv.single(Some(evidence.confidences[i]));
            csv.single(evidence.losses.get(i).copied());
            csv.text(note);
            csv.end_line();
        }
    }
    csv.finish().into_bytes()
}

/// Arrays of one dimension for each part: `test_image` (uint32), `test_label` and `test_prediction` (uint8),
/// `test_probability` and `test_loss` (float32), and the same for `validation`.
fn predictions_npz(parts: &[JudgedPart<'_>]) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for JudgedPart { part, evidence, images, labels } in parts {
        let images: Vec<u8> = images.iter().flat_map(|image| image.to_le_bytes()).collect();
        let [probabilities, losses] = [&evidence.confidences, &evidence.losses]
            .map(|numbers| numbers.iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<u8>>());
        let arrays: [(&str, &str, usize, &[u8]); 5] = [
            ("image", "<u4", 4, &images),
            ("label", "|u1", 1, labels),
            ("prediction", "|u1", 1, &evidence.predictions),
            ("probability", "<f4", 4, &probabilities),
            ("loss", "<f4", 4, &losses),
        ];
        for (name, kind, size, bytes) in arrays.into_iter().filter(|(.., bytes)| !bytes.is_empty()) {
            let name = format!("{}_{name}.npy", part.name());
            put(&mut archive, &name, &npy(kind, bytes.len() / size, bytes))
                .expect("memory can be written to");
        }
    }
    archive.finish().expect("memory can be written to").into_inner()
}

/// No compression, and no clock: the same numbers give the same bytes.
fn put(archive: &mut ZipWriter<Cursor<Vec<u8>>>, name: &str, bytes: &[u8]) -> zip::result::ZipResult<()> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(DateTime::default());
    archive.start_file(name, options)?;
    Ok(archive.write_all(bytes)?)
}

/// An array of one dimension in NumPy's format, version 1.0: the header is padded to a multiple of 64 bytes.
fn npy(kind: &str, n: usize, bytes: &[u8]) -> Vec<u8> {
    const BEFORE: usize = 10;
    let header = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': ({n},), }}");
    let padded = (BEFORE + header.len() + 1).next_multiple_of(64) - BEFORE;
    let mut file = b"\x93NUMPY\x01\x00".to_vec();
    file.extend((padded as u16).to_le_bytes());
    file.extend(format!("{header:<width$}\n", width = padded - 1).bytes());
    file.extend(bytes);
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `numpy.lib.format.write_array` of `numpy.array([1.0, 2.0], dtype="<f4")`, NumPy 2.4: 128 bytes before the
    /// numbers.
    #[test]
    fn an_array_is_as_numpy_writes_it() {
        let file = npy("<f4", 2, &[0, 0, 128, 63, 0, 0, 0, 64]);
        let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }";
        let expected = [b"\x93NUMPY\x01\x00v\x00".to_vec(), format!("{header:<117}\n").into_bytes()].concat();
        assert_eq!(file[..128], expected);
        assert_eq!(file[128..], [0, 0, 128, 63, 0, 0, 0, 64]);
    }
}
