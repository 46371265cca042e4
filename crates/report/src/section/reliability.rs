//! Whether a run is as often right as it says: the diagram, and its numbers where nothing can be drawn.

use toile_stats::CalibrationBin;

use super::{SectionFigure, SectionTable, TableCell, TableColumn};
use crate::chart::{self, ReliabilityChart};
use crate::format;
use crate::view::{BINS, RunGroup};

/// The figure; `None` where the confidences are not known.
pub(super) fn figure(group: &RunGroup, procedural: bool) -> Option<SectionFigure> {
    let reliability = group.reliability.as_ref()?;
    let svg = chart::reliability(&ReliabilityChart {
        title: format!("Reliability of {}", group.name),
        bins: &reliability.together.bins,
        all_bins: BINS,
        seeds: reliability.seeds(),
        procedural,
    })?;
    let seeds = match reliability.seeds() {
        1 => String::new(),
        n => format!(", {n} seeds together"),
    };
    let images = format::count(reliability.images as u64);
    let caption = format!(
        "Reliability on the {images} {} images{seeds}. {} {}",
        reliability.part.name(),
        reliability.sentence(),
        reliability.numbers()
    );
    Some(SectionFigure {
        table: Some(table(&caption, &reliability.together.bins)),
        ..SectionFigure::half(svg, caption)
    })
}

fn table(caption: &str, bins: &[CalibrationBin]) -> SectionTable {
    let columns = ["Mean confidence", "Share right", "Images"].map(TableColumn::numeric);
    let row = |bin: &CalibrationBin| {
        vec![
            TableCell::number(bin.confidence, format!("{:.3}", bin.confidence)),
            TableCell::number(bin.accuracy, format!("{:.3}", bin.accuracy)),
            TableCell::count(Some(bin.images as u64)),
        ]
    };
    SectionTable::new(caption, columns.to_vec(), bins.iter().map(row).collect())
}
