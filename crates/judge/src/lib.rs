//! What results say, and what they do not: comparisons, claims, groups, findings.
//!
//! Results in, sentences with numbers out.
#![warn(unreachable_pub)]

mod claim;
mod contrast;
mod findings;
mod judgement;
mod pair;
mod pairs;
pub mod plain;
mod quantity;
mod race;
mod ranking;
mod results;
mod weigh;
mod widths;
mod words;

pub use claim::{
    ChoosingPart, ClaimFault, ClaimTable, FactTable, Form, Names, ProcedureTable, Scope, SettingValue, Way,
};
pub use contrast::{Contrast, DifferingSetting, setting_text};
pub use findings::{NAMES, NamedFinding, STUDY_NAMES, Severity, of_run};
pub use judgement::{Judgement, judge};
pub use pair::{PairVerdict, PairWord};
pub use quantity::{DataPart, Quantity};
pub use race::{RaceCourse, seeds_needed};
pub use ranking::{RankedGroups, ranked_quantity};
pub use results::{EQUIVALENCE, Images, RaceRules, Recipe, Results, Run};
pub use toile_stats::FEWEST_SEEDS;
pub use weigh::{
    Capacity, CapacityLimit, CapacityWidth, ClaimVerdict, Reproduction, WeighedClaim, WidthDifference,
    capacity, reproductions,
};
pub use words::count;
