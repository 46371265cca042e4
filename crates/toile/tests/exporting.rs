//! Trained networks go out, and what was measured goes with them.

use std::fs;

use crate::common::{Place, STUDY};

/// A place in which the study has been trained.
pub(crate) fn trained() -> Place {
    let place = Place::with_study(&STUDY.replace("seed = 7", "seed = 7\nseeds = 2"));
    place.run(&["run", "study.toml", "--out", "out"]).ok();
    place
}

#[test]
fn an_export_is_checked_on_the_recorded_predictions_and_is_the_same_each_time() {
    let place = trained();
    for run in ["Dense", "Conv"] {
        let said =
            place.run(&["export", "out", "--run", run, "--format", "onnx", "--out", "a.onnx"]).ok().out;
        let checked = "check   read back and computed in f64 on 80 test images: probabilities within";
        assert!(said.starts_with("a.onnx: ONNX, opset 17, ") && said.contains(checked), "{said}");
        assert!(
            said.contains(
                "whose predictions are the recorded ones; the most probable class is another on 0 images"
            ),
            "{said}"
        );
        assert!(said.contains(&format!("network {run}, seed 7, weights of epoch 3, SHA-256 ")), "{said}");
        place.run(&["export", "out", "--run", run, "--format", "onnx", "--out", "b.onnx"]).ok();
        assert_eq!(fs::read(place.path("a.onnx")).unwrap(), fs::read(place.path("b.onnx")).unwrap());
        let other = ["export", "out", "--run", run, "--format", "onnx", "--out", "c.onnx", "--seed", "8"];
        assert!(place.run(&other).ok().out.contains(", seed 8, "));
        assert_ne!(fs::read(place.path("a.onnx")).unwrap(), fs::read(place.path("c.onnx")).unwrap());
        ["a.onnx", "b.onnx", "c.onnx"].iter().for_each(|file| fs::remove_file(place.path(file)).unwrap());
    }
}

/// A file computes in 32-bit floats. That is what it is compared with, and what its words say.
#[test]
fn a_network_of_mixed_bfloat16_is_exported_in_floats_and_says_so() {
    let place =
        Place::with_study(&STUDY.replace("[defaults]", "[defaults]\ndtype_policy = \"mixed_bfloat16\""));
    place.run(&["run", "study.toml", "--out", "out"]).ok();
    for (format, out) in [("onnx", "a.onnx"), ("keras", "a.keras")] {
        let said = place.run(&["export", "out", "--run", "Conv", "--format", format, "--out", out]).ok().out;
        for words in [
            "numbers trained in mixed_bfloat16; the file computes in 32-bit floats",
            "which in mixed_bfloat16 gives the recorded predictions",
        ] {
            assert!(said.contains(words), "{said}");
        }
        assert!(!said.contains("whose predictions are the recorded ones"), "{said}");
    }
    let results = fs::read_to_string(place.path("out/results.json")).unwrap();
    assert!(results.contains(", products of bfloat16 by "), "{results}");
}

#[test]
fn nothing_is_overwritten_unless_it_is_asked_for() {
    let place = trained();
    fs::write(place.path("mine.onnx"), "mine").unwrap();
    let export = ["export", "out", "--run", "Dense", "--format", "onnx", "--out", "mine.onnx"];
    place.run(&export).refused(&["`mine.onnx` exists already: it is left as it is", "--force"]);
    assert_eq!(fs::read(place.path("mine.onnx")).unwrap(), b"mine");
    place.run(&[&export[..], &["--force"]].concat()).ok();
    assert!(fs::metadata(place.path("mine.onnx")).unwrap().len() > 1000);
    fs::create_dir(place.path("folder.onnx")).unwrap();
    let folder = ["export", "out", "--run", "Dense", "--format", "onnx", "--out", "folder.onnx", "--force"];
    place.run(&folder).refused(&["`folder.onnx` is a folder"]);
    place
        .run(&["export", "out", "--run", "Dense", "--format", "onnx", "--out", "gone/a.onnx"])
        .refused(&["gone"]);
}

