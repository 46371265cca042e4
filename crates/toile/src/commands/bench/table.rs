//! What was measured, as tables.

use console::Style;
use toile_nn::{DtypePolicy, Stage};
use toile_report::format::terminal::{binary_bytes, milliseconds, seconds};

use super::Start;
use super::epochs::Epochs;
use super::images::BenchImages;
use super::layers::{LayerStep, StagePart};
use super::line::{BenchLine, EVALUATED, Measured};
use super::peaks::Peaks;
use super::shapes::{Family, ShapeRow};
use crate::machine;
use crate::terminal::{Align, Table, bytes, count};
use Align::{Left, Right};

/// The machine: what it is, and its best.
pub(super) fn machine(peaks: &Peaks) -> String {
    let arithmetic = DtypePolicy::MixedBfloat16.arithmetic(toile_kernels::isa().name());
    let mut text = format!("{}, {arithmetic}\n\n", machine::description());
    let heads: Vec<String> = peaks.fma.iter().map(|fma| threads(fma.threads)).collect();
    let mut columns = vec![("at best", Left), ("", Left)];
    columns.extend(heads.iter().map(|head| (head.as_str(), Right)));
    let mut table = Table::new(&columns);
    let row = |what: String, unit: &str, numbers: Vec<String>| {
        [what, unit.to_owned()].into_iter().chain(numbers).collect::<Vec<_>>()
    };
    let fma = peaks.fma.iter().map(|fma| format!("{:.1}", fma.gflops)).collect();
    table.row(row("multiply-add in registers".into(), "GFLOP/s", fma));
    for level in peaks.reads.chunk_by(|a, b| a.level == b.level) {
        let what = format!("reading {} ({} a thread)", level[0].level, binary_bytes(level[0].bytes));
        let speeds = level.iter().map(|read| format!("{:.1}", read.gigabytes_per_second)).collect();
        table.row(row(what, "GB/s", speeds));
    }
    text += &table.render();
    text
}

fn threads(n: usize) -> String {
    format!("{n} thread{}", if n == 1 { "" } else { "s" })
}

/// A study's configurations, and each one's step.
pub(super) fn study(
    name: &str,
    images: &BenchImages,
    start: &Start,
    peaks: &Peaks,
    lines: &[BenchLine],
) -> String {
    let mut text =
        head(name, images, start) + &machine(peaks) + "\n" + &configurations(peaks, lines).render();
    text += &remarks(lines);
    for line in lines {
        if let Some(measured) = &line.measured {
            text += &step_title(line, measured);
            text += &step(measured).render();
        }
    }
    text
}

fn head(name: &str, images: &BenchImages, start: &Start) -> String {
    let [height, width, channels] = images.data.shape;
    let n = count(images.split.train.len() as u64);
    let mut text = format!("{name}: {n} images of {height}x{width}x{channels} an epoch\n");
    // Drawn images say in their title where they are from.
    let from = if images.data.procedural { String::new() } else { format!(", from {}", images.data.source) };
    text += &format!("data     {}{from}\n", images.data.title);
    if let Some(wanted) = &images.instead_of {
        text += &format!("         in place of {wanted}, which is not on this machine\n");
    }
    let (update, data) = (seconds(start.seconds_to_first_update), seconds(start.seconds_to_data));
    text += &format!("start    {update} s to the end of the first update, {data} s of it to the data\n");
    text + "machine  "
}

fn configurations(peaks: &Peaks, lines: &[BenchLine]) -> Table {
    let mut table = Table::new(&[
        ("configuration", Left),
        ("s/epoch", Right),
        ("min", Right),
        ("max", Right),
        ("GFLOP/s", Right),
        ("% of peak", Right),
        ("1 thread", Right),
        ("side by side", Right),
        ("evaluation", Right),
        ("memory", Right),
        ("first update", Right),
    ]);
    table.bind(&[2, 3, 5]);
    for line in lines {
        let cells = line.measured.as_ref().map_or_else(|| vec!["diverges".into()], |m| cells(line, m, peaks));
        table.row(std::iter::once(line.name.clone()).chain(cells));
    }
    table
}

