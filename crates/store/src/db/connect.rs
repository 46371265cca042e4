//! From an address to a session: sockets, encryption as `sslmode` says, login. Each attempt has one time limit.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
#[cfg(unix)]
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use rustls::CertificateError::{
    Expired, NotValidForName, NotValidForNameContext, NotValidYet, UnknownIssuer,
};
use rustls::pki_types::ServerName;
use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;
use tokio::runtime::{Builder, Runtime};
use tokio_postgres::config::{Host, SslMode, SslNegotiation, TargetSessionAttrs};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Connection};
use tokio_rustls::TlsConnector;

use super::address::{Address, Encryption};
use super::patience::{AnswerWait, LineError, Patience};
use super::session::Session;
use super::wire::{AsItIs, CountedWire, MessageWatch, MessageWire, Wire};
use super::{DbError, Result, tls};

/// The request for encryption: its length, and a number that no version of the protocol has.
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];

const NOT_FOUND_CERTIFICATE: &str = "`sslrootcert` must name the certificate that has signed the server's, or the server's own; \
    `sslmode=require` encrypts without looking at it";

/// A client and what moves its messages.
pub(crate) type Link = (Client, Connection<MessageWire, MessageWire>);

/// Where one attempt goes.
enum Target {
    Tcp {
        name: String,
        address: SocketAddr,
    },
    #[cfg(unix)]
    Unix(PathBuf),
}

/// A session on the first server of the address that lets us in.
pub(crate) fn connect(address: &Address, patience: &Patience) -> Result<Session> {
    patience.begins(&address.place)?;
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime =
        runtime.map_err(|error| LineError::lasting(format!("cannot wait for a server: {error}"), None))?;
    let moved = Arc::new(AtomicU64::new(0));
    match reach(&runtime, address, patience, &moved) {
        Ok(link) => Ok(Session::new(runtime, link, moved, patience.clone(), address.place.clone())),
        Err(error) => {
            // A name that is still being looked up is not waited for.
            runtime.shutdown_background();
            Err(error)
        }
    }
}

/// Tries all hosts of the address, and all addresses of each, in their order. What the last one said is the error.
fn reach(runtime: &Runtime, address: &Address, patience: &Patience, moved: &Arc<AtomicU64>) -> Result<Link> {
    let limit = address.config.get_connect_timeout().copied().unwrap_or(patience.connect);
    let wait = AnswerWait { patience, place: &address.place, moved, silence: limit, whole: limit };
    let mut failure = DbError::from(LineError::lasting("the address names no host", None));
    for host in hosts(address) {
        let targets = match in_time(runtime, &wait, host.targets()) {
            Err(error) if !error.is_given_up() => {
                failure = error;
                continue;
            }
            other => other?,
        };
        for target in targets {
            match in_time(runtime, &wait, enter(address, &target, moved)) {
                Err(error) if !error.is_given_up() => failure = error,
                other => return other,
            }
        }
    }
    Err(failure)
}

/// One error for what failed, and for what did not come in time.
fn in_time<T>(runtime: &Runtime, wait: &AnswerWait<'_>, work: impl Future<Output = Result<T>>) -> Result<T> {
    runtime.block_on(wait.wait_for(work))?
}

/// One of the hosts that an address names.
struct NamedHost {
    /// Against which its certificate is held.
    name: Option<String>,
    place: Host,
    port: u16,
}

fn hosts(address: &Address) -> Vec<NamedHost> {
    let config = &address.config;
    let (names, places, ports) = (config.get_hosts(), config.get_hostaddrs(), config.get_ports());
    let count = names.len().max(places.len());
    let host = |index: usize| {
        let name = names.get(index);
        let place = places.get(index).map(|place| Host::Tcp(place.to_string())).or_else(|| name.cloned())?;
        let name = match name {
            Some(Host::Tcp(name)) => Some(name.clone()),
            _ => None,
        };
        let port = ports.get(index).or(ports.first()).copied().unwrap_or(5432);
        Some(NamedHost { name, place, port })
    };
    (0..count).filter_map(host).collect()
}

