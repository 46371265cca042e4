//! A client that stays: ticks as server-sent events, from where it was, until it leaves.

use std::io::ErrorKind;
use std::net::TcpStream;
use std::time::Instant;

use super::WebLimits;
use super::answer::{WebAnswer, write};
use super::feed::{LiveFeed, TickNews, tick_id};

/// How soon a browser comes back after a cut.
const RETRY: &str = "retry: 1000\n\n";

/// Sends what is new after the tick `from` until the client leaves, is too slow, or nothing comes any more.
///
/// A cut may fall anywhere: a browser takes an event only once its empty line has come, and then knows its id.
pub(crate) fn follow(
    stream: &mut TcpStream,
    feed: &LiveFeed,
    from: &str,
    limits: &WebLimits,
) -> std::io::Result<()> {
    let head = WebAnswer::of("text/event-stream", Vec::new()).with("X-Accel-Buffering", "no").head(None);
    write(stream, format!("{head}{RETRY}").as_bytes(), limits.write)?;
    let mut place = from.to_owned();
    let mut said = Instant::now();
    loop {
        match feed.after(&place, limits.look) {
            TickNews::Ticks(ticks) if !ticks.is_empty() => {
                let generation = place.rsplit_once('-').map_or("", |(generation, _)| generation).to_owned();
                for tick in ticks {
                    place = tick_id(&generation, tick.sequence);
                    write(stream, format!("id: {place}\ndata: {}\n\n", tick.json).as_bytes(), limits.write)?;
                }
                said = Instant::now();
            }
            TickNews::Ticks(_) if has_left(stream) => return Ok(()),
            // An event, as a page does not see comments: a proxy that keeps what it gets is told by the silence.
            TickNews::Ticks(_) if said.elapsed() >= limits.beat => {
                write(stream, format!("event: beat\ndata: {}\n\n", feed.as_of()).as_bytes(), limits.write)?;
                said = Instant::now();
            }
            TickNews::Ticks(_) => {}
            TickNews::Reset => {
                // What comes after it continues from here; the page takes the whole meanwhile.
                place = feed.id();
                write(stream, b"event: reset\ndata: \n\n", limits.write)?;
                said = Instant::now();
            }
            TickNews::Over => return Ok(()),
        }
    }
}

/// Whether the other side has ended the connection, or says more than it may.
fn has_left(stream: &TcpStream) -> bool {
    let mut byte = [0];
    if stream.set_nonblocking(true).is_err() {
        return true;
    }
    let peeked = stream.peek(&mut byte);
    let is_open = matches!(peeked, Err(error) if error.kind() == ErrorKind::WouldBlock);
    stream.set_nonblocking(false).is_err() || !is_open
}
