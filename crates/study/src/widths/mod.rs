//! Studies of width: a model at several widths, each with a search for its learning rate, as the text of a study file.

mod toml_text;

use serde_json::{Map, Value, json};
use toile_nn::Layer;

use crate::plan::non_default::non_default_layer;
use crate::plan::settings::sha256;
use crate::{DataSetting, RunPlan, Settings};
pub use toml_text::{inline as inline_toml, key as toml_key};
use toml_text::{inline, key};

/// What is asked of a model.
#[derive(Clone, Debug, PartialEq)]
pub struct WidthStudy {
    /// The study's name.
    pub name: String,
    /// The model and how it is trained.
    pub run: RunPlan,
    /// The data, as the new file names them.
    pub data: DataSetting,
    /// Factors of the sizes of the hidden layers; 1 is the model itself.
    pub widths: Vec<f64>,
    /// How often each width is trained at its chosen rate.
    pub seeds: usize,
    /// Passes over the training images.
    pub epochs: usize,
    /// The margin of equivalence, if it is not the usual one.
    pub equivalence: Option<f64>,
}

/// The layers with hidden layers `factor` times as wide (units and filters, rounded, at least 1); the output layer,
/// which is the last with units or filters, stays. `None` if no layer is hidden.
pub fn widened(layers: &[Layer], factor: f64) -> Option<Vec<Layer>> {
    let mut layers = layers.to_vec();
    let sized: Vec<usize> = (0..layers.len()).filter(|i| size(&mut layers[*i]).is_some()).collect();
    let (_, hidden) = sized.split_last().filter(|(_, hidden)| !hidden.is_empty())?;
    for i in hidden {
        if let Some(size) = size(&mut layers[*i]) {
            *size = ((*size as f64 * factor).round() as usize).max(1);
        }
    }
    Some(layers)
}

/// Units or filters.
fn size(layer: &mut Layer) -> Option<&mut usize> {
    match layer {
        Layer::Dense(layer) => Some(&mut layer.units),
        Layer::Conv2D(layer) => Some(&mut layer.filters),
        Layer::SeparableConv2D(layer) => Some(&mut layer.filters),
        Layer::DepthwiseConv2D(_)
        | Layer::MaxPooling2D(_)
        | Layer::AveragePooling2D(_)
        | Layer::GlobalAveragePooling2D(_)
        | Layer::Flatten(_)
        | Layer::Dropout(_)
        | Layer::BatchNormalization(_)
        | Layer::Activation(_) => None,
    }
}

impl WidthStudy {
    /// The name of the model at a width: its own at 1, `dense x2` at 2.
    pub fn model(&self, width: f64) -> String {
        let name = &self.run.settings.model;
        if width == 1.0 { name.clone() } else { format!("{name} x{width}") }
    }

    /// The run at a width, to be tried out; `None` if the model has no hidden layer.
    pub fn run_at(&self, width: f64) -> Option<RunPlan> {
        let layers = widened(&self.run.settings.layers, width)?;
        let settings = Settings { layers, model: self.model(width), ..self.run.settings.clone() };
        Some(RunPlan { settings, ..self.run.clone() })
    }

    /// A name for everything that is asked for, the rates that are searched left out: equal names ask for the same.
    pub fn request(&self) -> String {
        let rates = vec![vec![1.0]; self.widths.len()];
        sha256(self.body(&rates).as_bytes())[..16].to_string()
    }

    /// The study file; `rates` holds the learning rates that are tried at each width.
    pub fn text(&self, rates: &[Vec<f64>]) -> String {
        let model = self.run.settings.model.replace(char::is_control, " ");
        let head = format!(
            "# What limits the model {model}? Each width has a learning rate of its own, chosen by the validation images.\n\
             # `toile run THIS-FILE --out FOLDER` trains what is missing, `toile capacity FOLDER` says what follows.\n\
             # Change it as you like, for example more rates where the best one is the first or the last of its list.\n"
        );
        format!("{head}{REQUEST}{}\n\n{}", self.request(), self.body(rates))
    }

