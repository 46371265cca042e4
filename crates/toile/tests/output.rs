//! What the commands print that train nothing.

use crate::common;

use std::fs;
use std::path::Path;

use common::Place;

/// Compares with a file of `snapshots`; with `UPDATE_SNAPSHOTS=1` writes it instead, to be read before it is committed.
fn is_as_in(file: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots").join(file);
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        fs::write(&path, text).unwrap();
    }
    assert_eq!(text, fs::read_to_string(&path).unwrap(), "{}", path.display());
}

/// The counts are those of the published study.
#[test]
fn summary_prints_the_table_of_keras() {
    let place = Place::new();
    let said = place.run(&["summary"]).ok();
    for count in ["25,450", "53,706", "371,964"] {
        assert!(said.out.contains(&format!("Total params: {count}")), "{count} is not in\n{}", said.out);
    }
    let said = place.run(&["summary", "study.toml", "--model", "dense"]).ok();
    is_as_in("summary.txt", &said.out);
}

#[test]
fn plan_shows_every_run_and_how_each_model_is_computed() {
    let place = Place::new();
    let said = place.run(&["plan", "study.toml", "--no-timing", "--threads", "2", "--seeds", "2"]).ok();
    is_as_in("plan.txt", &said.out);
    assert!(!place.path("results").exists(), "a plan makes nothing");
}

/// It printed every default of every run, on lines of three hundred columns.
#[test]
fn a_plan_can_be_read_on_eighty_columns() {
    let said = Place::new().run(&["plan", "--no-timing", "--threads", "2"]).ok();
    for line in said.out.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
    for part in
        ["conv2d_1         24x24x64   18,496  Winograd F(", "with conv2d_1 ", "units = 1024, activation"]
    {
        assert!(said.out.contains(part), "`{part}` is not in\n{}", said.out);
    }
    assert!(!said.out.contains("use_bias") && !said.out.contains("beta_1"), "{}", said.out);
}

/// The memory was that of a batch which no data set could fill.
#[test]
fn a_batch_has_no_more_images_than_there_are() {
    let memory = |batch: &str| {
        let place =
            Place::with_study(&common::STUDY.replace("batch_size = 32", &format!("batch_size = {batch}")));
        let said = place.run(&["plan", "study.toml", "--no-timing", "--threads", "2"]).ok();
        said.out.lines().find(|line| line.starts_with("memory: at most")).unwrap().to_owned()
    };
    assert_eq!(memory("320"), memory("100000"));
    assert_ne!(memory("32"), memory("320"));
}

#[test]
fn plan_tells_what_is_done_and_how_long_the_rest_takes() {
    let place = Place::new();
    place.run(&["run", "study.toml", "--out", "out", "--only", "Dense"]).ok();
    let said = place.run(&["plan", "study.toml", "--out", "out"]).ok();
    let line = |name: &str| said.out.lines().find(|line| line.starts_with(name)).unwrap().to_owned();
    assert!(line("Dense").ends_with("done") && !line("Conv").ends_with("done"), "{}", said.out);
    assert!(said.out.contains("expected time: 0:0"), "{}", said.out);
    assert!(said.out.contains("1 run to train"), "{}", said.out);
}

#[test]
fn the_built_in_study_has_thirteen_runs() {
    let place = Place::new();
    let said = place.run(&["plan", "--no-timing"]).ok();
    assert!(said.out.contains("53 runs to train"), "{}", said.out);
}

#[test]
fn init_writes_a_study_that_can_be_planned_and_never_overwrites() {
    let place = Place::new();
    place.run(&["init", "mine.toml"]).ok();
    place.run(&["plan", "mine.toml", "--no-timing"]).ok();
    fs::write(place.path("mine.toml"), "precious").unwrap();
    place.run(&["init", "mine.toml"]).refused(&["mine.toml", "exists already"]);
    assert_eq!(fs::read_to_string(place.path("mine.toml")).unwrap(), "precious");
}

#[test]
fn init_writes_a_built_in_study_byte_for_byte_and_never_overwrites() {
    let place = Place::new();
    for name in ["fashion-mnist", "quick", "drawn-garments"] {
        let file = format!("{name}.toml");
        place.run(&["init", "--from", name, &file]).ok();
        let original = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../studies").join(&file);
        assert_eq!(fs::read(place.path(&file)).unwrap(), fs::read(original).unwrap());
        place.run(&["plan", &file, "--no-timing"]).ok();
    }
    fs::write(place.path("mine.toml"), "precious").unwrap();
    place.run(&["init", "--from", "quick", "mine.toml"]).refused(&["mine.toml", "exists already"]);
    assert_eq!(fs::read_to_string(place.path("mine.toml")).unwrap(), "precious");
}

