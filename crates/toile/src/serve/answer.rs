//! Answers: a status, fixed fields that keep browsers from doing more than was meant, and bytes.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

/// How a request ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Fine,
    NotModified,
    BadRequest,
    Forbidden,
    NotFound,
    MethodNotAllowed,
    TimeOver,
    BodyNotAllowed,
    NotThisHost,
    HeadTooLarge,
    Busy,
}

impl Status {
    /// What stands on the first line.
    fn line(self) -> &'static str {
        match self {
            Status::Fine => "200 OK",
            Status::NotModified => "304 Not Modified",
            Status::BadRequest => "400 Bad Request",
            Status::Forbidden => "403 Forbidden",
            Status::NotFound => "404 Not Found",
            Status::MethodNotAllowed => "405 Method Not Allowed",
            Status::TimeOver => "408 Request Timeout",
            Status::BodyNotAllowed => "413 Content Too Large",
            Status::NotThisHost => "421 Misdirected Request",
            Status::HeadTooLarge => "431 Request Header Fields Too Large",
            Status::Busy => "503 Service Unavailable",
        }
    }

    /// What a person reads who sees it.
    fn sentence(self) -> &'static str {
        match self {
            Status::Fine | Status::NotModified => "",
            Status::BadRequest => "This is not a request that toile understands.\n",
            Status::Forbidden => "This page may be asked for by itself only, not by the pages of others.\n",
            Status::NotFound => {
                "There is nothing here. Open the whole address that toile printed: it ends in `/`.\n"
            }
            Status::MethodNotAllowed => "Here one can only read.\n",
            Status::TimeOver => "The request took too long.\n",
            Status::BodyNotAllowed => "A request to read has no body.\n",
            Status::NotThisHost => {
                "This server answers to 127.0.0.1, [::1] and localhost only. Open the address that toile printed.\n"
            }
            Status::HeadTooLarge => "The head of the request is too large.\n",
            Status::Busy => "Too many look on at once. Close some windows, or try again in a moment.\n",
        }
    }
}

/// An answer with its bytes.
#[derive(Clone, Debug)]
pub(crate) struct WebAnswer {
    status: Status,
    content_type: &'static str,
    policy: String,
    /// Further fields, each with its line's end.
    fields: String,
    body: Vec<u8>,
}

/// Nothing may be loaded, run or framed.
const STRICT: &str = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// A client that takes none of so many bytes for the time of a write is let go.
const PIECE: usize = 64 * 1024;

impl WebAnswer {
    /// An answer that says why there is no other.
    pub(crate) fn refused(status: Status) -> Self {
        let fields = match status {
            Status::MethodNotAllowed => "Allow: GET, HEAD\r\n",
            Status::Busy => "Retry-After: 5\r\n",
            _ => "",
        };
        let body = status.sentence().into();
        let answer = Self::of("text/plain; charset=utf-8", body);
        Self { status, fields: fields.into(), ..answer }
    }

    /// Bytes of this type.
    pub(crate) fn of(content_type: &'static str, body: Vec<u8>) -> Self {
        Self { status: Status::Fine, content_type, policy: STRICT.into(), fields: String::new(), body }
    }

    /// With a policy of its own.
    pub(crate) fn under(self, policy: String) -> Self {
        Self { policy, ..self }
    }

    /// With one more field.
    pub(crate) fn with(mut self, field: &str, value: &str) -> Self {
        self.fields += &format!("{field}: {value}\r\n");
        self
    }

    /// With another status.
    pub(crate) fn having(self, status: Status) -> Self {
        Self { status, ..self }
    }

    /// The head, for a body of this length, or for one that ends with the connection.
    pub(crate) fn head(&self, length: Option<usize>) -> String {
        let length = length.map_or_else(String::new, |length| format!("Content-Length: {length}\r\n"));
        format!(
            "HTTP/1.1 {}\r\nContent-Type: {}\r\n{length}Connection: close\r\nCache-Control: no-store, no-transform\r\n\
             X-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n\
             Cross-Origin-Opener-Policy: same-origin\r\nCross-Origin-Resource-Policy: same-origin\r\n\
             Content-Security-Policy: {}\r\n{}\r\n",
            self.status.line(),
            self.content_type,
            self.policy,
            self.fields
        )
    }

    /// Sends it; the answer to `HEAD` has no body.
    pub(crate) fn send(&self, stream: &mut TcpStream, has_body: bool, time: Duration) -> std::io::Result<()> {
        write(stream, self.head(Some(self.body.len())).as_bytes(), time)?;
        if has_body { write(stream, &self.body, time) } else { Ok(()) }
    }
}

/// Writes all bytes; each piece of them must be taken within this time.
pub(crate) fn write(stream: &mut TcpStream, bytes: &[u8], time: Duration) -> std::io::Result<()> {
    for piece in bytes.chunks(PIECE) {
        let deadline = Instant::now() + time;
        let mut rest = piece;
        while !rest.is_empty() {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(ErrorKind::TimedOut.into());
            }
            stream.set_write_timeout(Some(left))?;
            match stream.write(rest) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(n) => rest = &rest[n..],
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                Err(error) => return Err(error),
            }
        }
    }
    Ok(())
}

/// Ends a connection so that the answer arrives: what the other side still sends is read and thrown away, up to so many
/// bytes and so long. Closed with bytes unread, a connection is reset, and takes the answer with it.
pub(crate) fn end(stream: &mut TcpStream, most: usize, time: Duration) {
    let deadline = Instant::now() + time;
    let (mut read, mut piece) = (0, [0; 8192]);
    if stream.shutdown(Shutdown::Write).is_err() {
        return;
    }
    while read < most {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() || stream.set_read_timeout(Some(left)).is_err() {
            return;
        }
        match stream.read(&mut piece) {
            Ok(0) | Err(_) => return,
            Ok(n) => read += n,
        }
    }
}
