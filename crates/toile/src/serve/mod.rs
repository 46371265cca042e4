//! The web server of a live view: it reads, it is for this machine, and it knows five addresses.
//!
//! ```text
//! connection ─head─▶ gate ─▶ routes ─▶ answer          one thread for each, few at once
//!                                 └──▶ stream ◀── ring ◀── feed ◀── who reads the store
//! ```
//!
//! No request changes anything, and nothing of a request leads to a file. What is odd is refused.

mod answer;
mod feed;
mod gate;
mod head;
mod ring;
mod routes;
mod stream;
mod study;
mod token;

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use self::answer::{Status, WebAnswer};
pub(crate) use self::feed::LiveFeed;
use self::gate::OwnNames;
use self::routes::Route;
pub(crate) use self::study::{ServedStudy, StudyAddress, check};
use self::token::AccessToken;
pub(crate) use self::token::random;
use crate::failure::Failure;

/// What a server allows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WebLimits {
    /// Bytes of a request's head.
    pub(crate) head_bytes: usize,
    /// For a request's head, in all.
    pub(crate) head_time: Duration,
    /// For a client to take a piece of an answer.
    pub(crate) write: Duration,
    /// For a client to end a connection after its answer.
    pub(crate) linger: Duration,
    /// Bytes that are read of what a client says after it was answered.
    pub(crate) linger_bytes: usize,
    /// Connections at once.
    pub(crate) connections: usize,
    /// Streams at once.
    pub(crate) streams: usize,
    /// A stream is silent for so long at most.
    pub(crate) beat: Duration,
    /// How often a stream that waits looks whether its client is still there.
    pub(crate) look: Duration,
}

impl Default for WebLimits {
    fn default() -> Self {
        Self {
            head_bytes: 16 * 1024,
            head_time: Duration::from_secs(5),
            write: Duration::from_secs(5),
            linger: Duration::from_secs(1),
            linger_bytes: 2 << 20,
            connections: 64,
            streams: 32,
            beat: Duration::from_secs(15),
            look: Duration::from_millis(250),
        }
    }
}

/// Where a server is to be found.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct WebPlace {
    /// Another address than this machine's own.
    pub(crate) host: Option<IpAddr>,
    /// A port; a free one where there is none.
    pub(crate) port: Option<u16>,
}

/// What the threads of a server share.
pub(crate) struct WebSite {
    token: AccessToken,
    feed: Arc<LiveFeed>,
    limits: WebLimits,
    /// Whether others than this machine's own names are allowed: the address by which it was reached.
    is_open: bool,
    connections: AtomicUsize,
    streams: AtomicUsize,
    is_over: AtomicBool,
}

/// A server at work; it ends when this is dropped.
pub(crate) struct WebServer {
    site: Arc<WebSite>,
    addresses: Vec<SocketAddr>,
    threads: Vec<JoinHandle<()>>,
}

impl WebServer {
    /// Begins to serve.
    ///
    /// # Errors
    /// If the place cannot be had.
    pub(crate) fn start(place: WebPlace, limits: WebLimits, feed: Arc<LiveFeed>) -> Result<Self, Failure> {
        let listeners = listeners(place)?;
        let site = Arc::new(WebSite {
            token: AccessToken::new()?,
            feed,
            limits,
            is_open: place.host.is_some_and(|host| !host.is_loopback()),
            connections: AtomicUsize::new(0),
            streams: AtomicUsize::new(0),
            is_over: AtomicBool::new(false),
        });
        let addresses = listeners.iter().filter_map(|listener| listener.local_addr().ok()).collect();
        let serve = |listener: TcpListener| {
            let site = site.clone();
            std::thread::Builder::new().name("web".into()).spawn(move || accept(&listener, &site))
        };
        let threads = listeners.into_iter().map(serve).collect::<Result<_, _>>();
        let threads =
            threads.map_err(|error| Failure::new(format!("the web server cannot begin: {error}")))?;
        Ok(Self { site, addresses, threads })
    }

    /// What is to be opened in a browser.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/{}/", self.address(), self.site.token.as_str())
    }

    /// Where it listens, first of all.
    pub(crate) fn address(&self) -> SocketAddr {
        self.addresses[0]
    }

    /// Streams that are open now.
    pub(crate) fn streams(&self) -> usize {
        self.site.streams.load(Ordering::SeqCst)
    }

    /// Connections that are open now.
    #[cfg(test)]
    pub(crate) fn connections(&self) -> usize {
        self.site.connections.load(Ordering::SeqCst)
    }
}

