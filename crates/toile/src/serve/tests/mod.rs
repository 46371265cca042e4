//! The server, asked over raw sockets by clients that are slow, cut off, hostile or many.

mod attacks;
mod damaged;
mod pages;
mod streams;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use toile_report::{LiveStrip, PageParts};

use super::ring::TickRing;
use super::*;

/// Far longer than anything here takes; a test that comes to it has found a fault.
const LONG: Duration = Duration::from_secs(60);

/// Limits under which nothing is decided by who is faster.
pub(super) fn patient() -> WebLimits {
    WebLimits {
        head_time: LONG,
        write: LONG,
        linger: LONG,
        look: Duration::from_millis(2),
        ..WebLimits::default()
    }
}

/// The report of a study whose question is this.
pub(super) fn parts(question: &str) -> PageParts {
    PageParts::of(&toile_report::view(&records(question)))
}

/// A study of which only the question is known.
pub(in crate::serve) fn records(question: &str) -> toile_record::Records {
    let data = toile_record::DataRecord {
        name: "drawn".into(),
        title: "Drawn".into(),
        fingerprint: String::new(),
        source: String::new(),
        procedural: false,
        shape: [2, 2, 1],
        class_names: vec!["a".into(), "b".into()],
        n_train: 0,
        n_test: 0,
        reading: Default::default(),
        split: toile_record::SplitRecord {
            how: String::new(),
            fraction: 0.0,
            fingerprint: String::new(),
            train_counts: vec![],
            validation_counts: vec![],
            test_counts: vec![],
            validation_images: vec![],
            validation_labels: vec![],
        },
        warnings: vec![],
        test_labels: vec![],
    };
    let study = toile_record::StudyRecord {
        seeds: None,
        name: "study".into(),
        question: Some(question.into()),
        file: "[study]".into(),
        toile_version: "0.2.0".into(),
        data,
    };
    toile_record::Records {
        study,
        runs: vec![],
        images: vec![],
        searches: vec![],
        test_openings: vec![],
        former_runs: vec![],
        pictures: vec![],
    }
}

/// A strip that says this.
pub(super) fn strip(text: &str) -> LiveStrip {
    LiveStrip { state: "running", text: text.into(), as_of: "13:04:10".into(), ..LiveStrip::default() }
}

/// A feed whose generation is `g`, with a ring of so many ticks.
pub(super) fn feed(most_ticks: usize) -> Arc<LiveFeed> {
    let ring = TickRing::new(most_ticks, 1 << 20);
    Arc::new(LiveFeed::with_ring("g".into(), parts("What?"), strip("begun"), ring))
}

pub(super) fn serve(feed: &Arc<LiveFeed>, limits: WebLimits) -> WebServer {
    WebServer::start(WebPlace::default(), limits, feed.clone()).unwrap()
}

/// Waits until this holds, as it must soon.
pub(super) fn until(what: &str, holds: impl Fn() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < LONG, "{what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

pub(super) fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(LONG)).unwrap();
    stream.set_write_timeout(Some(LONG)).unwrap();
    stream
}

/// Sends bytes, as far as they are taken, and gives everything that is said.
pub(super) fn said(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = connect(address);
    // A server may answer before it has everything.
    let _ = stream.write_all(bytes);
    heard(&mut stream)
}

pub(super) fn heard(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    String::from_utf8(bytes).unwrap()
}

/// A request with these lines after the first.
pub(super) fn ask(server: &WebServer, method: &str, path: &str, fields: &[&str]) -> String {
    let fields: String = fields.iter().map(|field| format!("{field}\r\n")).collect();
    let target = format!("/{}/{path}", server.site.token.as_str());
    said(
        server.address(),
        format!("{method} {target} HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n").as_bytes(),
    )
}

pub(super) fn get(server: &WebServer, path: &str) -> String {
    ask(server, "GET", path, &[])
}

/// The number on the first line.
pub(super) fn status(answer: &str) -> u16 {
    answer.split(' ').nth(1).and_then(|word| word.parse().ok()).unwrap_or(0)
}

pub(super) fn body(answer: &str) -> &str {
    answer.split_once("\r\n\r\n").expect("a head").1
}