#[test]
fn every_form_is_read_back_before_it_is_written() {
    let place = trained();
    for (format, files) in [
        ("onnx", &["a.onnx"][..]),
        ("keras", &["a.keras"]),
        ("keras", &["a.weights.h5"]),
        ("pytorch", &["a.safetensors", "a.py"]),
        ("c", &["a.c"]),
    ] {
        for input in ["uint8", "float"] {
            let args =
                ["export", "out", "--run", "Conv", "--format", format, "--out", files[0], "--input", input];
            let said = place.run(&args).ok().out;
            let checked = if format == "c" {
                "check   the weights read back, "
            } else {
                "check   read back and computed "
            };
            assert!(said.contains(checked), "{format}: {said}");
            for file in files {
                assert!(said.contains(&format!("{file}: ")), "{said}");
                assert!(place.path(file).exists());
            }
            place.run(&args).refused(&["exists already"]);
            fs::remove_file(place.path(files[0])).unwrap();
            if let Some(second) = files.get(1) {
                place.run(&args).refused(&[&format!("`{second}` exists already")]);
                assert!(!place.path(files[0]).exists(), "all or nothing");
                fs::remove_file(place.path(second)).unwrap();
            }
        }
    }
    let wrong = ["export", "out", "--run", "Conv", "--format", "keras", "--out", "a.h5"];
    place.run(&wrong).refused(&["`a.h5` has no ending of this form: .keras or .weights.h5"]);
}

/// What Keras makes of it is asked in `.ci/check-exports.py`.
#[test]
fn the_optimizers_state_is_made_again_and_proved_by_the_weights() {
    let place = trained();
    let export = |run: &str, out: &str, more: &[&str]| {
        place.run(&[&["export", "out", "--run", run, "--format", "keras", "--out", out], more].concat())
    };
    // 320 images are trained on, in batches of 32, three times.
    for (run, said) in [
        ("Dense", "optimizer adam after 30 updates, learning rate 0.001: trained again, to the same weights"),
        ("Conv", "optimizer sgd after 30 updates, learning rate 0.1: trained again, to the same weights"),
    ] {
        let (with, without) = (format!("{run}.keras"), format!("{run}-plain.keras"));
        let out = export(run, &with, &["--with-optimizer"]).ok().out;
        assert!(out.contains(said), "{out}");
        assert!(!export(run, &without, &[]).ok().out.contains("optimizer"));
        let [with, without] = [with, without].map(|file| fs::metadata(place.path(&file)).unwrap().len());
        assert!(with > without);
    }
    export("Dense", "a.weights.h5", &["--with-optimizer"]).refused(&[
        "`a.weights.h5` cannot hold what the optimizer remembers",
        "leave `--with-optimizer` out",
    ]);
    place
        .run(&["export", "out", "--run", "Dense", "--format", "onnx", "--out", "a.onnx", "--with-optimizer"])
        .refused(&["`a.onnx` cannot hold what the optimizer remembers"]);
    fs::rename(place.path("data"), place.path("elsewhere")).unwrap();
    export("Dense", "b.keras", &["--with-optimizer"]).refused(&["data"]);
    assert!(!place.path("b.keras").exists());
}

#[test]
fn a_network_in_whole_numbers_says_its_accuracy_beside_that_in_float() {
    let place = trained();
    let export = |out: &str, format: &str| {
        place.run(&["export", "out", "--run", "Dense", "--format", format, "--int8", "--out", out])
    };
    let said = export("a.onnx", "onnx").ok().out;
    let test = place.records("out").runs[0].test.as_ref().unwrap().accuracy;
    assert!(said.contains("a.onnx: ONNX, opset 17, int8, "), "{said}");
    assert!(said.contains("check   read back and computed on 80 test images: accuracy "), "{said}");
    assert!(said.contains(&format!(", {test:.4} in float; the same class on ")), "{said}");
    export("a.keras", "keras").refused(&["only ONNX files hold a network in int8"]);
    fs::rename(place.path("data"), place.path("elsewhere")).unwrap();
    export("b.onnx", "onnx").refused(&["data"]);
}

#[test]
fn without_the_data_an_export_says_that_it_is_unchecked() {
    let place = trained();
    fs::rename(place.path("data"), place.path("elsewhere")).unwrap();
    let said =
        place.run(&["export", "out", "--run", "Dense", "--format", "onnx", "--out", "a.onnx"]).ok().out;
    assert!(said.contains("check   unchecked: "), "{said}");
    assert!(place.path("a.onnx").exists());
}

#[test]
fn what_is_no_trained_network_is_said() {
    let place = trained();
    let export = |args: &[&str]| {
        place.run(&[&["export", "out", "--format", "onnx", "--out", "a.onnx"], args].concat())
    };
    export(&["--run", "Dens"])
        .refused(&["the study has no run `Dens`", "did you mean `Dense`? (known: Dense; Conv)"]);
    export(&["--run", "Dense", "--seed", "9"])
        .refused(&["not complete with the seed 9", "seeds with which it is: 7, 8"]);
    let weights = place.path("out").join(&place.records("out").runs[0].folder).join("weights.safetensors");
    let bytes = fs::read(&weights).unwrap();
    let mut altered = bytes.clone();
    *altered.last_mut().unwrap() ^= 1;
    fs::write(&weights, altered).unwrap();
    export(&["--run", "Dense"])
        .refused(&["its weights are not those that were written", "trains such a run again"]);
    fs::remove_file(&weights).unwrap();
    export(&["--run", "Dense"]).refused(&["its weights are gone", "`toile run STUDY --out out`"]);
    place.run(&["run", "study.toml", "--out", "out"]).ok();
    assert_eq!(fs::read(&weights).unwrap(), bytes, "made again from its record");
    export(&["--run", "Dense"]).ok();
}