impl Drop for WebServer {
    fn drop(&mut self) {
        self.site.is_over.store(true, Ordering::SeqCst);
        self.site.feed.close();
        for address in &self.addresses {
            // Whoever waits for a connection is woken by one.
            drop(TcpStream::connect_timeout(address, Duration::from_secs(1)));
        }
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

const LOOPBACK_4: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const LOOPBACK_6: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);

/// Both of this machine's own addresses, on one port; or the one address that was asked for.
fn listeners(place: WebPlace) -> Result<Vec<TcpListener>, Failure> {
    let bind = |host, port| TcpListener::bind(SocketAddr::new(host, port));
    let first = place.host.unwrap_or(LOOPBACK_4);
    if first.is_unspecified() {
        return Err(Failure::new(format!("`{first}` stands for every address of the machine"))
            .help("give `--host` the one address by which the machine is reached"));
    }
    let refused = |error: std::io::Error| {
        let at = SocketAddr::new(first, place.port.unwrap_or(0));
        let failure = Failure::new(format!("the web server cannot listen at {at}: {error}"));
        match place.port {
            Some(_) => failure.help("without `--port` a free port is taken"),
            None => failure,
        }
    };
    // Of a port that is chosen freely the other half may be somebody else's.
    for _ in 0..16 {
        let one = bind(first, place.port.unwrap_or(0)).map_err(refused)?;
        let port = one.local_addr().map_err(refused)?.port();
        match bind(LOOPBACK_6, port) {
            _ if place.host.is_some() => return Ok(vec![one]),
            Ok(other) => return Ok(vec![one, other]),
            Err(error) if error.kind() != std::io::ErrorKind::AddrInUse => return Ok(vec![one]),
            Err(error) if place.port.is_some() => return Err(refused(error)),
            Err(_) => {}
        }
    }
    Err(refused(std::io::ErrorKind::AddrInUse.into()))
}

/// Takes connections, and gives each a thread of its own; too many are told so.
fn accept(listener: &TcpListener, site: &Arc<WebSite>) {
    // Kept for a while, so that they may read why they were refused.
    let mut refused: VecDeque<TcpStream> = VecDeque::new();
    for stream in listener.incoming() {
        if site.is_over.load(Ordering::SeqCst) {
            return;
        }
        let Ok(mut stream) = stream else {
            // No room for another connection, which passes.
            std::thread::sleep(Duration::from_millis(50));
            continue;
        };
        let Some(held) = Held::of(site.clone(), site.limits.connections, |site| &site.connections) else {
            let _ = stream.set_nonblocking(true);
            let _ = WebAnswer::refused(Status::Busy).send(&mut stream, true, Duration::from_millis(1));
            let _ = stream.shutdown(std::net::Shutdown::Write);
            refused.push_back(stream);
            if refused.len() > 16 {
                refused.pop_front();
            }
            continue;
        };
        let begun = std::thread::Builder::new()
            .name("web connection".into())
            .stack_size(512 * 1024)
            .spawn(move || converse(stream, &held));
        // Without a thread the connection ends, and its place is free again.
        drop(begun);
    }
}

/// One of the places that there are for connections or streams; given back when it is dropped.
struct Held {
    site: Arc<WebSite>,
    counter: fn(&WebSite) -> &AtomicUsize,
}

impl Held {
    fn of(site: Arc<WebSite>, most: usize, counter: fn(&WebSite) -> &AtomicUsize) -> Option<Self> {
        let more = |held: usize| (held < most).then_some(held + 1);
        counter(&site).fetch_update(Ordering::SeqCst, Ordering::SeqCst, more).ok()?;
        Some(Self { site, counter })
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        (self.counter)(&self.site).fetch_sub(1, Ordering::SeqCst);
    }
}

/// One request, one answer.
fn converse(mut stream: TcpStream, held: &Held) {
    let (site, limits) = (&held.site, &held.site.limits);
    let head = match head::read(&mut stream, limits.head_bytes, limits.head_time) {
        Ok(Some(head)) => Ok(head),
        Ok(None) => return,
        Err(status) => Err(status),
    };
    let also = stream.local_addr().ok().map(|address| address.ip()).filter(|_| site.is_open);
    let has_body = head.as_ref().map_or(true, |head| head.method != "HEAD");
    let found = head.and_then(|head| Ok((routes::route(&head, site, OwnNames { also })?, head)));
    let answer = match &found {
        Ok((Route::Events(from), _)) if has_body => {
            match Held::of(site.clone(), limits.streams, |site| &site.streams) {
                Some(_stream_held) => {
                    // However it ends, the client knows what it has.
                    let _ = stream::follow(&mut stream, &site.feed, from, limits);
                    return;
                }
                None => WebAnswer::refused(Status::Busy),
            }
        }
        Ok((route, head)) => routes::answer(route, head, site),
        Err(status) => WebAnswer::refused(*status),
    };
    if answer.send(&mut stream, has_body, limits.write).is_ok() {
        answer::end(&mut stream, limits.linger_bytes, limits.linger);
    }
}
