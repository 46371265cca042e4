//! A database of version 0.1.0 on a PostgreSQL server: workers of today go on with it. Needs a server that
//! `TOILE_TEST_POSTGRES` names, and `psql` to bring the dump there; `.ci/databases.sh` has both.

use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use toile_record::{State, TrialRecord};
use toile_store::Store;

use crate::corpus::goes_on::taken_over;
use crate::corpus::nothing_again::assert_kept;
use crate::corpus::{Copy, assert_ended_as, committed, corpus, decompressed};

/// A database of its own, filled from the dump; it goes when the test is over.
struct Restored {
    server: String,
    name: String,
}

/// Nothing, and a word on it, where there is no server.
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn restored() -> Option<Restored> {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let Ok(server) = std::env::var("TOILE_TEST_POSTGRES") else {
        eprintln!("skipped: TOILE_TEST_POSTGRES is not set");
        return None;
    };
    let name = format!("toile_corpus_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    psql(&server, format!("CREATE DATABASE {name}").as_bytes());
    let database = Restored { server, name };
    psql(&database.url(), &decompressed(&corpus().join("server/dump.sql.gz")));
    Some(database)
}

fn psql(url: &str, sql: &[u8]) {
    let mut command = Command::new("psql");
    command.args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", url]);
    let pipes = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = pipes.spawn().expect("psql is installed");
    child.stdin.take().unwrap().write_all(sql).unwrap();
    let done = child.wait_with_output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

impl Restored {
    fn url(&self) -> String {
        format!("{}/{}", self.server.rsplit_once('/').unwrap().0, self.name)
    }
}

impl Drop for Restored {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            psql(&self.server, format!("DROP DATABASE {} WITH (FORCE)", self.name).as_bytes());
        }
    }
}

#[test]
fn searches_on_a_server_that_are_over_are_left_alone() {
    let Some(database) = restored() else { return };
    let (copy, url) = (Copy::of("server"), database.url());
    let said = copy.toile(&["worker", "--storage", &url, "--study", "corpus-server-finished"]).ok();
    for search in ["joint: 5 complete, 5 pruned", "several metrics: 6 complete"] {
        assert!(said.err.contains(&format!("{search}; 0 trained here")), "{}", said.err);
    }
    let said = copy.toile(&["run", "finished.toml", "--storage", &url, "--out", "finished"]).ok();
    assert!(!said.err.contains("start "), "{}", said.err);
    let old = committed("server", "finished");
    assert_kept(&old, &copy.results("finished"));
    // A folder that is new to these searches: only what they have chosen is trained, as runs are kept there.
    copy.toile(&["run", "finished.toml", "--storage", &url, "--out", "new"]).ok();
    assert_ended_as(&copy.results("new"), "server/finished.expected.txt");
}

/// The trials of the search that is half-way.
fn trials(url: &str) -> Vec<TrialRecord> {
    let storage = Store::postgres(url).unwrap();
    storage.search_records("corpus-server-half").unwrap().swap_remove(0).trials
}

/// Two trials were put back, one with its checkpoint in the database and one with it in a folder; a third one had a
/// worker that was killed. The searches of both studies have the same name.
#[test]
fn workers_go_on_with_a_search_on_a_server() {
    let Some(database) = restored() else { return };
    let (copy, url) = (Copy::of("server"), database.url());
    let listed = copy.toile(&["trials", &url, "--study", "joint (corpus-server-half)"]).ok().out;
    let count = |state: &str| listed.lines().filter(|line| line.contains(state)).count();
    assert_eq!([count("complete"), count("waiting"), count("running")], [3, 2, 1], "{listed}");
    let then = trials(&url);
    let worker = ["worker", "half.toml", "--storage", &url, "--checkpoints", "checkpoints"];
    let said = copy.toile(&worker).ok();
    assert!(said.err.contains("joint: 9 complete; 6 trained here"), "{}", said.err);
    for (then, now) in then.iter().zip(&trials(&url)).filter(|(then, _)| then.state == State::Waiting) {
        let (then, now) = (&then.side.as_ref().unwrap().epochs, &now.side.as_ref().unwrap().epochs);
        assert!(then.len() >= 3 && taken_over(then, now) == then.len(), "begun from nothing: {then:?}");
    }
    copy.toile(&["run", "half.toml", "--storage", &url, "--out", "half"]).ok();
    let results = copy.results("half");
    assert_ended_as(&results, "server/half.expected.txt");
    let attempts: Vec<_> = (0..9).map(|n| results["searches"][0]["trials"][n]["attempt"].as_u64()).collect();
    assert_eq!(attempts, [1, 1, 1, 2, 2, 2, 1, 1, 1].map(Some));
}
