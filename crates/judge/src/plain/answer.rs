//! The answer to plain records, as JSON.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::findings::NamedFinding;
use crate::judgement::Judgement;
use crate::pair::PairVerdict;
use crate::quantity::Quantity;
use crate::race::RaceCourse;
use crate::results::Results;
use crate::weigh::WeighedClaim;

/// What is said of results.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PlainAnswer {
    /// The version of the form.
    pub format: u64,
    /// What the groups are ranked by.
    pub ranked_by: Option<Quantity>,
    /// The margin of equivalence.
    pub equivalence: f64,
    /// How seeds were added until the comparisons were decided; not there if they were not.
    #[serde(skip_serializing_if = "Option::is_none")]
    race: Option<RaceCourse>,
    /// One per unordered pair of the ranking, and one per comparison of a claim.
    verdicts: Vec<PlainVerdict>,
    /// The recipes in groups, the best first.
    groups: Vec<Vec<String>>,
    /// Pairs inside a group of which the first is better.
    within: Vec<[String; 2]>,
    /// Recipes without a group: without the number, or with fewer than three runs where others have more.
    unranked: Vec<String>,
    /// The claims with their verdicts.
    claims: Vec<WeighedClaim>,
    /// What is to be said of runs and of the study.
    findings: Vec<NamedFinding>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct PlainVerdict {
    a: String,
    b: String,
    metric: Quantity,
    verdict: &'static str,
    difference: Option<f64>,
    /// The level of its look in a race; the interval has 1 less that.
    #[serde(skip_serializing_if = "Option::is_none")]
    alpha: Option<f64>,
    low: Option<f64>,
    high: Option<f64>,
    p: Option<f64>,
    p_adjusted: Option<f64>,
    p_equivalent: Option<f64>,
    p_equivalent_adjusted: Option<f64>,
    seed_part: Option<f64>,
    image_part: Option<f64>,
    seeds: [usize; 2],
    more_seeds: Option<usize>,
    mcnemar_mid_p: Option<f64>,
    differ_in: Vec<String>,
    confounded: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    claims: Vec<String>,
    why: String,
}

/// The answer.
pub fn answer(results: &Results, judgement: &Judgement) -> PlainAnswer {
    let name = |place: usize| results.recipes[place].name.clone();
    PlainAnswer {
        format: 1,
        ranked_by: judgement.groups.quantity,
        equivalence: results.equivalence,
        race: judgement.race.clone(),
        verdicts: judgement.pairs.iter().map(|pair| verdict(results, pair)).collect(),
        groups: judgement
            .groups
            .groups
            .iter()
            .map(|group| group.iter().map(|place| name(*place)).collect())
            .collect(),
        within: judgement.groups.within.iter().map(|(a, b)| [name(*a), name(*b)]).collect(),
        unranked: judgement.groups.unranked.iter().map(|place| name(*place)).collect(),
        claims: judgement.claims.clone(),
        findings: judgement.findings.clone(),
    }
}

fn verdict(results: &Results, pair: &PairVerdict) -> PlainVerdict {
    let [a, b] = pair.places.map(|place| results.recipes[place].name.clone());
    let (judged, crossed) = (&pair.judged, &pair.crossed);
    PlainVerdict {
        a,
        b,
        metric: pair.quantity,
        verdict: pair.word().name(),
        difference: pair.difference(),
        alpha: results.race.is_some().then_some(pair.alpha),
        low: judged.interval.map(|interval| interval.low),
        high: judged.interval.map(|interval| interval.high),
        p: judged.p,
        p_adjusted: judged.p_adjusted,
        p_equivalent: judged.p_equivalent,
        p_equivalent_adjusted: judged.p_equivalent_adjusted,
        seed_part: crossed.map(|crossed| crossed.seed_part),
        image_part: crossed.map(|crossed| crossed.image_part),
        seeds: pair.seeds,
        more_seeds: pair.more_seeds(),
        mcnemar_mid_p: pair.networks.map(|networks| networks.mid_p),
        differ_in: pair.contrast.differ_in(),
        confounded: pair.contrast.is_confounded(),
        claims: pair.claims.clone(),
        why: Judgement::sentence(results, pair),
    }
}

impl PlainAnswer {
    /// As JSON. Numbers that are not finite are `null`.
    pub fn to_json(&self) -> Value {
        serde_json::to_value(self).unwrap_or(Value::Object(Map::new()))
    }
}
