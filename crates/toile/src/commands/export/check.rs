//! What an exported network makes of images, held against the engine and against the recorded predictions.

use toile_data::{DataSet, LabelledImages};
use toile_exchange::onnx::OnnxGraph;
use toile_nn::{DtypePolicy, ImageShape, Layer, Model, Tensor, predict};
use toile_record::Part;
use toile_rng::Seed;

use crate::args::DataArgs;
use crate::commands::trained::TrainedNetwork;
use crate::failure::Failure;
use crate::machine;
use crate::source::StudySource;
use crate::terminal::{count, plural};

/// At most so many images are computed.
const MOST_IMAGES: usize = 1000;

/// A network for which so many images take longer than some ten seconds is computed on fewer: operations of one pass.
const MOST_FLOPS: u64 = 20_000_000_000;

/// Another program's probabilities differ from the engine's by rounding alone: no more than this.
const TOLERANCE: f64 = 5e-6;

/// Images to check an export on, with what the engine makes of them.
pub(super) enum Sample {
    /// There are none: why.
    None(String),
    /// Bytes of whole images, and the engine's probabilities in 32-bit floats; in which numbers it gave the recorded
    /// predictions, if there are such.
    Images { part: Part, images: Vec<u8>, engine: Vec<f32>, n: usize, recorded: Option<DtypePolicy> },
}

/// What came of a check.
pub(super) enum Checked {
    /// The largest difference of a probability from the engine's, and of how many images the most probable class is
    /// another.
    Computed { largest: f64, other_class: usize },
    /// A network that was built of what was read back gives the same bits.
    SameBits,
    /// Every weight was read back to the same bits; the code around them was not run.
    SameWeights,
    /// In whole numbers it is another network: how often it and the engine are right, and how often they say the same.
    Accuracy { part: Part, n: usize, whole: f64, float: f64, same: usize },
    /// It was not run.
    Not,
}

impl Sample {
    /// The first test images, or, while the test part is sealed, the first training images.
    ///
    /// # Errors
    /// If the weights do not give the recorded predictions.
    pub(super) fn of(network: &TrainedNetwork, args: &DataArgs) -> Result<Sample, Failure> {
        let study = &network.records.study;
        let source = StudySource::from_text("the recorded study file".into(), study.file.clone());
        let data = match source.load_at_hand(&network.settings.data, args) {
            Ok(Some(data)) if data.fingerprint == study.data.fingerprint => data,
            Ok(Some(_)) => return Ok(Sample::None("the data here are not those of the study".into())),
            Ok(None) => return Ok(Sample::None("the data are not on this machine".into())),
            Err(failure) => return Ok(Sample::None(failure.message().to_owned())),
        };
        let test = network.run().test.as_ref();
        let (part, images) = open_part(network, &data);
        let n = images.len().min(MOST_IMAGES).min(affordable(network, MOST_FLOPS));
        let images = images.images[..n * data.image_len()].to_vec();
        let engine = predict(&network.model, &images, machine::cores());
        let recorded = test.is_some_and(|test| test.confidences.len() == data.test.len());
        if let Some(test) = test.filter(|_| recorded) {
            let classes = network.model.classes();
            for (i, row) in engine.chunks(classes).enumerate() {
                let found = row.get(usize::from(test.predictions[i])).map(|p| p.to_bits());
                if found != Some(test.confidences[i].to_bits()) {
                    return Err(Failure::new(format!(
                        "{}: its weights do not give the recorded prediction of test image {i}",
                        network.name()
                    ))
                    .help("`toile verify` says what of the study is not as it was written"));
                }
            }
        }
        let policy = network.model.dtype_policy();
        // What is exported computes in 32-bit floats.
        let engine = match policy {
            DtypePolicy::Float32 => engine,
            DtypePolicy::MixedBfloat16 => {
                let exported = network.model.clone().with_dtype_policy(DtypePolicy::Float32);
                predict(&exported, &images, machine::cores())
            }
        };
        Ok(Sample::Images { part, images, engine, n, recorded: recorded.then_some(policy) })
    }
}

/// Computes a graph that was read back, in f64.
///
/// # Errors
/// If it is another network.
pub(super) fn graph(graph: &OnnxGraph, sample: &Sample) -> Result<Checked, Failure> {
    let Sample::Images { images, engine, n, .. } = sample else { return Ok(Checked::Not) };
    let found = graph.run(images, machine::cores())?;
    compared(&found, engine, *n)
}

/// What is read back is not what was exported: nothing is written.
pub(super) fn not_written(what: &str) -> Failure {
    Failure::new(format!("the export was not written: read back, {what}"))
        .help("please report this with the study's file: it is a fault of toile")
}

/// The bits of numbers: equal where the numbers are, NaN too.
pub(super) fn bits(values: &[f32]) -> impl Iterator<Item = u32> {
    values.iter().map(|value| value.to_bits())
}

