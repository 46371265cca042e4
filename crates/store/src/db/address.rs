//! The address of a PostgreSQL server, `postgres://user:password@host:port/database?option=value`. Options are named as
//! libpq names them, and mean what they mean there.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use percent_encoding::percent_decode_str;
use rustls::ClientConfig;
use tokio_postgres::Config;
use tokio_postgres::config::{SslMode, SslNegotiation};

use super::server::reason;
use super::tls::{self, Proof, Roots};
use crate::StoreError;

/// Where a server is, and how to get in.
pub(crate) struct Address {
    /// All but what concerns TLS.
    pub config: Config,
    /// Whether the connection is to be encrypted.
    pub encryption: Encryption,
    /// How it is encrypted, and which server is believed.
    pub tls: Arc<ClientConfig>,
    /// The address without the password, for messages.
    pub place: String,
}

/// What `sslmode` says about encryption; whether the certificate is checked is in the TLS configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encryption {
    /// Never: `disable` was written.
    Never,
    /// If the server can: `prefer`, the default.
    IfOffered,
    /// Or not at all: `require`, `verify-ca`, `verify-full`.
    Always,
}

impl Address {
    pub(crate) fn parse(url: &str) -> Result<Address, StoreError> {
        let place = without_password(url);
        let bad = |reason: String| StoreError::BadUrl { url: place.clone(), reason };
        let url = without_driver(url);
        let (rest, options) = tls_options(&url).map_err(bad)?;
        let mut config: Config = rest.parse().map_err(|error| bad(reason(&error)))?;
        let (encryption, proof) = options.decide(config.get_ssl_mode()).map_err(bad)?;
        let is_direct = config.get_ssl_negotiation() == SslNegotiation::Direct;
        if is_direct && encryption != Encryption::Always {
            return Err(bad("sslnegotiation=direct needs sslmode=require or a stricter one".into()));
        }
        let tls = tls::config(&proof).map_err(bad)?;
        set_limits(&mut config);
        let place = without_password(&url);
        Ok(Address { config, encryption, tls: Arc::new(tls), place })
    }
}

/// A server that has vanished without a word is noticed by the system too, unless the address says otherwise.
fn set_limits(config: &mut Config) {
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(Duration::from_secs(20));
    }
    config.keepalives(true).keepalives_idle(Duration::from_secs(10));
    config.keepalives_interval(Duration::from_secs(5)).keepalives_retries(3);
    if config.get_application_name().is_none() {
        config.application_name("toile");
    }
}

/// `postgresql+psycopg2://…`, as SQLAlchemy and Optuna write it, names a driver that only Python needs.
fn without_driver(url: &str) -> String {
    match url.split_once("://") {
        Some((scheme, rest)) => format!("{}://{rest}", scheme.split('+').next().unwrap_or(scheme)),
        None => url.to_owned(),
    }
}

/// What the address says about TLS.
#[derive(Default)]
struct TlsOptions {
    mode: Option<String>,
    root_certificates: Option<String>,
}

/// The address without `sslmode` and `sslrootcert`, and these.
fn tls_options(url: &str) -> Result<(String, TlsOptions), String> {
    let mut found = TlsOptions::default();
    let after_user = url.find('@').unwrap_or(0);
    let is_url = url.contains("://");
    let Some(query) = url[after_user..].find('?').filter(|_| is_url).map(|place| after_user + place) else {
        return Ok((url.to_owned(), found));
    };
    let mut rest = Vec::new();
    for pair in url[query + 1..].split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let decoded = || percent_decode_str(value).decode_utf8().map(String::from).map_err(|e| e.to_string());
        match name {
            "sslmode" => found.mode = Some(decoded()?),
            "sslrootcert" => found.root_certificates = Some(decoded()?).filter(|path| !path.is_empty()),
            _ => rest.push(pair),
        }
    }
    let mark = if rest.is_empty() { "" } else { "?" };
    Ok((format!("{}{mark}{}", &url[..query], rest.join("&")), found))
}

impl TlsOptions {
    /// As libpq decides: `require` with root certificates checks the certificate as `verify-ca` does, and the system's
    /// roots make sense only if the name is checked too.
    fn decide(self, from_words: SslMode) -> Result<(Encryption, Proof), String> {
        let roots = self.root_certificates.as_deref().map(|path| match path {
            "system" => Roots::System,
            path => Roots::File(Path::new(path).into()),
        });
        let is_system = matches!(roots, Some(Roots::System));
        let default = match from_words {
            _ if is_system => "verify-full",
            SslMode::Disable => "disable",
            SslMode::Require => "require",
            _ => "prefer",
        };
        let mode = self.mode.as_deref().unwrap_or(default);
        if is_system && mode != "verify-full" {
            return Err(format!("sslrootcert=system needs sslmode=verify-full, not {mode}"));
        }
        let needed = || "it needs sslrootcert=FILE (PEM), or sslrootcert=system".to_owned();
        Ok(match (mode, roots) {
            ("disable", _) => (Encryption::Never, Proof::None),
            ("prefer", _) => (Encryption::IfOffered, Proof::None),
            ("require", None) => (Encryption::Always, Proof::None),
            ("require" | "verify-ca", Some(roots)) => (Encryption::Always, Proof::Chain(roots)),
            ("verify-full", Some(roots)) => (Encryption::Always, Proof::ChainAndName(roots)),
            ("verify-ca" | "verify-full", None) => return Err(format!("sslmode={mode}: {}", needed())),
            _ => {
                return Err(format!(
                    "sslmode is one of disable, prefer, require, verify-ca and verify-full, not `{mode}`"
                ));
            }
        })
    }
}

