//! Everything that results say, at once.

use crate::claim::ClaimTable;
use crate::findings::study::{JudgedStudy, of_study};
use crate::findings::{self, NamedFinding};
use crate::pair::PairVerdict;
use crate::pairs;
use crate::quantity::Quantity;
use crate::race::RaceCourse;
use crate::ranking::{self, RankedGroups};
use crate::results::Results;
use crate::weigh::{self, WeighedClaim, Weigher};

/// What results say.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    /// All pairs of the ranking, then what the claims compare: one family, in which any *better* is false with a
    /// probability of at most 5 %.
    pub pairs: Vec<PairVerdict>,
    /// How seeds were added until the comparisons were decided, if they were.
    pub race: Option<RaceCourse>,
    /// The recipes in groups.
    pub groups: RankedGroups,
    /// The claims with their verdicts.
    pub claims: Vec<WeighedClaim>,
    /// What is to be said of runs and of the study.
    pub findings: Vec<NamedFinding>,
}

/// Judges results and the claims about them, ranked by a quantity.
pub fn judge(results: &Results, claims: &[ClaimTable], ranked: Option<Quantity>) -> Judgement {
    let (pairs, race) = pairs::judge_all(results, claims, ranked);
    let groups = ranked.map(|quantity| ranking::groups(results, quantity, &pairs)).unwrap_or_default();
    let claims = Weigher::new(results, claims, &pairs).all();
    let mut findings: Vec<NamedFinding> = Vec::new();
    for recipe in &results.recipes {
        findings.extend(recipe.runs.iter().flat_map(|run| findings::of_run(results, recipe, run)));
    }
    findings.extend(of_study(&JudgedStudy { results, pairs: &pairs, groups: &groups, claims: &claims }));
    Judgement { pairs, race, groups, claims, findings }
}

impl Judgement {
    /// The sentence of a comparison.
    pub fn sentence(results: &Results, pair: &PairVerdict) -> String {
        weigh::pair_sentence(results, pair)
    }
}
