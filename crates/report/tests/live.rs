//! The page in parts, and the page that is served: both are the report, word for word.

use std::collections::BTreeMap;

use toile_record::State;
use toile_report::{LiveStrip, PageParts, html, view};

use crate::common;

fn parts(records: &toile_record::Records) -> PageParts {
    PageParts::of(&view(records))
}

fn served(parts: &PageParts) -> String {
    parts.served(&LiveStrip::default(), "{}").html
}

/// What stands between `<main …>` and its end, without the strip.
fn main_of(page: &str) -> String {
    let main = page
        .split_once("<main class=\"page\">\n")
        .expect("a main")
        .1
        .split_once("</main>")
        .expect("its end")
        .0;
    match main.split_once("</aside>\n") {
        Some((strip, rest)) if strip.starts_with("<aside id=\"live\"") => rest.to_owned(),
        _ => main.to_owned(),
    }
}

#[test]
fn the_parts_together_are_the_report() {
    for records in [common::records(2), common::interrupted(2), common::searched(common::records(1))] {
        let parts = parts(&records);
        let page = html(&view(&records));
        assert_eq!(parts.file(), page);
        assert_eq!(main_of(&served(&parts)), main_of(&page));
        assert!(!page.contains("data-part"), "every part stands in its place");
        for part in parts.parts() {
            assert!(part.html.contains(&format!(" id=\"{}\"", part.id)), "{} is no element", part.id);
        }
    }
}

#[test]
fn a_part_has_a_name_of_its_own_and_a_version_that_moves_with_its_words() {
    let (one, other) = (parts(&common::interrupted(2)), parts(&common::interrupted(2)));
    assert_eq!(one, other);
    let by_id = |parts: &PageParts| -> BTreeMap<String, String> {
        parts.parts().iter().map(|part| (part.id.clone(), part.version.clone())).collect()
    };
    assert_eq!(by_id(&one).len(), one.parts().len(), "ids stand once");
    let mut records = common::interrupted(2);
    let run = records.runs.iter_mut().find(|run| run.state == State::Running).expect("a run under way");
    let last = run.epochs.last_mut().expect("an epoch");
    last.val_loss = last.val_loss.map(|loss| loss / 2.0);
    let name = run.name.clone();
    let next = parts(&records);
    let before = by_id(&one);
    let moved: Vec<&str> = next
        .parts()
        .iter()
        .filter(|part| before.get(&part.id) != Some(&part.version))
        .map(|part| part.id.as_str())
        .collect();
    let view = view(&records);
    let group = view.groups.iter().find(|group| group.name == name).expect("its group");
    assert!(moved.contains(&group.anchor.as_str()), "{moved:?}");
    let others = moved.iter().filter(|id| id.starts_with("run-")).count();
    assert_eq!(others, 1, "of thirteen runs one has moved: {moved:?}");
    assert!(!moved.contains(&"runs") && !moved.contains(&"contents"), "{moved:?}");
}

/// The header's policy knows a style by its hash, which attributes would not be known by.
#[test]
fn nothing_on_the_page_needs_a_style_or_a_script_of_its_own() {
    for records in [common::records(2), common::searched(common::records(1))] {
        let page = parts(&records).served(&LiveStrip::default(), "{}");
        let body =
            page.html.split_once("<body>").expect("a body").1.split_once("<script>").expect("scripts").0;
        assert!(body.contains("<svg") && body.contains("class=\"meter\""));
        for word in [" style=", "<style", " onclick=", " onload=", "javascript:"] {
            assert!(!body.contains(word), "{word}");
        }
        assert!(!page.policy.contains("unsafe") && !page.html.contains("http-equiv"));
        assert_eq!(page.html.matches("<script>").count(), 2);
    }
}

/// It brings and places; what it shows was made elsewhere.
#[test]
fn the_script_formats_no_number_and_makes_no_markup() {
    let page = served(&parts(&common::records(1)));
    let script =
        page.rsplit_once("<script>").expect("a script").1.split_once("</script>").expect("its end").0;
    for word in [
        "toFixed",
        "toPrecision",
        "toLocaleString",
        "Intl",
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "eval(",
        "Function(",
        "document.write",
        "Date",
        "Math.round",
        "localStorage",
        "cookie",
        "WebSocket",
        "http:",
    ] {
        assert!(!script.contains(word), "the script holds {word}");
    }
    assert!(script.len() <= 14 * 1024, "{} bytes", script.len());
}

#[test]
fn a_page_before_the_report_has_a_heading_and_no_study() {
    let parts = PageParts::before_the_report("0.2.0");
    let page = served(&parts);
    assert!(page.contains("<h1>") && page.contains("id=\"live\"") && !page.contains("<table"));
    let ids: Vec<&str> = parts.parts().iter().map(|part| part.id.as_str()).collect();
    assert_eq!(ids, ["contents", "masthead", "reading", "foot"]);
}