/// `postgres://user@host/database`: what stands between the first `:` after `//` and the `@` is nobody's business, nor
/// are options. Where it cannot be told which part is the password, nothing is shown.
pub fn without_password(url: &str) -> String {
    let Some(start) = url.find("://").map(|place| place + 3) else { return hide_word(url) };
    let end = url[start..].find(['/', '?']).map_or(url.len(), |place| start + place);
    if url[end..].contains('@') {
        return format!("{}…", &url[..start]);
    }
    let Some(at) = url[start..end].rfind('@').map(|place| start + place) else { return hide_query(url) };
    let user = url[start..at].split(':').next().unwrap_or("");
    hide_query(&format!("{}{user}{}", &url[..start], &url[at..]))
}

/// `…?password=secret`.
fn hide_query(url: &str) -> String {
    url.split('?').next().unwrap_or("").to_owned()
}

/// `host=… password=secret`, `password = 'very secret'`.
fn hide_word(text: &str) -> String {
    let Some(start) = text.find("password") else {
        return text.split_whitespace().collect::<Vec<_>>().join(" ");
    };
    let begin = text[..start].rfind(char::is_whitespace).map_or(0, |place| place + 1);
    let value = text[start..].trim_start_matches("password").trim_start();
    let value = value.strip_prefix('=').unwrap_or(value).trim_start();
    let rest = match value.strip_prefix('\'') {
        Some(quoted) => after_quote(quoted),
        None => value.find(char::is_whitespace).map_or("", |place| &value[place..]),
    };
    hide_word(&format!("{} {rest}", &text[..begin]))
}

/// What comes after a quoted value, in which a backslash guards the next character.
fn after_quote(text: &str) -> &str {
    let mut letters = text.char_indices();
    while let Some((place, letter)) = letters.next() {
        match letter {
            '\\' => drop(letters.next()),
            '\'' => return &text[place + 1..],
            _ => {}
        }
    }
    ""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_shown() {
        for (url, shown) in [
            ("postgres://ann:secret@host:5432/db?sslmode=disable", "postgres://ann@host:5432/db"),
            ("postgres://ann:se@cret@host/db", "postgres://ann@host/db"),
            ("postgres://host/db?user=ann&password=secret", "postgres://host/db"),
            ("postgresql://ann@host/db", "postgresql://ann@host/db"),
            ("host=here user=ann password=secret dbname=db", "host=here user=ann dbname=db"),
            ("postgres://ann:se/cret@host/db", "postgres://…"),
            ("postgres://ann:se?cret@host/db", "postgres://…"),
            ("postgres://ann:s@e/cret@host/db", "postgres://…"),
            ("postgres://host/db?password=se@cret", "postgres://…"),
            ("mysql://ann:secret@host/db", "mysql://ann@host/db"),
            ("password = 'very \\' secret' host=here", "host=here"),
            ("host=here sslpassword=secret password=secret", "host=here"),
        ] {
            assert_eq!(without_password(url), shown);
        }
    }

    #[test]
    fn sslmode_means_what_libpq_means() {
        let decided = |query: &str| {
            let (rest, options) = tls_options(&format!("postgres://ann@host/db{query}")).unwrap();
            assert!(!rest.contains("sslmode") && !rest.contains("sslrootcert"), "{rest}");
            options.decide(SslMode::Prefer)
        };
        let file = || Roots::File("/a b.pem".into());
        for (query, encryption, proof) in [
            ("", Encryption::IfOffered, Proof::None),
            ("?application_name=x", Encryption::IfOffered, Proof::None),
            ("?sslmode=disable&connect_timeout=3", Encryption::Never, Proof::None),
            ("?sslmode=prefer&sslrootcert=%2Fa%20b.pem", Encryption::IfOffered, Proof::None),
            ("?sslmode=require", Encryption::Always, Proof::None),
            ("?sslmode=require&sslrootcert=/a%20b.pem", Encryption::Always, Proof::Chain(file())),
            ("?sslrootcert=/a%20b.pem&sslmode=verify-ca", Encryption::Always, Proof::Chain(file())),
            ("?sslmode=verify-full&sslrootcert=/a b.pem", Encryption::Always, Proof::ChainAndName(file())),
            ("?sslrootcert=system", Encryption::Always, Proof::ChainAndName(Roots::System)),
        ] {
            assert_eq!(decided(query), Ok((encryption, proof)), "{query}");
        }
        for (query, why) in [
            ("?sslmode=verify-full", "sslrootcert"),
            ("?sslmode=verify-ca&sslrootcert=", "sslrootcert"),
            ("?sslmode=require&sslrootcert=system", "verify-full"),
            ("?sslmode=always", "disable, prefer, require"),
        ] {
            assert!(decided(query).unwrap_err().contains(why), "{query}");
        }
    }

    #[test]
    fn an_address_of_sqlalchemy_is_taken_without_its_driver() {
        let address = Address::parse("postgresql+psycopg2://ann:secret@host:5433/db").unwrap();
        assert_eq!(address.place, "postgresql://ann@host:5433/db");
        assert_eq!(address.config.get_ports(), [5433]);
        assert_eq!(address.config.get_user(), Some("ann"));
    }

    #[test]
    fn root_certificates_that_cannot_be_read_are_named() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("empty.pem");
        std::fs::write(&file, "no certificate").unwrap();
        for (path, why) in
            [(file.as_path(), "no certificate"), (dir.path(), "no file"), (Path::new("/no"), "/no")]
        {
            let url =
                format!("postgres://ann:secret@host/db?sslmode=verify-full&sslrootcert={}", path.display());
            let error = Address::parse(&url).err().unwrap();
            assert!(matches!(error, StoreError::BadUrl { .. }), "{error}");
            assert!(error.to_string().contains(why) && !error.to_string().contains("secret"), "{error}");
        }
    }
}
