//! The page on `toile judge` says what is so: its example is a file, its claims have forms, and no form, metric or
//! finding's key is missing.

use toile_judge::plain::read;
use toile_judge::{ClaimTable, Form, NAMES, Quantity};

const PAGE: &str = include_str!("../../../../docs/judge.md");

#[test]
fn the_example_of_a_file_is_read() {
    let example =
        PAGE.split("```json\n").nth(1).and_then(|rest| rest.split("```").next()).expect("an example");
    // Bits are left out on the page.
    let example = example.replace(",\n   \"test_correct\": \"…\"", "");
    let records = read(&example).unwrap_or_else(|fault| panic!("{fault}"));
    assert_eq!((records.results.recipes.len(), records.claims.len()), (1, 1));
}

#[test]
fn every_example_of_a_claim_has_a_form() {
    let rows = PAGE.lines().filter(|line| line.starts_with("| ") && line.contains("| `{ "));
    let examples: Vec<&str> =
        rows.filter_map(|line| line.rsplit("| `").next()?.strip_suffix("` |")).collect();
    assert_eq!(examples.len(), 15, "{examples:#?}");
    for example in examples {
        let table: toml::Table = toml::from_str(&format!("claim = {example}")).expect("TOML");
        let mut claim = table["claim"].as_table().expect("a table").clone();
        claim.insert("id".into(), "c".into());
        let claim: ClaimTable = claim.try_into().unwrap_or_else(|error| panic!("{example}: {error}"));
        claim.form().unwrap_or_else(|fault| panic!("{example}: {fault:?}"));
        assert!(!matches!(claim.form(), Ok(Form::PartsOfARun { .. })) || claim.of.is_some());
    }
}

#[test]
fn every_metric_finding_and_key_of_the_answer_is_on_the_page() {
    NAMES.iter().for_each(|name| assert!(PAGE.contains(&format!("`{name}`")), "{name} is not on the page"));
    Quantity::all()
        .for_each(|quantity| assert!(PAGE.contains(&format!("`{}`", quantity.name())), "{quantity:?}"));
    let text =
        r#"{"format": 1, "runs": [{"name": "A", "test": {"loss": 1}}, {"name": "B", "test": {"loss": 2}}]}"#;
    let records = read(text).expect("two runs");
    let judgement = toile_judge::judge(&records.results, &[], toile_judge::ranked_quantity(&records.results));
    let answer = toile_judge::plain::answer(&records.results, &judgement).to_json();
    let verdict = answer["verdicts"][0].as_object().expect("a verdict");
    for key in answer.as_object().expect("an answer").keys().chain(verdict.keys()) {
        assert!(PAGE.contains(&format!("`{key}`")), "{key} is not on the page");
    }
}