#[test]
fn init_from_a_study_that_is_not_built_in_names_those_that_are_and_writes_nothing() {
    let place = Place::new();
    place.run(&["init", "--from", "fashion", "mine.toml"]).refused(&[
        "no built-in study is named `fashion`",
        "help: did you mean `fashion-mnist`? built-in studies: fashion-mnist, quick, drawn-garments",
    ]);
    place
        .run(&["init", "--from", "../quick", "mine.toml"])
        .refused(&["no built-in study is named `../quick`", "built-in studies: fashion-mnist, quick, drawn"]);
    assert!(!place.path("mine.toml").exists());
}

#[test]
fn schema_is_json() {
    let schema: serde_json::Value = serde_json::from_str(&Place::new().run(&["schema"]).ok().out).unwrap();
    assert!(schema["properties"]["runs"].is_object());
}

#[test]
fn list_names_what_a_study_file_may_use() {
    let said = Place::new().run(&["list"]).ok();
    for name in
        ["fashion-mnist", "quick", "conv2d", "nadam", "early_stopping", "cosine", "stratified", "he_normal"]
    {
        assert!(said.out.contains(name), "{name} is not in\n{}", said.out);
    }
}

#[test]
fn data_list_names_the_catalogue() {
    let said = Place::new().run(&["data", "list"]).ok();
    for name in ["fashion-mnist", "mnist", "kmnist", "emnist-letters", "cifar-10", "drawn-garments"] {
        assert!(said.out.contains(name), "{name} is not in\n{}", said.out);
    }
}

#[test]
fn data_check_looks_at_a_folder() {
    let place = Place::new();
    let said = place.run(&["data", "check", "data", "--validation-split", "0.2"]).ok();
    for word in ["fingerprint", "training", "validation", "test", "duplicates", "320", "80"] {
        assert!(said.out.contains(word), "{word} is not in\n{}", said.out);
    }
}

#[test]
fn version_names_the_instruction_set_and_in_a_debug_build_no_commit() {
    let said = Place::new().run(&["--version"]).ok();
    let begin = format!("toile {} (", env!("CARGO_PKG_VERSION"));
    assert!(said.out.starts_with(&begin) && said.out.contains("instruction set "), "{}", said.out);
    // A commit would compile all tests anew; a release build names it (`.ci/python.sh`).
    assert!(!cfg!(debug_assertions) || said.out.starts_with(&format!("{begin}instruction")), "{}", said.out);
}

#[test]
fn the_manual_has_a_page_for_each_command() {
    let place = Place::new();
    let page = place.run(&["man"]).ok().out;
    assert!(page.contains(".TH toile 1") && page.contains("toile\\-lr\\-find(1)"), "{page}");
    place.run(&["man", "--out", "made/man1"]).ok();
    assert_eq!(fs::read_to_string(place.path("made/man1/toile.1")).unwrap(), page);
    for (name, words) in [("toile-run.1", "\\-\\-open\\-test"), ("toile-data-check.1", "validation")] {
        let page = fs::read_to_string(place.path("made/man1").join(name)).unwrap();
        assert!(page.contains(words), "{words} is not in\n{page}");
    }
    // A folder that cannot be made: a file is in the way.
    let said = place.run(&["man", "--out", "study.toml/man1"]);
    assert_eq!(said.code, Some(1));
    assert!(
        said.err.contains("cannot make the folder `study.toml/man1`") && said.err.contains("help:"),
        "{}",
        said.err
    );
}

/// The script is sound in the shell that is everywhere.
#[test]
fn completions_are_for_a_shell_by_name() {
    let place = Place::new();
    let script = place.run(&["completions", "bash"]).ok().out;
    assert!(script.contains("complete -F _toile"), "{script}");
    assert_eq!(place.run(&["completions", "cmd"]).code, Some(2));
}

#[test]
fn wrong_arguments_end_with_two() {
    assert_eq!(Place::new().run(&["run", "--threads", "0"]).code, Some(2));
    assert_eq!(Place::new().run(&["fly"]).code, Some(2));
}

