//! What strangers try: pages of others in the same browser, names that point here, requests that two programs read in
//! two ways, and clients that want to keep the server busy.

use super::*;

const METHODS: [&str; 11] =
    ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "get"];

const PATHS: [&str; 6] = ["", "events", "snapshot", "delta?since=g-0", "report.html", "nothing"];

fn server() -> WebServer {
    serve(&feed(10), patient())
}

/// With any method, for any path: `Host` is looked at first.
#[test]
fn a_name_of_somebody_else_gets_nothing_with_any_method() {
    let server = server();
    let token = server.site.token.as_str();
    for method in METHODS {
        for path in PATHS {
            for host in ["evil.example", "127.0.0.1.evil.example:80", "0.0.0.0", "10.0.0.1"] {
                let request = format!("{method} /{token}/{path} HTTP/1.1\r\nHost: {host}\r\n\r\n");
                let answer = said(server.address(), request.as_bytes());
                assert_eq!(status(&answer), 421, "{request}");
                assert!(!answer.contains(token) && !answer.contains("What?"), "{request}");
            }
        }
    }
}

#[test]
fn a_page_of_somebody_else_gets_nothing_with_any_method() {
    let server = server();
    for method in METHODS {
        for path in PATHS {
            for field in [
                "Origin: https://evil.example",
                "Origin: null",
                "Origin: http://localhost:1",
                "Sec-Fetch-Site: cross-site",
                "Sec-Fetch-Site: same-site",
                "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors\r\nSec-Fetch-Dest: script",
                "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: iframe",
                "Origin: https://evil.example\r\nSec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\n\
                 Sec-Fetch-Dest: document",
            ] {
                let answer = ask(&server, method, path, &[field]);
                assert_eq!(status(&answer), 403, "{method} {path} {field}");
                assert!(!answer.contains("Access-Control"), "{answer}");
            }
        }
    }
}

#[test]
fn a_link_from_elsewhere_opens_the_page_and_nothing_else() {
    let server = server();
    let link = ["Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document"];
    for path in PATHS {
        assert_eq!(
            status(&ask(&server, "GET", path, &link)),
            if path.is_empty() { 200 } else { 403 },
            "{path}"
        );
    }
    let other = "GET /wrong-token-of-22-chars/ HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: cross-site\r\n\
                 Sec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n\r\n";
    assert_eq!(status(&said(server.address(), other.as_bytes())), 403);
}

#[test]
fn one_can_only_read() {
    let server = server();
    for method in METHODS.into_iter().filter(|method| !["GET", "HEAD"].contains(method)) {
        for path in PATHS {
            let answer = ask(&server, method, path, &[]);
            assert_eq!(status(&answer), 405, "{method} {path}");
            assert!(answer.contains("\r\nAllow: GET, HEAD\r\n"), "{answer}");
        }
    }
    for path in PATHS {
        let answer = ask(&server, "HEAD", path, &[]);
        assert_eq!(
            (status(&answer), body(&answer)),
            (if path == "nothing" { 404 } else { 200 }, ""),
            "{path}"
        );
    }
}

#[test]
fn a_wrong_token_of_any_length_finds_nothing() {
    let server = server();
    let token = server.site.token.as_str().to_owned();
    let wrong = |length: usize| token.chars().cycle().take(length).collect::<String>();
    let mut targets: Vec<String> = (0..64).filter(|n| *n != 22).map(|n| format!("/{}/", wrong(n))).collect();
    let last = if token.ends_with('A') { 'B' } else { 'A' };
    targets.extend([
        "/".into(),
        format!("/{token}"),
        format!("//{token}/"),
        format!("/./{token}/"),
        format!("/{}{last}/", &token[..21]),
        format!("/{}/", token.to_ascii_lowercase()),
        format!("/{}/", token.bytes().map(|byte| format!("%{byte:02x}")).collect::<String>()),
        format!("/?{token}/"),
        "/favicon.ico".into(),
        "/robots.txt".into(),
    ]);
    for target in targets.into_iter().filter(|target| *target != format!("/{token}/")) {
        let answer =
            said(server.address(), format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes());
        assert_eq!(status(&answer), 404, "{target}");
        assert_eq!(body(&answer), body(&get(&server, "nothing")), "all that is not there looks alike");
    }
}

