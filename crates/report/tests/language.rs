//! What people read is written for them: no word of the code stands in it.

use crate::common;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use toile_record::Records;
use toile_report::{html, markdown, view};

/// The names of all types in the sources of the workspace that are two words in one, as no word of a sentence is.
fn types() -> BTreeSet<String> {
    let mut types = BTreeSet::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("..")];
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(&folder).expect("a folder of sources").flatten().map(|entry| entry.path()) {
            match path.is_dir() {
                true => folders.push(path),
                false if path.extension().is_some_and(|ending| ending == "rs") => {
                    let text = fs::read_to_string(&path).expect("a source file");
                    types.extend(defined(&text).map(str::to_owned));
                }
                false => {}
            }
        }
    }
    assert!(types.contains("SearchView") && types.contains("RunGroup"), "types of the report: {types:?}");
    types
}

fn defined(text: &str) -> impl Iterator<Item = &str> {
    let words = text.lines().filter_map(|line| {
        let mut words = line.trim_start().split(' ').skip_while(|word| word.starts_with("pub"));
        words.next().filter(|word| ["struct", "enum", "trait", "type"].contains(word))?;
        words.next()?.split(|c: char| !c.is_alphanumeric()).next()
    });
    words.filter(|name| {
        name.chars().zip(name.chars().skip(1)).any(|(a, b)| a.is_lowercase() && b.is_uppercase())
    })
}

/// The page without style, tags and addresses of images: what a reader sees, and the titles of the charts.
fn read(page: &str) -> String {
    let body = page.split_once("</style>").map_or(page, |(_, body)| body);
    let seen = body.split('<').filter_map(|part| part.split_once('>')).map(|(_, seen)| seen);
    let titles = body.split("aria-label=\"").skip(1).filter_map(|rest| rest.split('"').next());
    seen.chain(titles).collect::<Vec<_>>().join("\n")
}

/// A type was renamed by a program, and so were sentences: "SearchView “joint” (TPE): no trial is complete yet".
#[test]
fn no_face_names_a_type_of_the_code() {
    let types = types();
    // A test is named after a person, and a type after the test.
    const PERSON: &str = "McNemar";
    // Keras names its layers so, and the tables of models are in its form.
    let layers: BTreeSet<String> = common::records(1)
        .runs
        .iter()
        .flat_map(|run| &run.summary.rows)
        .map(|row| row.kind.clone())
        .collect();
    let samples: [Records; 5] = [
        common::records(1),
        common::interrupted(3),
        common::procedural(common::records(2)),
        common::searched(common::records(1)),
        common::searched(common::interrupted(2)),
    ];
    for records in &samples {
        let view = view(records);
        for text in [read(&html(&view)), markdown(&view)] {
            let words = text.split(|c: char| !c.is_alphanumeric() && c != '_');
            let found: BTreeSet<&str> = words
                .filter(|word| types.contains(*word) && !layers.contains(*word) && *word != PERSON)
                .collect();
            assert!(found.is_empty(), "words of the code: {found:?}");
        }
    }
}
