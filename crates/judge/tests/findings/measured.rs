//! Curves of real trainings on Fashion-MNIST (54,000 images, the last 6,000 for validation), three decimals.
#![allow(clippy::approx_constant, reason = "a measured loss is no constant")]

use crate::findings::curves::Column::{Accuracy, Loss, TrainLoss, ValAccuracy, ValLoss};
use crate::findings::curves::{curve, names, the};

/// One layer of 32 sigmoid units, Adam at 0.1, batch 256: running training loss.
#[rustfmt::skip]
pub(crate) const TOO_FAST_LOSS: [f64; 50] = [
    0.801, 0.623, 0.602, 0.592, 0.557, 0.575, 0.57, 0.54, 0.538, 0.546, 0.529, 0.522, 0.516, 0.524,
    0.523, 0.543, 0.536, 0.52, 0.511, 0.514, 0.507, 0.518, 0.497, 0.522, 0.516, 0.503, 0.492, 0.499,
    0.494, 0.502, 0.49, 0.487, 0.495, 0.5, 0.492, 0.487, 0.514, 0.486, 0.488, 0.486, 0.497, 0.479,
    0.472, 0.485, 0.492, 0.483, 0.491, 0.484, 0.474, 0.47,
];

/// The same: validation loss.
#[rustfmt::skip]
pub(crate) const TOO_FAST_VAL_LOSS: [f64; 50] = [
    0.627, 0.599, 0.631, 0.587, 0.583, 0.618, 0.543, 0.578, 0.553, 0.534, 0.518, 0.532, 0.524, 0.521,
    0.531, 0.577, 0.556, 0.528, 0.528, 0.519, 0.542, 0.494, 0.556, 0.519, 0.534, 0.512, 0.497, 0.496,
    0.506, 0.541, 0.501, 0.525, 0.526, 0.538, 0.55, 0.502, 0.524, 0.534, 0.521, 0.54, 0.513, 0.484,
    0.501, 0.514, 0.525, 0.486, 0.536, 0.504, 0.495, 0.472,
];

/// The same with Adam at 0.001: running training loss.
#[rustfmt::skip]
pub(crate) const USUAL_LOSS: [f64; 50] = [
    1.219, 0.684, 0.551, 0.489, 0.453, 0.43, 0.414, 0.401, 0.39, 0.381, 0.372, 0.365, 0.359, 0.352,
    0.346, 0.342, 0.338, 0.333, 0.329, 0.325, 0.322, 0.317, 0.314, 0.311, 0.308, 0.304, 0.303, 0.299,
    0.297, 0.293, 0.291, 0.289, 0.287, 0.286, 0.282, 0.28, 0.278, 0.277, 0.274, 0.273, 0.272, 0.268,
    0.267, 0.265, 0.264, 0.262, 0.26, 0.259, 0.257, 0.256,
];

/// The same: running training accuracy.
#[rustfmt::skip]
pub(crate) const USUAL_ACCURACY: [f64; 50] = [
    0.666, 0.797, 0.825, 0.839, 0.847, 0.853, 0.858, 0.861, 0.864, 0.867, 0.869, 0.872, 0.873, 0.875,
    0.878, 0.879, 0.88, 0.883, 0.884, 0.885, 0.885, 0.887, 0.889, 0.889, 0.89, 0.891, 0.892, 0.893,
    0.894, 0.896, 0.896, 0.898, 0.897, 0.899, 0.899, 0.901, 0.901, 0.902, 0.903, 0.902, 0.903, 0.905,
    0.905, 0.906, 0.906, 0.907, 0.907, 0.908, 0.908, 0.907,
];

/// The same: validation loss.
#[rustfmt::skip]
pub(crate) const USUAL_VAL_LOSS: [f64; 50] = [
    0.795, 0.594, 0.511, 0.472, 0.442, 0.424, 0.41, 0.413, 0.396, 0.394, 0.384, 0.376, 0.372, 0.37,
    0.368, 0.363, 0.36, 0.358, 0.353, 0.352, 0.352, 0.348, 0.35, 0.345, 0.345, 0.348, 0.342, 0.342,
    0.345, 0.342, 0.342, 0.343, 0.34, 0.338, 0.344, 0.338, 0.342, 0.339, 0.335, 0.342, 0.335, 0.332,
    0.333, 0.337, 0.336, 0.336, 0.338, 0.334, 0.337, 0.335,
];

/// The same: validation accuracy.
#[rustfmt::skip]
pub(crate) const USUAL_VAL_ACCURACY: [f64; 50] = [
    0.778, 0.812, 0.83, 0.837, 0.844, 0.849, 0.854, 0.852, 0.857, 0.857, 0.86, 0.862, 0.864, 0.865,
    0.869, 0.866, 0.869, 0.868, 0.871, 0.873, 0.871, 0.874, 0.872, 0.873, 0.875, 0.875, 0.875, 0.874,
    0.878, 0.876, 0.876, 0.874, 0.878, 0.879, 0.875, 0.878, 0.878, 0.879, 0.879, 0.876, 0.879, 0.882,
    0.88, 0.879, 0.878, 0.877, 0.88, 0.88, 0.879, 0.878,
];

