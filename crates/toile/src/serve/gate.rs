//! Who may ask: only programs of this machine that were given the address, and pages that this server itself gave. It
//! is decided before anything else is looked at, for every method.
//!
//! A page of somebody else's that is open in the same browser can send requests here, and can make its own name point
//! here: the first is told by `Origin` and `Sec-Fetch-Site`, the second by `Host`.

use std::net::IpAddr;

use super::answer::Status;
use super::head::RequestHead;

/// How far a request may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Admission {
    /// Anything that there is.
    Anything,
    /// The page alone: somebody followed a link to it, which holds the token.
    DocumentOnly,
}

/// The names by which a server may be asked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OwnNames {
    /// The address that was asked, where others than this machine's own may be.
    pub(crate) also: Option<IpAddr>,
}

/// Lets a request in, or says why not.
pub(crate) fn admit(head: &RequestHead, names: OwnNames) -> Result<Admission, Status> {
    let host = head.only("host")?.ok_or(Status::BadRequest)?;
    if !names.hold(host) {
        return Err(Status::NotThisHost);
    }
    if let Some(origin) = head.only("origin")? {
        let own = [b"http://", host].concat();
        if !origin.eq_ignore_ascii_case(&own) {
            return Err(Status::Forbidden);
        }
    }
    let (site, mode) = (head.only("sec-fetch-site")?, head.only("sec-fetch-mode")?);
    let dest = head.only("sec-fetch-dest")?;
    match site {
        None | Some(b"same-origin" | b"none") => Ok(Admission::Anything),
        Some(b"cross-site" | b"same-site") if head.method == "GET" || head.method == "HEAD" => {
            let is_opened = mode == Some(b"navigate") && dest == Some(b"document");
            if is_opened { Ok(Admission::DocumentOnly) } else { Err(Status::Forbidden) }
        }
        Some(_) => Err(Status::Forbidden),
    }
}

impl OwnNames {
    /// Whether this is a name of this machine, with or without a port: tunnels change the port.
    fn hold(self, host: &[u8]) -> bool {
        let Ok(host) = std::str::from_utf8(host) else { return false };
        let end = if host.starts_with('[') { host.find(']').map(|at| at + 1) } else { host.find(':') };
        let (name, port) = host.split_at(end.unwrap_or(host.len()));
        let is_port = |port: &str| port.len() <= 5 && port.parse::<u16>().is_ok() && !port.starts_with('+');
        if !port.is_empty() && !port.strip_prefix(':').is_some_and(is_port) {
            return false;
        }
        let bare = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
        let is_also = || self.also.is_some_and(|also| bare.parse() == Ok(also));
        name.eq_ignore_ascii_case("localhost") || name == "127.0.0.1" || name == "[::1]" || is_also()
    }
}

#[cfg(test)]
mod tests {
    use super::super::head::parse;
    use super::*;

    fn admitted(method: &str, fields: &[&str]) -> Result<Admission, Status> {
        let fields: String = fields.iter().map(|field| format!("{field}\r\n")).collect();
        let head = parse(format!("{method} /x/ HTTP/1.1\r\n{fields}\r\n").as_bytes()).unwrap();
        admit(&head, OwnNames { also: None })
    }

    #[test]
    fn the_names_of_this_machine_with_any_port_and_no_others() {
        for host in ["127.0.0.1", "127.0.0.1:1", "localhost:65535", "LocalHost", "[::1]", "[::1]:8080"] {
            assert_eq!(admitted("GET", &[&format!("Host: {host}")]), Ok(Admission::Anything), "{host}");
        }
        for host in [
            "evil.example",
            "127.0.0.1.evil.example",
            "localhost.evil.example",
            "127.0.0.2",
            "[::2]",
            "::1",
            "127.0.0.1:",
            "127.0.0.1:port",
            "127.0.0.1:65536",
            "127.0.0.1:+80",
            "localhost:80:80",
            "",
            "[::1]x",
            "127.0.0.1@evil.example",
            "evil.example:127.0.0.1",
            "0.0.0.0",
            "2130706433",
            "192.168.0.7",
        ] {
            assert_eq!(admitted("GET", &[&format!("Host: {host}")]), Err(Status::NotThisHost), "{host}");
        }
        assert_eq!(admitted("GET", &[]), Err(Status::BadRequest), "no host");
        assert_eq!(admitted("GET", &["Host: localhost", "Host: localhost"]), Err(Status::BadRequest));
    }

    #[test]
    fn an_address_that_was_asked_for_is_a_name_too() {
        let head = parse(b"GET / HTTP/1.1\r\nHost: 192.168.0.7:80\r\n\r\n").unwrap();
        let also = |address: &str| OwnNames { also: address.parse().ok() };
        assert_eq!(admit(&head, also("192.168.0.7")), Ok(Admission::Anything));
        assert_eq!(admit(&head, also("192.168.0.8")), Err(Status::NotThisHost));
    }

    #[test]
    fn pages_of_others_are_refused_but_may_link_to_the_page() {
        let host = "Host: localhost:8080";
        let site = |site: &str| format!("Sec-Fetch-Site: {site}");
        for (fields, expected) in [
            (vec!["Origin: http://localhost:8080".to_owned()], Ok(Admission::Anything)),
            (vec!["Origin: https://localhost:8080".into()], Err(Status::Forbidden)),
            (vec!["Origin: http://localhost:8081".into()], Err(Status::Forbidden)),
            (vec!["Origin: http://127.0.0.1:8080".into()], Err(Status::Forbidden)),
            (vec!["Origin: null".into()], Err(Status::Forbidden)),
            (vec![site("same-origin")], Ok(Admission::Anything)),
            (vec![site("none")], Ok(Admission::Anything)),
            (vec![site("cross-site")], Err(Status::Forbidden)),
            (vec![site("same-site")], Err(Status::Forbidden)),
            (vec![site("Same-Origin")], Err(Status::Forbidden)),
        ] {
            let fields: Vec<&str> = fields.iter().map(String::as_str).chain([host]).collect();
            assert_eq!(admitted("GET", &fields), expected, "{fields:?}");
        }
        for from in ["cross-site", "same-site"].map(site) {
            let open = [host, &from, "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document"];
            assert_eq!(admitted("GET", &open), Ok(Admission::DocumentOnly));
            assert_eq!(admitted("POST", &open), Err(Status::Forbidden));
            let framed = [host, &from, "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: iframe"];
            assert_eq!(admitted("GET", &framed), Err(Status::Forbidden));
            let fetched = [host, &from, "Sec-Fetch-Mode: no-cors", "Sec-Fetch-Dest: document"];
            assert_eq!(admitted("GET", &fetched), Err(Status::Forbidden));
        }
    }
}
