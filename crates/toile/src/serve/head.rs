//! The head of a request, read with limits: what is odd is refused, not interpreted.

use std::io::{ErrorKind, Read};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::answer::Status;

/// Fields of a head, at most.
const MOST_FIELDS: usize = 64;

/// A request, without a body, as no request has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RequestHead {
    /// `GET`, `HEAD`, or anything else.
    pub(crate) method: String,
    /// The path and what follows it, as bytes: nothing is decoded.
    pub(crate) target: Vec<u8>,
    /// Names in small letters, and values.
    fields: Vec<(String, Vec<u8>)>,
}

impl RequestHead {
    /// The value of a field that may stand once, if it does.
    pub(crate) fn only(&self, name: &str) -> Result<Option<&[u8]>, Status> {
        let mut values = self.fields.iter().filter(|(known, _)| known == name).map(|(_, value)| &value[..]);
        match (values.next(), values.next()) {
            (value, None) => Ok(value),
            _ => Err(Status::BadRequest),
        }
    }
}

/// Understands a whole head, with the empty line at its end. Lines end in CR LF, the target is a path.
pub(crate) fn parse(bytes: &[u8]) -> Result<RequestHead, Status> {
    if has_bare_end(bytes, 0) {
        return Err(Status::BadRequest);
    }
    let mut fields = [httparse::EMPTY_HEADER; MOST_FIELDS];
    let mut request = httparse::Request::new(&mut fields);
    match request.parse(bytes) {
        Ok(httparse::Status::Complete(length)) if length == bytes.len() => {}
        Ok(_) => return Err(Status::BadRequest),
        Err(httparse::Error::TooManyHeaders) => return Err(Status::HeadTooLarge),
        Err(_) => return Err(Status::BadRequest),
    }
    let (Some(method), Some(target)) = (request.method, request.path) else { return Err(Status::BadRequest) };
    if !target.starts_with('/') {
        return Err(Status::BadRequest);
    }
    let field = |field: &httparse::Header| (field.name.to_ascii_lowercase(), field.value.to_vec());
    Ok(RequestHead {
        method: method.to_owned(),
        target: target.as_bytes().to_vec(),
        fields: request.headers.iter().map(field).collect(),
    })
}

/// Reads a head from a connection: so many bytes at most, so long in all. `None` if the other side has left.
pub(crate) fn read(
    stream: &mut TcpStream,
    most: usize,
    time: Duration,
) -> Result<Option<RequestHead>, Status> {
    let deadline = Instant::now() + time;
    let (mut bytes, mut piece) = (Vec::new(), [0; 2048]);
    let mut seen = 0;
    loop {
        // Nothing is looked at twice: a head may come byte by byte.
        if has_bare_end(&bytes, seen) {
            return Err(Status::BadRequest);
        }
        let from = seen.saturating_sub(3);
        if let Some(at) = bytes[from..].windows(4).position(|at| at == b"\r\n\r\n") {
            return parse(&bytes[..from + at + 4]).map(Some);
        }
        seen = bytes.len();
        if bytes.len() >= most {
            return Err(Status::HeadTooLarge);
        }
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() || stream.set_read_timeout(Some(left)).is_err() {
            return Err(Status::TimeOver);
        }
        let room = piece.len().min(most - bytes.len());
        match stream.read(&mut piece[..room]) {
            Ok(0) => return Ok(None),
            Ok(n) => bytes.extend_from_slice(&piece[..n]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(_) => return Ok(None),
        }
    }
}

/// Whether a line after this place ends in LF alone: two programs may differ on where such a head ends.
fn has_bare_end(bytes: &[u8], from: usize) -> bool {
    (from..bytes.len()).any(|at| bytes[at] == b'\n' && (at == 0 || bytes[at - 1] != b'\r'))
}