    fn body(&self, rates: &[Vec<f64>]) -> String {
        let model = &self.run.settings.model;
        let mut text = self.tables();
        for width in &self.widths {
            let layers = widened(&self.run.settings.layers, *width).unwrap_or_default();
            let layers = layers.iter().map(|layer| format!("  {},\n", inline(&non_default_layer(layer))));
            text += &format!("\n[models.{}]\nlayers = [\n", key(&self.model(*width)));
            text += &layers.collect::<String>();
            text += "]\n";
        }
        for (width, rates) in self.widths.iter().zip(rates) {
            let name = inline(&json!(self.model(*width)));
            let optimizer = inline(&self.optimizer(rates));
            text += &format!("\n[[searches]]\nname = {name}\nmodel = {name}\noptimizer = {optimizer}\n");
        }
        let says = inline(&json!(format!("{model} has reached what it can: its capacity limits it.")));
        let model = inline(&json!(model));
        text + &format!("\n[[claims]]\nid = \"capacity\"\nsays = {says}\ncapacity = {model}\n")
    }

    /// `[study]` and `[defaults]`.
    fn tables(&self) -> String {
        let settings = &self.run.settings;
        let split = settings.validation_split;
        let mut study = Map::new();
        study.insert("name".into(), json!(self.name));
        let question =
            format!("Is {} limited by its capacity, by the data, or by its training?", settings.model);
        study.insert("question".into(), json!(question));
        study.insert("data".into(), json!(self.data));
        if !self.data.has_own_validation() {
            let split = json!({ "fraction": split.fraction, "how": split.how });
            study.insert("validation_split".into(), split);
        }
        study.insert("seed".into(), json!(split.seed));
        study.insert("seeds".into(), json!(self.seeds));
        study.insert("train_evaluation".into(), json!(settings.train_evaluation));
        study.extend(self.equivalence.map(|margin| ("equivalence".to_string(), json!(margin))));
        let mut defaults = settings.non_default();
        defaults
            .retain(|name, _| !["optimizer", "train_evaluation", "initial_weights"].contains(&name.as_str()));
        defaults.insert("epochs".into(), json!(self.epochs));
        defaults.insert("seed".into(), json!(settings.seed));
        let lines = |table: &Map<String, Value>| -> String {
            table.iter().map(|(name, value)| format!("{name} = {}\n", inline(value))).collect()
        };
        format!("[study]\n{}\n[defaults]\n{}", lines(&study), lines(&defaults))
    }

    /// The run's optimizer with a choice of learning rates.
    fn optimizer(&self, rates: &[f64]) -> Value {
        let mut optimizer = self.run.settings.non_default().remove("optimizer").unwrap_or_default();
        let name = self.run.settings.optimizer.name();
        if !optimizer.is_object() {
            optimizer = json!({ name: {} });
        }
        optimizer[name]["learning_rate"] = json!({ "choices": rates });
        optimizer
    }
}

/// Before the name of the request, on a line of its own.
const REQUEST: &str = "# request: ";

/// The request that a study file was made for, if it was made so.
pub fn width_request(text: &str) -> Option<&str> {
    text.lines().find_map(|line| line.strip_prefix(REQUEST)).map(str::trim)
}

