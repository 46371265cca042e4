//! TLS, with a server that has a certificate of its own making: `.ci/postgres.sh start DIR PORT tls` makes it, for
//! `localhost` alone. User `ann` gets in with her password, by SCRAM, and only encrypted; `carl` only unencrypted.

use super::*;

/// The server's address for this user, host and options, with `ROOT` for its root certificate.
fn url(user: &str, host: &str, options: &str) -> Option<String> {
    let address = real("TOILE_TEST_POSTGRES_TLS")?;
    let (address, root) = address.split_once("?sslrootcert=").unwrap();
    let (_, place) = address.split_once('@').unwrap();
    let (_, place) = place.split_once(':').unwrap();
    Some(format!("postgres://{user}@{host}:{place}?{}", options.replace("ROOT", root)))
}

/// Whether the connection of the store there is encrypted, if anybody is let in.
fn is_encrypted(user: &str, host: &str, options: &str) -> Result<bool, StoreError> {
    let name = format!("{user}-{host}-{options}").replace(['&', '='], "-");
    let options = format!("{options}&application_name={}", name.get(..60).unwrap_or(&name));
    let _store = Store::postgres_with(&url(user, host, &options).unwrap(), Patience::default())?;
    let mut other =
        postgres::Client::connect(&url("toile", host, "sslmode=disable").unwrap(), postgres::NoTls).unwrap();
    let sql = "SELECT bool_and(s.ssl) FROM pg_stat_ssl s JOIN pg_stat_activity a USING (pid) WHERE application_name = $1";
    Ok(other.query_one(sql, &[&name.get(..60).unwrap_or(&name)]).unwrap().get(0))
}

#[test]
fn sslmode_decides_whether_a_connection_is_encrypted() {
    if real("TOILE_TEST_POSTGRES_TLS").is_none() {
        return;
    }
    for (options, expected) in [
        ("sslmode=disable", false),
        ("sslmode=prefer", true),
        ("connect_timeout=9", true),
        ("sslmode=require", true),
        ("sslmode=require&sslrootcert=ROOT", true),
        ("sslmode=verify-ca&sslrootcert=ROOT", true),
        ("sslmode=verify-full&sslrootcert=ROOT", true),
    ] {
        assert_eq!(is_encrypted("toile", "localhost", options).unwrap(), expected, "{options}");
    }
}

#[test]
fn a_server_must_be_who_it_should_be() {
    if real("TOILE_TEST_POSTGRES_TLS").is_none() {
        return;
    }
    // The certificate is for `localhost`.
    assert!(is_encrypted("toile", "127.0.0.1", "sslmode=verify-ca&sslrootcert=ROOT").unwrap());
    let other = rogue_root();
    let with_other = format!("sslrootcert={}", other.path().join("root.crt").display());
    for (host, options, why) in [
        (
            "127.0.0.1",
            "sslmode=verify-full&sslrootcert=ROOT".to_owned(),
            "its certificate is not for `127.0.0.1`",
        ),
        ("localhost", format!("sslmode=verify-ca&{with_other}"), "nobody in `sslrootcert` vouches"),
        ("localhost", format!("sslmode=require&{with_other}"), "nobody in `sslrootcert` vouches"),
        ("localhost", format!("sslmode=verify-full&{with_other}"), "nobody in `sslrootcert` vouches"),
    ] {
        let error = is_encrypted("toile", host, &options).unwrap_err();
        assert!(error.to_string().contains(why) && !error.is_transient(), "{options}: {error}");
        assert!(error.help().unwrap().contains("ssl"), "{:?}", error.help());
    }
}

/// Somebody else's root certificate.
fn rogue_root() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let made = std::process::Command::new("openssl")
        .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=other", "-days", "2"])
        .args(["-keyout", "root.key", "-out", "root.crt"])
        .current_dir(&dir)
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    dir
}

#[test]
fn a_login_is_bound_to_its_connection() {
    if real("TOILE_TEST_POSTGRES_TLS").is_none() {
        return;
    }
    for binding in ["require", "prefer", "disable"] {
        assert!(is_encrypted("ann:pa55", "localhost", &format!("channel_binding={binding}")).unwrap());
    }
    // Without TLS there is nothing to bind to; and `ann` is not let in.
    let error = is_encrypted("ann:pa55", "localhost", "sslmode=disable&channel_binding=require").unwrap_err();
    assert!(!error.is_transient() && error.to_string().contains("no encryption"), "{error}");
    // A login without a password has no binding either.
    let error = is_encrypted("toile", "localhost", "sslmode=require&channel_binding=require").unwrap_err();
    assert!(!error.is_transient() && error.to_string().contains("channel binding"), "{error}");
}

/// Which is why `prefer` is no protection.
#[test]
fn prefer_goes_without_where_the_server_wants_none() {
    if real("TOILE_TEST_POSTGRES_TLS").is_none() {
        return;
    }
    assert!(!is_encrypted("carl", "localhost", "sslmode=prefer").unwrap());
    let error = is_encrypted("carl", "localhost", "sslmode=require").unwrap_err();
    assert!(!error.is_transient() && error.to_string().contains("pg_hba.conf"), "{error}");
}
