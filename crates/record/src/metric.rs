//! Metrics: the numbers that a run is judged by. This is the only place that knows their names.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Direction, Epoch};

/// A number that is measured of each epoch, or of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// Accuracy on the validation images.
    ValAccuracy,
    /// Loss on the validation images.
    ValLoss,
    /// Accuracy on the training images while the weights changed.
    Accuracy,
    /// Loss on the training images while the weights changed.
    Loss,
    /// Accuracy of the end-of-epoch weights on the training images.
    TrainAccuracy,
    /// Loss of the end-of-epoch weights on the training images.
    TrainLoss,
    /// Validation images whose label is among the five most probable classes.
    #[serde(rename = "val_top_5_accuracy")]
    ValTop5Accuracy,
    /// Training images whose label is among the five most probable classes, while the weights changed.
    #[serde(rename = "top_5_accuracy")]
    Top5Accuracy,
    /// Training images whose label is among the five most probable classes of the end-of-epoch weights.
    #[serde(rename = "train_top_5_accuracy")]
    TrainTop5Accuracy,
    /// Weights of the model, trained or not.
    Parameters,
    /// Floating-point operations for one image.
    Flops,
    /// Milliseconds for one image, by the clock: it differs from machine to machine and from time to time.
    Milliseconds,
}

/// A metric of a model, which no epoch has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModelMetric {
    /// [`Metric::Parameters`].
    Parameters,
    /// [`Metric::Flops`].
    Flops,
    /// [`Metric::Milliseconds`].
    Milliseconds,
}

/// What is measured of every epoch, in the order of files and tables.
const OF_EPOCH: [Metric; 9] = [
    Metric::Loss,
    Metric::Accuracy,
    Metric::TrainLoss,
    Metric::TrainAccuracy,
    Metric::ValLoss,
    Metric::ValAccuracy,
    Metric::Top5Accuracy,
    Metric::TrainTop5Accuracy,
    Metric::ValTop5Accuracy,
];

/// What is measured of models.
const OF_MODEL: [Metric; 3] = [Metric::Parameters, Metric::Flops, Metric::Milliseconds];

impl Metric {
    /// The metrics that every epoch has, in the order in which files and tables show them.
    pub fn of_epoch() -> impl ExactSizeIterator<Item = Metric> + Clone {
        OF_EPOCH.into_iter()
    }

