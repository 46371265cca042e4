//! A whole published study: its table, and every claim of its text against verdicts that were given by hand.
//!
//! The folder that `TOILE_DOCUMENT_FIXTURES` names holds `records.json`, the table as plain records, and `claims.json`:
//! per claim its `id`, `verdict` and the list `also_acceptable`. The claims themselves stand in the built-in study.

#![allow(clippy::print_stderr)] // a test may say that it was skipped

use std::collections::BTreeMap;

use serde_json::Value;
use toile_judge::plain::read;
use toile_judge::{ClaimTable, Recipe, Results, judge, ranked_quantity};

const STUDY: &str = include_str!("../../../../studies/fashion-mnist.toml");

/// Parameters by layer of the models that the text speaks of.
const PARAMETERS: [(&str, &[usize]); 3] = [
    ("Model 1", &[25_120, 330]),
    ("Deeper", &[50_240, 2_080, 1_056, 330]),
    ("CNN with dropout", &[320, 18_496, 36_928, 73_856, 57_650, 52_224, 131_200, 1_290]),
];

/// The claims of the built-in study, about the names of the publication.
fn claims() -> Vec<ClaimTable> {
    let study: toml::Table = toml::from_str(STUDY).expect("TOML");
    let rows = |key: &str| study[key].as_array().expect("a list").clone();
    let name = |row: &toml::Value, key: &str| Some(row.get(key)?.as_str()?.to_string());
    let all = rows("runs").into_iter().chain(rows("searches"));
    let published: BTreeMap<String, String> =
        all.filter_map(|row| Some((name(&row, "name")?, name(&row, "published_as")?))).collect();
    rows("claims")
        .into_iter()
        .map(|claim| claim.try_into::<ClaimTable>().expect("a claim"))
        .map(|claim| claim.renamed(|name| published.get(name).cloned()))
        .collect()
}

fn with_facts(mut results: Results) -> Results {
    results.image_shape = Some([28, 28, 1]);
    for (name, parameters) in PARAMETERS {
        let known = results.recipes.iter_mut().find(|recipe: &&mut Recipe| recipe.name == name);
        known.expect("a run of the table").parameters = parameters.to_vec();
    }
    results
}

#[test]
fn every_claim_of_the_built_in_study_has_a_form() {
    let claims = claims();
    assert!(claims.len() > 50, "{}", claims.len());
    claims.iter().for_each(|claim| {
        claim.form().unwrap_or_else(|fault| panic!("{}: {fault:?}", claim.id));
    });
}

#[test]
fn every_claim_of_the_document_gets_an_acceptable_verdict() {
    let Some(folder) = std::env::var_os("TOILE_DOCUMENT_FIXTURES") else {
        eprintln!("skipped: TOILE_DOCUMENT_FIXTURES is not set, no published study was read");
        return;
    };
    let text = |name: &str| {
        let path = std::path::Path::new(&folder).join(name);
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    };
    let records = read(&text("records.json")).unwrap_or_else(|fault| panic!("{fault}"));
    let results = with_facts(records.results);
    let weighed = judge(&results, &claims(), ranked_quantity(&results)).claims;
    let expected: Value = serde_json::from_str(&text("claims.json")).expect("JSON");
    let (mut faults, mut first_choice) = (Vec::new(), 0);
    let expected = expected["claims"].as_array().expect("claims");
    for claim in expected {
        let id = claim["id"].as_str().expect("an id");
        let Some(found) = weighed.iter().find(|weighed| weighed.id == id) else {
            faults.push(format!("{id}: the study has no such claim"));
            continue;
        };
        let others = claim["also_acceptable"].as_array().expect("a list");
        let mut acceptable = others.iter().chain([&claim["verdict"]]);
        // What is asserted must be given: neither supported nor contradicted is a guess.
        if !acceptable.any(|verdict| verdict == found.verdict.name()) {
            faults.push(format!(
                "{id}: {}, expected {}: {}",
                found.verdict.name(),
                claim["verdict"],
                found.why
            ));
        }
        first_choice += usize::from(claim["verdict"] == found.verdict.name());
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    let ids: Vec<&Value> = expected.iter().map(|claim| &claim["id"]).collect();
    let unknown: Vec<&str> = weighed
        .iter()
        .map(|claim| claim.id.as_str())
        .filter(|id| !ids.iter().any(|known| *known == id))
        .collect();
    assert!(unknown.is_empty(), "claims without a verdict by hand: {unknown:?}");
    eprintln!("{} claims, {first_choice} with the verdict that stands first", weighed.len());
}
