//! An ONNX file in whole numbers of 8 bits, with what that costs in accuracy.

use toile_data::DataSet;
use toile_exchange::{InputKind, onnx};
use toile_nn::predict;

use super::Exported;
use super::check::{Checked, affordable, most_probable, open_part};
use super::data;
use crate::args::ExportArgs;
use crate::commands::trained::TrainedNetwork;
use crate::failure::Failure;
use crate::machine;

/// Training images that show the ranges of the values.
const SHOWN: usize = 500;

/// A network for which all test images take longer than some minutes is computed on fewer: operations of one pass.
const MOST_FLOPS: u64 = 100_000_000_000;

/// The file, read back and computed on test images (on training images, while the test part is sealed).
///
/// # Errors
/// If the data are not at hand, or a value of the network is not a finite number.
pub(super) fn exported(
    args: &ExportArgs,
    network: &TrainedNetwork,
    input: InputKind,
) -> Result<Exported, Failure> {
    let data =
        data::of_run(args, network, "the ranges of the network's values are those of training images")?;
    let split = toile_lab::split_of(&network.settings.validation_split, &data)?;
    let shown = split.train.iter().take(SHOWN);
    let shown: Vec<u8> =
        shown.flat_map(|i| data.train.image(*i as usize, data.image_len())).copied().collect();
    let (described, facts) = (network.model.describe(), network.facts());
    let bytes = onnx::to_onnx_int8(&described, &facts, input, &shown, machine::cores())?;
    let checked = checked(network, &data, &bytes)?;
    let form = format!("ONNX, opset {}, int8", onnx::OPSET);
    Ok(Exported { form, files: vec![(args.out.clone(), bytes)], checked, optimizer: None })
}

fn checked(network: &TrainedNetwork, data: &DataSet, bytes: &[u8]) -> Result<Checked, Failure> {
    let (part, images) = open_part(network, data);
    let n = images.len().min(affordable(network, MOST_FLOPS));
    let (pixels, labels) = (&images.images[..n * data.image_len()], &images.labels[..n]);
    let classes = network.model.classes();
    let whole = onnx::from_onnx(bytes)?.run(pixels, machine::cores())?;
    let whole: Vec<usize> = whole.chunks(classes).map(most_probable).collect();
    let float = predict(&network.model, pixels, machine::cores());
    let float: Vec<usize> = float.chunks(classes).map(most_probable).collect();
    let right = |found: &[usize]| {
        let hits = found.iter().zip(labels).filter(|(found, label)| **found == usize::from(**label)).count();
        hits as f64 / n.max(1) as f64
    };
    let same = whole.iter().zip(&float).filter(|(a, b)| a == b).count();
    Ok(Checked::Accuracy { part, n, whole: right(&whole), float: right(&float), same })
}
