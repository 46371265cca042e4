//! What was measured of the layers of a run: units that do nothing, gradients, weights, updates.

use toile_record::LayerRecord;

use super::{SectionTable, TableCell, TableColumn};
use crate::format::{count, percent_short, plural, significant};
use crate::text;
use crate::view::{MeasuredLayers, NAME_LENGTH, RunGroup};

/// More rows are left to `results.json`.
const MOST_ROWS: usize = 200;

/// The table; `None` if nothing was measured.
pub(super) fn table(group: &RunGroup) -> Option<SectionTable> {
    let measured = group.measured.as_ref()?;
    let all: Vec<(&LayerRecord, usize)> = rows(measured);
    let [has_dead, has_saturated] = [has(&all, |layer| layer.dead), has(&all, |layer| layer.saturated)];
    let optional = |is_there: bool, title: &str| is_there.then(|| TableColumn::numeric(title));
    let columns = [TableColumn::row_name("Layer"), TableColumn::numeric("Epoch")]
        .into_iter()
        .chain(optional(has_dead, "Dead units"))
        .chain(optional(has_saturated, "Saturated units"))
        .chain(["Gradient RMS", "Weight RMS", "Update / weight"].map(TableColumn::numeric))
        .collect();
    let row = |(layer, epoch): &(&LayerRecord, usize)| {
        let idle = |is_there: bool, idle: Option<usize>| is_there.then(|| idle_units(idle, layer.units));
        [TableCell::text(text::name(&layer.layer, NAME_LENGTH)), TableCell::count(Some(*epoch as u64))]
            .into_iter()
            .chain(idle(has_dead, layer.dead))
            .chain(idle(has_saturated, layer.saturated))
            .chain([layer.gradient_rms, layer.weight_rms, layer.update_ratio()].map(number))
            .collect()
    };
    let shown: Vec<Vec<TableCell>> = all.iter().take(MOST_ROWS).map(row).collect();
    let more = all.len().saturating_sub(MOST_ROWS);
    let more = (more > 0).then(|| format!("{} more are in results.json.", plural(more, "row", "rows")));
    Some(SectionTable {
        notes: std::iter::once(how(measured)).chain(more).collect(),
        is_narrow: false,
        ..SectionTable::folded("Layers", caption(measured), columns, shown)
    })
}

/// Each layer after each measured epoch, the epochs of a layer one after the other.
fn rows(measured: &MeasuredLayers) -> Vec<(&LayerRecord, usize)> {
    let most = measured.epochs.iter().map(|epoch| epoch.layers.len()).max().unwrap_or(0);
    let of =
        |i: usize| measured.epochs.iter().filter_map(move |after| Some((after.layers.get(i)?, after.epoch)));
    (0..most).flat_map(of).collect()
}

fn has(rows: &[(&LayerRecord, usize)], of: impl Fn(&LayerRecord) -> Option<usize>) -> bool {
    rows.iter().any(|(layer, _)| of(layer).is_some())
}

/// `3 of 32 (9.38 %)`
fn idle_units(idle: Option<usize>, units: usize) -> TableCell {
    let Some(idle) = idle.filter(|_| units > 0) else { return TableCell::none() };
    let share = idle as f64 / units as f64;
    let part = if idle == 0 { String::new() } else { format!(" ({})", percent_short(share)) };
    TableCell::number(share, format!("{} of {}{part}", count(idle as u64), count(units as u64)))
}

fn number(value: Option<f64>) -> TableCell {
    TableCell::maybe(value, significant)
}

fn caption(measured: &MeasuredLayers) -> String {
    format!("What was measured of the layers of seed {} while it trained.", measured.seed)
}

fn how(measured: &MeasuredLayers) -> String {
    let (images, batch) =
        measured.epochs.last().map_or((0, 0), |epoch| (epoch.images, epoch.gradient_images));
    format!(
        "Of {}: a ReLU unit is dead if it is zero on all of them, a sigmoid or tanh unit is saturated if its derivative is \
         below 0.01 on more than 90 % of them. The gradient is that of the loss of {} without dropout. RMS is the root of \
         the mean square. Update: what the epoch's last step added to the weights.",
        plural(images, "training image", "training images"),
        plural(batch, "image", "images")
    )
}
