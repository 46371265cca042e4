//! What is served: the report word for word, changes that fold into it, and fields that bind the browser.

use std::collections::BTreeMap;

use base64::Engine;
use serde_json::Value;

use super::*;

/// The parts that a page has, by id: what its script would hold.
type Held = BTreeMap<String, String>;

fn take(held: &mut Held, tick: &Value) {
    for part in tick["parts"].as_array().unwrap() {
        held.insert(part["id"].as_str().unwrap().to_owned(), part["html"].as_str().unwrap().to_owned());
    }
}

fn all(parts: &PageParts) -> Held {
    parts.parts().iter().map(|part| (part.id.clone(), part.html.clone())).collect()
}

/// The law of the feed: what was there, with every change taken in, is what is there.
#[test]
fn changes_fold_into_the_page_that_is() {
    let feed = feed(100);
    let server = serve(&feed, patient());
    let begin: Value = serde_json::from_str(body(&get(&server, "snapshot"))).unwrap();
    assert_eq!(begin["id"], "g-0");
    let mut held = Held::new();
    take(&mut held, &begin);
    assert_eq!(held, all(&parts("What?")));
    for question in ["Why?", "Why?", "Which one?", "What?"] {
        feed.publish(parts(question), strip("running"));
    }
    let delta: Value = serde_json::from_str(body(&get(&server, "delta?since=g-0"))).unwrap();
    let ticks = delta["ticks"].as_array().unwrap();
    assert_eq!(ticks.len(), 3, "nothing is told where nothing changed: {delta}");
    for tick in ticks {
        let changed: Vec<&Value> = tick["tick"]["parts"].as_array().unwrap().iter().collect();
        assert_eq!(changed.len(), 1, "only the part with the question: {tick}");
        take(&mut held, &tick["tick"]);
    }
    assert_eq!(held, all(&parts("What?")));
}

#[test]
fn a_client_that_has_everything_is_told_so() {
    let feed = feed(100);
    let server = serve(&feed, patient());
    let whole = get(&server, "snapshot");
    assert!(whole.contains("\r\nETag: \"g-0\"\r\n"), "{whole}");
    let same = ask(&server, "GET", "snapshot", &["If-None-Match: \"g-0\""]);
    assert_eq!((status(&same), body(&same)), (304, ""));
    feed.publish_strip(strip("news"));
    assert_eq!(status(&ask(&server, "GET", "snapshot", &["If-None-Match: \"g-0\""])), 200);
}

fn hash(text: &str) -> String {
    let hex = toile_store::sha256_hex(text.as_bytes());
    let byte = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
    let bytes: Vec<u8> = (0..64).step_by(2).map(byte).collect();
    format!("'sha256-{}'", base64::engine::general_purpose::STANDARD.encode(bytes))
}

/// The policy names the scripts and the style that stand on the page, and no other.
#[test]
fn the_policy_knows_what_is_on_the_page_and_nothing_else() {
    let server = serve(&feed(10), patient());
    let answer = get(&server, "");
    let (head, page) = answer.split_once("\r\n\r\n").unwrap();
    let policy = head.lines().find_map(|line| line.strip_prefix("Content-Security-Policy: ")).unwrap();
    let inside = |tag: &str| -> Vec<String> {
        let (begin, end) = (format!("<{tag}>"), format!("</{tag}>"));
        page.split(&begin).skip(1).map(|piece| hash(piece.split(&end).next().unwrap())).collect()
    };
    assert_eq!(
        policy,
        format!(
            "default-src 'none'; script-src {}; style-src {}; img-src data:; connect-src 'self'; base-uri 'none'; \
             form-action 'none'; frame-ancestors 'none'",
            inside("script").join(" "),
            inside("style").join(" ")
        )
    );
    assert!(!page.contains("http-equiv") && !page.contains(" style=\"") && !page.contains(" onclick="));
    assert!(!page.contains(server.site.token.as_str()), "the token stands in the address only");
}

#[test]
fn every_answer_binds_the_browser() {
    let server = serve(&feed(10), patient());
    let mut answers: Vec<String> =
        ["", "snapshot", "delta?since=g-0", "report.html", "nothing"].map(|path| get(&server, path)).into();
    answers.push(ask(&server, "POST", "", &[]));
    answers.push(ask(&server, "HEAD", "events", &[]));
    answers.push(ask(&server, "GET", "", &["Origin: null"]));
    for answer in answers {
        for field in [
            "Connection: close",
            "Cache-Control: no-store, no-transform",
            "X-Content-Type-Options: nosniff",
            "Referrer-Policy: no-referrer",
            "Cross-Origin-Opener-Policy: same-origin",
            "Cross-Origin-Resource-Policy: same-origin",
        ] {
            assert!(answer.contains(&format!("\r\n{field}\r\n")), "no {field} in {answer}");
        }
        assert!(
            answer.contains("Content-Security-Policy: default-src 'none'; ")
                && answer.contains("frame-ancestors")
        );
        assert!(!answer.contains("Access-Control") && !answer.contains("Set-Cookie"));
    }
}

#[test]
fn the_moment_can_be_saved_as_the_file_that_toile_report_writes() {
    let server = serve(&feed(10), patient());
    let answer = get(&server, "report.html");
    assert!(answer.contains("\r\nContent-Disposition: attachment; filename=\"report.html\"\r\n"));
    assert_eq!(body(&answer), parts("What?").file());
    assert!(body(&answer).contains("http-equiv=\"Content-Security-Policy\""));
    assert!(!body(&answer).contains("toile-live"));
}

/// Two servers know nothing of each other's address.
#[test]
fn the_address_is_new_at_each_start() {
    let feed = feed(10);
    let (one, other) = (serve(&feed, patient()), serve(&feed, patient()));
    assert_ne!(one.site.token, other.site.token);
    assert!(one.url().starts_with("http://127.0.0.1:") && one.url().ends_with('/'));
    let path = format!("/{}/", one.site.token.as_str());
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!(status(&said(other.address(), request.as_bytes())), 404);
}

#[test]
fn both_of_this_machines_addresses_and_no_other() {
    let server = serve(&feed(10), patient());
    assert!(server.addresses.iter().all(|address| address.ip().is_loopback()));
    let port = server.address().port();
    assert!(server.addresses.iter().all(|address| address.port() == port));
    let taken = WebServer::start(WebPlace { port: Some(port), ..WebPlace::default() }, patient(), feed(1));
    let said = taken.err().expect("the port is taken").to_string();
    assert!(said.contains(&format!("127.0.0.1:{port}")) && said.contains("--port"), "{said}");
}