/// Builds a network of what was read back, and lets the engine compute it: the same bits, or it is another network.
///
/// # Errors
/// If it is another network.
pub(super) fn network(
    layers: &[Layer],
    image: ImageShape,
    tensors: &[Tensor],
    sample: &Sample,
) -> Result<Checked, Failure> {
    let mut model =
        Model::build(layers, image, Seed::new(0)).map_err(|error| not_written(&error.to_string()))?;
    model.set_weights(tensors).map_err(|error| not_written(&error.to_string()))?;
    let Sample::Images { images, engine, .. } = sample else { return Ok(Checked::Not) };
    match bits(&predict(&model, images, machine::cores())).eq(bits(engine)) {
        true => Ok(Checked::SameBits),
        false => Err(not_written("it gives other probabilities")),
    }
}

/// Holds weights that were read back against the network's, in their order.
///
/// # Errors
/// If a bit differs.
pub(super) fn weights(read: &[(String, Vec<f32>)], own: &[Tensor]) -> Result<Checked, Failure> {
    let is_same = |((_, read), own): (&(String, Vec<f32>), &Tensor)| bits(read).eq(bits(&own.values));
    match read.len() == own.len() && read.iter().zip(own).all(is_same) {
        true => Ok(Checked::SameWeights),
        false => Err(not_written("it has other weights")),
    }
}

/// Holds another computation's probabilities against the engine's.
pub(super) fn compared(found: &[f64], engine: &[f32], n: usize) -> Result<Checked, Failure> {
    // Where both are NaN the network has diverged; NaN of one alone is a difference.
    let difference = |(a, b): (&f64, &f32)| match (a.is_nan(), b.is_nan()) {
        (true, true) => 0.0,
        (false, false) => (a - f64::from(*b)).abs(),
        _ => f64::INFINITY,
    };
    let largest = found.iter().zip(engine).map(difference).fold(0.0, f64::max);
    if found.len() != engine.len() || largest > TOLERANCE {
        return Err(not_written(&format!(
            "it gives probabilities that differ by up to {largest:.1e}, allowed are {TOLERANCE:.0e}"
        )));
    }
    let classes = (engine.len() / n.max(1)).max(1);
    let rows = found.chunks(classes).zip(engine.chunks(classes));
    let differs = |(a, b): &(&[f64], &[f32])| most_probable(a) != most_probable(b);
    Ok(Checked::Computed { largest, other_class: rows.filter(differs).count() })
}

/// While the test part is sealed, the first training images stand in for it.
fn part_name(part: Part) -> &'static str {
    match part {
        Part::Test => "test",
        Part::Validation => "training",
    }
}

/// The images on which an export may be computed: those of the test, or, while it is sealed, of the training.
pub(super) fn open_part<'d>(network: &TrainedNetwork, data: &'d DataSet) -> (Part, &'d LabelledImages) {
    match network.run().test {
        Some(_) => (Part::Test, &data.test),
        None => (Part::Validation, &data.train),
    }
}

/// How many images take so many operations in one pass; at least one.
pub(super) fn affordable(network: &TrainedNetwork, operations: u64) -> usize {
    let (forward, _) = network.model.flops();
    (operations / forward.max(1)).max(1) as usize
}

/// The place of the largest number; of equals the first.
pub(super) fn most_probable<T: PartialOrd>(row: &[T]) -> usize {
    (1..row.len()).fold(0, |best, i| if row[i] > row[best] { i } else { best })
}

impl Checked {
    /// In words.
    pub(super) fn told(&self, sample: &Sample) -> String {
        match (self, sample) {
            (Checked::SameWeights, _) => {
                "the weights read back, bit for bit; the code was not run: compile it with -DTOILE_MAIN to try it".into()
            }
            (Checked::Accuracy { part, n, whole, float, same }, _) => format!(
                "read back and computed on {} {} images: accuracy {whole:.4}, {float:.4} in float; the same class on {}",
                count(*n as u64),
                part_name(*part),
                count(*same as u64)
            ),
            (_, Sample::None(why)) => format!("unchecked: {why}"),
            (checked, Sample::Images { part, n, recorded, .. }) => {
                let part = part_name(*part);
                let recorded = match recorded {
                    None => "",
                    Some(DtypePolicy::Float32) => ", whose predictions are the recorded ones",
                    Some(DtypePolicy::MixedBfloat16) => ", which in mixed_bfloat16 gives the recorded predictions",
                };
                checked.on(&format!("{} {part} images", count(*n as u64)), recorded)
            }
        }
    }

    fn on(&self, images: &str, recorded: &str) -> String {
        match self {
            Checked::Not | Checked::SameWeights | Checked::Accuracy { .. } => "unchecked".into(),
            Checked::SameBits => {
                format!("read back and computed on {images}: the same bits as the engine's{recorded}")
            }
            Checked::Computed { largest, other_class } => format!(
                "read back and computed in f64 on {images}: probabilities within {largest:.1e} of the \
                 engine's{recorded}; the most probable class is another on {}",
                plural(*other_class, "image", "images")
            ),
        }
    }
}
