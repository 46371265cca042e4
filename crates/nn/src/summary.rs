//! A model as a table, in the form of Keras' `summary()`.

use std::fmt;

use crate::engine::Program;
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
    /// Floating-point operations of one image, forward (a multiply-add is two).
    pub flops: u64,
    /// Bytes of its output of one image; 0 if it has none of its own, because it moves no value or because the layer
    /// after it is computed in its own pass.
    pub output_bytes: usize,
}

/// Layers and counts of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelSummary {
    /// What the model is called.
    pub name: String,
    /// One row per layer.
    pub rows: Vec<SummaryRow>,
    /// Parameters that training moves.
    pub trainable: usize,
    /// Parameters that it does not: moving averages.
    pub non_trainable: usize,
}

impl ModelSummary {
    /// All parameters.
    pub fn total(&self) -> usize {
        self.trainable + self.non_trainable
    }
}

/// Each layer's name, numbered from the second of its kind on: `conv2d`, `conv2d_1`.
pub(crate) fn numbered_names(layers: &[Layer]) -> Vec<String> {
    let mut seen = std::collections::HashMap::<&str, usize>::new();
    let mut numbered = |name: &'static str| {
        let count = seen.entry(name).or_insert(0);
        *count += 1;
        if *count == 1 { name.to_owned() } else { format!("{name}_{}", *count - 1) }
    };
    layers.iter().map(|layer| numbered(layer.name())).collect()
}

impl Model {
    /// The table of layers, output shapes and parameter counts.
    pub fn summary(&self) -> ModelSummary {
        let mut rows = Vec::<SummaryRow>::new();
        let program = self.program(1);
        let (algorithms, flops_of) = (program.algorithms(), program.flops_of_layers(self.layers.len()));
        for ((i, layer), name) in self.layers.iter().enumerate().zip(numbered_names(&self.layers)) {
            let own = algorithms.iter().rfind(|(layer, _)| *layer == i);
            let taken_in = || Some(format!("with {}", rows.last()?.name));
            let algorithm = match own {
                Some((_, algorithm)) => algorithm.clone(),
                None if i > 0 && self.takes_in(i - 1) => taken_in(),
                None => None,
            };
            let has_output = (own.is_some() && !self.takes_in(i)) || (i > 0 && self.takes_in(i - 1));
            rows.push(SummaryRow {
                algorithm,
                flops: flops_of[i][0],
                output_bytes: if has_output { self.output_bytes(i, &program) } else { 0 },
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
        let name = "sequential".into();
        ModelSummary { name, rows, trainable: count(true), non_trainable: count(false) }
    }

    /// Bytes of what the last operation of layer `i` gives, or of the layer that takes it in.
    fn output_bytes(&self, i: usize, program: &Program) -> usize {
        let op = program.layers.iter().rposition(|&layer| layer <= i);
        op.map_or(0, |op| 4 * program.floats[op + 1])
    }
}

/// Keras' look: a box of three columns, thousands separated, sizes as in `(1.42 MB)`.
impl fmt::Display for ModelSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first: Vec<_> =
            self.rows.iter().map(|row| format!("{} ({})", row.name, row.class_name)).collect();
        let counts: Vec<_> = self.rows.iter().map(|row| thousands(row.parameters)).collect();
        let widest =
            |head: &str, cells: &mut dyn Iterator<Item = usize>| cells.max().unwrap_or(0).max(head.len());
        let a = widest("Layer (type)", &mut first.iter().map(|s| s.chars().count())).max(31);
        let b = widest("Output Shape", &mut self.rows.iter().map(|r| r.output_shape.len())).max(22);
        let c = widest("Param #", &mut counts.iter().map(|s| s.len())).max(13);
        let line = |left: &str, bar: &str, mid: &str, right: &str| {
            format!("{left}{}{mid}{}{mid}{}{right}", bar.repeat(a + 2), bar.repeat(b + 2), bar.repeat(c + 2))
        };
        writeln!(f, "Model: \"{}\"", self.name)?;
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

#[cfg(test)]
mod tests {
    use toile_rng::Seed;

    use super::*;
    use crate::{Activation, Conv2D, Dense, Dropout, Flatten, ImageShape, Layer, MaxPooling2D};

    fn summary(layers: &[Layer]) -> ModelSummary {
        let image = ImageShape { height: 28, width: 28, channels: 1 };
        Model::build(layers, image, Seed::new(0)).unwrap().summary()
    }

    fn conv(filters: usize, activation: Activation) -> Layer {
        Layer::Conv2D(Conv2D { activation, ..Conv2D::new(filters, [3, 3]) })
    }

    fn pooling(pool_size: [usize; 2]) -> Layer {
        Layer::MaxPooling2D(MaxPooling2D { pool_size, ..MaxPooling2D::default() })
    }

    fn end() -> [Layer; 3] {
        let dense = Dense { activation: Activation::Softmax, ..Dense::new(10) };
        [Layer::Flatten(Flatten {}), Layer::Dropout(Dropout::new(0.5)), Layer::Dense(dense)]
    }

    #[test]
    fn each_row_says_how_it_is_computed_and_what_it_costs() {
        let mut layers = vec![conv(32, Activation::Relu), conv(64, Activation::Relu), pooling([2, 2])];
        layers.extend(end());
        let rows = summary(&layers).rows;
        let algorithms: Vec<_> = rows.iter().map(|row| row.algorithm.as_deref()).collect();
        let (direct, winograd) = (Some("direct"), Some("Winograd F(4×4, 3×3)"));
        assert_eq!(algorithms, [direct, winograd, Some("with conv2d_1"), None, None, None]);
        // 2 operations per multiply-add: 26 x 26 x 32 outputs of 9 terms, 24 x 24 x 64 of 288, 10 of 9216.
        let flops: Vec<_> = rows.iter().map(|row| row.flops).collect();
        assert_eq!(flops, [2 * 26 * 26 * 32 * 9, 2 * 24 * 24 * 64 * 288, 0, 0, 0, 2 * 10 * 9216]);
        let bytes: Vec<_> = rows.iter().map(|row| row.output_bytes).collect();
        assert_eq!(bytes, [4 * 26 * 26 * 32, 0, 4 * 12 * 12 * 64, 0, 4 * 9216, 40]);
    }

    #[test]
    fn a_pooling_that_no_convolution_takes_in_stands_alone() {
        for (activation, pool_size) in [(Activation::Sigmoid, [2, 2]), (Activation::Relu, [3, 3])] {
            let layers =
                [&[conv(32, Activation::Relu), conv(64, activation), pooling(pool_size)], &end()[..]];
            let rows = summary(&layers.concat()).rows;
            assert_eq!((rows[1].output_bytes, rows[2].algorithm.as_deref()), (4 * 24 * 24 * 64, None));
        }
    }
}
