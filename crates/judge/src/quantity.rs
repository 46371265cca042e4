//! What runs are compared by.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::results::Run;

/// A number of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Quantity {
    /// Training loss: Keras' mean over the last epoch, while the weights change.
    Loss,
    /// Training accuracy, likewise.
    Accuracy,
    /// Loss of the final weights on the training images.
    TrainLoss,
    /// Accuracy of the final weights on the training images.
    TrainAccuracy,
    /// Validation loss.
    ValLoss,
    /// Validation accuracy.
    ValAccuracy,
    /// Test loss.
    TestLoss,
    /// Test accuracy.
    TestAccuracy,
    /// Validation loss less training loss, at the end.
    LossGap,
    /// Training accuracy less validation accuracy, at the end.
    AccuracyGap,
    /// Seconds that the training took.
    TrainSeconds,
    /// Epochs until training loss first reaches the largest final training loss of the runs that are compared.
    EpochsToLoss,
}

/// The parts of the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DataPart {
    /// What is trained on.
    Training,
    /// What is chosen by.
    Validation,
    /// What is read at the end.
    Test,
}

impl DataPart {
    /// `training`, `validation` or `test`.
    pub fn name(self) -> &'static str {
        match self {
            DataPart::Training => "training",
            DataPart::Validation => "validation",
            DataPart::Test => "test",
        }
    }
}

/// All of them.
const ALL: [Quantity; 12] = [
    Quantity::Loss,
    Quantity::Accuracy,
    Quantity::TrainLoss,
    Quantity::TrainAccuracy,
    Quantity::ValLoss,
    Quantity::ValAccuracy,
    Quantity::TestLoss,
    Quantity::TestAccuracy,
    Quantity::LossGap,
    Quantity::AccuracyGap,
    Quantity::TrainSeconds,
    Quantity::EpochsToLoss,
];

impl Quantity {
    /// All of them, in the order of the epochs' rows.
    pub fn all() -> impl Iterator<Item = Quantity> {
        ALL.into_iter()
    }

    /// The name in files.
    pub fn name(self) -> &'static str {
        match self {
            Quantity::Loss => "loss",
            Quantity::Accuracy => "accuracy",
            Quantity::TrainLoss => "train_loss",
            Quantity::TrainAccuracy => "train_accuracy",
            Quantity::ValLoss => "val_loss",
            Quantity::ValAccuracy => "val_accuracy",
            Quantity::TestLoss => "test_loss",
            Quantity::TestAccuracy => "test_accuracy",
            Quantity::LossGap => "loss_gap",
            Quantity::AccuracyGap => "accuracy_gap",
            Quantity::TrainSeconds => "train_seconds",
            Quantity::EpochsToLoss => "epochs_to_loss",
        }
    }

    /// The words in sentences.
    pub fn label(self) -> &'static str {
        match self {
            Quantity::Loss => "training loss",
            Quantity::Accuracy => "training accuracy",
            Quantity::TrainLoss => "training loss of the final weights",
            Quantity::TrainAccuracy => "training accuracy of the final weights",
            Quantity::ValLoss => "validation loss",
            Quantity::ValAccuracy => "validation accuracy",
            Quantity::TestLoss => "test loss",
            Quantity::TestAccuracy => "test accuracy",
            Quantity::LossGap => "gap of the losses",
            Quantity::AccuracyGap => "gap of the accuracies",
            Quantity::TrainSeconds => "training time",
            Quantity::EpochsToLoss => "number of epochs to the same training loss",
        }
    }

    /// The quantity of this name.
    pub fn from_name(name: &str) -> Option<Quantity> {
        ALL.into_iter().find(|quantity| quantity.name() == name)
    }

    /// Whether a larger number is better.
    pub fn larger_is_better(self) -> bool {
        self.is_accuracy()
    }

    /// Whether it is a share of images.
    pub fn is_accuracy(self) -> bool {
        use Quantity::{Accuracy, TestAccuracy, TrainAccuracy, ValAccuracy};
        matches!(self, Accuracy | TrainAccuracy | ValAccuracy | TestAccuracy)
    }

    /// Whether it is a mean loss of images.
    pub fn is_loss(self) -> bool {
        use Quantity::{Loss, TestLoss, TrainLoss, ValLoss};
        matches!(self, Loss | TrainLoss | ValLoss | TestLoss)
    }

    /// The part of the data that it is measured on, if it is one.
    pub fn part(self) -> Option<DataPart> {
        match self {
            Quantity::Loss | Quantity::Accuracy | Quantity::TrainLoss | Quantity::TrainAccuracy => {
                Some(DataPart::Training)
            }
            Quantity::ValLoss | Quantity::ValAccuracy => Some(DataPart::Validation),
            Quantity::TestLoss | Quantity::TestAccuracy => Some(DataPart::Test),
            Quantity::LossGap | Quantity::AccuracyGap | Quantity::TrainSeconds | Quantity::EpochsToLoss => {
                None
            }
        }
    }

    /// What stands for it while the test part is sealed: the same on the validation images.
    pub fn on_validation(self) -> Quantity {
        match self {
            Quantity::TestLoss => Quantity::ValLoss,
            Quantity::TestAccuracy => Quantity::ValAccuracy,
            other => other,
        }
    }

    /// The number of a run; `None` if it has none, or none that is finite. [`Quantity::EpochsToLoss`] is one of two
    /// runs.
    pub fn of(self, run: &Run) -> Option<f64> {
        let row = run.last();
        let train_loss = || row.and_then(|row| row.train_loss.or(row.loss));
        let train_accuracy = || row.and_then(|row| row.train_accuracy.or(row.accuracy));
        let value = match self {
            Quantity::Loss => row.and_then(|row| row.loss),
            Quantity::Accuracy => row.and_then(|row| row.accuracy),
            Quantity::TrainLoss => row.and_then(|row| row.train_loss),
            Quantity::TrainAccuracy => row.and_then(|row| row.train_accuracy),
            Quantity::ValLoss => row.and_then(|row| row.val_loss),
            Quantity::ValAccuracy => row.and_then(|row| row.val_accuracy),
            Quantity::TestLoss => run.test_loss,
            Quantity::TestAccuracy => run.test_accuracy,
            Quantity::LossGap => row.and_then(|row| Some(row.val_loss? - train_loss()?)),
            Quantity::AccuracyGap => row.and_then(|row| Some(train_accuracy()? - row.val_accuracy?)),
            Quantity::TrainSeconds => run.seconds,
            Quantity::EpochsToLoss => None,
        };
        value.filter(|value| value.is_finite())
    }
}
