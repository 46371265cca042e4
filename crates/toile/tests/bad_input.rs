//! Whatever is wrong is said where it is, what was found and how to mend it; never a panic.
#![allow(clippy::print_stderr)] // a test that cannot run here says so

mod common;

use std::fs;
use std::path::Path;
use std::process::Command;

use common::{Place, STUDY};
use toile_record::State;

#[test]
fn missing_data_names_every_place_that_was_tried() {
    let place = Place::with_study(&STUDY.replace("./data", "./nowhere"));
    place.run(&["run", "study.toml", "--out", "out"]).refused(&["nowhere"]);
    // Without a web and without a package manager, the named sets cannot be had.
    fs::create_dir(place.path("mine")).unwrap();
    let mut fetch = place.toile(&["data", "fetch", "mnist", "--data-dir", "mine"]);
    let proxy = "http://127.0.0.1:9";
    fetch.env("PATH", "").env("https_proxy", proxy).env("HTTPS_PROXY", proxy).env("ALL_PROXY", proxy);
    let said = common::Said::of(fetch.output().unwrap());
    said.refused(&["mine", "cache", ".keras", "https://", "help:"]);
}

/// It left an empty `results/small`.
#[test]
fn a_study_without_data_leaves_no_folder() {
    let place = Place::with_study(&STUDY.replace("./data", "mnist").replace("units = 4", "units = 10"));
    fs::create_dir(place.path("mine")).unwrap();
    let without_data = |out: &[&str]| {
        let mut run = place.toile(&[&["run", "study.toml"], out].concat());
        let proxy = "http://127.0.0.1:9";
        run.env("PATH", "").env("https_proxy", proxy).env("HTTPS_PROXY", proxy).env("ALL_PROXY", proxy);
        common::Said::of(run.output().unwrap()).refused(&["mnist", "help:"]);
    };
    without_data(&[]);
    assert!(!place.path("results").exists());
    // What was there before stays.
    fs::write(place.path("mine/notes.txt"), "mine").unwrap();
    without_data(&["--out", "mine/study"]);
    without_data(&["--out", "mine"]);
    assert!(place.path("mine/notes.txt").is_file() && !place.path("mine/study").exists());
}

#[test]
fn data_that_is_cut_short_is_refused_by_name() {
    let place = Place::new();
    let file = place.path("data/train-images-idx3-ubyte");
    let bytes = fs::read(&file).unwrap();
    fs::write(&file, &bytes[..bytes.len() - 1]).unwrap();
    place.run(&["run", "study.toml", "--out", "out"]).refused(&["train-images-idx3-ubyte", "cut short"]);
}

#[test]
fn every_fault_of_a_study_file_is_told_at_once() {
    let faulty = STUDY
        .replace("seed = 7", "sead = 7")
        .replace("validation_split = 0.2", "validation_split = 1.5")
        .replace("units = 8", "units = -8")
        .replace("activation = \"relu\" } }, { dense", "activation = \"rely\" } }, { dense")
        .replace("filters = 4", "filters = 0")
        .replace("rate = 0.25", "rate = 2.5")
        .replace("batch_size = 32", "batch_size = \"32\"")
        .replace("epochs = 3", "epochs = -1")
        .replace("optimizer = \"adam\"", "optimizer = \"adma\"")
        .replace("test_accuracy = 0.9", "test_acuracy = 0.9");
    let place = Place::with_study(&faulty);
    let said = place.run(&["run", "study.toml", "--out", "out"]);
    let words =
        ["sead", "1.5", "-8", "rely", "filters", "2.5", "batch_size", "epochs", "adma", "test_acuracy"];
    let said = said.refused(&words);
    assert!(said.err.matches("study.toml:").count() >= 10, "{}", said.err);
    assert!(said.err.contains("did you mean `adam`?"), "{}", said.err);
    assert!(!place.path("out").exists(), "nothing is made for a study that cannot run");
}

#[test]
fn a_study_that_is_not_there_is_answered_with_those_that_are() {
    let place = Place::new();
    place.run(&["run", "fashion-mnits"]).refused(&["fashion-mnits", "did you mean `fashion-mnist`?"]);
    place.run(&["run", "gone.toml"]).refused(&["gone.toml"]);
    place.run(&["plan", "."]).refused(&["cannot read the study file"]);
    fs::write(place.path("bytes.toml"), [0xff, 0xfe, 0x00]).unwrap();
    place.run(&["run", "bytes.toml"]).refused(&["bytes.toml", "UTF-8"]);
}

