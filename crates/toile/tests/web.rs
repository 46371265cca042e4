//! A study in the browser: what `toile watch --web` and `toile run --web` serve is what `toile report` writes.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::Child;

use crate::common::{Place, Said};

/// The address that a program prints first.
fn address(child: &mut Child) -> String {
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    line.trim_end().to_owned()
}

/// The head and the body of an answer.
fn get(address: &str, path: &str) -> (String, String) {
    let rest = address.strip_prefix("http://").unwrap();
    let (host, base) = rest.split_once('/').unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    write!(stream, "GET /{base}{path} HTTP/1.1\r\nHost: {host}\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_owned(), body.to_owned())
}

/// Waits for a state of the strip.
fn wait_for(address: &str, state: &str) {
    for _ in 0..6000 {
        if get(address, "").1.contains(&format!("data-state=\"{state}\"")) {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    panic!("the page does not come to `{state}` in a minute");
}

#[cfg(unix)]
fn interrupt(child: &Child) {
    let pid = child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
}

#[cfg(unix)]
#[test]
fn a_study_that_has_ended_is_served_as_its_report_until_the_viewer_leaves() {
    let place = Place::new();
    place.run(&["run", "study.toml", "--out", "result"]).ok();
    let mut child = place.start(&["watch", "result", "--web"]);
    let address = address(&mut child);
    assert!(address.starts_with("http://127.0.0.1:") && address.ends_with('/'), "{address}");
    wait_for(&address, "finished");
    let file = std::fs::read_to_string(place.path("result/report.html")).unwrap();
    let (head, saved) = get(&address, "report.html");
    assert!(head.contains("Content-Disposition: attachment"), "{head}");
    assert!(saved == file, "the saved moment is not the report");
    let lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    let mut said = String::new();
    for line in lines {
        said += &line;
        if line.contains("the study has ended") {
            break;
        }
    }
    assert!(said.contains("ssh -N -L ") && said.contains("the study has ended"), "{said}");
    interrupt(&child);
    Said::of(child.wait_with_output().unwrap()).ok();
    assert!(!file.contains(address.rsplit('/').nth(1).unwrap()), "the token is in no file");
}

#[cfg(unix)]
#[test]
fn a_killed_study_is_said_to_be_stopped_and_goes_on_in_the_same_page() {
    let place = Place::with_study(&crate::common::STUDY.replace("epochs = 3", "epochs = 2000"));
    let mut study = place.start(&["run", "study.toml", "--out", "result"]);
    place.wait_for_epochs("result", 1);
    let mut child = place.start(&["watch", "result", "--web"]);
    let address = address(&mut child);
    wait_for(&address, "running");
    study.kill().unwrap();
    study.wait().unwrap();
    wait_for(&address, "stopped");
    let mut again = place.start(&["run", "study.toml", "--out", "result"]);
    wait_for(&address, "running");
    again.kill().unwrap();
    again.wait().unwrap();
    wait_for(&address, "stopped");
    interrupt(&child);
    Said::of(child.wait_with_output().unwrap()).ok();
}

#[test]
fn a_page_beside_the_training_changes_no_bit_and_ends_with_it() {
    let place = Place::new();
    let mut child = place.start(&["run", "study.toml", "--out", "shown", "--web"]);
    let address = address(&mut child);
    assert!(address.starts_with("http://127.0.0.1:"), "{address}");
    Said::of(child.wait_with_output().unwrap()).ok();
    place.run(&["run", "study.toml", "--out", "unseen"]).ok();
    assert_eq!(place.weights("shown"), place.weights("unseen"));
    let host = address.strip_prefix("http://").unwrap().split('/').next().unwrap();
    assert!(TcpStream::connect(host).is_err(), "nothing is left behind");
}

/// The page is for looking: that it cannot be had is told, and the study is trained.
#[test]
fn a_port_that_is_taken_harms_no_training() {
    let place = Place::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let said = place.run(&["run", "study.toml", "--out", "result", "--web", "--port", &port]).ok();
    assert!(
        said.err.contains("warning: there is no page to look at: ") && said.err.contains(&port),
        "{}",
        said.err
    );
    place.run(&["watch", "result", "--web", "--port", &port]).refused(&["cannot listen at", &port, "--port"]);
}

#[test]
fn what_cannot_be_served_is_refused() {
    let place = Place::new();
    place.run(&["watch", "nowhere", "--web"]).refused(&["there is no folder `nowhere`"]);
    place.run(&["run", "study.toml", "--out", "result"]).ok();
    place.run(&["watch", "result", "--web", "--host", "0.0.0.0"]).refused(&["every address of the machine"]);
    let said = place.run(&["watch", "result", "--port", "8080"]);
    assert!(said.code == Some(2) && said.err.contains("--web"), "{}", said.err);
    place.run(&["watch", "result", "--web", "--host", "192.0.2.1"]).refused(&["cannot listen at 192.0.2.1"]);
}
