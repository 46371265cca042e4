//! A server that does not answer is noticed, said to be so, and given up.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use super::fake::message;
use super::proxy::Proxy;
use super::*;

/// Why, and that the same may succeed later.
fn passing(error: &StoreError, why: &str) {
    assert!(error.is_transient() && error.to_string().contains(why), "{error}");
    assert!(error.help().unwrap().contains("host and port"), "{:?}", error.help());
}

#[test]
fn one_that_takes_the_connection_and_says_nothing() {
    let server = FakeServer::start(|_| Some(()));
    for options in ["", "?sslmode=disable", "?sslmode=require"] {
        passing(&refused(&server.url(options), short()), "no answer within 0.2 seconds");
    }
    assert_eq!(server.guests(), 3, "each is one attempt");
}

#[test]
fn the_address_may_say_how_long_connecting_may_take() {
    let server = FakeServer::start(|_| Some(()));
    let error = refused(&server.url("?connect_timeout=1"), Patience::default());
    passing(&error, "no answer within 1 second");
}

#[test]
fn one_that_falls_silent_after_the_login() {
    let server = FakeServer::start(|guest| guest.welcome());
    passing(&refused(&server.url(""), short()), "no answer for 0.2 seconds");
    let server = FakeServer::start(|guest| {
        guest.welcome()?;
        guest.obey()
    });
    passing(&refused(&server.url(""), short()), "no answer for 0.2 seconds");
}

#[test]
fn one_that_announces_more_than_fits_into_memory() {
    let huge = [&b"D"[..], &0x7fff_ffff_u32.to_be_bytes()].concat();
    let after_login = huge.clone();
    let server = FakeServer::start(move |guest| {
        guest.welcome()?;
        guest.hear()?;
        guest.say(&after_login)
    });
    let error = refused(&server.url(""), Patience::default());
    passing(&error, "a message of 2147483647 bytes");
    let server = FakeServer::start(move |guest| {
        guest.hear_startup()?;
        guest.say(&huge)
    });
    passing(&refused(&server.url(""), Patience::default()), "a message of 2147483647 bytes");
}

/// Never silent, and never done.
#[test]
fn one_whose_answer_trickles() {
    let server = FakeServer::start(|guest| {
        guest.welcome()?;
        guest.hear()?;
        loop {
            guest.say(&message(b'N', b"SNOTICE\0C00000\0Mpatience\0\0"))?;
            std::thread::sleep(Duration::from_millis(5));
        }
    });
    passing(&refused(&server.url(""), short()), "no answer within 0.8 seconds");
}

#[test]
fn a_wait_is_told_and_can_be_ended() {
    let server = FakeServer::start(|_| Some(()));
    let told = Arc::new(Mutex::new(Vec::new()));
    let hears = told.clone();
    let waits = move |place: &str, time: Duration| {
        assert!(place.starts_with("postgres://ann@127.0.0.1"), "{place}");
        hears.lock().unwrap().push(time);
        time < Duration::from_secs(2)
    };
    let patience = Patience { connect: Duration::from_secs(9), waits: Arc::new(waits), ..short() };
    let error = refused(&server.url(""), patience);
    passing(&error, "no answer for 2 seconds");
    let told = told.lock().unwrap();
    assert!(told.len() > 2 && told.is_sorted() && told.last() == Some(&Duration::from_secs(2)), "{told:?}");
    assert_eq!(server.guests(), 1, "whoever has given up does not try the next way");
    assert!(error.is_given_up() && !refused(&server.url(""), short()).is_given_up());
}

#[test]
fn who_has_given_up_is_not_made_to_wait_again() {
    let server = FakeServer::start(|_| Some(()));
    let error = refused(&server.url(""), Patience { waits: Arc::new(|_, _| false), ..Patience::default() });
    assert!(error.is_given_up() && error.is_transient() && server.guests() == 0, "{error}");
}

#[test]
fn a_way_that_dies_under_a_session_is_left_for_a_new_one() {
    let Some(address) = real("TOILE_TEST_POSTGRES") else { return };
    let (proxy, url) = Proxy::before(&address);
    let limit = Duration::from_secs(1);
    let store =
        Store::postgres_with(&url, Patience { silence: limit, connect: limit, ..Patience::default() })
            .unwrap();
    let before = proxy.connections.load(Ordering::SeqCst);
    proxy.is_closed.store(true, Ordering::SeqCst);
    passing(&store.study_names().unwrap_err(), "no answer for 1 second");
    passing(&store.study_names().unwrap_err(), "no answer within 1 second");
    assert_eq!(proxy.connections.load(Ordering::SeqCst), before + 1, "the silent session was kept");
    proxy.is_closed.store(false, Ordering::SeqCst);
    store.study_names().unwrap();
}
