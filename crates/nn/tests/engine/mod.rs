//! One door to the engine for the tests that hold it against a reference: a setting, trained or differentiated.

#![allow(dead_code)] // each test program uses a part

use std::collections::BTreeMap;

use serde::Deserialize;
use toile_nn::*;
use toile_rng::Seed;

use crate::formulas;

/// What the values of the images are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InputKind {
    #[default]
    Bytes,
    Floats,
}

impl InputKind {
    /// The values of an example, as the first layer sees them in f64.
    pub fn wide(self, example: u32, size: usize, classes: usize) -> Vec<f64> {
        match self {
            InputKind::Bytes => formulas::image(example, size, classes)
                .into_iter()
                .map(|byte| f64::from(byte) / 255.0)
                .collect(),
            InputKind::Floats => {
                formulas::features(example, size, classes).into_iter().map(f64::from).collect()
            }
        }
    }
}

/// A training with everything stated; data and initial weights are those of `formulas`.
#[derive(Clone)]
pub struct Setting {
    pub input: [usize; 3],
    pub inputs: InputKind,
    pub classes: usize,
    pub layers: Vec<Layer>,
    pub examples: usize,
    pub batch_size: usize,
    pub optimizer: Optimizer,
    pub schedule: Schedule,
    pub loss: Loss,
    pub label_smoothing: f32,
    /// None if empty.
    pub class_weight: Vec<f32>,
    pub seed: u64,
    pub threads: usize,
    pub policy: DtypePolicy,
}

/// What came out: the model, and the numbers of the last epoch.
pub struct Trained {
    pub model: Model,
    pub loss: f64,
    pub accuracy: f64,
    pub top_5_accuracy: f64,
    /// What was measured of the layers after the last epoch.
    pub layers: LayersRecord,
}

/// An SGD step of this length shows the gradient: a power of two, so that the product is exact, and so large that the
/// weight it is taken from costs few digits.
const STEP: f64 = 16.0;

impl Setting {
    /// The layers trained by plain SGD on ten batches of 16.
    pub fn new(layers: Vec<Layer>) -> Setting {
        Setting {
            input: [8, 8, 1],
            inputs: InputKind::Bytes,
            classes: 5,
            layers,
            examples: 160,
            batch_size: 16,
            optimizer: sgd(0.1),
            schedule: Schedule::Constant,
            loss: Loss::default(),
            label_smoothing: 0.0,
            class_weight: Vec::new(),
            seed: 7,
            threads: 1,
            policy: DtypePolicy::Float32,
        }
    }

    fn shape(&self) -> ImageShape {
        let [height, width, channels] = self.input;
        ImageShape { height, width, channels }
    }

    /// The model with the initial weights of `formulas`.
    pub fn model(&self) -> Model {
        let model =
            Model::build(&self.layers, self.shape(), Seed::new(self.seed)).expect("a model that fits");
        let mut model = model.with_dtype_policy(self.policy);
        let start =
            |tensor: Tensor| Tensor { values: formulas::weight(&tensor.name, &tensor.shape), ..tensor };
        let tensors: Vec<Tensor> = model.weights().into_iter().map(start).collect();
        model.set_weights(&tensors).expect("the model's own tensors");
        model
    }

    /// Trains for so many updates: less than an epoch (then on its first batches only), or whole epochs.
    pub fn train(&self, updates: usize) -> Trained {
        let per_epoch = self.examples.div_ceil(self.batch_size);
        let short = updates < per_epoch;
        let examples = if short { updates * self.batch_size } else { self.examples };
        assert!(
            short || updates.is_multiple_of(per_epoch),
            "{updates} updates are no whole number of epochs"
        );
        self.run(examples, updates.div_ceil(per_epoch), &self.optimizer)
    }

    fn run(&self, examples: usize, epochs: usize, optimizer: &Optimizer) -> Trained {
        let data = Data::new(self, 0, examples);
        let config = FitConfig {
            batch_size: self.batch_size,
            epochs,
            shuffle: false,
            schedule: self.schedule.clone(),
            loss: self.loss.clone(),
            label_smoothing: self.label_smoothing,
            class_weight: self.class_weight.clone(),
            seed: Seed::new(self.seed),
            measures_layers: true,
            ..FitConfig::new(optimizer.clone())
        };
        let mut model = self.model();
        let (mut last, mut layers) = (Epoch::default(), None);
        let outcome = fit(&mut model, &data.examples(self), None, &config, self.threads, &mut |event| {
            if let FitEvent::EpochEnd(epoch, snapshot) = event {
                (last, layers) = (*epoch, snapshot.layers().cloned());
            }
            Flow::Continue
        });
        assert_eq!(outcome.end, FitEnd::Finished);
        let measured = |number: Option<f64>| number.expect("a running number");
        let (loss, accuracy) = (measured(last.loss), measured(last.accuracy));
        let layers = layers.expect("the layers are measured after the last epoch");
        Trained { model, loss, accuracy, top_5_accuracy: measured(last.top_5_accuracy), layers }
    }

    /// The gradient of the first batch, by one SGD step g = (w₀ − w₁) / η; of tensors that are trained.
    pub fn gradient(&self) -> BTreeMap<String, Vec<f64>> {
        let constant = Setting { schedule: Schedule::Constant, ..self.clone() };
        let after = constant.run(self.batch_size, 1, &sgd(STEP)).model.weights();
        let slope = |(before, after): (Tensor, Tensor)| {
            let pairs = before.values.iter().zip(&after.values);
            (before.name, pairs.map(|(&w0, &w1)| (w0 as f64 - w1 as f64) / STEP).collect())
        };
        let trained = |pair: &(Tensor, Tensor)| !pair.0.name.contains(".moving_");
        self.model().weights().into_iter().zip(after).filter(trained).map(slope).collect()
    }

    /// Loss and predictions of examples `first ..`.
    pub fn evaluate(&self, model: &Model, first: u32, n: usize) -> Evaluation {
        let data = Data::new(self, first, n);
        evaluate(model, &data.examples(self), &self.loss, self.label_smoothing, self.threads)
    }
}

/// Plain SGD of this learning rate.
fn sgd(learning_rate: f64) -> Optimizer {
    Sgd::new(learning_rate).into()
}

/// The images and labels of some examples.
struct Data {
    /// Empty where they are floats.
    images: Vec<u8>,
    floats: Vec<f32>,
    labels: Vec<u8>,
    indices: Vec<u32>,
}

impl Data {
    fn new(setting: &Setting, first: u32, n: usize) -> Data {
        let (examples, classes) = (first..first + n as u32, setting.classes);
        let size = setting.shape().values();
        let are = |kind: InputKind| examples.clone().filter(move |_| setting.inputs == kind);
        Data {
            images: are(InputKind::Bytes).flat_map(|i| formulas::image(i, size, classes)).collect(),
            floats: are(InputKind::Floats).flat_map(|i| formulas::features(i, size, classes)).collect(),
            labels: examples.map(|i| formulas::label(i, classes)).collect(),
            indices: (0..n as u32).collect(),
        }
    }

    fn examples<'a>(&'a self, setting: &Setting) -> Examples<'a> {
        let (labels, indices) = (&self.labels, &self.indices);
        let images = match setting.inputs {
            InputKind::Bytes => Inputs::Bytes(&self.images),
            InputKind::Floats => Inputs::floats(&self.floats, setting.shape()).expect("finite floats"),
        };
        Examples { images, labels, indices, shape: setting.shape(), classes: setting.classes }
    }
}