/// The bodies of the records of an event file; each with its length before and a checksum after both.
fn events(bytes: &[u8]) -> Vec<&[u8]> {
    let (mut rest, mut all) = (bytes, Vec::new());
    while !rest.is_empty() {
        let length = u64::from_le_bytes(rest[..8].try_into().unwrap()) as usize;
        all.push(&rest[12..12 + length]);
        rest = &rest[12 + length + 4..];
    }
    all
}

#[test]
fn the_numbers_of_a_study_go_to_tensorboard_and_into_tables() {
    let place = trained();
    let said = place.run(&["export", "out", "--format", "tensorboard", "--out", "tb"]).ok().out;
    assert!(said.starts_with("tb: 5 files, "), "{said}");
    let mut found: Vec<(String, Vec<u8>)> = Vec::new();
    for folder in ["", "dense-seed-7", "dense-seed-8", "conv-seed-7", "conv-seed-8"] {
        for entry in fs::read_dir(place.path("tb").join(folder)).unwrap().flatten() {
            if entry.file_type().unwrap().is_file() {
                let name = entry.file_name().into_string().unwrap();
                assert!(name.starts_with("events.out.tfevents.") && name.ends_with(".toile"), "{name}");
                found.push((format!("{folder}/{name}"), fs::read(entry.path()).unwrap()));
            }
        }
    }
    assert_eq!(found.len(), 5);
    let has = |body: &[u8], text: &str| body.windows(text.len()).any(|part| part == text.as_bytes());
    let root = events(&found[0].1);
    assert!(has(root[0], "brain.Event:2") && has(root[1], "_hparams_/experiment") && root.len() == 2);
    for name in ["optimizer.momentum", "batch_size", "val_accuracy", "test_accuracy", "model"] {
        assert!(has(root[1], name), "{name}");
    }
    for (name, bytes) in &found[1..] {
        let bodies = events(bytes);
        // The version, the start, three epochs, the end.
        assert_eq!(bodies.len(), 6, "{name}");
        assert!(
            has(bodies[1], "_hparams_/session_start_info") && has(bodies[5], "_hparams_/session_end_info")
        );
        assert!(has(bodies[2], "val_loss") && !has(bodies[2], "test_loss") && has(bodies[4], "test_loss"));
        assert!(!has(bytes, "_hparams_/experiment"), "one experiment, in the folder above");
    }
    place.run(&["export", "out", "--format", "tensorboard", "--out", "tb"]).refused(&["exists already"]);
    place.run(&["export", "out", "--format", "tensorboard", "--out", "again"]).ok();
    for (name, bytes) in &found {
        assert_eq!(&fs::read(place.path("again").join(name.trim_start_matches('/'))).unwrap(), bytes);
    }
    let said =
        place.run(&["export", "out", "--run", "Conv", "--format", "tensorboard", "--out", "one"]).ok().out;
    assert!(said.starts_with("one: 3 files"), "{said}");
    place.run(&["export", "out", "--format", "csv", "--out", "tables"]).ok();
    let table = |name: &str| fs::read_to_string(place.path("tables").join(name)).unwrap();
    assert_eq!(table("runs.csv"), fs::read_to_string(place.path("out/results.csv")).unwrap());
    let epochs = table("epochs.csv");
    assert!(epochs.starts_with("run,seed,epoch,step,loss,accuracy,") && epochs.lines().count() == 1 + 4 * 3);
    let records = place.records("out");
    let line = epochs.lines().nth(1).unwrap();
    let loss: f64 = line.split(',').nth(4).unwrap().parse().unwrap();
    assert_eq!(loss.to_bits(), records.runs[0].epochs[0].loss.unwrap().to_bits(), "digits that read back");
    assert!(!place.path("tables/trials.csv").exists(), "there is no search");
    place
        .run(&["export", "out", "--format", "onnx", "--out", "a.onnx"])
        .refused(&["name its run: `--run NAME`"]);
    let input = ["export", "out", "--format", "csv", "--out", "t", "--input", "float"];
    place.run(&input).refused(&["`--input` says how a network takes images"]);
}
