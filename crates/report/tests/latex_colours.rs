//! The colours of figures as LaTeX: each is defined in the preamble.

use crate::common;

use std::collections::BTreeSet;

use toile_report::{ExportInput, Exporter, LatexExporter, view};

/// A colour that a chart has from its run was undefined, and stopped LaTeX.
#[test]
fn every_colour_of_a_figure_is_defined() {
    let records = common::searched(common::records(2));
    let view = view(&records);
    let files = LatexExporter.files(ExportInput { records: &records, view: &view });
    let files: Vec<(String, String)> = files
        .filter(|file| file.path.ends_with(".tex"))
        .map(|file| (file.path, String::from_utf8(file.bytes).expect("UTF-8")))
        .collect();
    let (_, preamble) = files.iter().find(|(path, _)| path == "latex/preamble.tex").expect("a preamble");
    let mut found = BTreeSet::new();
    for (path, text) in files.iter().filter(|(path, _)| path.contains("/figures/")) {
        for key in ["draw=", "fill=", "text="] {
            for value in text.split(key).skip(1) {
                let name = value.split([',', '}', ']']).next().unwrap_or_default();
                if name.starts_with("toile") {
                    assert!(preamble.contains(&format!("\\definecolor{{{name}}}")), "{path}: {name}");
                    found.insert(name.to_owned());
                }
            }
        }
    }
    assert!(found.len() > 3, "{found:?}");
}
