//! What can be asked for: five things, each by one name. A name is compared byte by byte and leads to no file.

use super::WebSite;
use super::answer::{Status, WebAnswer};
use super::gate::{self, Admission, OwnNames};
use super::head::RequestHead;
use super::token::TOKEN_LENGTH;

/// What a request is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// The page.
    Document,
    /// The ticks after this one, as they come.
    Events(String),
    /// The ticks after this one that there are.
    Delta(String),
    /// Everything.
    Snapshot,
    /// The report as a file.
    File,
}

/// What a request is for, or why it gets nothing. Who asks is looked at first, then how, then for what.
pub(crate) fn route(head: &RequestHead, site: &WebSite, names: OwnNames) -> Result<Route, Status> {
    let admission = gate::admit(head, names)?;
    if head.method != "GET" && head.method != "HEAD" {
        return Err(Status::MethodNotAllowed);
    }
    refuse_body(head)?;
    let route = found(head, site)?;
    match (admission, &route) {
        (Admission::Anything, _) | (Admission::DocumentOnly, Some(Route::Document)) => {
            route.ok_or(Status::NotFound)
        }
        (Admission::DocumentOnly, _) => Err(Status::Forbidden),
    }
}

/// A request to read has no body. Two lengths, or a length and pieces, are how one program is made to see another end
/// of a request than the next.
fn refuse_body(head: &RequestHead) -> Result<(), Status> {
    if head.only("transfer-encoding")?.is_some() {
        return Err(Status::BadRequest);
    }
    match head.only("content-length")? {
        None | Some(b"0") => Ok(()),
        Some(length) if !length.is_empty() && length.iter().all(u8::is_ascii_digit) => {
            Err(Status::BodyNotAllowed)
        }
        Some(_) => Err(Status::BadRequest),
    }
}

fn found(head: &RequestHead, site: &WebSite) -> Result<Option<Route>, Status> {
    let Some((token, rest)) =
        head.target.strip_prefix(b"/").and_then(|path| path.split_at_checked(TOKEN_LENGTH))
    else {
        return Ok(None);
    };
    let is_ours = site.token.is(token);
    let Some(rest) = rest.strip_prefix(b"/").filter(|_| is_ours) else { return Ok(None) };
    let since = |rest: &[u8], name: &[u8]| {
        let query = rest.strip_prefix(name)?;
        let id = query.strip_prefix(b"?since=")?;
        std::str::from_utf8(id).ok().map(str::to_owned)
    };
    let last = head.only("last-event-id")?.and_then(|id| std::str::from_utf8(id).ok().map(str::to_owned));
    Ok(match rest {
        b"" => Some(Route::Document),
        b"snapshot" => Some(Route::Snapshot),
        b"report.html" => Some(Route::File),
        // Without a place the page is told to take the whole.
        b"events" => Some(Route::Events(last.unwrap_or_default())),
        _ => {
            let events = since(rest, b"events").map(|id| Route::Events(last.unwrap_or(id)));
            events.or_else(|| since(rest, b"delta").map(Route::Delta))
        }
    })
}

/// The answer of a route that is not a stream.
pub(crate) fn answer(route: &Route, head: &RequestHead, site: &WebSite) -> WebAnswer {
    const JSON: &str = "application/json";
    const HTML: &str = "text/html; charset=utf-8";
    match route {
        Route::Document => {
            let page = site.feed.page();
            WebAnswer::of(HTML, page.html.into_bytes()).under(page.policy)
        }
        Route::File => {
            let attached = "attachment; filename=\"report.html\"";
            WebAnswer::of(HTML, site.feed.file().into_bytes()).with("Content-Disposition", attached)
        }
        Route::Snapshot => {
            let known = head.only("if-none-match").ok().flatten();
            // Not made where it is not wanted.
            let id = site.feed.id();
            if known == Some(format!("\"{id}\"").as_bytes()) {
                let same = WebAnswer::of(JSON, Vec::new()).with("ETag", &format!("\"{id}\""));
                return same.having(Status::NotModified);
            }
            let (id, json) = site.feed.snapshot();
            WebAnswer::of(JSON, json.into_bytes()).with("ETag", &format!("\"{id}\""))
        }
        Route::Delta(id) => WebAnswer::of(JSON, site.feed.delta(id).into_bytes()),
        Route::Events(_) => WebAnswer::of("text/event-stream", Vec::new()),
    }
}
