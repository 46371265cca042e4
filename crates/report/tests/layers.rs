//! What the report shows of what was measured of the layers, and what it says of it.

use crate::common;

use serde_json::Value;
use toile_record::{LayerRecord, LayersRecord, Records};
use toile_report::{html, markdown, results_json, view};

fn layer(name: &str, dead: Option<usize>, gradient_rms: f64) -> LayerRecord {
    LayerRecord {
        layer: name.into(),
        units: 32,
        dead,
        saturated: None,
        gradient_rms: Some(gradient_rms),
        weight_rms: Some(0.08),
        update_rms: Some(0.00016),
    }
}

/// The made-up study, its first run measured twice.
fn measured() -> Records {
    let mut records = common::records(1);
    let after = |epoch, dead| LayersRecord {
        epoch,
        images: 2048,
        gradient_images: 256,
        layers: vec![layer("dense", Some(dead), 0.00123), layer("dense_1", None, 0.0456)],
    };
    records.runs[0].layers = vec![after(1, 0), after(50, 20)];
    records
}

#[test]
fn a_run_has_a_table_of_its_layers_after_each_measured_epoch() {
    let text = markdown(&view(&measured()));
    let row = |cells: [&str; 6]| format!("| {} |", cells.join(" | "));
    for cells in [
        ["dense", "1", "0 of 32", "0.00123", "0.08", "0.002"],
        ["dense", "50", "20 of 32 (62.5 %)", "0.00123", "0.08", "0.002"],
        ["dense\\_1", "50", "–", "0.0456", "0.08", "0.002"],
    ] {
        assert!(text.contains(&row(cells)), "{}: {text}", row(cells));
    }
    assert!(!text.contains("Saturated units"), "no layer has such units");
    assert!(text.contains("Of 2,048 training images: a ReLU unit is dead if"), "{text}");
    let page = html(&view(&measured()));
    assert!(page.contains("What was measured of the layers of seed"), "the page has it too");
}

#[test]
fn a_run_of_an_earlier_version_has_no_table_of_its_layers() {
    let text = markdown(&view(&common::records(1)));
    assert!(!text.contains("Gradient RMS"));
}

#[test]
fn dead_units_are_a_finding_of_the_run_in_the_page_and_in_results_json() {
    let records = measured();
    let found = view(&records);
    let json: Value = serde_json::from_str(&results_json(&records, &found)).expect("JSON");
    let findings = json["judgement"]["findings"].as_array().expect("a list");
    let dead = findings.iter().find(|one| one["finding"] == "dead_units").expect("it is found");
    assert_eq!((&dead["severity"], &dead["numbers"]["dead_units"]), (&"alarm".into(), &20.into()));
    assert_eq!(dead["run"], records.runs[0].name.as_str());
    assert!(markdown(&found).contains("20 of 32 units of dense (62 %) are dead after epoch 50"));
}

#[test]
fn results_json_documents_every_key_of_a_layer() {
    let records = measured();
    let json: Value = serde_json::from_str(&results_json(&records, &view(&records))).expect("JSON");
    let layers = &json["runs"][0]["layers"];
    assert_eq!(
        serde_json::from_value::<Vec<LayersRecord>>(layers.clone()).expect("it reads back"),
        records.runs[0].layers
    );
    let page = include_str!("../../../docs/results-json.md");
    let objects = [&layers[0], &layers[0]["layers"][0]];
    for key in objects.iter().flat_map(|object| object.as_object().expect("an object").keys()) {
        assert!(page.contains(&format!("`{key}`")), "docs/results-json.md does not name `{key}`");
    }
    assert_eq!(json["runs"][1]["layers"], Value::Array(Vec::new()));
}

/// A record may come from anywhere: names are cleaned, and nothing grows without bound.
#[test]
fn names_of_layers_are_text_and_many_layers_are_cut() {
    let mut records = measured();
    records.runs[0].layers[1].layers = vec![layer("<b>\u{202e}x", Some(32), 1.0); 3_000];
    let found = view(&records);
    let page = html(&found);
    assert!(!page.contains("<b>\u{202e}") && !page.contains('\u{202e}'));
    assert!(page.contains("more are in results.json"));
    assert!(page.len() < 3_000_000, "{}", page.len());
}
