//! Writes the report of a made-up study into a folder, to look at: `cargo run -p toile-report --example sample -- DIR`,
//! with the names of some of them if not all are wanted.
//!
//! `complete`, `single`, `interrupted`, `procedural`, `searched`, `many` (200 runs of 100 epochs) and `big` (10,000
//! trials) each become an HTML and a Markdown file, and LaTeX in a folder of its own; the exports stand beside.

#[path = "../tests/common/mod.rs"]
mod common;

use std::path::PathBuf;

use toile_record::Records;
use toile_report::{
    ExportInput, Exporter, LatexExporter, history_csv, html, markdown, results_csv, results_json, trials_csv,
    view,
};

/// A name, and the records.
type Sample = (&'static str, fn() -> Records);

fn main() -> std::io::Result<()> {
    let folder =
        PathBuf::from(std::env::args_os().nth(1).ok_or_else(|| std::io::Error::other("usage: sample DIR"))?);
    std::fs::create_dir_all(&folder)?;
    let wanted: Vec<String> = std::env::args().skip(2).collect();
    let samples: [Sample; 7] = [
        ("complete", || common::records(5)),
        ("single", || common::records(1)),
        ("interrupted", || common::interrupted(3)),
        ("procedural", || common::procedural(common::records(2))),
        ("searched", || common::searched(common::records(1))),
        ("many", many),
        ("big", big),
    ];
    for (name, records) in samples {
        if !wanted.is_empty() && !wanted.iter().any(|one| one == name) {
            continue;
        }
        let records = &records();
        let view = view(records);
        std::fs::write(folder.join(format!("{name}.html")), html(&view))?;
        std::fs::write(folder.join(format!("{name}.md")), markdown(&view))?;
        std::fs::write(folder.join(format!("{name}.json")), results_json(records, &view))?;
        std::fs::write(folder.join(format!("{name}.csv")), results_csv(records))?;
        std::fs::write(folder.join(format!("{name}-trials.csv")), trials_csv(records))?;
        std::fs::write(
            folder.join(format!("{name}-history.csv")),
            history_csv(&records.study, &records.runs[0]),
        )?;
        for file in LatexExporter.files(ExportInput { records, view: &view }) {
            let path = folder.join(name).join(file.path);
            std::fs::create_dir_all(path.parent().unwrap_or(&folder))?;
            std::fs::write(path, file.bytes)?;
        }
    }
    Ok(())
}

/// Two hundred runs of a hundred epochs.
fn many() -> Records {
    let mut records = common::records(1);
    let known = records.runs.clone();
    let run = |i: usize| {
        let mut run = known[i % known.len()].clone();
        run.name = format!("Run {}", i + 1);
        run.id = format!("{:064x}", i + 1);
        run.position = i;
        let last = run.epochs.last().cloned();
        for epoch in run.epochs.len()..100 {
            let mut row = last.unwrap_or_default();
            row.epoch = epoch + 1;
            row.val_accuracy = row.val_accuracy.map(|value| value - 1e-5 * (i + epoch) as f64);
            run.epochs.push(row);
        }
        run
    };
    records.runs = (0..200).map(run).collect();
    records
}

/// Ten thousand trials.
fn big() -> Records {
    let mut records = common::records(1);
    let search = common::searches::search("big", 0, common::searches::tpe(), 10_000, 0.8, true);
    records.searches = vec![search];
    records
}
