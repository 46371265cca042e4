//! Heads that are damaged in every way that a generator can think of, the same in every run: none makes the parser
//! panic, and none that it takes means more than one thing. `TOILE_MUTATIONS` takes another number than 100,000.

use toile_rng::{Seed, Stream};

use super::super::gate::{OwnNames, admit};
use super::super::head::parse;

const SEEDS: [&str; 4] = [
    "GET /AAAAAAAAAAAAAAAAAAAAAA/ HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nAccept: text/html\r\n\r\n",
    "GET /AAAAAAAAAAAAAAAAAAAAAA/events?since=g-12 HTTP/1.1\r\nHost: localhost\r\nLast-Event-ID: g-3\r\n\
     Sec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: cors\r\nSec-Fetch-Dest: empty\r\n\r\n",
    "HEAD /AAAAAAAAAAAAAAAAAAAAAA/snapshot HTTP/1.0\r\nHost: [::1]:80\r\nIf-None-Match: \"g-1\"\r\n\
     Origin: http://[::1]:80\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
];

const PIECES: [&[u8]; 14] = [
    b"\r\n",
    b"\n",
    b"\r",
    b"\0",
    b" ",
    b"\t",
    b":",
    b"HTTP/1.1",
    b"Host: evil.example\r\n",
    b"\r\n\r\n",
    b"%00",
    b"http://",
    b"\xff\xfe",
    b"Content-Length: 1\r\n",
];

fn damaged(random: &mut Stream, bytes: &mut Vec<u8>) {
    for _ in 0..1 + random.below(4) {
        let at = random.below(bytes.len() as u32 + 1) as usize;
        let piece = PIECES[random.below(PIECES.len() as u32) as usize];
        match random.below(5) {
            0 if at < bytes.len() => bytes[at] = random.below(256) as u8,
            1 if at < bytes.len() => drop(bytes.remove(at)),
            2 => bytes.truncate(at),
            3 => {
                let end = (at + random.below(40) as usize).min(bytes.len());
                let again = bytes[at..end].to_vec();
                bytes.splice(at..at, again);
            }
            _ => drop(bytes.splice(at..at, piece.iter().copied())),
        }
    }
}

#[test]
fn no_head_makes_the_parser_stumble() {
    let inputs = std::env::var("TOILE_MUTATIONS").ok().and_then(|n| n.parse().ok()).unwrap_or(100_000);
    let (mut taken, mut refused) = (0, 0);
    for i in 0..inputs {
        let random = &mut Seed::new(1).stream("heads", i);
        let mut bytes = SEEDS[random.below(SEEDS.len() as u32) as usize].as_bytes().to_vec();
        damaged(random, &mut bytes);
        let Ok(head) = parse(&bytes) else {
            refused += 1;
            continue;
        };
        taken += 1;
        let text = String::from_utf8_lossy(&bytes);
        // What it took is one line, fields and an empty line, with nothing that another program would end it at.
        assert!(bytes.ends_with(b"\r\n\r\n") && !bytes.contains(&0), "{text:?}");
        assert!(
            bytes.iter().filter(|byte| **byte == b'\n').count() == text.matches("\r\n").count(),
            "{text:?}"
        );
        assert!(head.target.starts_with(b"/") && !head.target.iter().any(u8::is_ascii_control), "{text:?}");
        assert!(
            !head.method.is_empty() && head.method.bytes().all(|byte| byte.is_ascii_graphic()),
            "{text:?}"
        );
        if admit(&head, OwnNames { also: None }).is_ok() {
            let hosts = text.lines().filter(|line| line.to_ascii_lowercase().starts_with("host:"));
            assert_eq!(hosts.count(), 1, "{text:?}");
        }
    }
    assert!(
        taken > inputs / 50 && refused > inputs / 50,
        "{taken} taken, {refused} refused: nothing is tried"
    );
}