fn cells(line: &BenchLine, measured: &Measured, peaks: &Peaks) -> Vec<String> {
    let all = &measured.all_threads;
    let gflops = line.gflops(all);
    let brief = |epochs: &Option<Epochs>| epochs.as_ref().map_or_else(String::new, epoch);
    vec![
        epoch(all),
        seconds(all.seconds.min),
        seconds(all.seconds.max),
        format!("{gflops:.1}"),
        format!("{:.1}", 100.0 * gflops / peaks.gflops(all.threads)),
        brief(&measured.one_thread),
        brief(&measured.side_by_side),
        measured.evaluation.map_or_else(String::new, |(time, _)| seconds(time.median)),
        measured.peak_memory.map_or_else(String::new, bytes),
        seconds(measured.first_update),
    ]
}

/// The median; a `*` where a part of the batches stands for all.
fn epoch(epochs: &Epochs) -> String {
    let scaled = if epochs.batches[0] < epochs.batches[1] { "*" } else { "" };
    seconds(epochs.seconds.median) + scaled
}

/// What the columns say, and which lines are not whole epochs.
fn remarks(lines: &[BenchLine]) -> String {
    let dim = Style::new().dim();
    let images = count(EVALUATED as u64);
    let mut remarks = vec![
        "Seconds. s/epoch: the training part of an epoch, the median of those after the".to_owned(),
        "first. GFLOP/s: operations by definition (a multiply-add is two); Winograd's".into(),
        "algorithm needs fewer, so a convolutional model may pass the peak. side by".into(),
        format!("side: two runs at once, per epoch of one. evaluation: {images} images. memory:"),
        "the whole process, data included. first update: from nothing but the data.".into(),
    ];
    let scaled: Vec<String> = lines.iter().filter_map(scaled).collect();
    if !scaled.is_empty() {
        remarks.push("* by a part of the epoch's batches:".into());
        remarks.extend(scaled);
    }
    let remarks: String = remarks.iter().map(|remark| format!("{}\n", dim.apply_to(remark))).collect();
    format!("\n{remarks}")
}

fn scaled(line: &BenchLine) -> Option<String> {
    let measured = line.measured.as_ref()?;
    let others = [("1 thread", &measured.one_thread), ("side by side", &measured.side_by_side)];
    let others = others.into_iter().filter_map(|(name, epochs)| Some((name, epochs.as_ref()?)));
    let parts: Vec<String> = std::iter::once(("s/epoch", &measured.all_threads))
        .chain(others)
        .filter(|(_, epochs)| epochs.batches[0] < epochs.batches[1])
        .map(|(name, epochs)| format!("{name} {} of {}", epochs.batches[0], epochs.batches[1]))
        .collect();
    (!parts.is_empty()).then(|| format!("  {}: {}", line.name, parts.join(", ")))
}

fn step_title(line: &BenchLine, measured: &Measured) -> String {
    let title = Style::new().bold().apply_to(&line.name).to_string();
    let images = count(measured.step.batch as u64);
    format!("\n{title}: one step of {images} images on one thread, in ms\n")
}

/// A step as an epoch on one thread has it, where such an epoch was timed: what the pieces are to be held against.
fn step_of_epoch(measured: &Measured) -> Option<f64> {
    let alone = measured.one_thread.as_ref().unwrap_or(&measured.all_threads);
    (alone.threads == 1).then(|| alone.seconds.median / alone.batches[1] as f64)
}

