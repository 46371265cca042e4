//! Servers made of a socket and a few messages of PostgreSQL's protocol.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// Listens, and does the same to each who comes.
pub struct FakeServer {
    port: u16,
    guests: Arc<AtomicUsize>,
}

/// What one guest sees.
pub struct Guest {
    stream: TcpStream,
    /// What the guest has said since the start, message by message: its letter and its body.
    pub said: Arc<Mutex<Vec<(u8, Vec<u8>)>>>,
}

/// One message: a letter, the length of the rest, the rest.
pub fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).unwrap();
    [&[kind][..], &length.to_be_bytes(), body].concat()
}

/// A demand for authentication; 0 is the end of it.
pub fn authentication(kind: u32, more: &[u8]) -> Vec<u8> {
    message(b'R', &[&kind.to_be_bytes()[..], more].concat())
}

/// An error with this code and text.
pub fn error(code: &str, text: &str) -> Vec<u8> {
    message(b'E', format!("SERROR\0VERROR\0C{code}\0M{text}\0\0").as_bytes())
}

impl FakeServer {
    /// Each guest has a thread of its own, and is left alone when `serve` returns; the connection stays open.
    pub fn start(serve: impl Fn(&mut Guest) -> Option<()> + Send + Sync + 'static) -> FakeServer {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let guests = Arc::new(AtomicUsize::new(0));
        let (serve, count) = (Arc::new(serve), guests.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                count.fetch_add(1, Ordering::SeqCst);
                let (stream, serve) = (stream.unwrap(), serve.clone());
                std::thread::spawn(move || {
                    let mut guest = Guest { stream, said: Arc::default() };
                    serve(&mut guest);
                    // Until the guest has enough.
                    while guest.byte().is_some() {}
                });
            }
        });
        FakeServer { port, guests }
    }

    /// How many have come.
    pub fn guests(&self) -> usize {
        self.guests.load(Ordering::SeqCst)
    }

    pub fn url(&self, options: &str) -> String {
        format!("postgres://ann:secret@127.0.0.1:{}/db{options}", self.port)
    }

    /// The same server under an address that is no loopback address, though it leads to this machine.
    pub fn far_url(&self, options: &str) -> String {
        format!("postgres://ann:secret@0.0.0.0:{}/db{options}", self.port)
    }
}

impl Guest {
    fn byte(&mut self) -> Option<u8> {
        let mut byte = [0];
        self.stream.read_exact(&mut byte).ok().map(|()| byte[0])
    }

    fn block(&mut self) -> Option<Vec<u8>> {
        let mut length = [0; 4];
        self.stream.read_exact(&mut length).ok()?;
        let mut body = vec![0; u32::from_be_bytes(length) as usize - 4];
        self.stream.read_exact(&mut body).ok().map(|()| body)
    }

    pub fn say(&mut self, bytes: &[u8]) -> Option<()> {
        self.stream.write_all(bytes).ok()
    }

    /// What the guest begins with. A wish for encryption is declined.
    pub fn hear_startup(&mut self) -> Option<Vec<u8>> {
        let block = self.block()?;
        if block == [0x04, 0xd2, 0x16, 0x2f] {
            self.say(b"N")?;
            return self.block();
        }
        Some(block)
    }

    /// The next message.
    pub fn hear(&mut self) -> Option<(u8, Vec<u8>)> {
        let kind = self.byte()?;
        let heard = (kind, self.block()?);
        self.said.lock().unwrap().push(heard.clone());
        Some(heard)
    }

    /// Lets the guest in without a password.
    pub fn welcome(&mut self) -> Option<()> {
        self.hear_startup()?;
        self.say(&authentication(0, &[]))?;
        self.say(&message(b'K', &[0; 8]))?;
        self.say(&message(b'Z', b"I"))
    }

    /// Answers a plain statement with success.
    pub fn obey(&mut self) -> Option<()> {
        self.hear()?;
        self.say(&message(b'C', b"SET\0"))?;
        self.say(&message(b'Z', b"I"))
    }
}
