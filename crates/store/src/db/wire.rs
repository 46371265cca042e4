//! The bytes between us and a server: counted, so that silence is noticed, and looked at, so that no message is taken
//! in that is larger than PostgreSQL's own, and no password leaves in the clear.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::tls::{ChannelBinding, TlsConnect, TlsStream};

use super::patience::LineError;

/// A stream of bytes in both directions.
pub(crate) trait Wire: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Wire for T {}

/// Counts what comes and goes.
pub(crate) struct CountedWire {
    pub inner: Box<dyn Wire>,
    pub moved: Arc<AtomicU64>,
}

/// What the protocol's messages come through, encrypted or not.
pub(crate) struct MessageWire {
    inner: Box<dyn Wire>,
    /// `tls-server-end-point`, where there is TLS.
    end_point: Option<Vec<u8>>,
    watch: MessageWatch,
}

/// The most that PostgreSQL can put into a field, and with it into a row, is a gigabyte.
const LARGEST_ROW: usize = (1 << 30) + (1 << 20);
/// What names columns or reports an error.
const LARGEST_TEXT: usize = 4 << 20;
/// Anything else, as in libpq.
const LARGEST_OTHER: usize = 30_000;

const CLEAR_PASSWORD: u32 = 3;
const MD5_PASSWORD: u32 = 5;

const HOW_TO_ALLOW: &str = "let the server speak TLS (`ssl = on`), or let it ask for `scram-sha-256`; on a network that is trusted \
    `?sslmode=disable` in the address allows it";

/// Follows the messages by their heads: a letter, a length, and of a demand for a password its kind.
pub(crate) struct MessageWatch {
    head: Vec<u8>,
    /// Bytes of the present message that are still to come.
    rest: usize,
    may_show_password: bool,
}

impl MessageWatch {
    pub(super) fn new(may_show_password: bool) -> MessageWatch {
        MessageWatch { head: Vec::with_capacity(9), rest: 0, may_show_password }
    }

    /// The next bytes from the server.
    pub(super) fn see(&mut self, mut bytes: &[u8]) -> Result<(), LineError> {
        while let Some((first, others)) = bytes.split_first() {
            if self.rest > 0 {
                let passed = self.rest.min(bytes.len());
                self.rest -= passed;
                bytes = &bytes[passed..];
                continue;
            }
            self.head.push(*first);
            bytes = others;
            self.look_at_head()?;
        }
        Ok(())
    }

    fn look_at_head(&mut self) -> Result<(), LineError> {
        let [kind, a, b, c, d, more @ ..] = &self.head[..] else { return Ok(()) };
        let length = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
        check_length(*kind, length)?;
        let is_demand = *kind == b'R' && length >= 8;
        match more {
            [a, b, c, d] => self.check_demand(u32::from_be_bytes([*a, *b, *c, *d]))?,
            _ if is_demand => return Ok(()),
            _ => {}
        }
        self.rest = length - 4 - more.len();
        self.head.clear();
        Ok(())
    }

    fn check_demand(&self, kind: u32) -> Result<(), LineError> {
        let how = match kind {
            CLEAR_PASSWORD => "in the clear",
            MD5_PASSWORD => "as an MD5 sum, which is easily guessed",
            _ => return Ok(()),
        };
        if self.may_show_password {
            return Ok(());
        }
        let reason = format!("the server asks for the password {how}, and the connection is not encrypted");
        Err(LineError::lasting(reason, Some(HOW_TO_ALLOW)))
    }
}

fn check_length(kind: u8, length: usize) -> Result<(), LineError> {
    let largest = match kind {
        b'D' | b'd' | b'V' => LARGEST_ROW,
        b'T' | b't' | b'E' | b'N' | b'A' => LARGEST_TEXT,
        _ => LARGEST_OTHER,
    };
    if (4..=largest).contains(&length) {
        return Ok(());
    }
    Err(LineError::passing(format!(
        "the server announces a message of {length} bytes, which is not PostgreSQL's"
    )))
}

impl MessageWire {
    pub(super) fn new(inner: Box<dyn Wire>, end_point: Option<Vec<u8>>, watch: MessageWatch) -> MessageWire {
        MessageWire { inner, end_point, watch }
    }
}

