//! Statistics: centres and spreads, intervals, distributions, and the classes that a classifier confuses.
//!
//! Numbers in, numbers out: nothing here knows a study, a run or a file. A statistic that does not exist (the spread of
//! one number, the mean of none) is `None`. Every function is checked against SciPy or NumPy in its own file.

mod confusion;
mod distribution;
mod interval;
mod sample;
mod special;

pub use confusion::{ClassScore, ConfusedPair, Confusion};
pub use distribution::{normal_cdf, normal_quantile, student_cdf, student_quantile};
pub use interval::{Interval, mean_interval, prediction_z, wilson};
pub use sample::{mean, median, quantile, sample_sd, standard_error};