#[test]
fn paths_are_bytes_and_lead_to_no_file() {
    let server = server();
    for path in [
        "..%2f",
        "../",
        "%2e%2e/",
        "..%5c",
        "%00",
        "report.html%00",
        "report.html/",
        "report.htm",
        "./",
        "//",
        "report.html?x",
        "snapshot?",
        "?",
        "#",
        "index.html",
        "events/",
        "Events",
        "%65vents",
        "report%2ehtml",
        "store.sqlite",
        "../store.sqlite",
        "..%2fstore.sqlite",
        "/etc/passwd",
        "..;/",
        "delta",
        "delta?since",
        "delta?Since=g-0",
        "delta?x=1&since=g-0",
    ] {
        let answer = get(&server, path);
        // `#` and such are no part of a target at all.
        assert!([400, 404].contains(&status(&answer)), "{path}: {answer}");
    }
    let raw = |target: &str| {
        let request = format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        status(&said(server.address(), request.as_bytes()))
    };
    let token = server.site.token.as_str();
    for target in [
        &format!("http://localhost/{token}/"),
        &format!("http://evil.example/{token}/"),
        "file:///etc/passwd",
        "*",
        "localhost:80",
        "\\",
        "../",
    ] {
        assert_eq!(raw(target), 400, "{target}");
    }
}

