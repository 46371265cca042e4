//! Trained networks come in: as other programs write them, into the layers of a study file.

use std::fs;

use crate::exporting::trained;

/// Out as `.keras` and in again: the same weights, and training goes on from them.
#[test]
fn a_network_of_keras_comes_in_with_its_weights() {
    let place = trained();
    place.run(&["export", "out", "--run", "Conv", "--format", "keras", "--out", "a.keras"]).ok();
    let said = place.run(&["import", "a.keras", "--into", "in", "--data", "./data"]).ok();
    assert!(said.err.contains("the optimizer's memory was not taken"), "{}", said.err);
    assert!(said.out.starts_with("wrote in/study.toml and imported.safetensors: 5 layers, "), "{}", said.out);
    let read =
        |path: std::path::PathBuf| toile_store::weights_from_safetensors(&fs::read(path).unwrap()).unwrap();
    let records = place.records("out");
    let conv = records.runs.iter().find(|run| run.name == "Conv" && run.seed == 7).unwrap();
    let own = read(place.path("out").join(&conv.folder).join("weights.safetensors"));
    assert_eq!(read(place.path("in/imported.safetensors")), own);
    let text = fs::read_to_string(place.path("in/study.toml")).unwrap();
    assert!(
        text.contains("{ conv2d = { filters = 4, kernel_size = [3, 3], activation = \"relu\" } },"),
        "{text}"
    );
    assert!(text.contains("optimizer = { sgd = { learning_rate = 0.1, momentum = 0.9,"), "{text}");
    place.run(&["run", "in/study.toml", "--out", "on"]).ok();
    let on = &place.records("on").runs[0];
    // It does not begin where a new network begins.
    assert!(on.epochs[0].loss < conv.epochs[0].loss, "{:?}", on.epochs[0]);
    place.run(&["import", "a.keras", "--into", "in", "--data", "./data"]).refused(&["exists already"]);
    let ten = ["import", "a.keras", "--into", "x", "--data", "fashion-mnist"];
    place.run(&ten).refused(&["the model gives 4 values, but the data has 10 classes"]);
    // The same bytes as images of 4 x 16 pixels.
    fs::create_dir(place.path("wide")).unwrap();
    for entry in fs::read_dir(place.path("data")).unwrap().flatten() {
        let mut bytes = fs::read(entry.path()).unwrap();
        if entry.file_name().into_string().unwrap().contains("images") {
            (bytes[11], bytes[15]) = (4, 16);
        }
        fs::write(place.path("wide").join(entry.file_name()), bytes).unwrap();
    }
    let wide = ["import", "a.keras", "--into", "x", "--data", "./wide"];
    place.run(&wide).refused(&["takes images of 8 x 8 x 1", "have 4 x 16 x 1"]);
    place
        .run(&["import", "study.toml", "--into", "x", "--data", "./data"])
        .refused(&["cannot be taken: it is neither `.keras` nor `.weights.h5` nor `.safetensors`"]);
    place
        .run(&["import", "gone.keras", "--into", "x", "--data", "./data"])
        .refused(&["cannot read `gone.keras`"]);
    assert!(!place.path("x").exists(), "nothing is written");
}

/// Out as weights alone and in again, into the layers of a study file: the same weights.
#[test]
fn weights_alone_come_into_the_layers_of_a_study_file() {
    let place = trained();
    let read =
        |path: std::path::PathBuf| toile_store::weights_from_safetensors(&fs::read(path).unwrap()).unwrap();
    let folder = place.path("out").join(&place.records("out").runs[2].folder);
    let own = read(folder.join("weights.safetensors"));
    let export = |format: &str, file: &str| {
        place.run(&["export", "out", "--run", "Conv", "--format", format, "--out", file]).ok();
    };
    export("keras", "a.weights.h5");
    export("pytorch", "torch.safetensors");
    fs::copy(folder.join("weights.safetensors"), place.path("ours.safetensors")).unwrap();
    for (i, file) in ["a.weights.h5", "torch.safetensors", "ours.safetensors"].iter().enumerate() {
        let into = format!("in{i}");
        let import = ["import", file, "--into", &into, "--data", "./data", "--model", "study.toml#conv"];
        let said = place.run(&import).ok();
        assert!(said.err.contains("`optimizer` and `loss` are defaults"), "{}", said.err);
        assert!(
            said.out.starts_with(&format!("wrote {into}/study.toml and imported.safetensors: 5 layers, "))
        );
        assert_eq!(read(place.path(&into).join("imported.safetensors")), own, "{file}");
        place.run(&["plan", &format!("{into}/study.toml")]).ok();
        place.run(&import).refused(&["exists already", "name another folder with `--into`"]);
    }
    let import = |file: &str, model: &[&str]| {
        place.run(&[&["import", file, "--into", "x", "--data", "./data"], model].concat())
    };
    import("a.weights.h5", &[]).refused(&["holds weights alone", "`--model study.toml#NAME`"]);
    import("a.weights.h5", &["--model", "study.toml"]).refused(&["`--model study.toml` names no model"]);
    import("a.weights.h5", &["--model", "study.toml#con"])
        .refused(&["`study.toml` has no model `con`", "did you mean `conv`?"]);
    import("ours.safetensors", &["--model", "study.toml#dense"]).refused(&[
        "the weights are not those of the layers",
        "`1.kernel` is missing (expected the shape [64, 8])",
        "`0.kernel` of shape [3, 3, 1, 4]: no layer wants it",
    ]);
    export("keras", "a.keras");
    import("a.keras", &["--model", "study.toml#conv"]).refused(&["`--model` is for weights alone"]);
    fs::write(place.path("a.pkl"), b"\x80\x04rest").unwrap();
    import("a.pkl", &[]).refused(&["it is a pickle", "safetensors.torch.save_file"]);
    assert!(!place.path("x").exists(), "nothing is written");
}
