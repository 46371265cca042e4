//! Servers that are none, or that do not answer: said within seconds, and the first SIGTERM ends the program.
#![cfg(unix)]

use crate::common;

use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::process::Command;

use common::{Place, STUDY, Said};

/// A server that takes connections and says nothing; its address.
fn silent_server() -> (TcpListener, String) {
    // The system accepts on the listener's behalf.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("postgres://ann:secret@{}/db", listener.local_addr().unwrap());
    (listener, address)
}

#[test]
fn a_silent_server_is_waited_for_aloud_and_the_first_sigterm_ends_that() {
    for command in ["worker", "run"] {
        let place = Place::new();
        let (_server, address) = silent_server();
        ends_at_the_first_sigterm(place.start(&[command, "study.toml", "--storage", &address]));
    }
}

fn ends_at_the_first_sigterm(mut worker: std::process::Child) {
    let mut said = BufReader::new(worker.stderr.take().unwrap());
    let mut line = String::new();
    said.read_line(&mut line).unwrap();
    assert!(
        line.starts_with("waiting: postgres://ann@127.0.0.1") && line.contains("does not answer"),
        "{line}"
    );
    let status = Command::new("kill").args(["-TERM", &worker.id().to_string()]).status().unwrap();
    assert!(status.success());
    let status = worker.wait().unwrap();
    said.read_to_string(&mut line).unwrap();
    assert_eq!(status.code(), Some(130), "{line}");
    assert!(line.contains("stopped: ") && !line.contains("error:") && !line.contains("secret"), "{line}");
}

/// Nothing listens there any more.
#[test]
fn a_worker_whose_server_is_away_ends_at_the_first_sigterm_without_an_error() {
    let place = Place::new();
    let (server, address) = silent_server();
    drop(server);
    let mut worker = place.start(&["worker", "study.toml", "--storage", &address]);
    let mut said = BufReader::new(worker.stderr.take().unwrap());
    let mut line = String::new();
    said.read_line(&mut line).unwrap();
    assert!(line.starts_with("waiting: "), "{line}");
    let status = Command::new("kill").args(["-TERM", &worker.id().to_string()]).status().unwrap();
    assert!(status.success());
    let status = worker.wait().unwrap();
    said.read_to_string(&mut line).unwrap();
    assert_eq!(status.code(), Some(130), "{line}");
    assert!(line.contains("stopped: ") && !line.contains("error:"), "{line}");
}

#[test]
fn an_empty_variable_is_as_if_it_were_not_set() {
    let place = Place::new();
    let with = |variable: &str, args: &[&str]| {
        Said::of(place.toile(args).env("TOILE_STORAGE", variable).env("TOILE_DATA_DIR", "").output().unwrap())
    };
    for empty in ["", " "] {
        with(empty, &["run", "study.toml", "--out", "out"]).ok();
        let said = with(empty, &["worker", "study.toml"]);
        assert!(said.code == Some(2) && said.err.contains("--storage <URL>"), "{}", said.err);
    }
    // What is typed is meant.
    with("", &["run", "study.toml", "--out", "other", "--storage", ""]).refused(&["the server is empty"]);
    with("nonsense", &["run", "study.toml", "--out", "other"])
        .refused(&["`nonsense` is no PostgreSQL server"]);
}

#[test]
fn a_place_that_is_no_server_is_called_what_it_is() {
    let place = Place::new();
    place.run(&["run", "study.toml", "--out", "out"]).ok();
    let journal = "{\"op_code\":0,\"worker_id\":\"a\",\"study_name\":\"s\",\"directions\":[1]}\n";
    std::fs::write(place.path("journal.log"), journal).unwrap();
    let absolute = format!("sqlite:///{}", place.path("out/store.sqlite").display());
    for (storage, words) in [
        ("sqlite:///out/store.sqlite", &["a SQLite file", "toile trials out/store.sqlite"][..]),
        (&absolute, &["a SQLite file", "toile trials /"]),
        ("out/store.sqlite", &["a SQLite file", "toile trials out/store.sqlite"]),
        ("out", &["a folder", "--out out", "toile trials out"]),
        ("journal.log", &["a journal of Optuna's", "copy_study"]),
        ("study.toml", &["a file that toile does not know", "postgres://"]),
        ("nowhere", &["is no PostgreSQL server", "no such file"]),
        ("mysql://ann:secret@host/db", &["`mysql://ann@host/db`", "PostgreSQL and SQLite only"]),
    ] {
        for command in [&["worker"][..], &["run", "study.toml", "--out", "new"]] {
            let said = place.run(&[command, &["--storage", storage]].concat()).refused(words);
            assert!(!said.err.contains("secret"), "{}", said.err);
        }
    }
    assert!(!place.path("new").exists());
}

#[test]
fn the_address_of_a_sqlite_file_is_taken_where_a_file_is() {
    let place = Place::new();
    place.run(&["run", "study.toml", "--out", "out"]).ok();
    let listed = place.run(&["trials", "out"]).ok().out;
    assert!(!listed.is_empty());
    let absolute = format!("sqlite:///{}", place.path("out/store.sqlite").display());
    for storage in ["sqlite:///out/store.sqlite", "sqlite+pysqlite:///out/store.sqlite", &absolute] {
        assert_eq!(place.run(&["trials", storage]).ok().out, listed);
    }
    place.run(&["trials", "sqlite:///none.sqlite"]).refused(&["there is no `none.sqlite`"]);
    std::fs::write(place.path("journal.log"), "{\"op_code\":0}\n").unwrap();
    for storage in ["journal.log", "sqlite:///journal.log"] {
        place.run(&["trials", storage]).refused(&["a journal of Optuna's"]);
    }
    // A driver is Python's business; the server is not there.
    let said = place.run(&["trials", "postgresql+psycopg2://ann:secret@127.0.0.1:1/db"]);
    let said = said.refused(&["`postgresql://ann@127.0.0.1:1/db`", "host and port"]);
    assert!(!said.err.contains("secret"), "{}", said.err);
}

/// How often runs are repeated was said on the command line of `toile run`; the worker has nothing but the server. It
/// took one seed for all there is, and opened the test part.
#[test]
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn a_worker_repeats_runs_as_often_as_the_run_was_told_to() {
    let Ok(server) = std::env::var("TOILE_TEST_POSTGRES") else {
        eprintln!("skipped: TOILE_TEST_POSTGRES is not set");
        return;
    };
    let name = format!("told-{}", std::process::id());
    let place = Place::with_study(&STUDY.replace("name = \"small\"", &format!("name = \"{name}\"")));
    let of_run =
        ["run", "study.toml", "--seeds", "2", "--only", "Dense", "--storage", &server, "--out", "out"];
    place.run(&of_run).ok();
    let said = place.run(&["worker", "--storage", &server, "--study", &name]).ok().err;
    assert!(said.contains("runs: 4 of 4 complete; 2 trained here"), "{said}");
}