/// Five learning rates in steps of √10, written 1 and 3, around one: from a tenth of it to ten times it.
pub fn rates_around(rate: f64) -> Vec<f64> {
    let half_decades = (2.0 * rate.max(1e-30).log10()).round() as i32;
    let at = |step: i32| {
        let digit = if step.rem_euclid(2) == 0 { 1 } else { 3 };
        // By way of text: 0.3 and not 0.30000000000000004.
        format!("{digit}e{}", step.div_euclid(2)).parse().unwrap_or(rate)
    };
    (half_decades - 2..=half_decades + 2).map(at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{PlanOptions, check, plan};

    const TEXT: &str = r#"
[study]
name = "s"
data = "fashion-mnist"
validation_split = { fraction = 0.1, how = "stratified" }
seed = 3
[models."my \"net\""]
layers = [
  { conv2d = { filters = 5, kernel_size = [3, 3], activation = "relu" } },
  "batch_normalization", "flatten", { dropout = { rate = 0.3 } },
  { dense = { units = 32, l2 = 1e-4 } }, { dense = { units = 10, activation = "softmax" } },
]
[[runs]]
name = "r"
model = "my \"net\""
optimizer = { sgd = { learning_rate = 0.1, momentum = 0.9 } }
schedule = { cosine = { decay_steps = 400 } }
loss = { categorical_focal_crossentropy = { gamma = 1.5 } }
callbacks = [{ early_stopping = { patience = 3 } }]
label_smoothing = 0.1
class_weight = { 6 = 2.5 }
batch_size = 64
epochs = 7
seed = 11
"#;

    fn study() -> WidthStudy {
        let study = check(TEXT, "s.toml", None).unwrap();
        let plan = plan(&study, &PlanOptions::default(), &|_| unreachable!()).unwrap();
        WidthStudy {
            name: "s, capacity".into(),
            run: plan.runs[0].clone(),
            data: "fashion-mnist".into(),
            widths: vec![0.5, 1.0, 2.0],
            seeds: 3,
            epochs: 9,
            equivalence: Some(0.01),
        }
    }

    /// Each point of each search is the run at that width and rate, in every setting that decides its bits.
    #[test]
    fn the_file_says_of_every_width_what_the_run_says() {
        let asked = study();
        let rates = vec![vec![0.01, 0.1], vec![0.1, 0.2], vec![0.03, 0.3, 1e-5]];
        let text = asked.text(&rates);
        let checked = check(&text, "capacity.toml", None).unwrap_or_else(|faults| panic!("{text}\n{faults}"));
        assert!(checked.warnings.is_empty() && checked.study.equivalence == Some(0.01), "{text}");
        let plan = plan(&checked, &PlanOptions::default(), &|_| unreachable!()).unwrap();
        assert_eq!((plan.searches.len(), plan.seeds), (3, 3));
        for ((search, width), rates) in plan.searches.iter().zip(&asked.widths).zip(&rates) {
            assert_eq!((search.n_trials, search.seed), (rates.len(), 11));
            let corners = search.corners(10);
            let found: Vec<_> = corners.iter().map(|corner| search.settings(corner, 11).unwrap()).collect();
            assert_eq!(found.len(), rates.len());
            for rate in rates {
                let mut run = asked.run_at(*width).unwrap().settings;
                run.optimizer = run.optimizer.with_learning_rate(*rate);
                run.epochs = 9;
                assert!(found.contains(&run), "{text}");
            }
        }
    }

    #[test]
    fn hidden_layers_are_widened_and_the_output_is_not() {
        let sizes = |factor: f64| -> Vec<usize> {
            let mut layers = widened(&study().run.settings.layers, factor).unwrap();
            layers.iter_mut().filter_map(|layer| size(layer).copied()).collect()
        };
        assert_eq!(sizes(0.5), [3, 16, 10]);
        assert_eq!(sizes(4.0), [20, 128, 10]);
        assert_eq!(sizes(0.01), [1, 1, 10]);
        let output = study().run.settings.layers.pop().unwrap();
        assert_eq!(widened(&[output], 2.0), None, "there is no hidden layer");
    }

    #[test]
    fn a_request_is_known_again_whatever_its_rates() {
        let asked = study();
        let text = asked.text(&[vec![0.1], vec![0.2], vec![0.3]]);
        assert_eq!(width_request(&text), Some(asked.request().as_str()));
        let longer = WidthStudy { epochs: 10, ..asked.clone() };
        assert_ne!(longer.request(), asked.request());
        assert_eq!(width_request(TEXT), None);
    }

    #[test]
    fn rates_stand_around_one_in_half_decades() {
        assert_eq!(rates_around(0.28), [0.03, 0.1, 0.3, 1.0, 3.0]);
        assert_eq!(rates_around(0.013), [1e-3, 3e-3, 1e-2, 3e-2, 0.1]);
        assert_eq!(rates_around(1e-300).len(), 5);
    }
}
