//! What stands between a client and a real server: it can fall silent, and counts who speaks by turns.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// While it is closed, connections stay open and nothing passes.
#[derive(Clone, Default)]
pub struct Proxy {
    pub is_closed: Arc<AtomicBool>,
    pub connections: Arc<AtomicUsize>,
    /// How often the client spoke after the server had.
    pub turns: Arc<AtomicUsize>,
    server_spoke: Arc<AtomicBool>,
}

impl Proxy {
    /// In front of the server of an address, and the address by which it is reached.
    pub fn before(address: &str) -> (Proxy, String) {
        let (stem, server) = address.split_once('@').unwrap();
        let (server, database) = server.split_once('/').unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("{stem}@{}/{database}", listener.local_addr().unwrap());
        let (proxy, server) = (Proxy::default(), server.to_owned());
        let works = proxy.clone();
        std::thread::spawn(move || {
            for client in listener.incoming() {
                works.connections.fetch_add(1, Ordering::SeqCst);
                let (client, server) = (client.unwrap(), TcpStream::connect(&server).unwrap());
                for (from, to, is_client) in [(&client, &server, true), (&server, &client, false)] {
                    let (from, to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                    let proxy = works.clone();
                    std::thread::spawn(move || proxy.pump(from, to, is_client));
                }
            }
        });
        (proxy, url)
    }

    fn pump(&self, mut from: TcpStream, mut to: TcpStream, is_client: bool) {
        let mut bytes = [0; 1 << 16];
        while let Ok(length @ 1..) = from.read(&mut bytes) {
            if self.is_closed.load(Ordering::SeqCst) {
                continue;
            }
            if self.server_spoke.swap(!is_client, Ordering::SeqCst) && is_client {
                self.turns.fetch_add(1, Ordering::SeqCst);
            }
            if to.write_all(&bytes[..length]).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Both);
    }
}
