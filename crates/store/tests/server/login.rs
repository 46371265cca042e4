//! Who is told the password, and what of a server's words is shown.

use std::sync::{Arc, Mutex};

use super::fake::{authentication, error};
use super::*;

const IN_THE_CLEAR: u32 = 3;
const AS_MD5: u32 = 5;

/// What a server hears that asks for the password so.
type Heard = Arc<Mutex<Vec<(u8, Vec<u8>)>>>;

fn asking(kind: u32) -> (FakeServer, Heard) {
    let heard = Heard::default();
    let hears = heard.clone();
    let server = FakeServer::start(move |guest| {
        guest.said = hears.clone();
        guest.hear_startup()?;
        guest.say(&authentication(kind, if kind == AS_MD5 { b"salt" } else { b"" }))?;
        guest.hear()?;
        guest.say(&error("28P01", "password authentication failed for user \"ann\""))
    });
    (server, heard)
}

#[test]
fn a_password_is_not_sent_in_the_clear_over_a_network() {
    for (kind, word) in [(IN_THE_CLEAR, "in the clear"), (AS_MD5, "MD5")] {
        let (server, heard) = asking(kind);
        for options in ["", "?sslmode=prefer", "?channel_binding=disable"] {
            let error = refused(&server.far_url(options), Patience::default());
            assert!(error.to_string().contains(word) && !error.is_transient(), "{error}");
            assert!(error.help().unwrap().contains("sslmode=disable"), "{:?}", error.help());
        }
        assert!(heard.lock().unwrap().is_empty(), "the server was told something");
        let error = refused(&server.far_url("?sslmode=require"), Patience::default());
        assert!(error.to_string().contains("does not support TLS") && !error.is_transient(), "{error}");
        assert!(heard.lock().unwrap().is_empty(), "the server was told something");
    }
}

#[test]
fn it_is_where_that_is_asked_for_or_nobody_can_listen() {
    for url in
        [|server: &FakeServer| server.far_url("?sslmode=disable"), |server: &FakeServer| server.url("")]
    {
        let (server, heard) = asking(IN_THE_CLEAR);
        let error = refused(&url(&server), Patience::default());
        assert!(error.help().unwrap().contains("user and password") && !error.is_transient(), "{error}");
        assert_eq!(*heard.lock().unwrap(), [(b'p', b"secret\0".to_vec())]);
    }
}

#[test]
fn a_server_cannot_write_to_the_terminal() {
    let server = FakeServer::start(|guest| {
        guest.hear_startup()?;
        guest.say(&error("28000", "\x1b[2J\x1b]0;owned\x07no\nentry\u{9b}31m\u{202e}"))
    });
    let error = refused(&server.url("?sslmode=disable"), Patience::default());
    let text = format!("{error} {:?}", error.help());
    assert!(text.chars().all(|letter| !letter.is_control()), "{text:?}");
    assert!(text.contains(r"\u{1b}[2J\u{1b}]0;owned\u{7}no entry\u{9b}31m\u{202e}"), "{text}");
}

#[test]
fn what_is_no_server_is_said_to_be_none() {
    let server = FakeServer::start(|guest| guest.say(b"HTTP/1.1 400 Bad Request\r\n\r\n"));
    let error = refused(&server.url(""), Patience::default());
    assert!(error.to_string().contains("does not speak PostgreSQL's protocol"), "{error}");
    assert!(error.help().unwrap().contains("host and port") && !error.is_transient());
}
