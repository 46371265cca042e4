//! A model of a plan: how each of its layers is computed, and what it costs.

use console::Style;
use toile_nn::{Layer, SummaryRow};
use toile_study::non_default_layer;

use super::RunSummary;
use super::settings::toml_text;
use crate::terminal::{Align, Table, bytes, count, flops};

/// A line on the model, a row per layer, and the settings of those that have some of their own.
pub(super) fn rendered(name: &str, layers: &[Layer], summary: &RunSummary) -> String {
    let bold = Style::new().bold();
    let (forward, training) = summary.flops;
    let mut text = format!(
        "\n{} {}: {} parameters; per image {}, training {}\n",
        bold.apply_to("model"),
        bold.apply_to(name),
        count(summary.table.total() as u64),
        flops(forward as f64),
        flops(training as f64),
    );
    text += &table(&summary.table.rows).render();
    for (row, layer) in summary.table.rows.iter().zip(layers) {
        let non_default = non_default_layer(layer);
        let settings = non_default.as_object().and_then(|map| map.values().next()?.as_object());
        let settings: Vec<String> = settings
            .into_iter()
            .flatten()
            .map(|(key, value)| format!("{key} = {}", toml_text(value)))
            .collect();
        if !settings.is_empty() {
            text += &format!("{}: {}\n", row.name, settings.join(", "));
        }
    }
    text
}

fn table(rows: &[SummaryRow]) -> Table {
    use Align::{Left, Right};
    let mut table = Table::new(&[
        ("layer", Left),
        ("output", Left),
        ("params", Right),
        ("algorithm", Left),
        ("per image", Right),
        ("memory", Right),
    ]);
    let unless_zero = |n: usize, text: String| if n == 0 { String::new() } else { text };
    for row in rows {
        table.row([
            row.name.clone(),
            output(&row.output_shape),
            count(row.parameters as u64),
            row.algorithm.clone().unwrap_or_default(),
            unless_zero(row.flops as usize, flops(row.flops as f64)),
            unless_zero(row.output_bytes, bytes(row.output_bytes as u64)),
        ]);
    }
    table
}

/// `(None, 24, 24, 64)` becomes `24x24x64`.
fn output(shape: &str) -> String {
    shape.trim_matches(['(', ')']).trim_start_matches("None, ").replace(", ", "x")
}

#[cfg(test)]
mod tests {
    #[test]
    fn an_output_is_shown_without_its_batch() {
        assert_eq!(super::output("(None, 24, 24, 64)"), "24x24x64");
        assert_eq!(super::output("(None, 10)"), "10");
    }
}