/// PowerShell's `>` and Notepad's "Unicode" write UTF-16, with a mark or without.
#[test]
fn a_study_file_in_another_encoding_is_told_by_its_name() {
    let place = Place::new();
    let little: Vec<u8> = STUDY.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let marked = [&[0xff, 0xfe][..], &little].concat();
    for bytes in [little, marked] {
        fs::write(place.path("utf16.toml"), bytes).unwrap();
        place.run(&["plan", "utf16.toml"]).refused(&["utf16.toml` is UTF-16LE, expected UTF-8", "iconv"]);
    }
    let accented = STUDY.replace("name = \"small\"", "name = \"sm\u{e9}ll\"");
    fs::write(place.path("latin.toml"), accented.chars().map(|c| c as u8).collect::<Vec<u8>>()).unwrap();
    place.run(&["plan", "latin.toml"]).refused(&["latin.toml` is not text: line", "LATIN1"]);
}

/// A file of 50 MB was said to have 4,194,304 bytes.
#[test]
fn a_file_too_large_for_a_study_is_told_its_size_and_the_limit() {
    let place = Place::new();
    let file = fs::File::create(place.path("large.toml")).unwrap();
    file.set_len(50_000_000).unwrap();
    let refused = "has 50,000,000 bytes, and a study file has at most 1,048,576";
    place.run(&["run", "large.toml"]).refused(&["large.toml", refused]);
    fs::create_dir(place.path("folder")).unwrap();
    place.run(&["run", "folder"]).refused(&["it is a folder", "folder/STUDY.toml"]);
    place.run(&["run", "~/study.toml"]).refused(&["`~` is replaced by a shell"]);
}

#[test]
fn data_that_are_not_there_are_told_where_they_are_named() {
    let refused = |data: &str, words: &[&str]| {
        let place = Place::with_study(&STUDY.replace("./data", data));
        let said = place.run(&["run", "study.toml"]).refused(words);
        assert!(said.err.contains("study.toml:") && said.err.contains("^^^"), "{}", said.err);
    };
    refused("~/images", &["there is no folder `/", "`~` is replaced by a shell only"]);
    refused("C:/images", &["there is no folder `/", "written as on Windows"]);
    refused("./dato", &["/dato`", "did you mean `data`?"]);
    refused("./data/train-images-idx3-ubyte", &["is a file, expected the folder"]);
}

/// What a setting does not do is said before the training, and stays in the report.
#[test]
fn settings_without_effect_are_told_and_kept_for_the_report() {
    let without =
        STUDY.replacen("epochs = 3", "epochs = 3\ncallbacks = [{ early_stopping = { patience = 50 } }]", 1);
    let place = Place::with_study(&without);
    let warning = "`early_stopping` cannot act: it waits for 50 epochs";
    let planned = place.run(&["plan", "study.toml", "--no-timing"]).ok();
    assert!(planned.err.contains("warning study.toml:") && planned.err.contains(warning), "{}", planned.err);
    let said = place.run(&["run", "study.toml", "--out", "out"]).ok();
    assert_eq!(said.err.matches(warning).count(), 1, "{}", said.err);
    let report = fs::read_to_string(place.path("out/report.md")).unwrap();
    assert!(report.contains("the study file, line") && report.contains("cannot act"), "{report}");
}

#[test]
fn a_run_that_does_not_exist_is_answered_with_those_that_do() {
    let place = Place::new();
    place.run(&["run", "study.toml", "--only", "Dence"]).refused(&["Dence", "did you mean `Dense`?"]);
    place.run(&["summary", "study.toml", "--model", "dens"]).refused(&["dens", "did you mean `dense`?"]);
}

#[test]
fn a_folder_that_cannot_be_used_is_told_before_anything_is_loaded() {
    let place = Place::new();
    fs::write(place.path("file"), "not a folder").unwrap();
    place.run(&["run", "study.toml", "--out", "file"]).refused(&["file", "--out"]);
    place.run(&["run", "study.toml", "--out", "file/below"]).refused(&["file/below", "--out"]);
    if Path::new("/proc/self").exists() {
        // Root may write everywhere but here.
        place.run(&["run", "study.toml", "--out", "/proc/toile"]).refused(&["/proc/toile"]);
    }
    place.run(&["report", "data"]).refused(&["data", "there is no `store.sqlite`"]);
}