    /// The name in study files, databases and results: Keras' where it has one.
    pub fn name(self) -> &'static str {
        match self {
            Metric::ValAccuracy => "val_accuracy",
            Metric::ValLoss => "val_loss",
            Metric::Accuracy => "accuracy",
            Metric::Loss => "loss",
            Metric::TrainAccuracy => "train_accuracy",
            Metric::TrainLoss => "train_loss",
            Metric::ValTop5Accuracy => "val_top_5_accuracy",
            Metric::Top5Accuracy => "top_5_accuracy",
            Metric::TrainTop5Accuracy => "train_top_5_accuracy",
            Metric::Parameters => "parameters",
            Metric::Flops => "flops",
            Metric::Milliseconds => "milliseconds",
        }
    }

    /// The words in reports.
    pub fn label(self) -> &'static str {
        match self {
            Metric::ValAccuracy => "validation accuracy",
            Metric::ValLoss => "validation loss",
            Metric::Accuracy => "training accuracy",
            Metric::Loss => "training loss",
            Metric::TrainAccuracy => "training accuracy of the final weights",
            Metric::TrainLoss => "training loss of the final weights",
            Metric::ValTop5Accuracy => "validation top-5 accuracy",
            Metric::Top5Accuracy => "training top-5 accuracy",
            Metric::TrainTop5Accuracy => "training top-5 accuracy of the final weights",
            Metric::Parameters => "parameters",
            Metric::Flops => "operations per image",
            Metric::Milliseconds => "milliseconds per image",
        }
    }

    /// Where better lies if nothing else is said.
    pub fn direction(self) -> Direction {
        match self {
            Metric::ValAccuracy | Metric::Accuracy | Metric::TrainAccuracy => Direction::Maximize,
            Metric::ValTop5Accuracy | Metric::Top5Accuracy | Metric::TrainTop5Accuracy => Direction::Maximize,
            Metric::ValLoss | Metric::Loss | Metric::TrainLoss => Direction::Minimize,
            Metric::Parameters | Metric::Flops | Metric::Milliseconds => Direction::Minimize,
        }
    }

    /// The metric of this name.
    pub fn from_name(name: &str) -> Option<Metric> {
        OF_EPOCH.into_iter().chain(OF_MODEL).find(|metric| metric.name() == name)
    }

    /// What it is of a model, if it is not measured of epochs.
    pub fn of_model(self) -> Option<ModelMetric> {
        match self {
            Metric::Parameters => Some(ModelMetric::Parameters),
            Metric::Flops => Some(ModelMetric::Flops),
            Metric::Milliseconds => Some(ModelMetric::Milliseconds),
            Metric::ValAccuracy | Metric::Accuracy | Metric::TrainAccuracy => None,
            Metric::ValTop5Accuracy | Metric::Top5Accuracy | Metric::TrainTop5Accuracy => None,
            Metric::ValLoss | Metric::Loss | Metric::TrainLoss => None,
        }
    }

    /// Whether there is a value after each epoch.
    pub fn is_per_epoch(self) -> bool {
        self.of_model().is_none()
    }

    /// Whether it is a whole number of things, to be shown as a count.
    pub fn is_count(self) -> bool {
        match self.of_model() {
            Some(ModelMetric::Parameters | ModelMetric::Flops) => true,
            Some(ModelMetric::Milliseconds) | None => false,
        }
    }

    /// Whether it needs images that are held back for validation.
    pub fn needs_validation(self) -> bool {
        self.name().starts_with("val_")
    }

    /// Whether it is measured on training images once an epoch is over.
    pub fn needs_train_evaluation(self) -> bool {
        self.name().starts_with("train_")
    }

    /// Its number in an epoch; `None` if the epoch has none, or the metric is one of models.
    pub fn of(self, epoch: &Epoch) -> Option<f64> {
        match self {
            Metric::ValAccuracy => epoch.val_accuracy,
            Metric::ValLoss => epoch.val_loss,
            Metric::Accuracy => epoch.accuracy,
            Metric::Loss => epoch.loss,
            Metric::TrainAccuracy => epoch.train_accuracy,
            Metric::TrainLoss => epoch.train_loss,
            Metric::ValTop5Accuracy => epoch.val_top_5_accuracy,
            Metric::Top5Accuracy => epoch.top_5_accuracy,
            Metric::TrainTop5Accuracy => epoch.train_top_5_accuracy,
            Metric::Parameters | Metric::Flops | Metric::Milliseconds => None,
        }
    }

    /// Puts its number into an epoch. A metric of models has no place there.
    pub fn put(self, epoch: &mut Epoch, value: Option<f64>) {
        let place = match self {
            Metric::ValAccuracy => &mut epoch.val_accuracy,
            Metric::ValLoss => &mut epoch.val_loss,
            Metric::Accuracy => &mut epoch.accuracy,
            Metric::Loss => &mut epoch.loss,
            Metric::TrainAccuracy => &mut epoch.train_accuracy,
            Metric::TrainLoss => &mut epoch.train_loss,
            Metric::ValTop5Accuracy => &mut epoch.val_top_5_accuracy,
            Metric::Top5Accuracy => &mut epoch.top_5_accuracy,
            Metric::TrainTop5Accuracy => &mut epoch.train_top_5_accuracy,
            Metric::Parameters | Metric::Flops | Metric::Milliseconds => return,
        };
        *place = value;
    }

    /// The JSON schema of the metrics that every epoch has: what a callback may monitor.
    pub fn schema_of_epoch(generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<MetricOfEpoch>()
    }
}

