//! The script of a page: the only one, known to the page's policy by its hash, kept from computing what the page says.

use base64::Engine;
use toile_report::{html, view};
use toile_store::sha256_hex;

use crate::common;

fn script(page: &str) -> &str {
    let (_, rest) = page.split_once("<script>").expect("a script");
    rest.split_once("</script>").expect("its end").0
}

#[test]
fn the_policy_lets_this_script_run_and_no_other() {
    let page = html(&view(&common::records(1)));
    let hex = sha256_hex(script(&page).as_bytes());
    let bytes: Vec<u8> =
        (0..32).map(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).expect("hexadecimal")).collect();
    let known = base64::engine::general_purpose::STANDARD.encode(bytes);
    assert!(page.contains(&format!("default-src 'none'; script-src 'sha256-{known}'; style-src")));
    assert_eq!(page.matches("<script").count(), 1);
    assert!(!page.contains(" onclick=") && !page.contains(" onload="));
}

/// It selects, sorts and places. Numbers and words about the study are computed once, and not there.
#[test]
fn the_script_formats_no_number_and_makes_no_markup() {
    let page = html(&view(&common::records(1)));
    let script = script(&page);
    let banned = [
        "toFixed",
        "toPrecision",
        "toLocaleString",
        "Intl",
        "innerHTML",
        "outerHTML",
        "eval(",
        "Function(",
        "fetch(",
    ];
    for word in banned {
        assert!(!script.contains(word), "the script holds {word}");
    }
    assert!(script.len() < 40_000, "{} bytes", script.len());
}

#[test]
fn cells_with_a_number_carry_it_for_the_script_to_sort_by() {
    let records = common::records(1);
    let page = html(&view(&records));
    let ranking =
        page.split("id=\"ranking\"").nth(1).expect("a ranking").split("</section>").next().expect("its end");
    let cells = ranking.matches(" data-v=\"").count();
    assert!(cells >= 2 * records.runs.len(), "{cells} numbers");
}

/// The texts between two marks of a page.
fn between<'a>(page: &'a str, from: &str, to: &str) -> Vec<&'a str> {
    page.split(from).skip(1).filter_map(|rest| Some(rest.split_once(to)?.0)).collect()
}

/// The numbers under the pointer are those of the records, in the words of the tables.
#[test]
fn a_chart_carries_the_number_of_every_epoch() {
    let records = common::records(1);
    let page = html(&view(&records));
    for run in &records.runs {
        let values: Vec<String> = run
            .epochs
            .iter()
            .map(|row| toile_report::format::metric(row.val_accuracy.expect("a validation")))
            .collect();
        let line = format!("data-name=\"validation\" data-v=\"{}\"", values.join(" "));
        assert!(page.contains(&line), "{}: {line}", run.name);
        let in_overview = format!("data-name=\"{}\" data-v=\"{}\"", run.name, values.join(" "));
        assert!(page.contains(&in_overview), "{in_overview}");
    }
}

/// What pinned runs show is computed here: the settings in which runs differ, and no others.
#[test]
fn pinned_runs_have_the_settings_that_differ_and_the_verdict_on_each_pair() {
    let records = common::records(3);
    let view = view(&records);
    let page = html(&view);
    let text = between(&page, "<template id=\"pinned-runs\">", "</template>")[0];
    let text = text.replace("&#34;", "\"").replace("&#38;", "&").replace("&#39;", "'");
    let pinned: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let runs = pinned["runs"].as_array().expect("runs");
    assert_eq!(runs.len(), view.groups.len());
    let settings = pinned["settings"].as_array().expect("settings");
    assert!(!settings.is_empty());
    for (at, setting) in settings.iter().enumerate() {
        let values: std::collections::BTreeSet<&str> =
            runs.iter().map(|run| run["settings"][at].as_str().expect("a text")).collect();
        assert!(values.len() > 1, "{setting} is the same in all runs");
    }
    assert_eq!(pinned["notice"], "");
    // Of each image that is shown some run is right and another one is not.
    let images = pinned["images"].as_array().expect("images");
    assert!(!images.is_empty());
    for image in images {
        let taken: Vec<u64> =
            image["taken"].as_array().expect("classes").iter().filter_map(|class| class.as_u64()).collect();
        let truth = image["truth"].as_u64().expect("a class");
        assert!(taken.contains(&truth) && taken.iter().any(|class| *class != truth), "{image}");
    }
    let pairs = pinned["pairs"].as_array().expect("pairs");
    let n = runs.len();
    assert_eq!(pairs.len(), n * (n - 1) / 2, "each pair once");
    for (run, group) in runs.iter().zip(&view.groups) {
        assert_eq!(run["id"], group.anchor.as_str());
        let mean = group.metric(3).map_or_else(String::new, |estimate| estimate.text());
        assert_eq!(run["results"][0], mean.as_str());
    }
}

/// Of a setting with two values or more, shared by runs, the curves can be grouped.
#[test]
fn the_curves_of_all_runs_can_be_grouped_by_a_setting() {
    let view = view(&common::records(2));
    let learning = view.section("learning").expect("curves of all runs");
    assert!(!learning.choices.is_empty());
    for choice in &learning.choices {
        let svg = format!("{:?}", choice.figures);
        let values = between(&svg, "data-run=\\\"value-", "\\\"").len();
        assert!(values > 1, "{}", choice.name);
        let counted: usize = view
            .groups
            .iter()
            .map(|group| group.settings.iter().filter(|(label, _)| *label == choice.name).count())
            .sum();
        assert!(choice.name == "Model" || counted > 1, "{}", choice.name);
    }
}

#[test]
fn a_run_leads_to_the_one_before_and_the_one_after() {
    let page = html(&view(&common::records(1)));
    let article = between(&page, "id=\"run-2\"", "</article>")[0];
    assert!(
        article.contains("<a href=\"#run-1\" rel=\"prev\">")
            && article.contains("<a href=\"#run-3\" rel=\"next\">")
    );
    let first = between(&page, "id=\"run-1\"", "</article>")[0];
    assert!(!first.contains("rel=\"prev\"") && first.contains("rel=\"next\""));
}
