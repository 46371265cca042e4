//! Streams: what is cut is taken up where it was, whoever is slow or too many is let go.

use std::io::{Read, Write};
use std::net::TcpStream;

use super::*;

/// The events of a stream up to its last empty line, as a browser takes them: names or ids, and data.
fn events(text: &str) -> Vec<(String, String)> {
    let whole = text.rfind("\n\n").map_or("", |at| &text[..at]);
    let mut events = Vec::new();
    for block in whole.split("\n\n") {
        let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
        if let Some(data) = field("data: ") {
            events.push((field("id: ").or(field("event: ")).unwrap_or_default(), data));
        }
    }
    events
}

/// Opens a stream, once those that were cut are missed.
fn open(server: &WebServer, since: &str, last: Option<&str>) -> TcpStream {
    let most = (server.site.limits.streams, server.site.limits.connections);
    until("a free place", || server.streams() < most.0 && server.connections() < most.1);
    ask_to_open(server, since, last)
}

fn ask_to_open(server: &WebServer, since: &str, last: Option<&str>) -> TcpStream {
    let mut stream = connect(server.address());
    let last = last.map_or_else(String::new, |last| format!("Last-Event-ID: {last}\r\n"));
    let token = server.site.token.as_str();
    let head = format!("GET /{token}/events?since={since} HTTP/1.1\r\nHost: 127.0.0.1\r\n{last}\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    stream
}

/// Reads until the text has what is wanted, or so many bytes, or the end.
fn read(stream: &mut TcpStream, most: usize, wanted: impl Fn(&str) -> bool) -> String {
    let (mut text, mut byte) = (Vec::new(), [0; 512]);
    while text.len() < most {
        let room = (most - text.len()).min(byte.len());
        match stream.read(&mut byte[..room]) {
            Ok(0) | Err(_) => break,
            Ok(n) => text.extend_from_slice(&byte[..n]),
        }
        if wanted(&String::from_utf8_lossy(&text)) {
            break;
        }
    }
    String::from_utf8(text).unwrap()
}

fn publish(feed: &LiveFeed, n: std::ops::RangeInclusive<u32>) {
    n.for_each(|i| feed.publish_strip(strip(&format!("tick {i}"))));
}

fn ids(events: &[(String, String)]) -> Vec<&str> {
    events.iter().map(|(id, _)| id.as_str()).collect()
}

#[test]
fn a_stream_that_is_cut_at_any_byte_goes_on_without_loss_or_repetition() {
    let feed = feed(100);
    let server = serve(&feed, patient());
    publish(&feed, 1..=4);
    let is_last = |text: &str| text.contains("\nid: g-4\n") && text.ends_with("\n\n");
    let whole = read(&mut open(&server, "g-0", None), usize::MAX, is_last);
    let expected = events(&whole);
    assert_eq!(ids(&expected), ["g-1", "g-2", "g-3", "g-4"]);
    for cut in 0..=whole.len() {
        let begun = read(&mut open(&server, "g-0", None), cut, |_| false);
        assert_eq!(begun, whole[..cut]);
        let mut taken = events(&begun);
        if taken.len() < 4 {
            // The browser asks the same address again, and says what it has, once it has anything.
            let last = taken.last().map(|(id, _)| id.clone());
            taken.extend(events(&read(&mut open(&server, "g-0", last.as_deref()), usize::MAX, is_last)));
        }
        assert_eq!(taken, expected, "cut at byte {cut}");
    }
}

#[test]
fn a_thousand_cuts_while_the_study_runs_lose_and_repeat_nothing() {
    let feed = feed(4096);
    let server = serve(&feed, patient());
    let writer = std::thread::spawn({
        let feed = feed.clone();
        move || publish(&feed, 1..=1000)
    });
    let mut taken: Vec<(String, String)> = Vec::new();
    let mut cuts = 0;
    let mut noise = 1u32;
    while cuts < 1000 || taken.len() < 1000 {
        let last = taken.last().map(|(id, _)| id.clone());
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let most = 400 + (noise >> 16) as usize % 1200;
        let is_whole = taken.len() == 1000;
        let text = read(&mut open(&server, "g-0", last.as_deref()), most, |text| {
            is_whole || text.contains("id: g-1000\n") && text.ends_with("\n\n")
        });
        taken.extend(events(&text));
        cuts += 1;
    }
    writer.join().unwrap();
    let expected: Vec<String> = (1..=1000).map(|i| format!("g-{i}")).collect();
    assert_eq!(ids(&taken), expected);
    until("those that left are missed", || server.connections() == 0 && server.streams() == 0);
}

#[test]
fn who_was_away_too_long_or_before_the_start_is_told_to_take_everything() {
    let feed = feed(3);
    let server = serve(&feed, patient());
    publish(&feed, 1..=5);
    for from in ["g-1", "g-6", "h-5", "", "g-", "g--1", "g-05", "g-+5", "5", "g-99999999999999999999"] {
        let mut stream = open(&server, from, None);
        let text = read(&mut stream, usize::MAX, |text| text.contains("event: reset\n"));
        assert_eq!(ids(&events(&text)), ["reset"], "{from}");
        assert!(
            super::body(&get(&server, &format!("delta?since={from}"))).contains("\"reset\":true"),
            "{from}"
        );
    }
    let mut stream = open(&server, "g-2", None);
    let text = read(&mut stream, usize::MAX, |text| text.contains("id: g-5\n") && text.ends_with("\n\n"));
    assert_eq!(ids(&events(&text)), ["g-3", "g-4", "g-5"]);
}

#[test]
fn a_stream_goes_on_in_a_new_generation() {
    let feed = feed(100);
    let server = serve(&feed, patient());
    publish(&feed, 1..=2);
    let mut stream = open(&server, "g-2", None);
    until("a stream", || server.streams() == 1);
    feed.restart(parts("Another?"), strip("begun again"));
    read(&mut stream, usize::MAX, |text| text.contains("event: reset\n"));
    let snapshot: serde_json::Value = serde_json::from_str(body(&get(&server, "snapshot"))).unwrap();
    assert_eq!(snapshot["id"], "g.1-0");
    publish(&feed, 3..=3);
    let text = read(&mut stream, usize::MAX, |text| text.contains("tick 3") && text.ends_with("\n\n"));
    assert_eq!(ids(&events(&text)), ["g.1-1"]);
}

#[test]
fn a_reader_that_does_not_read_is_let_go_and_comes_back() {
    let feed = feed(4096);
    let server = serve(&feed, WebLimits { write: Duration::from_millis(200), ..patient() });
    let stalled = open(&server, "g-0", None);
    until("a stream", || server.streams() == 1);
    let mut n = 0;
    until("the reader is let go", || {
        feed.publish_strip(strip(&"x".repeat(200_000)));
        feed.publish_strip(strip("y"));
        server.streams() == 0
    });
    drop(stalled);
    n += 1;
    publish(&feed, n..=n);
    let id = feed.id();
    let mut stream = open(&server, &id, None);
    until("a stream", || server.streams() == 1);
    publish(&feed, 7..=7);
    read(&mut stream, usize::MAX, |text| text.contains("tick 7"));
}

#[test]
fn the_stream_after_the_last_is_asked_to_come_again() {
    assert_eq!((WebLimits::default().streams, WebLimits::default().connections), (32, 64));
    let feed = feed(100);
    let server = serve(&feed, patient());
    let mut streams: Vec<TcpStream> = (0..32).map(|_| open(&server, "g-0", None)).collect();
    until("all streams", || server.streams() == 32);
    let answer = heard(&mut ask_to_open(&server, "g-0", None));
    assert_eq!(status(&answer), 503);
    assert!(answer.contains("\r\nRetry-After: 5\r\n"), "{answer}");
    assert_eq!(status(&get(&server, "delta?since=g-0")), 200, "questions are still answered");
    drop(streams.pop());
    until("a free place", || server.streams() == 31);
    publish(&feed, 1..=1);
    let mut stream = open(&server, "g-0", None);
    read(&mut stream, usize::MAX, |text| text.contains("tick 1"));
}

#[test]
fn the_connection_after_the_last_is_told_so() {
    let feed = feed(100);
    let server = serve(&feed, patient());
    let mut connections: Vec<TcpStream> = (0..64).map(|_| connect(server.address())).collect();
    until("all connections", || server.connections() == 64);
    let answer = heard(&mut connect(server.address()));
    assert_eq!(status(&answer), 503);
    assert!(answer.contains("\r\nRetry-After: "), "{answer}");
    connections.clear();
    until("free places", || server.connections() == 0);
    assert_eq!(status(&get(&server, "")), 200);
}

#[test]
fn a_silent_stream_gives_a_sign_of_life() {
    let feed = feed(100);
    let server = serve(&feed, WebLimits { beat: Duration::from_millis(1), ..patient() });
    let text = read(&mut open(&server, "g-0", None), usize::MAX, |text| text.contains("event: beat\n"));
    assert!(text.contains("event: beat\ndata: 13:04:10\n\n") || !text.ends_with("\n\n"), "{text}");
}

#[test]
fn a_server_that_ends_lets_everybody_go() {
    let feed = feed(100);
    let server = serve(&feed, patient());
    let mut stream = open(&server, "g-0", None);
    until("a stream", || server.streams() == 1);
    publish(&feed, 1..=1);
    drop(server);
    let text = heard(&mut stream);
    assert_eq!(ids(&events(&text)), ["g-1"], "what was there is sent");
}