/// A row per layer, then what belongs to no layer.
fn step(measured: &Measured) -> Table {
    let step = &measured.step;
    let mut table = Table::new(&[
        ("layer", Left),
        ("output", Left),
        ("how", Left),
        ("ms", Right),
        ("%", Right),
        ("forward", Right),
        ("%", Right),
        ("GFLOP/s", Right),
        ("backward", Right),
        ("%", Right),
        ("GFLOP/s", Right),
        ("weights", Right),
        ("%", Right),
        ("GFLOP/s", Right),
    ]);
    table.bind(&[2, 4, 6, 7, 9, 10, 12, 13]);
    for (i, layer) in step.layers.iter().enumerate() {
        let all = step.seconds_of(|mark| mark.layer == Some(i));
        if all == 0.0 && layer.algorithm.is_none() {
            continue;
        }
        let algorithm = layer.algorithm.clone().unwrap_or_default();
        let named = [layer.name.clone(), output(&layer.output_shape), algorithm];
        if all == 0.0 {
            // Part of another layer's pass.
            table.row(named);
            continue;
        }
        let passes = [Stage::Forward, Stage::Backward, Stage::WeightGradient];
        let passes = passes.into_iter().flat_map(|stage| pass(step, step.part(stage, i)));
        table.row(named.into_iter().chain(time(step, all)).chain(passes));
    }
    for (name, stage) in [
        ("images", Stage::Gather),
        ("loss", Stage::Loss),
        ("optimizer", Stage::Update),
        ("derived weights", Stage::Derive),
    ] {
        let all = step.seconds_of(|mark| mark.stage == stage && mark.layer.is_none());
        if all > 0.0 {
            table.row([name.into(), String::new(), String::new()].into_iter().chain(time(step, all)));
        }
    }
    table.row(["all".into(), String::new(), String::new()].into_iter().chain(time(step, step.seconds())));
    if let Some(seconds) = step_of_epoch(measured) {
        table.row(["in an epoch".into(), String::new(), String::new(), milliseconds(seconds)]);
    }
    table
}

fn time(step: &LayerStep, seconds: f64) -> [String; 2] {
    [milliseconds(seconds), format!("{:.1}", step.percent(seconds))]
}

/// A pass of a layer: milliseconds, percent of the step, GFLOP/s.
fn pass(step: &LayerStep, part: Option<&StagePart>) -> [String; 3] {
    let Some(part) = part else { return Default::default() };
    let [time, percent] = time(step, part.seconds);
    [time, percent, part.gflops().map_or_else(String::new, |gflops| format!("{gflops:.0}"))]
}

/// `(None, 24, 24, 64)` as `24x24x64`.
fn output(shape: &str) -> String {
    shape.trim_start_matches("(None, ").trim_end_matches(')').replace(", ", "x")
}

/// Families of shapes, each a table.
pub(super) fn shapes(families: &[Family], peaks: &Peaks) -> String {
    let bold = Style::new().bold();
    let peak = peaks.gflops(1);
    let mut text = String::new();
    for family in families {
        text += &format!("\n{}, one thread, GFLOP/s\n", bold.apply_to(&family.title));
        let mut table = Table::new(&[
            ("layer", Left),
            ("how", Left),
            ("forward", Right),
            ("backward", Right),
            ("both", Right),
            ("% peak", Right),
            ("of best", Right),
        ]);
        family.rows.iter().for_each(|row| table.row(shape(row, peak, family.best())));
        text += &table.render();
    }
    text + "\nGFLOP/s: operations by definition (a multiply-add is two); Winograd's algorithm\nneeds fewer. both: forward and backward of one batch. No optimizer is in it.\n"
}

fn shape(row: &ShapeRow, peak: f64, best: f64) -> [String; 7] {
    let number = |gflops: f64| format!("{gflops:.0}");
    [
        row.name.clone(),
        row.algorithm.clone().unwrap_or_default(),
        number(row.forward),
        number(row.backward),
        number(row.both),
        number(100.0 * row.both / peak),
        format!("{:.2}", row.both / best),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_output_shape_has_no_batch() {
        assert_eq!(output("(None, 24, 24, 64)"), "24x24x64");
    }
}