/// In schemas: those metrics that every epoch has.
struct MetricOfEpoch;

impl JsonSchema for MetricOfEpoch {
    fn schema_name() -> Cow<'static, str> {
        "MetricOfEpoch".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = Metric::json_schema(generator);
        let name = |variant: &Value| variant["const"].as_str().and_then(Metric::from_name);
        if let Some(Value::Array(variants)) = schema.get_mut("oneOf") {
            variants.retain(|variant| name(variant).is_some_and(Metric::is_per_epoch));
        }
        let description = "A number of each epoch. Losses are better when lower, accuracies when higher.";
        schema.insert("description".into(), description.into());
        schema
    }
}

impl Epoch {
    /// The same with finite numbers only: what diverged is recorded as none.
    pub fn finite(mut self) -> Epoch {
        for metric in Metric::of_epoch() {
            let value = metric.of(&self).filter(|value| value.is_finite());
            metric.put(&mut self, value);
        }
        self
    }

    /// Whether its losses are finite: those on the training images and, if it was measured, that on the validation
    /// images.
    pub fn has_finite_losses(&self, validates: bool) -> bool {
        let is_finite = |loss: Option<f64>| loss.is_some_and(f64::is_finite);
        is_finite(self.loss) && is_finite(self.train_loss) && (!validates || is_finite(self.val_loss))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_of_an_epoch_is_read_where_it_was_put_and_has_its_name_in_json() {
        for (index, metric) in Metric::of_epoch().enumerate() {
            let mut epoch = Epoch::default();
            metric.put(&mut epoch, Some(index as f64 + 1.0));
            let found: Vec<f64> = Metric::of_epoch().filter_map(|metric| metric.of(&epoch)).collect();
            assert_eq!(found, [index as f64 + 1.0], "{}", metric.name());
            let json = serde_json::to_value(epoch).expect("an epoch has JSON");
            assert_eq!(json[metric.name()], index as f64 + 1.0);
            assert_eq!(serde_json::to_value(metric).expect("a metric has JSON"), metric.name());
            assert_eq!(Metric::from_name(metric.name()), Some(metric));
        }
    }

    /// The schema is made of the enum itself.
    #[test]
    fn every_metric_is_found_by_its_name_and_is_one_of_epochs_or_of_models() {
        let schema = Metric::json_schema(&mut SchemaGenerator::default());
        let variants = schema.get("oneOf").and_then(Value::as_array).expect("one of several names");
        for name in variants.iter().filter_map(|variant| variant["const"].as_str()) {
            let metric = Metric::from_name(name).unwrap_or_else(|| panic!("`{name}` is in no list"));
            assert_eq!(OF_EPOCH.contains(&metric), metric.is_per_epoch(), "{name}");
        }
        assert_eq!(variants.len(), OF_EPOCH.len() + OF_MODEL.len());
    }

    #[test]
    fn the_schema_of_an_epochs_metrics_has_them_all_and_no_others() {
        let mut generator = SchemaGenerator::default();
        Metric::schema_of_epoch(&mut generator);
        let definition = &generator.definitions()["MetricOfEpoch"];
        let variants = definition["oneOf"].as_array().expect("one of several names");
        let mut names: Vec<&str> = variants.iter().filter_map(|variant| variant["const"].as_str()).collect();
        let mut expected: Vec<&str> = Metric::of_epoch().map(Metric::name).collect();
        names.sort_unstable();
        expected.sort_unstable();
        assert_eq!(names, expected);
    }

    #[test]
    fn what_is_not_finite_is_recorded_as_none() {
        let epoch = Epoch {
            loss: Some(f64::NAN),
            val_loss: Some(0.5),
            accuracy: Some(f64::INFINITY),
            ..Epoch::default()
        };
        let meant = Epoch { val_loss: Some(0.5), ..Epoch::default() };
        assert_eq!(epoch.finite(), meant);
    }
}