#[test]
fn requests_that_two_programs_could_read_in_two_ways_are_refused() {
    let server = server();
    let token = server.site.token.as_str();
    let get = format!("GET /{token}/ HTTP/1.1");
    for (request, expected) in [
        (
            format!(
                "{get}\r\nHost: localhost\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
            ),
            400,
        ),
        (format!("{get}\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 400),
        (format!("{get}\r\nHost: localhost\r\nContent-Length: 0\r\nContent-Length: 5\r\n\r\n"), 400),
        (format!("{get}\r\nHost: localhost\r\nContent-Length: 5, 5\r\n\r\n"), 400),
        (format!("{get}\r\nHost: localhost\r\nContent-Length: +5\r\n\r\n"), 400),
        (format!("{get}\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n"), 400),
        (format!("{get}\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello"), 413),
        (format!("{get}\r\nHost: localhost\r\nContent-Length: 99999999999999999999999\r\n\r\n"), 413),
        (format!("{get}\r\nHost: localhost\r\nHost: evil.example\r\n\r\n"), 400),
        (format!("{get}\r\n\r\n"), 400),
        (format!("{get}\nHost: localhost\n\n"), 400),
        (format!("{get}\r\nHost: localhost\nX: y\r\n\r\n"), 400),
        (format!("{get}\r\nHost: localhost\n\r\n"), 400),
        (format!("{get}\r\nHost : localhost\r\n\r\n"), 400),
        (format!("{get}\r\nHost: localhost\r\n X: folded\r\n\r\n"), 400),
        (format!("{get}\r\nHost: localhost\r\nX\u{0}: y\r\n\r\n"), 400),
        (format!("{get}\r\nHost: localhost\r\nX: \u{0}\r\n\r\n"), 400),
        (format!("{get}\r\nHost: localhost\r\nno colon\r\n\r\n"), 400),
        (format!("GET  /{token}/ HTTP/1.1\r\nHost: localhost\r\n\r\n"), 400),
        (format!("GET /{token}/ HTTP/2.0\r\nHost: localhost\r\n\r\n"), 400),
        (format!("GET /{token}/\r\nHost: localhost\r\n\r\n"), 400),
        (format!("GET /{token}/ HTTP/1.1 x\r\nHost: localhost\r\n\r\n"), 400),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(), 400),
        ("\u{16}\u{3}\u{1}\n".to_owned(), 400),
        (format!("{get}\r\nHost: localhost\r\n{}\r\n", "X: y\r\n".repeat(65)), 431),
    ] {
        assert_eq!(status(&said(server.address(), request.as_bytes())), expected, "{request:?}");
    }
    let two = format!("{get}\r\nHost: localhost\r\n\r\n{get}\r\nHost: evil.example\r\n\r\n");
    let answer = said(server.address(), two.as_bytes());
    assert_eq!((status(&answer), answer.matches("HTTP/1.1 ").count()), (200, 1), "one request, one answer");
    let old = said(server.address(), format!("GET /{token}/ HTTP/1.0\r\nHost: localhost\r\n\r\n").as_bytes());
    assert_eq!(status(&old), 200);
}

#[test]
fn a_head_of_a_megabyte_is_not_read_to_its_end() {
    let server = server();
    let head = format!("GET / HTTP/1.1\r\nHost: localhost\r\nX: {}", "x".repeat(1 << 20));
    assert_eq!(status(&said(server.address(), head.as_bytes())), 431);
    let line = format!("GET /{} HTTP/1.1\r\n", "x".repeat(1 << 20));
    assert_eq!(status(&said(server.address(), line.as_bytes())), 431);
}

/// Each byte comes in good time, all of them do not.
#[test]
fn one_byte_after_the_other_does_not_hold_a_connection() {
    let server = serve(&feed(10), WebLimits { head_time: Duration::from_millis(300), ..patient() });
    let mut stream = connect(server.address());
    stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nX: ").unwrap();
    let mut slow = stream.try_clone().unwrap();
    let writer = std::thread::spawn(move || {
        let begun = Instant::now();
        while slow.write_all(b"x").is_ok() && begun.elapsed() < LONG {
            std::thread::sleep(Duration::from_millis(20));
        }
    });
    let mut first = [0; 12];
    stream.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"HTTP/1.1 408");
    let _ = stream.shutdown(std::net::Shutdown::Both);
    writer.join().unwrap();
    assert_eq!(status(&said(server.address(), b"GET / HTTP/1.1\r\n")), 408, "and neither does silence");
    until("the connections end", || server.connections() == 0);
}

#[test]
fn a_connection_that_says_nothing_gets_nothing() {
    let server = server();
    let stream = connect(server.address());
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    let mut stream = stream;
    assert_eq!(heard(&mut stream), "");
    until("the connection ends", || server.connections() == 0);
}

/// Names are text on the page, in JSON and in its attributes.
#[test]
fn names_that_look_like_markup_stay_text() {
    let hostile =
        "</script><script>alert(1)</script><!-- {{ 7*7 }} ${7*7} =cmd|' /C calc'!A0 \" ' & \u{2028} </style>";
    let feed = feed(10);
    let server = serve(&feed, patient());
    feed.publish(parts(hostile), LiveStrip { trouble: Some(hostile.into()), ..strip(hostile) });
    let page = get(&server, "");
    let page = body(&page);
    assert_eq!(page.matches("<script>").count(), 2, "the page's own");
    assert_eq!(page.matches("</script>").count(), 2);
    assert!(page.contains("&#60;/script&#62;") || page.contains("&lt;/script&gt;"));
    assert!(page.contains("{{ 7*7 }}"), "nothing is computed");
    for path in ["snapshot", "delta?since=g-0"] {
        let answer = get(&server, path);
        assert!(answer.contains("\r\nContent-Type: application/json\r\n"), "{answer}");
        let value: serde_json::Value = serde_json::from_str(body(&answer)).unwrap();
        let strip = if path == "snapshot" { &value["strip"] } else { &value["ticks"][0]["tick"]["strip"] };
        assert_eq!(strip["text"], hostile);
    }
}
