//! What a server may do to us: say nothing, say too much, ask for the password in the clear, encrypt. No server is
//! needed but for the proxy (`TOILE_TEST_POSTGRES`) and for encryption (`TOILE_TEST_POSTGRES_TLS`).

mod encryption;
mod fake;
mod login;
mod many;
mod proxy;
mod silence;

use std::time::Duration;

use fake::FakeServer;
use toile_store::{Patience, Store, StoreError};

/// Limits that a test can wait for.
fn short() -> Patience {
    let limit = Duration::from_millis(200);
    Patience { connect: limit, silence: limit, answer: limit * 4, ..Patience::default() }
}

/// What comes of opening a store there.
fn refused(url: &str, patience: Patience) -> StoreError {
    let error = Store::postgres_with(url, patience).err().expect("the server lets nobody in");
    assert!(!error.to_string().contains("secret"), "{error}");
    error
}

/// The server of this variable, or none, which is said.
#[expect(clippy::print_stderr, reason = "a test that skips a part says so")]
fn real(variable: &str) -> Option<String> {
    let address = std::env::var(variable).ok();
    if address.is_none() {
        eprintln!("skipped: {variable} is not set");
    }
    address
}