/// How many bytes a read has brought.
fn read_into(
    inner: &mut Box<dyn Wire>,
    context: &mut Context<'_>,
    buffer: &mut ReadBuf<'_>,
) -> Poll<io::Result<usize>> {
    let before = buffer.filled().len();
    ready!(Pin::new(inner).poll_read(context, buffer))?;
    Poll::Ready(Ok(buffer.filled().len() - before))
}

impl AsyncRead for CountedWire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let bytes = ready!(read_into(&mut self.inner, context, buffer))?;
        self.moved.fetch_add(bytes as u64, Ordering::Relaxed);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for CountedWire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.inner).poll_write(context, bytes))?;
        self.moved.fetch_add(written as u64, Ordering::Relaxed);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}

impl AsyncRead for MessageWire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let bytes = ready!(read_into(&mut self.inner, context, buffer))?;
        let filled = buffer.filled();
        let new = &filled[filled.len() - bytes..];
        Poll::Ready(self.watch.see(new).map_err(io::Error::other))
    }
}

impl AsyncWrite for MessageWire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}

impl TlsStream for MessageWire {
    fn channel_binding(&self) -> ChannelBinding {
        self.end_point.clone().map_or_else(ChannelBinding::none, ChannelBinding::tls_server_end_point)
    }
}

/// For the driver: whatever was to be done about TLS has been done before.
pub(crate) struct AsItIs;

impl TlsConnect<MessageWire> for AsItIs {
    type Stream = MessageWire;
    type Error = io::Error;
    type Future = std::future::Ready<io::Result<MessageWire>>;

    fn connect(self, wire: MessageWire) -> Self::Future {
        std::future::ready(Ok(wire))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn demand(kind: u32) -> Vec<u8> {
        let mut message = vec![b'R', 0, 0, 0, 12];
        message.extend(kind.to_be_bytes());
        message.extend(*b"salt");
        message
    }

    /// The same bytes at once, one by one, and in threes.
    fn in_pieces(may_show_password: bool, bytes: &[u8]) -> Result<(), LineError> {
        let verdicts = [bytes.len(), 1, 3].map(|size| {
            let mut watch = MessageWatch::new(may_show_password);
            bytes.chunks(size).try_for_each(|piece| watch.see(piece))
        });
        let errors: Vec<_> = verdicts.iter().filter_map(|verdict| verdict.as_ref().err()).collect();
        assert!(errors.is_empty() || errors.len() == 3, "the verdict depends on the pieces");
        verdicts.into_iter().next().unwrap()
    }

    #[test]
    fn a_password_is_not_shown_unless_it_may_be() {
        for (kind, word) in [(CLEAR_PASSWORD, "in the clear"), (MD5_PASSWORD, "MD5")] {
            let error = in_pieces(false, &demand(kind)).unwrap_err();
            assert!(error.reason.contains(word) && !error.is_transient, "{error}");
            assert!(error.help.unwrap().contains("sslmode=disable"));
            in_pieces(true, &demand(kind)).unwrap();
        }
        // SASL, and the login's end.
        in_pieces(false, &[demand(10), demand(0)].concat()).unwrap();
        // A demand hides behind nothing.
        let hidden = [&[b'N', 0, 0, 0, 5, 0][..], &demand(0), &demand(CLEAR_PASSWORD)].concat();
        assert!(in_pieces(false, &hidden).is_err());
    }

    #[test]
    fn a_message_that_no_server_sends_is_not_taken_in() {
        for (kind, length) in
            [(b'D', 0x7fff_ffff_u32), (b'E', 5 << 20), (b'R', 40_000), (b'Z', 3), (b'S', u32::MAX)]
        {
            let message = [&[kind][..], &length.to_be_bytes()].concat();
            let error = in_pieces(true, &message).unwrap_err();
            assert!(error.is_transient && error.reason.contains(&length.to_string()), "{error}");
        }
        for (kind, length) in [(b'D', 1_u32 << 30), (b'T', 1 << 20), (b'Z', 5), (b'3', 4)] {
            in_pieces(true, &[&[kind][..], &length.to_be_bytes()].concat()).unwrap();
        }
    }
}
