//! Constant: no schedule at all.

use super::ScheduleSettings;

/// η throughout.
pub(super) struct Constant;

impl ScheduleSettings for Constant {
    fn rate(&self, start: f64, _: u64) -> f64 {
        start
    }
}