#[test]
fn a_folder_belongs_to_one_study() {
    let place = Place::new();
    place.run(&["run", "study.toml", "--out", "out"]).ok();
    fs::write(place.path("study.toml"), STUDY.replace("\"small\"", "\"other\"")).unwrap();
    place
        .run(&["run", "study.toml", "--out", "out"])
        .refused(&["holds the study `small`, not `other`", "--out"]);
}

#[test]
fn results_on_other_data_are_not_mixed() {
    let place = Place::new();
    place.run(&["run", "study.toml", "--out", "out"]).ok();
    let file = place.path("data/t10k-images-idx3-ubyte");
    let mut bytes = fs::read(&file).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&file, bytes).unwrap();
    place.run(&["run", "study.toml", "--out", "out"]).refused(&["other data", "--out"]);
}

#[test]
fn a_run_whose_loss_diverges_is_recorded_and_the_others_go_on() {
    let diverges = "\n[[runs]]\nname = \"Hot\"\nmodel = \"deep\"\noptimizer = { sgd = { learning_rate = 10, momentum = 0.9 } }\nepochs = 50\n\
        [models.deep]\nlayers = [\"flatten\", { dense = { units = 64, activation = \"relu\" } }, \
        { dense = { units = 64, activation = \"relu\" } }, { dense = { units = 64, activation = \"relu\" } }, \
        { dense = { units = 64, activation = \"relu\" } }, { dense = { units = 4, activation = \"softmax\" } }]\n";
    let place = Place::with_study(&(STUDY.to_owned() + diverges));
    let said = place.run(&["run", "study.toml", "--out", "out"]);
    assert_eq!(said.code, Some(3), "{}\n{}", said.out, said.err);
    assert!(said.err.contains("Hot: the loss was no longer a finite number in epoch"), "{}", said.err);
    let states: Vec<_> = place.records("out").runs.iter().map(|run| run.state).collect();
    assert_eq!(states, [State::Complete, State::Complete, State::Failed]);
    // It would diverge again, bit for bit: it is not tried again, but the warning stays.
    let again = place.run(&["run", "study.toml", "--out", "out"]);
    assert_eq!(again.code, Some(3));
    assert!(!again.err.contains("start"), "{}", again.err);
}

#[test]
fn weights_that_do_not_fit_are_refused() {
    let place = Place::with_study(
        &STUDY.replace("name = \"Dense\"", "name = \"Dense\"\ninitial_weights = \"start.safetensors\""),
    );
    place.run(&["run", "study.toml", "--out", "out"]).refused(&["start.safetensors"]);
    let bytes = toile_store::weights_to_safetensors(&[("1.kernel", &[1], &[0.5])], None);
    fs::write(place.path("start.safetensors"), bytes).unwrap();
    place.run(&["run", "study.toml", "--out", "out"]).refused(&["start.safetensors", "1.kernel"]);
    fs::write(place.path("start.safetensors"), "no weights").unwrap();
    place.run(&["run", "study.toml", "--out", "out"]).refused(&["start.safetensors", "safetensors"]);
}

#[test]
fn an_unknown_instruction_set_is_refused() {
    let place = Place::new();
    let output = place.toile(&["list"]).env("TOILE_ISA", "sse9").output().unwrap();
    common::Said::of(output).refused(&["sse9", "avx512, avx2, neon, portable"]);
}

/// A file system of this size, if this machine lets the test have one.
struct SmallDisk(std::path::PathBuf);

