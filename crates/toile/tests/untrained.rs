//! `epochs = 0`: starting weights are evaluated, recorded, shown and exported like those of a training.

use crate::common;

use std::fs;

use common::{Place, STUDY};

/// A network that is trained, the same as it starts, and its trained weights once more.
fn evaluated() -> Place {
    let place = Place::with_study(STUDY);
    place.run(&["run", "study.toml", "--out", "out"]).ok();
    let weights = place.path("out").join(&place.records("out").runs[0].folder).join("weights.safetensors");
    fs::copy(weights, place.path("trained.safetensors")).unwrap();
    let runs = "\n[[runs]]\nname = \"Fresh\"\nmodel = \"dense\"\noptimizer = \"adam\"\nepochs = 0\n\
                \n[[runs]]\nname = \"Imported\"\nmodel = \"dense\"\noptimizer = \"adam\"\nepochs = 0\n\
                initial_weights = \"trained.safetensors\"\n";
    fs::write(place.path("zero.toml"), format!("{STUDY}{runs}")).unwrap();
    place.run(&["plan", "zero.toml"]).ok();
    place.run(&["run", "zero.toml", "--out", "out"]).ok();
    place
}

#[test]
fn weights_that_come_from_elsewhere_have_the_accuracy_that_they_had_there() {
    let place = evaluated();
    let records = place.records("out");
    let of = |name: &str| records.runs.iter().find(|run| run.name == name).unwrap();
    let (dense, fresh, imported) = (of("Dense"), of("Fresh"), of("Imported"));
    for part in toile_record::Part::ALL {
        assert_eq!(imported.evidence(part), dense.evidence(part));
        assert_ne!(fresh.evidence(part), dense.evidence(part));
    }
    assert_eq!(imported.weights_sha256, dense.weights_sha256);
    let [row] = imported.epochs[..] else { panic!("one row") };
    let last = dense.epochs.last().unwrap();
    assert_eq!((row.train_loss, row.val_accuracy), (last.train_loss, last.val_accuracy));
}

#[test]
fn every_view_says_that_nothing_was_trained() {
    let place = evaluated();
    let out = place.path("out");
    let page = fs::read_to_string(out.join("report.html")).unwrap();
    assert_eq!(page.matches("Not trained: the numbers are those of the starting weights.").count(), 2);
    assert!(page.contains("not trained"), "beside the settings");
    assert!(!page.contains("NaN") && !page.contains(">inf"));
    let results = place.results("out");
    let run = results["runs"].as_array().unwrap().iter().find(|run| run["name"] == "Fresh").unwrap();
    assert_eq!((&run["epochs"][0]["epoch"], run["epochs"].as_array().unwrap().len()), (&0.into(), 1));
    for args in [
        &["report", "out", "--latex"][..],
        &["verify", "out"],
        &["verify", "out", "--run", "Fresh"],
        &["findings", "out"],
        &["compare", "out", "Dense", "Fresh"],
        &["export", "out", "--format", "csv", "--out", "tables"],
        &["export", "out", "--format", "tensorboard", "--out", "events"],
        &["export", "out", "--run", "Fresh", "--format", "onnx", "--out", "fresh.onnx"],
    ] {
        let said = place.run(args);
        assert_eq!(said.code, Some(0), "{args:?}: {} {}", said.out, said.err);
    }
    let keras =
        ["export", "out", "--run", "Fresh", "--format", "keras", "--out", "a.keras", "--with-optimizer"];
    place.run(&keras).refused(&["Fresh, seed 7 was not trained: its optimizer remembers nothing"]);
}