impl NamedHost {
    async fn targets(self) -> Result<Vec<Target>> {
        let host = match self.place {
            #[cfg(unix)]
            Host::Unix(folder) => {
                return Ok(vec![Target::Unix(folder.join(format!(".s.PGSQL.{}", self.port)))]);
            }
            Host::Tcp(host) => host,
        };
        let name = self.name.unwrap_or_else(|| host.clone());
        let found = tokio::net::lookup_host((host.as_str(), self.port)).await;
        let found =
            found.map_err(|error| LineError::passing(format!("cannot find the host `{host}`: {error}")))?;
        Ok(found.map(|address| Target::Tcp { name: name.clone(), address }).collect())
    }
}

impl Target {
    /// Whether nobody can listen on the way.
    fn is_here(&self) -> bool {
        match self {
            Target::Tcp { address, .. } => address.ip().to_canonical().is_loopback(),
            #[cfg(unix)]
            Target::Unix(_) => true,
        }
    }

    async fn open(&self, address: &Address) -> Result<Box<dyn Wire>> {
        let failed = |error: io::Error| LineError::passing(format!("error connecting to server: {error}"));
        Ok(match self {
            #[cfg(unix)]
            Target::Unix(path) => Box::new(UnixStream::connect(path).await.map_err(failed)?),
            Target::Tcp { address: place, .. } => {
                let stream = TcpStream::connect(place).await.map_err(failed)?;
                set_options(&stream, address).map_err(failed)?;
                Box::new(stream)
            }
        })
    }

    fn server_name(&self) -> ServerName<'static> {
        // Elsewhere there is no other.
        #[cfg_attr(not(unix), allow(irrefutable_let_patterns))]
        let Target::Tcp { name, address } = self else {
            return ServerName::from(IpAddr::from([127, 0, 0, 1]));
        };
        // What is no name cannot be in a certificate; the number may.
        ServerName::try_from(name.clone()).unwrap_or_else(|_| address.ip().into())
    }
}

fn set_options(stream: &TcpStream, address: &Address) -> io::Result<()> {
    let config = &address.config;
    stream.set_nodelay(true)?;
    let socket = SockRef::from(stream);
    #[cfg(target_os = "linux")]
    socket.set_tcp_user_timeout(config.get_tcp_user_timeout().copied())?;
    if !config.get_keepalives() {
        return Ok(());
    }
    let mut keepalive = TcpKeepalive::new().with_time(config.get_keepalives_idle());
    if let Some(interval) = config.get_keepalives_interval() {
        keepalive = keepalive.with_interval(interval);
    }
    if let Some(retries) = config.get_keepalives_retries() {
        keepalive = keepalive.with_retries(retries);
    }
    socket.set_tcp_keepalive(&keepalive)
}

/// Connects and logs in. As in libpq, `prefer` goes without TLS where the handshake fails, or where the server lets
/// nobody in that way.
async fn enter(address: &Address, target: &Target, moved: &Arc<AtomicU64>) -> Result<Link> {
    let encryption = match target {
        #[cfg(unix)]
        Target::Unix(_) => Encryption::Never,
        Target::Tcp { .. } => address.encryption,
    };
    match log_in(address, target, encryption, moved).await {
        Err(error) if encryption == Encryption::IfOffered && is_about_tls(&error) => {
            log_in(address, target, Encryption::Never, moved).await
        }
        other => other,
    }
}

fn is_about_tls(error: &DbError) -> bool {
    match error {
        DbError::Line(error) => error.is_handshake,
        DbError::Postgres(error) => error.code() == Some(&SqlState::INVALID_AUTHORIZATION_SPECIFICATION),
        _ => false,
    }
}

async fn log_in(
    address: &Address,
    target: &Target,
    encryption: Encryption,
    moved: &Arc<AtomicU64>,
) -> Result<Link> {
    let wire = CountedWire { inner: target.open(address).await?, moved: moved.clone() };
    let (wire, end_point, is_encrypted) = encrypt(wire, address, target, encryption).await?;
    let is_allowed = is_encrypted || target.is_here() || address.encryption == Encryption::Never;
    let wire = MessageWire::new(wire, end_point, MessageWatch::new(is_allowed));
    let mut config = address.config.clone();
    // The driver is to take the stream as it is.
    config.ssl_mode(SslMode::Require).ssl_negotiation(SslNegotiation::Direct);
    let (client, mut connection) = config.connect_raw(wire, AsItIs).await?;
    check_kind(address, &client, &mut connection).await?;
    Ok((client, connection))
}