impl SmallDisk {
    fn mount(path: std::path::PathBuf, size: &str) -> Option<SmallDisk> {
        fs::create_dir_all(&path).unwrap();
        let option = format!("size={size}");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &option, "tmpfs"]).arg(&path).output();
        if mounted.is_ok_and(|output| output.status.success()) {
            return Some(SmallDisk(path));
        }
        eprintln!("skipped: a small file system can only be mounted by root on Linux");
        None
    }

    fn grow(&self, size: &str) {
        self.remount(&format!("size={size}"));
    }

    fn remount(&self, option: &str) {
        let option = format!("remount,{option}");
        assert!(Command::new("mount").args(["-o", &option]).arg(&self.0).status().unwrap().success());
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[test]
fn a_full_disk_loses_nothing_that_was_recorded() {
    let place = Place::new();
    place.run(&["run", "study.toml", "--out", "whole"]).ok();
    let Some(disk) = SmallDisk::mount(place.path("out"), "160k") else { return };
    place.run(&["run", "study.toml", "--out", "out"]).refused(&["disk is full"]);
    disk.grow("4m");
    place.run(&["run", "study.toml", "--out", "out"]).ok();
    assert_eq!(place.results("out"), place.results("whole"));
}

#[test]
fn a_full_disk_while_the_report_is_written_does_not_lose_the_study() {
    let place = Place::new();
    let Some(disk) = SmallDisk::mount(place.path("out"), "4m") else { return };
    place.run(&["run", "study.toml", "--out", "out"]).ok();
    // As an earlier version wrote it: what is as it should be is not written again.
    let report = b"an older report".to_vec();
    fs::write(place.path("out/report.html"), &report).unwrap();
    // All the room that is left is taken, to the last page.
    fs::write(place.path("out/ballast"), vec![1; 1 << 20]).unwrap();
    while fs::OpenOptions::new().append(true).open(place.path("out/ballast")).is_ok_and(|mut file| {
        use std::io::Write;
        file.write_all(&[1; 4096]).is_ok()
    }) {}
    place.run(&["report", "out"]).refused(&["report", "disk is full", "runs are safe", "toile report out"]);
    assert_eq!(fs::read(place.path("out/report.html")).unwrap(), report, "the old report is whole");
    disk.grow("8m");
    place.run(&["report", "out"]).ok();
}

#[test]
fn a_folder_on_a_read_only_disk_can_be_read_and_says_why_it_cannot_be_written() {
    let place = Place::new();
    let Some(disk) = SmallDisk::mount(place.path("disk"), "4m") else { return };
    place.run(&["run", "study.toml", "--out", "disk/out"]).ok();
    fs::remove_file(place.path("disk/out/report.html")).unwrap();
    disk.remount("ro");
    let said = place.run(&["plan", "study.toml", "--out", "disk/out", "--no-timing"]).ok();
    assert!(said.out.contains("nothing to train"), "{}", said.out);
    for out in ["disk/out", "disk/other"] {
        place.run(&["run", "study.toml", "--out", out]).refused(&[out, "Read-only", "--out DIR"]);
    }
    let said =
        place.run(&["report", "disk/out"]).refused(&["disk/out/report.html", "Read-only", "runs are safe"]);
    assert!(said.err.contains("--out DIR"), "{}", said.err);
    place.run(&["report", "disk/out", "--out", "elsewhere"]).ok();
    assert!(place.path("elsewhere/report.html").is_file());
}

#[test]
fn weights_that_do_not_fit_are_told_before_any_run_begins() {
    let weights = "name = \"Conv\"\ninitial_weights = \"start.safetensors\"";
    let place = Place::with_study(&STUDY.replace("name = \"Conv\"", weights));
    let bytes = toile_store::weights_to_safetensors(&[("0.kernel", &[1], &[0.5])], None);
    fs::write(place.path("start.safetensors"), bytes).unwrap();
    let said =
        place.run(&["run", "study.toml", "--out", "out"]).refused(&["Conv", "start.safetensors", "0.kernel"]);
    assert!(!said.err.contains("start   "), "{}", said.err);
    assert!(place.records("out").runs.iter().all(|run| run.state == State::Waiting));
}

#[test]
fn trials_of_what_is_no_database_say_what_would_be_one() {
    let place = Place::new();
    let said = place.run(&["trials", "nowhere"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(
        said.err.contains("there is no `nowhere`") && said.err.contains("a study's folder"),
        "{}",
        said.err
    );
    std::fs::write(place.path("garbage.sqlite"), "no database at all").unwrap();
    let said = place.run(&["trials", "garbage.sqlite"]);
    assert!(said.err.contains("garbage.sqlite` is damaged or not a store"), "{}", said.err);
    let said = place.run(&["worker", "--storage", "sqlite:///x"]);
    assert!(said.err.contains("is no PostgreSQL server"), "{}", said.err);
}

#[test]
fn a_folder_without_a_study_is_told_from_a_file_and_from_nothing() {
    let place = Place::new();
    place.run(&["run", "study.toml", "--out", "results/small"]).ok();
    for command in ["report", "verify"] {
        let right = format!("`toile {command} results/small`");
        place
            .run(&[command, "results/smell"])
            .refused(&["there is no folder `results/smell`", "results/small"]);
        place.run(&[command, "results"]).refused(&["`results` holds no study", &right]);
        place.run(&[command, "results/small/report.html"]).refused(&["is a file", &right]);
        place.run(&[command, "results/small/store.sqlite"]).refused(&["is a file", &right]);
        place.run(&[command, "study.toml"]).refused(&["`study.toml` is a file", "`results/NAME`"]);
        place.run(&[command, "data"]).refused(&["`data` holds no study", "`toile run STUDY --out DIR`"]);
    }
}
