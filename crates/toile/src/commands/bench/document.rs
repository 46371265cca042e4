//! What was measured, as JSON: the form is described in `docs/bench-json.md`.

use serde_json::{Map, Value, json};
use toile_lab::Clock;
use toile_nn::Stage;

use super::epochs::{Epochs, Spread};
use super::images::BenchImages;
use super::layers::{LayerStep, StagePart};
use super::line::{BenchLine, EVALUATED, Measured};
use super::peaks::Peaks;
use super::shapes::{Family, ShapeRow};
use super::{Bench, Start};
use crate::machine;

/// The version of this form.
const FORMAT: u32 = 1;

/// A study's configurations.
pub(super) fn of_study(
    bench: &Bench<'_>,
    name: &str,
    images: &BenchImages,
    start: &Start,
    peaks: &Peaks,
    lines: &[BenchLine],
) -> Value {
    let mut document = head(bench, peaks);
    document.insert("study".into(), json!(name));
    document.insert("data".into(), data(images));
    document.insert(
        "start".into(),
        json!({
            "seconds_to_data": start.seconds_to_data,
            "seconds_to_first_update": start.seconds_to_first_update,
        }),
    );
    let lines: Vec<Value> = lines.iter().map(|one| line(one, peaks)).collect();
    document.insert("configurations".into(), Value::Array(lines));
    Value::Object(document)
}

/// The fixed list of shapes.
pub(super) fn of_shapes(bench: &Bench<'_>, peaks: &Peaks, families: &[Family]) -> Value {
    let mut document = head(bench, peaks);
    let families: Vec<Value> = families.iter().map(|one| family(one, peaks)).collect();
    document.insert("shapes".into(), Value::Array(families));
    Value::Object(document)
}

fn head(bench: &Bench<'_>, peaks: &Peaks) -> Map<String, Value> {
    let fma = peaks.fma.iter().map(|fma| json!({ "threads": fma.threads, "gflops": fma.gflops }));
    let reads = peaks.reads.iter().map(|read| {
        json!({
            "level": read.level,
            "bytes_per_thread": read.bytes,
            "threads": read.threads,
            "gigabytes_per_second": read.gigabytes_per_second,
        })
    });
    let machine = json!({
        "description": machine::description(),
        "cores": machine::cores(),
        "instruction_set": toile_kernels::isa().name(),
        "bfloat16_products": toile_kernels::bf16::product_way().name(),
        "multiply_add": fma.collect::<Vec<_>>(),
        "read": reads.collect::<Vec<_>>(),
    });
    let mut document = Map::new();
    document.insert("toile".into(), json!(env!("CARGO_PKG_VERSION")));
    document.insert("format".into(), json!(FORMAT));
    document.insert("ended".into(), json!(bench.clock.timestamp()));
    document.insert("threads".into(), json!(bench.threads));
    document.insert("seconds_per_line".into(), json!(bench.seconds));
    document.insert("machine".into(), machine);
    document
}

fn data(images: &BenchImages) -> Value {
    let data = &images.data;
    json!({
        "name": data.name,
        "title": data.title,
        "source": data.source,
        "procedural": data.procedural,
        "instead_of": images.instead_of,
        "shape": data.shape,
        "train_images": images.split.train.len(),
        "test_images": data.test.len(),
    })
}

fn line(line: &BenchLine, peaks: &Peaks) -> Value {
    let measured = line.measured.as_ref();
    let epochs = |epochs: Option<&Epochs>| epochs.map_or(Value::Null, |e| self::epochs(line, e, peaks));
    json!({
        "name": line.name,
        "runs": line.runs,
        "model": line.model,
        "optimizer": line.optimizer,
        "batch_size": line.batch_size,
        "parameters": line.parameters,
        "forward_flops": line.flops[0],
        "training_flops": line.flops[1],
        "diverges": measured.is_none(),
        "all_threads": epochs(measured.map(|m| &m.all_threads)),
        "one_thread": epochs(measured.and_then(|m| m.one_thread.as_ref())),
        "side_by_side": epochs(measured.and_then(|m| m.side_by_side.as_ref())),
        "evaluation": measured.and_then(evaluation),
        "peak_memory_bytes": measured.and_then(|m| m.peak_memory),
        "seconds_to_first_update": measured.map(|m| m.first_update),
        "step": measured.map(|m| step(&m.step)),
    })
}

fn epochs(line: &BenchLine, epochs: &Epochs, peaks: &Peaks) -> Value {
    let gflops = line.gflops(epochs);
    let Spread { median, min, max } = epochs.seconds;
    json!({
        "threads": epochs.threads,
        "runs": epochs.runs,
        "epochs_timed": epochs.n,
        "batches_timed": epochs.batches[0],
        "batches_per_epoch": epochs.batches[1],
        "seconds_per_epoch": median,
        "seconds_per_epoch_min": min,
        "seconds_per_epoch_max": max,
        "gflops": gflops,
        "percent_of_peak": 100.0 * gflops / peaks.gflops(epochs.threads),
    })
}

fn evaluation(measured: &Measured) -> Option<Value> {
    let (Spread { median, min, max }, timed) = measured.evaluation?;
    Some(json!({
        "images": EVALUATED,
        "images_timed": timed,
        "seconds": median,
        "seconds_min": min,
        "seconds_max": max,
    }))
}

fn step(step: &LayerStep) -> Value {
    let layers = step.layers.iter().map(|layer| {
        json!({
            "name": layer.name,
            "output_shape": layer.output_shape,
            "algorithm": layer.algorithm,
            "forward_flops": layer.flops[0],
            "weight_gradient_flops": layer.flops[1],
            "input_gradient_flops": layer.flops[2],
        })
    });
    json!({
        "threads": 1,
        "images": step.batch,
        "steps_timed": step.steps,
        "seconds": step.seconds(),
        "layers": layers.collect::<Vec<_>>(),
        "parts": step.parts.iter().map(|one| part(step, one)).collect::<Vec<_>>(),
    })
}

fn part(step: &LayerStep, part: &StagePart) -> Value {
    json!({
        "pass": stage(part.mark.stage),
        "layer": part.mark.layer,
        "seconds": part.seconds,
        "percent": step.percent(part.seconds),
        "gflops": part.gflops(),
    })
}

fn stage(stage: Stage) -> &'static str {
    match stage {
        Stage::Gather => "gather",
        Stage::Forward => "forward",
        Stage::Loss => "loss",
        Stage::Backward => "backward",
        Stage::WeightGradient => "weight_gradient",
        Stage::Update => "update",
        Stage::Derive => "derive",
    }
}

fn family(family: &Family, peaks: &Peaks) -> Value {
    let row = |row: &ShapeRow| {
        json!({
            "name": row.name,
            "algorithm": row.algorithm,
            "batch_size": row.batch_size,
            "seconds_per_batch": row.seconds,
            "forward_gflops": row.forward,
            "backward_gflops": row.backward,
            "gflops": row.both,
            "percent_of_peak": 100.0 * row.both / peaks.gflops(1),
            "ratio_to_best": row.both / family.best(),
        })
    };
    json!({ "family": family.name, "title": family.title, "rows": family.rows.iter().map(row).collect::<Vec<_>>() })
}
