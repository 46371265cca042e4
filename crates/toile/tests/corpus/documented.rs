//! `results.json` keeps its documented form: every key that docs/results-json.md names is there, and every key that
//! version 0.1.0 wrote.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::corpus::{Copy, STORES, committed};

/// Where the things of each section of the page stand in the document: keys, `*` for each item of a list.
const SECTIONS: [(&str, &[&str]); 6] = [
    ("The document", &[""]),
    ("`data`", &["data"]),
    ("`runs`", &["runs/*"]),
    ("`epochs` and `final`", &["runs/*/final"]),
    ("`searches`", &["searches/*"]),
    ("`trials`", &["searches/*/trials/*"]),
];

fn page() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/results-json.md");
    fs::read_to_string(path).unwrap()
}

/// The words in backticks of a text.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// The keys in the first column of a section's table.
fn keys<'a>(page: &'a str, section: &str) -> Vec<&'a str> {
    let start = page.find(&format!("\n## {section}\n")).unwrap_or_else(|| panic!("no section {section}"));
    let text = &page[start + 4..];
    let text = &text[..text.find("\n## ").unwrap_or(text.len())];
    let rows = text.lines().filter(|line| line.starts_with("| `"));
    rows.flat_map(|row| words(row.split('|').nth(1).unwrap())).collect()
}

/// Everything at a place.
fn at<'a>(value: &'a Value, path: &str) -> Vec<&'a Value> {
    path.split('/').filter(|key| !key.is_empty()).fold(vec![value], |all, key| match key {
        "*" => all.into_iter().flat_map(|one| one.as_array().into_iter().flatten()).collect(),
        key => all.into_iter().map(|one| &one[key]).filter(|one| !one.is_null()).collect(),
    })
}

/// The keys of all objects in a document, each with the way to it. Names of parameters and settings are the study's.
fn paths(value: &Value, way: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                let way = format!("{way}/{key}");
                if !matches!(key.as_str(), "plan" | "params" | "sampler" | "pruner" | "space") {
                    paths(value, &way, found);
                }
                found.insert(way);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| paths(item, &format!("{way}/*"), found)),
        _ => {}
    }
}

fn all_paths(value: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    paths(value, "", &mut found);
    found
}

#[test]
fn every_documented_key_is_there() {
    let copy = Copy::of("search-finished");
    copy.toile(&["report", "out"]).ok();
    let (results, page) = (copy.results("out"), page());
    assert_eq!(results["format"], 2);
    let mut n = 0;
    for (section, places) in SECTIONS {
        for key in keys(&page, section).into_iter().filter(|key| *key != "notice") {
            for place in places {
                let all = at(&results, place);
                assert!(!all.is_empty(), "nothing at `{place}`");
                assert!(all.iter().all(|one| one.get(key).is_some()), "{section}: no `{key}` at `{place}`");
                n += 1;
            }
        }
    }
    assert!(n > 80, "the page names more than {n} keys");
}

#[test]
fn every_key_of_version_0_1_0_is_there() {
    for (folder, out) in STORES {
        let copy = Copy::of(folder);
        copy.toile(&["report", out]).ok();
        let (old, new) = (all_paths(&committed(folder, out)), all_paths(&copy.results(out)));
        let gone: Vec<_> = old.difference(&new).collect();
        assert!(gone.is_empty(), "{folder}/{out}: {gone:#?}");
        assert!(old.contains("/runs/*/final/test_accuracy"), "{folder}/{out}: {old:#?}");
    }
}