/// Layers of 64, 32 and 32 rectified units, Adam at 0.001, batch 256: running training loss.
#[rustfmt::skip]
pub(crate) const DEEP_LOSS: [f64; 50] = [
    0.71, 0.448, 0.405, 0.382, 0.363, 0.344, 0.338, 0.326, 0.318, 0.307, 0.3, 0.294, 0.287, 0.281,
    0.278, 0.27, 0.264, 0.259, 0.255, 0.252, 0.249, 0.245, 0.241, 0.234, 0.237, 0.226, 0.225, 0.223,
    0.217, 0.217, 0.217, 0.21, 0.208, 0.208, 0.201, 0.197, 0.199, 0.192, 0.191, 0.191, 0.183, 0.189,
    0.185, 0.179, 0.176, 0.175, 0.172, 0.171, 0.165, 0.167,
];

/// The same: validation loss.
#[rustfmt::skip]
pub(crate) const DEEP_VAL_LOSS: [f64; 50] = [
    0.468, 0.456, 0.396, 0.38, 0.378, 0.387, 0.374, 0.354, 0.357, 0.359, 0.344, 0.363, 0.343, 0.357,
    0.346, 0.344, 0.359, 0.355, 0.349, 0.335, 0.348, 0.364, 0.351, 0.352, 0.349, 0.344, 0.348, 0.357,
    0.347, 0.379, 0.348, 0.352, 0.376, 0.36, 0.359, 0.364, 0.387, 0.371, 0.365, 0.369, 0.384, 0.378,
    0.37, 0.386, 0.367, 0.372, 0.389, 0.377, 0.384, 0.393,
];

/// The same: validation accuracy.
#[rustfmt::skip]
pub(crate) const DEEP_VAL_ACCURACY: [f64; 50] = [
    0.831, 0.839, 0.857, 0.863, 0.865, 0.862, 0.863, 0.874, 0.87, 0.872, 0.876, 0.87, 0.876, 0.874,
    0.873, 0.877, 0.874, 0.874, 0.877, 0.88, 0.88, 0.874, 0.881, 0.878, 0.881, 0.88, 0.88, 0.879,
    0.884, 0.875, 0.886, 0.882, 0.88, 0.881, 0.882, 0.884, 0.876, 0.886, 0.881, 0.883, 0.883, 0.882,
    0.886, 0.882, 0.887, 0.889, 0.884, 0.89, 0.886, 0.884,
];

/// One layer of 32 sigmoid units, SGD at 0.0002, batch 256: loss of the weights at the end of the epoch.
#[rustfmt::skip]
pub(crate) const SLOW_TRAIN_LOSS: [f64; 20] = [
    2.425, 2.406, 2.389, 2.374, 2.36, 2.347, 2.335, 2.324, 2.313, 2.303, 2.293, 2.284, 2.276, 2.267,
    2.259, 2.251, 2.244, 2.236, 2.229, 2.222,
];

#[test]
fn adam_at_a_tenth_oscillates() {
    let run = curve(&[(Loss, &TOO_FAST_LOSS), (ValLoss, &TOO_FAST_VAL_LOSS)]);
    assert_eq!(names(run), ["oscillating"]);
}

#[test]
fn adam_at_a_thousandth_has_a_gap_without_harm_and_a_plateau() {
    let run = curve(&[
        (Loss, &USUAL_LOSS),
        (Accuracy, &USUAL_ACCURACY),
        (ValLoss, &USUAL_VAL_LOSS),
        (ValAccuracy, &USUAL_VAL_ACCURACY),
    ]);
    assert_eq!(names(run), ["gap_without_harm", "plateau"]);
}

#[test]
fn the_deeper_network_gets_too_sure_of_itself() {
    let run = curve(&[(Loss, &DEEP_LOSS), (ValLoss, &DEEP_VAL_LOSS), (ValAccuracy, &DEEP_VAL_ACCURACY)]);
    assert_eq!(names(run.clone()), ["val_loss_rising", "over_confidence", "not_converged"]);
    assert!(the("not_converged", run.clone()).advice.starts_with("Do not add epochs"));
    let statement = the("val_loss_rising", run).statement;
    assert_eq!(
        statement,
        "Validation loss is 0.393 after epoch 50, 17 % above its minimum of 0.335 after epoch 20."
    );
}

#[test]
fn a_rate_of_two_ten_thousandths_is_too_low() {
    assert_eq!(names(curve(&[(TrainLoss, &SLOW_TRAIN_LOSS)])), ["learning_rate_too_low"]);
}
