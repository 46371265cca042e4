//! Downloads: over HTTPS, into a `.part` file that a later attempt continues.

use super::{Reason, WantedFile, install};
use crate::catalogue::CatalogueEntry;
use crate::locations::LoadProgress;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::path::Path;
use std::time::Duration;
use ureq::http::{Response, StatusCode};
use ureq::{Agent, Proxy};

/// Attempts at one file, as long as each brought it further.
const ATTEMPTS: usize = 5;

/// Downloads a file of a set from this mirror, and installs it in the folder once it was found right.
pub(super) fn fetch(
    entry: &'static CatalogueEntry,
    file: WantedFile,
    mirror: &str,
    folder: &Path,
    progress: &mut dyn FnMut(LoadProgress),
) -> Result<(), Reason> {
    let url = format!("{mirror}/{}", file.name());
    let part = folder.join(format!("{}.part", file.name()));
    let resumed = part.exists();
    // A process may have ended between the last byte and the new name.
    if resumed && install(entry, file, &part, folder).is_ok() {
        return Ok(());
    }
    let agent = agent(url.starts_with("https://"));
    let limit = file.most_bytes(entry);
    download(&agent, &url, &part, limit, progress)?;
    let Err(reason) = install(entry, file, &part, folder) else { return Ok(()) };
    remove(&part)?;
    if !resumed {
        return Err(reason);
    }
    // The old bytes may have been of another mirror, or damaged: once more from the first byte.
    download(&agent, &url, &part, limit, progress)?;
    install(entry, file, &part, folder).or_else(|reason| remove(&part).and(Err(reason)))
}

fn agent(https_only: bool) -> Agent {
    let seconds = |n| Some(Duration::from_secs(n));
    // Only tests use plain HTTP, with a server on this machine: without a proxy.
    let proxy = if https_only { Proxy::try_from_env() } else { None };
    Agent::config_builder()
        .proxy(proxy)
        .https_only(https_only)
        .http_status_as_error(false)
        .timeout_resolve(seconds(4))
        .timeout_connect(seconds(5))
        .timeout_recv_response(seconds(15))
        .timeout_per_read(seconds(20))
        // The bytes as they are on the server, so that a range of them means the same every time.
        .accept_encoding("identity")
        .user_agent(concat!("toile/", env!("CARGO_PKG_VERSION")))
        .build()
        .new_agent()
}

fn download(
    agent: &Agent,
    url: &str,
    part: &Path,
    limit: u64,
    progress: &mut dyn FnMut(LoadProgress),
) -> Result<(), Reason> {
    let size = || fs::metadata(part).map_or(0, |about| about.len());
    for attempt in 1.. {
        let before = size();
        let Err(reason) = attempt_download(agent, url, part, limit, progress) else { return Ok(()) };
        if attempt == ATTEMPTS || size() <= before {
            return Err(reason);
        }
    }
    unreachable!("the attempts are counted")
}

/// One request, for what is still missing.
fn attempt_download(
    agent: &Agent,
    url: &str,
    part: &Path,
    limit: u64,
    progress: &mut dyn FnMut(LoadProgress),
) -> Result<(), Reason> {
    let have = fs::metadata(part).map_or(0, |about| about.len());
    let mut request = agent.get(url);
    if have > 0 {
        request = request.header("Range", format!("bytes={have}-"));
    }
    let mut response = request.call().map_err(|error| match error {
        ureq::Error::Io(cause) => cause.to_string(),
        other => other.to_string(),
    })?;
    let start = match response.status() {
        StatusCode::OK => 0,
        StatusCode::PARTIAL_CONTENT if have > 0 && range_start(&response) == Some(have) => have,
        // The old bytes are not the beginning of what this server has: from the first byte, then.
        StatusCode::RANGE_NOT_SATISFIABLE | StatusCode::PARTIAL_CONTENT if have > 0 => {
            remove(part)?;
            return attempt_download(agent, url, part, limit, progress);
        }
        status => return Err(format!("the server answered {status}")),
    };
    let total = content_length(&response).map(|length| start + length);
    if total.is_some_and(|total| total > limit) {
        return Err(format!("the server offers {} bytes, expected at most {limit}", total.unwrap_or(0)));
    }
    let file = open_part(part, start).map_err(|e| write_reason(part, e))?;
    let body = response.body_mut().as_reader();
    copy(body, file, Transfer { url, part, start, total, limit }, progress)
}

/// The download that is copied into a file.
struct Transfer<'a> {
    url: &'a str,
    part: &'a Path,
    start: u64,
    total: Option<u64>,
    limit: u64,
}

fn copy(
    mut body: impl Read,
    mut file: File,
    transfer: Transfer,
    progress: &mut dyn FnMut(LoadProgress),
) -> Result<(), Reason> {
    let Transfer { url, part, start, total, limit } = transfer;
    let (mut bytes, mut buffer) = (start, vec![0; 1 << 16]);
    loop {
        progress(LoadProgress::Download { url, bytes, total });
        let n =
            body.read(&mut buffer).map_err(|e| format!("the connection broke after {bytes} bytes: {e}"))?;
        if n == 0 {
            break;
        }
        bytes += n as u64;
        if bytes > limit {
            return Err(format!("the server sent more than the {limit} bytes expected at most"));
        }
        file.write_all(&buffer[..n]).map_err(|e| write_reason(part, e))?;
    }
    if total.is_some_and(|total| bytes < total) {
        return Err(format!("the server sent {bytes} of {} bytes", total.unwrap_or(0)));
    }
    file.sync_all().map_err(|e| write_reason(part, e))
}

fn open_part(part: &Path, start: u64) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    if start > 0 {
        options.append(true)
    } else {
        options.write(true).create(true).truncate(true)
    };
    options.open(part)
}

fn remove(part: &Path) -> Result<(), Reason> {
    match fs::remove_file(part) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(write_reason(part, e)),
        _ => Ok(()),
    }
}

fn write_reason(part: &Path, error: std::io::Error) -> Reason {
    format!("`{}` cannot be written: {error}", part.display())
}

fn header<'a, T>(response: &'a Response<T>, name: &str) -> Option<&'a str> {
    response.headers().get(name)?.to_str().ok()
}

fn content_length<T>(response: &Response<T>) -> Option<u64> {
    header(response, "content-length")?.parse().ok()
}

/// The first byte of `Content-Range: bytes 1000-1999/2000`.
fn range_start<T>(response: &Response<T>) -> Option<u64> {
    header(response, "content-range")?.strip_prefix("bytes ")?.split('-').next()?.parse().ok()
}
