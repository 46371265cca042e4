//! The way in for own pictures: from a folder to a study file that fits it.

use crate::common;

use std::fs;

use common::Place;

/// A place with pictures: the training images of the common data, in folders of classes, as one part.
fn with_pictures() -> Place {
    let place = Place::new();
    place.run(&["data", "convert", "data", "--to", "folders", "--out", "both"]).ok();
    fs::rename(place.path("both/train"), place.path("pictures")).unwrap();
    place
}

#[test]
fn a_folder_of_pictures_becomes_a_study_that_runs() {
    let place = with_pictures();
    let said = place.run(&["init", "own.toml", "--data", "pictures"]).ok();
    assert!(
        said.out.starts_with("pictures (own data): 320 training and 80 test images, 4 classes\n")
            && said.out.ends_with(
                "wrote own.toml; `toile plan own.toml` shows what it will do, `toile run own.toml` does it\n"
            ),
        "{}",
        said.out
    );
    let text = fs::read_to_string(place.path("own.toml")).unwrap();
    assert!(
        text.starts_with(
            "# A study of ./pictures: 320 training and 80 test images of 8 x 8, gray, in 4 classes.\n"
        ),
        "{text}"
    );
    for line in [
        "# Note: the test part was drawn from the data: 0.2 of each class, 80 of 400 images.",
        "name = \"pictures\"",
        "data = { path = \"./pictures\", test_fraction = 0.2 }",
        "validation_split = { fraction = 0.1, how = \"stratified\" }",
        "  { dense = { units = 4, activation = \"softmax\" } },",
    ] {
        assert!(text.contains(line), "{line}\nis not in\n{text}");
    }
    fs::write(place.path("own.toml"), text.replace("epochs = 40", "epochs = 1")).unwrap();
    place.run(&["run", "own.toml", "--out", "out"]).ok();
    assert_eq!(place.records("out").runs.len(), 6, "two networks, three seeds");
}

#[test]
fn the_data_are_found_from_the_folder_of_the_study_file() {
    let place = with_pictures();
    fs::create_dir(place.path("studies")).unwrap();
    place.run(&["init", "studies/own.toml", "--data", "pictures"]).ok();
    place.run(&["plan", "studies/own.toml", "--no-timing"]).ok();
}

/// Other forms, names of the catalogue, and what is said of how data are read.
#[test]
fn every_form_and_way_of_reading_has_its_study() {
    let place = with_pictures();
    place.run(&["init", "idx.toml", "--data", "./data"]).ok();
    let idx = fs::read_to_string(place.path("idx.toml")).unwrap();
    assert!(idx.contains("\ndata = \"./data\"\n"), "data with a test part need no table: {idx}");
    let sized = ["--size", "6x5", "--resize", "area", "--channels", "3", "--test-fraction", "0.4"];
    place.run(&[&["init", "sized.toml", "--data", "pictures"], &sized[..]].concat()).ok();
    let text = fs::read_to_string(place.path("sized.toml")).unwrap();
    assert!(text.contains("size = [6, 5]") && text.contains("6 x 5, in colour"), "{text}");
    for file in ["idx.toml", "sized.toml"] {
        place.run(&["plan", file, "--no-timing"]).ok();
    }
}

/// A validation part that somebody made is there to be used.
#[test]
fn a_validation_part_of_the_data_is_used() {
    let place = with_pictures();
    fs::create_dir(place.path("parts")).unwrap();
    fs::rename(place.path("pictures"), place.path("parts/train")).unwrap();
    fs::rename(place.path("both/test"), place.path("parts/val")).unwrap();
    place.run(&["init", "own.toml", "--data", "parts"]).ok();
    let text = fs::read_to_string(place.path("own.toml")).unwrap();
    let table = "data = { path = \"./parts\", test_fraction = 0.2, validation = \"own\" }";
    assert!(text.contains(table) && !text.contains("\nvalidation_split"), "{text}");
    let said = place.run(&["plan", "own.toml", "--no-timing"]).ok();
    assert!(said.err.is_empty() || !said.err.contains("warning"), "{}", said.err);
}

#[test]
fn what_is_in_the_way_is_said_and_nothing_is_written() {
    let place = with_pictures();
    fs::remove_file(place.path("study.toml")).unwrap();
    fs::write(place.path("mine.toml"), "precious").unwrap();
    place.run(&["init", "mine.toml", "--data", "pictures"]).refused(&["exists already"]);
    assert_eq!(fs::read_to_string(place.path("mine.toml")).unwrap(), "precious");
    place.run(&["init", "--data", "gone"]).refused(&["gone"]);
    place.run(&["init", "--size", "8x8"]).refused(&["not which data", "--data ./my-images"]);
    for class in ["1", "2", "3"] {
        fs::remove_dir_all(place.path("pictures").join(class)).unwrap();
    }
    place.run(&["init", "--data", "pictures"]).refused(&["pictures"]);
    assert!(!place.path("study.toml").exists());
}