/// A reader that has seen enough is no error.
#[cfg(unix)]
#[test]
fn output_may_be_cut_off_by_its_reader() {
    let place = Place::new();
    let mut child = place.start(&["schema"]);
    drop(child.stdout.take());
    let said = common::Said::of(child.wait_with_output().unwrap());
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""));
}

#[test]
fn schema_prints_the_reference_page_too() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/study-file.md");
    let said = Place::new().run(&["schema", "--markdown"]).ok();
    assert_eq!(said.out, fs::read_to_string(page).unwrap());
}

#[test]
fn init_says_how_its_file_must_be_typed() {
    let place = Place::new();
    let said = place.run(&["init", "quick"]).ok();
    assert!(said.out.contains("`toile run ./quick`"), "`quick` alone is the built-in study: {}", said.out);
    let said = place.run(&["init", "my study.toml"]).ok();
    assert!(said.out.contains("`toile run \"my study.toml\"`"), "{}", said.out);
    place.run(&["init", "gone/mine.toml"]).refused(&["gone/mine.toml", "help: name a file in a folder"]);
}

#[test]
fn a_study_named_without_its_ending_is_found_near() {
    Place::new()
        .run(&["plan", "study"])
        .refused(&["no study is named `study`", "did you mean `study.toml`?"]);
}

#[test]
fn plan_tells_twins_apart() {
    let twin = "\n[[runs]]\nname = \"Twin\"\nmodel = \"dense\"\noptimizer = \"adam\"\n";
    let place = Place::with_study(&(common::STUDY.to_owned() + twin));
    place.run(&["run", "study.toml", "--out", "out", "--only", "Dense"]).ok();
    let said = place.run(&["plan", "study.toml", "--out", "out", "--no-timing"]).ok();
    let line = |name: &str| said.out.lines().find(|line| line.starts_with(name)).unwrap().to_owned();
    assert!(line("Dense").ends_with("done") && !line("Twin").ends_with("done"), "{}", said.out);
}

#[test]
fn data_check_counts_what_parts_share() {
    let place = Place::new();
    // The first test image becomes the first training image.
    let (train, test) =
        (place.path("data/train-images-idx3-ubyte"), place.path("data/t10k-images-idx3-ubyte"));
    let (from, mut to) = (fs::read(train).unwrap(), fs::read(&test).unwrap());
    to[16..80].copy_from_slice(&from[16..80]);
    fs::write(test, to).unwrap();
    let said = place.run(&["data", "check", "data"]).ok();
    let row = |name: &str| {
        let line = said.out.lines().find(|line| line.starts_with(name)).unwrap();
        line[name.len()..].split_whitespace().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(row("also in training"), ["0", "1"], "{}", said.out);
    assert_eq!(row("also in validation"), ["0"], "{}", said.out);
}

/// It was refused as a `--data-dir` without a value.
#[test]
fn an_empty_data_variable_is_an_unset_one() {
    let place = Place::new();
    let output =
        place.toile(&["plan", "study.toml", "--no-timing"]).env("TOILE_DATA_DIR", "").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Whatever a name holds, it stays on its line and moves nothing.
#[test]
fn names_with_control_characters_never_reach_the_terminal_as_they_are() {
    let hostile = |name: &str| format!(r#""{name}\u001b[2J\u0007\u009b1m\u202e\n!""#);
    let mut study = common::STUDY.to_owned();
    for name in ["small", "Dense", "Conv"] {
        study = study.replace(&format!("name = \"{name}\""), &format!("name = {}", hostile(name)));
    }
    study += &format!(
        "\n[[searches]]\nname = {}\nmodel = \"dense\"\noptimizer = \"adam\"\nn_trials = 2\nepochs = 1\nbatch_size = {{ choices = [16, 32] }}\n",
        hostile("Size")
    );
    let place = Place::with_study(&study);
    for command in [
        &["plan", "study.toml", "--no-timing"][..],
        &["run", "study.toml", "--out", "o"],
        &["run", "study.toml", "--out", "o"],
        &["trials", "o"],
        &["report", "o"],
        &["verify", "o"],
        &["summary", "study.toml"],
        &["trials", "o", "--study", "not there"],
    ] {
        let said = place.run(command);
        assert_eq!(said.code, Some(i32::from(command.contains(&"not there"))), "{command:?}: {}", said.err);
        for text in [&said.out, &said.err] {
            let moves = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
            assert!(!text.contains(moves), "{command:?}: {text:?}");
            assert!(
                !text.lines().any(|line| line.starts_with('!')),
                "{command:?}: a name breaks a line: {text}"
            );
        }
    }
}