/// `target_session_attrs`: a server that may be written to, or one that may not.
async fn check_kind(
    address: &Address,
    client: &Client,
    connection: &mut Connection<MessageWire, MessageWire>,
) -> Result<()> {
    let wanted = match address.config.get_target_session_attrs() {
        TargetSessionAttrs::ReadWrite => "off",
        TargetSessionAttrs::ReadOnly => "on",
        _ => return Ok(()),
    };
    let answer =
        super::session::with_connection(connection, client.query_one("SHOW transaction_read_only", &[]));
    let found: String = answer.await?.try_get(0)?;
    match found == wanted {
        true => Ok(()),
        false => {
            Err(LineError::passing(format!("its `transaction_read_only` is {found}, not {wanted}")).into())
        }
    }
}

/// The stream as it goes on, what a login can be bound to, and whether it is encrypted.
async fn encrypt(
    mut wire: CountedWire,
    address: &Address,
    target: &Target,
    encryption: Encryption,
) -> Result<(Box<dyn Wire>, Option<Vec<u8>>, bool)> {
    let is_direct = address.config.get_ssl_negotiation() == SslNegotiation::Direct;
    let offered = match encryption {
        Encryption::Never => false,
        _ => is_direct || is_offered(&mut wire).await?,
    };
    match (offered, encryption) {
        (true, _) => {}
        (false, Encryption::Always) => {
            let help = "let the server speak TLS (`ssl = on`); on a network that is trusted `?sslmode=disable` in the \
                address goes without, elsewhere use a tunnel";
            return Err(LineError::lasting("the server does not support TLS", Some(help)).into());
        }
        (false, _) => return Ok((Box::new(wire), None, false)),
    }
    let connector = TlsConnector::from(address.tls.clone());
    let stream =
        connector.connect(target.server_name(), wire).await.map_err(|error| handshake(&error, target))?;
    let certificates = stream.get_ref().1.peer_certificates().unwrap_or_default();
    let end_point = certificates.first().and_then(|certificate| tls::end_point(certificate));
    Ok((Box::new(stream), end_point, true))
}

/// Asks the server whether it speaks TLS. Exactly one byte is read: what else it has sent would not be encrypted.
async fn is_offered(wire: &mut CountedWire) -> Result<bool> {
    let lost = |error: io::Error| LineError::passing(format!("error communicating with the server: {error}"));
    wire.write_all(&SSL_REQUEST).await.map_err(lost)?;
    wire.flush().await.map_err(lost)?;
    let mut answer = [0];
    wire.read_exact(&mut answer).await.map_err(lost)?;
    match answer[0] {
        b'S' => Ok(true),
        b'N' => Ok(false),
        other => Err(LineError::lasting(
            format!(
                "what listens there does not speak PostgreSQL's protocol (it answers with the byte {other})"
            ),
            Some("see that host and port in the address are right"),
        )
        .into()),
    }
}

fn handshake(error: &io::Error, target: &Target) -> LineError {
    use rustls::Error::InvalidCertificate;
    let source = error.get_ref().and_then(|source| source.downcast_ref::<rustls::Error>());
    let is_cut_off = source.is_none();
    let (why, help) = match source {
        Some(InvalidCertificate(UnknownIssuer)) => {
            ("nobody in `sslrootcert` vouches for its certificate".to_owned(), Some(NOT_FOUND_CERTIFICATE))
        }
        Some(InvalidCertificate(NotValidForName | NotValidForNameContext { .. })) => {
            let name = match target {
                Target::Tcp { name, .. } => name.as_str(),
                #[cfg(unix)]
                Target::Unix(_) => "",
            };
            let help = "write the host as its certificate calls it (subject alternative names), or use \
                `sslmode=verify-ca`, which does not look at the name";
            (format!("its certificate is not for `{name}`"), Some(help))
        }
        Some(InvalidCertificate(Expired | NotValidYet)) => {
            let help = "the server needs a new certificate, or this machine's clock is wrong";
            ("its certificate is out of date".to_owned(), Some(help))
        }
        Some(other) => (other.to_string(), None),
        None => (error.to_string(), None),
    };
    let reason = format!("no TLS with the server: {why}");
    LineError { is_transient: is_cut_off, is_handshake: true, ..LineError::lasting(reason, help) }
}
