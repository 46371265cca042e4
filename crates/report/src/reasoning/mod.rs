//! What the results say: our own, and the published table by itself, judged by the same rules.

mod ours;
mod own;
mod published;
mod sentences;

use toile_judge::{
    Capacity, ClaimTable, EQUIVALENCE, Judgement, Quantity, Recipe, Reproduction, Results, capacity, judge,
    ranked_quantity, reproductions,
};
use toile_record::{DataRecord, Part, Records};
use toile_study::{CheckedStudy, DataShape, check};

use crate::facts::train_images;

pub use own::OWN_FINDINGS;

/// More recipes are not compared in pairs.
pub(crate) const MOST_COMPARED: usize = 64;

/// What the results say.
#[derive(Clone, Debug, PartialEq)]
pub struct Reasoning {
    /// Our own results; the recipes are the groups of the view, in their order.
    pub ours: Results,
    /// What they say.
    pub judgement: Judgement,
    /// The published table and what it says by itself, where the study file has one.
    pub published: Option<(Results, Judgement)>,
    /// Each published number against our runs.
    pub reproductions: Vec<Reproduction>,
}

/// How many seeds each run of a study needs, as far as its records say, where seeds are added until the comparisons are
/// decided; nothing for other studies.
pub fn seeds_needed(records: &Records) -> Vec<(String, usize)> {
    let Own { results, claims, ranked, .. } = own(records);
    toile_judge::seeds_needed(&results, &claims, ranked)
}

/// Our own results, and what they are judged by.
struct Own {
    study: Option<CheckedStudy>,
    results: Results,
    claims: Vec<ClaimTable>,
    ranked: Option<Quantity>,
}

fn own(records: &Records) -> Own {
    let study = study_of(records);
    let results = ours::results(records, study.as_ref());
    let ranked = ranked_quantity(&results).filter(|_| results.recipes.len() <= MOST_COMPARED);
    let claims = study.iter().flat_map(|study| &study.claims);
    let claims = claims.map(|claim| claim.renamed(|name| ours::chosen_name(records, name))).collect();
    Own { study, results, claims, ranked }
}

/// The study file of the records, as far as this program can read it.
fn study_of(records: &Records) -> Option<CheckedStudy> {
    check(&records.study.file, "study.toml", Some(shape(&records.study.data))).ok()
}

/// Judges the records.
pub(crate) fn reasoning(records: &Records) -> Reasoning {
    let Own { study, results: ours, claims: own_claims, ranked } = own(records);
    let claims = study.as_ref().map(|study| study.claims.clone()).unwrap_or_default();
    let published = study.as_ref().and_then(|study| published::results(records, study));
    let judged = |results: Results| {
        let judgement = judge(&results, &claims, ranked_quantity(&results));
        (results, judgement)
    };
    let mut judgement = judge(&ours, &own_claims, ranked);
    judgement.findings.extend(own::findings(records));
    Reasoning { judgement, reproductions: reproductions(&ours), published: published.map(judged), ours }
}

/// What limits a model, by the same family of comparisons as the report's: with the claims of the study file, and one
/// of this model's capacity if there is none.
pub fn model_capacity(records: &Records, model: &str) -> Capacity {
    let Own { results, mut claims, ranked, .. } = own(records);
    if !claims.iter().any(|claim| claim.capacity.as_deref() == Some(model)) {
        let id = String::from("capacity of the model");
        claims.push(ClaimTable { id, capacity: Some(model.to_owned()), ..ClaimTable::default() });
    }
    capacity(&results, model, &judge(&results, &claims, ranked).pairs)
}

/// The models whose capacity the study file claims something about, each once.
pub fn capacity_models(records: &Records) -> Vec<String> {
    let claims = study_of(records).map(|study| study.claims).unwrap_or_default();
    let mut models: Vec<String> = Vec::new();
    for model in claims.into_iter().filter_map(|claim| claim.capacity) {
        if !models.contains(&model) {
            models.push(model);
        }
    }
    models
}

fn shape(data: &DataRecord) -> DataShape {
    let image = data.shape.into();
    let (classes, images) = (data.class_names.len(), data.n_train);
    let own_validation = if data.split.how == "own" { data.n_images(Part::Validation) } else { 0 };
    DataShape { image, classes, images, first_label: 0, own_validation }
}

/// Results on the data of the study, with the margin that its file sets.
fn on_the_data(data: &DataRecord, study: Option<&CheckedStudy>, recipes: Vec<Recipe>) -> Results {
    let known = |n: usize| Some(n).filter(|n| *n > 0);
    Results {
        n_train: usize::try_from(train_images(data)).ok().and_then(known),
        n_validation: known(data.n_images(Part::Validation)),
        n_test: known(data.n_test),
        classes: known(data.class_names.len()),
        image_shape: Some(data.shape),
        race: None,
        equivalence: study.and_then(|study| study.study.equivalence).unwrap_or(EQUIVALENCE),
        recipes,
    }
}
