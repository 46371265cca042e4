//! Hyperband: successive halving in brackets, so that it matters less how early the first decision comes.
//!
//! Li, Jamieson, DeSalvo, Rostamizadeh, Talwalkar (2018). Trials are dealt out to the brackets by a hash of the
//! search's name and their number, as Optuna does: a search much shorter than the sum of the budgets is not Hyperband
//! in the paper's sense, where a bracket is run to its end before the next begins.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::successive_halving::{HalvingBracket, longest};
use super::{PrunerSettingsError, PruningAlgorithm, PruningContext, PruningDecision, check_bootstrap};
use crate::Trial;

/// Successive halving in several brackets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct HyperbandPruner {
    /// As in `successive_halving`.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub min_resource: usize,
    /// The steps of a whole trial; by default those of the longest complete one.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub max_resource: Option<usize>,
    /// As in `successive_halving`.
    #[schemars(range(min = 2, max = 1000))]
    pub reduction_factor: usize,
    /// As in `successive_halving`.
    #[schemars(range(min = 0, max = 100_000))]
    pub bootstrap_count: usize,
}

impl Default for HyperbandPruner {
    fn default() -> Self {
        HyperbandPruner { min_resource: 1, max_resource: None, reduction_factor: 3, bootstrap_count: 0 }
    }
}

impl PruningAlgorithm for HyperbandPruner {
    /// As successive halving within the trial's own bracket. Without `max_resource`, nothing until a trial is complete.
    fn decide(&self, context: &PruningContext) -> PruningDecision {
        let budgets = self.budgets(context.history);
        let bracket_of = |trial: &Trial| bracket(context.search, trial.number, &budgets);
        let Some(own) = bracket_of(context.trial) else { return PruningDecision::default() };
        let bracket = HalvingBracket {
            min_resource: self.min_resource,
            reduction_factor: self.reduction_factor,
            first: own,
            bootstrap_count: self.bootstrap_count,
        };
        bracket.decide(context, |other| bracket_of(other) == Some(own))
    }

    fn check(&self) -> Result<(), PrunerSettingsError> {
        check_bootstrap(self.bootstrap_count, "max_resource", self.max_resource)
    }

    fn check_effect(&self) -> Result<(), PrunerSettingsError> {
        if let Some(most) = self.max_resource.filter(|most| *most < self.min_resource) {
            let least = self.min_resource;
            let message =
                format!("`max_resource` must not be below `min_resource`, found {most} and {least}");
            return Err(PrunerSettingsError::new(message, ""));
        }
        Ok(())
    }

    fn compares_seeds(&self) -> bool {
        false
    }

    fn depends_on_name(&self) -> bool {
        true
    }
}

impl HyperbandPruner {
    /// How many trials of each round fall to each bracket: ⌈B ηˢ / (s + 1)⌉ for s = B − 1, …, 0.
    fn budgets(&self, history: &[Trial]) -> Vec<u64> {
        let max_resource =
            self.max_resource.map(|steps| steps as i64).or_else(|| longest(history).map(|steps| steps + 1));
        let brackets = max_resource.map_or(0, |steps| self.brackets(steps));
        let eta = self.reduction_factor as u64;
        (0..brackets).rev().map(|s| (brackets as u64 * eta.pow(s)).div_ceil(s as u64 + 1)).collect()
    }

    /// ⌊log_η (R / r)⌋ + 1 by the quotient of two logarithms, which makes 243 one bracket short of log₃ 243 = 5, as in
    /// Python.
    fn brackets(&self, max_resource: i64) -> u32 {
        let ratio = max_resource as f64 / self.min_resource as f64;
        let power = (ratio.ln() / (self.reduction_factor as f64).ln()).floor();
        (power + 1.0) as u32
    }
}

/// The bracket of a trial: the CRC of `name_number`, modulo the sum of the budgets, walked through them.
fn bracket(search: &str, number: usize, budgets: &[u64]) -> Option<usize> {
    let total: u64 = budgets.iter().sum();
    let mut left = u64::from(crc32(format!("{search}_{number}").as_bytes())).checked_rem(total)?;
    budgets.iter().position(|&budget| {
        let here = left < budget;
        left = left.saturating_sub(budget);
        here
    })
}

/// The checksum of zip files (IEEE 802.3).
fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, _| if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 };
    !bytes.iter().fold(!0, |crc, &byte| (0..8).fold(crc ^ u32::from(byte), step))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hyperband(max_resource: usize) -> HyperbandPruner {
        HyperbandPruner { max_resource: Some(max_resource), ..Default::default() }
    }

    /// The check value of the CRC catalogue.
    #[test]
    fn the_checksum_is_that_of_zip_files() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
    }

    /// `HyperbandPruner(max_resource=R)._trial_allocation_budgets` of Optuna 5.0.0.
    #[test]
    fn budgets_are_optuna_s() {
        assert_eq!(hyperband(10).budgets(&[]), [9, 5, 3]);
        assert_eq!(hyperband(50).budgets(&[]), [27, 12, 6, 4]);
        assert_eq!(hyperband(100).budgets(&[]), [81, 34, 15, 8, 5]);
        assert_eq!(hyperband(243).budgets(&[]), [81, 34, 15, 8, 5]);
        assert_eq!(hyperband(1).budgets(&[]), [1]);
    }

    /// `HyperbandPruner(max_resource=50)._get_bracket_id` of Optuna 5.0.0, in a study of this name.
    #[test]
    fn trials_fall_to_the_brackets_that_optuna_gives_them() {
        let budgets = hyperband(50).budgets(&[]);
        let brackets: Vec<_> =
            (0..12).filter_map(|number| bracket("fashion-mnist", number, &budgets)).collect();
        assert_eq!(brackets, [2, 1, 1, 0, 1, 0, 1, 1, 2, 0, 0, 0]);
    }

    #[test]
    fn a_trial_shorter_than_the_first_decision_has_no_bracket() {
        let pruner = HyperbandPruner { min_resource: 20, ..hyperband(5) };
        assert_eq!(bracket("joint", 0, &pruner.budgets(&[])), None);
    }
}
