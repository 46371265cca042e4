//! How often each run is repeated: a number, or a race.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toile_judge::FEWEST_SEEDS;
use toile_record::{RaceBounds, Seeds};

use super::MAX_SEEDS;

/// How often each run is repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum SeedsSetting {
    /// So often.
    Number(#[schemars(range(min = 1, max = MAX_SEEDS))] usize),
    /// Until the comparisons between the runs are decided.
    Table(RaceTable),
}

/// Seeds are added until the comparisons between the runs are decided on the validation images. They are looked at
/// with `at_least`, 5, 10, 20 and `at_most` seeds; a run all of whose comparisons are decided gets no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RaceTable {
    /// Seeds that every run has.
    #[serde(default)]
    #[schemars(range(min = FEWEST_SEEDS, max = MAX_SEEDS), extend("default" = AT_LEAST))]
    pub at_least: Option<usize>,
    /// When a run gets no more seeds. Required.
    pub until: Until,
    /// Seeds beyond which no run gets more, whatever is undecided.
    #[serde(default)]
    #[schemars(range(min = FEWEST_SEEDS, max = MAX_SEEDS), extend("default" = AT_MOST))]
    pub at_most: Option<usize>,
}

/// When seeds are no longer added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Until {
    /// When every comparison of a run with another is decided: better, worse, or equivalent.
    Decided,
}

const AT_LEAST: usize = 3;
const AT_MOST: usize = 20;

impl RaceTable {
    /// The race with what was not said.
    pub fn race(self) -> RaceBounds {
        RaceBounds { at_least: self.at_least.unwrap_or(AT_LEAST), at_most: self.at_most.unwrap_or(AT_MOST) }
    }
}

impl SeedsSetting {
    /// The race where nothing else is said of it.
    pub fn until_decided() -> SeedsSetting {
        SeedsSetting::Table(RaceTable { at_least: None, until: Until::Decided, at_most: None })
    }
}

impl From<SeedsSetting> for Seeds {
    fn from(setting: SeedsSetting) -> Seeds {
        match setting {
            SeedsSetting::Number(seeds) => Seeds::Fixed(seeds),
            SeedsSetting::Table(table) => Seeds::Race(table.race()),
        }
    }
}
