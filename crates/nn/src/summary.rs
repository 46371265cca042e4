//! A model as a table, in the form of Keras' `summary()`.

use std::fmt;

use crate::{Layer, Model};

/// One layer of a summary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SummaryRow {
    /// `conv2d_1`: the class in snake case, numbered from the second on.
    pub name: String,
    /// `Conv2D`
    pub class_name: &'static str,
    /// `(None, 24, 24, 64)`
    pub output_shape: String,
    /// Values of all its tensors.
    pub parameters: usize,
    /// How it is computed, where that follows from its shape: `direct`, `Winograd F(4×4, 3×3)`, `with conv2d_1` for a
    /// pooling that the convolution before it takes in.
    pub algorithm: Option<String>,
}

/// Layers and counts of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// One row per layer.
    pub rows: Vec<SummaryRow>,
    /// Parameters that training moves.
    pub trainable: usize,
    /// Parameters that it does not: moving averages.
    pub non_trainable: usize,
}

impl Summary {
    /// All parameters.
    pub fn total(&self) -> usize {
        self.trainable + self.non_trainable
    }
}

impl Model {
    /// The table of layers, output shapes and parameter counts.
    pub fn summary(&self) -> Summary {
        let mut seen = std::collections::HashMap::<&str, usize>::new();
        let mut rows = Vec::<SummaryRow>::new();
        let algorithms = self.program(1).algorithms();
        for (i, layer) in self.layers.iter().enumerate() {
            let count = seen.entry(layer.name()).or_insert(0);
            let name = if *count == 0 { layer.name().into() } else { format!("{}_{count}", layer.name()) };
            *count += 1;
            let own = algorithms.iter().find(|(layer, _)| *layer == i);
            let taken_in = || Some(format!("with {}", rows.last()?.name));
            let algorithm = match (layer, own) {
                (_, Some((_, algorithm))) => algorithm.clone(),
                (Layer::MaxPooling2D(_), None) => taken_in(),
                (_, None) => None,
            };
            rows.push(SummaryRow {
                algorithm,
                name,
                class_name: layer.class_name(),
                output_shape: self.shapes[i + 1].to_string(),
                parameters: self.parameters[i].iter().map(|p| p.range.len()).sum(),
            });
        }
        let count = |trainable: bool| {
            let all = self.parameters.iter().flatten().filter(|p| p.wanted.trainable == trainable);
            all.map(|p| p.range.len()).sum()
        };
        Summary { rows, trainable: count(true), non_trainable: count(false) }
    }
}

/// Keras' look: a box of three columns, thousands separated, sizes as in `(1.42 MB)`.
impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first: Vec<_> =
            self.rows.iter().map(|row| format!("{} ({})", row.name, row.class_name)).collect();
        let counts: Vec<_> = self.rows.iter().map(|row| thousands(row.parameters)).collect();
        let widest =
            |head: &str, cells: &mut dyn Iterator<Item = usize>| cells.max().unwrap_or(0).max(head.len());
        let a = widest("Layer (type)", &mut first.iter().map(|s| s.len())).max(31);
        let b = widest("Output Shape", &mut self.rows.iter().map(|r| r.output_shape.len())).max(22);
        let c = widest("Param #", &mut counts.iter().map(|s| s.len())).max(13);
        let line = |left: &str, bar: &str, mid: &str, right: &str| {
            format!("{left}{}{mid}{}{mid}{}{right}", bar.repeat(a + 2), bar.repeat(b + 2), bar.repeat(c + 2))
        };
        writeln!(f, "Model: \"sequential\"")?;
        writeln!(f, "{}", line("┏", "━", "┳", "┓"))?;
        writeln!(f, "┃ {:<a$} ┃ {:<b$} ┃ {:>c$} ┃", "Layer (type)", "Output Shape", "Param #")?;
        writeln!(f, "{}", line("┡", "━", "╇", "┩"))?;
        for (i, row) in self.rows.iter().enumerate() {
            if i > 0 {
                writeln!(f, "{}", line("├", "─", "┼", "┤"))?;
            }
            writeln!(f, "│ {:<a$} │ {:<b$} │ {:>c$} │", first[i], row.output_shape, counts[i])?;
        }
        writeln!(f, "{}", line("└", "─", "┴", "┘"))?;
        let total = |f: &mut fmt::Formatter, label: &str, n: usize| {
            writeln!(f, " {label}: {} ({})", thousands(n), bytes(4 * n))
        };
        total(f, "Total params", self.total())?;
        total(f, "Trainable params", self.trainable)?;
        total(f, "Non-trainable params", self.non_trainable)
    }
}

/// 371,964
fn thousands(n: usize) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// As Keras' `readable_memory_size`: powers of 1024, two decimals.
fn bytes(n: usize) -> String {
    const UNITS: [&str; 5] = ["B", "KB", "MB", "GB", "TB"];
    let (mut value, mut unit) = (n as f64, 0);
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    format!("{value:.2} {}", UNITS[unit])
}
