//! TLS to a server: whose certificates are believed, and what binds a login to its connection.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use sha2::{Digest, Sha256, Sha384, Sha512};

/// What the server's certificate must prove.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Proof {
    /// Nothing: encrypted, but to whom is not known.
    None,
    /// That one of the roots vouches for it.
    Chain(Roots),
    /// This, and that it was made out for the host of the address.
    ChainAndName(Roots),
}

/// Whose word is believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Roots {
    /// The certificates of a PEM file.
    File(PathBuf),
    /// Those that the operating system trusts.
    System,
}

/// Where operating systems keep the certificates that they trust: Debian and Arch, Fedora, SUSE, Alpine and BSD.
const SYSTEM_ROOTS: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// The largest file of certificates that is read: a system's own has a quarter of a megabyte.
const LARGEST_FILE: u64 = 16 << 20;

/// What PostgreSQL's protocol is called in a TLS handshake.
const ALPN: &[u8] = b"postgresql";

/// How to speak TLS to a server that gives this proof.
pub(crate) fn config(proof: &Proof) -> Result<ClientConfig, String> {
    let provider = Arc::new(ring::default_provider());
    let verifier: Arc<dyn ServerCertVerifier> = match proof {
        Proof::None => Arc::new(AnyCertificate(provider.clone())),
        Proof::Chain(roots) => Arc::new(RootedCertificate::new(roots, true, &provider)?),
        Proof::ChainAndName(roots) => Arc::new(RootedCertificate::new(roots, false, &provider)?),
    };
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| error.to_string())?;
    let mut config = builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth();
    config.alpn_protocols = vec![ALPN.to_vec()];
    Ok(config)
}

fn read_roots(roots: &Roots) -> Result<Vec<CertificateDer<'static>>, String> {
    let path = match roots {
        Roots::File(path) => path.as_path(),
        Roots::System => SYSTEM_ROOTS
            .map(Path::new)
            .into_iter()
            .find(|path| path.is_file())
            .ok_or_else(|| format!("sslrootcert=system: there is none of {}", SYSTEM_ROOTS.join(", ")))?,
    };
    let failed = |why: String| format!("sslrootcert `{}`: {why}", path.display());
    let file = path.metadata().map_err(|error| failed(error.to_string()))?;
    if !file.is_file() || file.len() > LARGEST_FILE {
        return Err(failed("it is no file, or larger than any list of certificates".into()));
    }
    let bytes = std::fs::read(path).map_err(|error| failed(error.to_string()))?;
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    match certificates.map_err(|error| failed(error.to_string()))? {
        none if none.is_empty() => Err(failed("there is no certificate in it, in PEM's form".into())),
        some => Ok(some),
    }
}

/// Believes any certificate, and checks only that the server has its key.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

/// Believes what the roots vouch for, and the roots themselves: a server's own certificate may be its root.
#[derive(Debug)]
struct RootedCertificate {
    chain: Arc<WebPkiServerVerifier>,
    roots: Vec<CertificateDer<'static>>,
    for_any_name: bool,
}

impl RootedCertificate {
    fn new(roots: &Roots, for_any_name: bool, provider: &Arc<CryptoProvider>) -> Result<Self, String> {
        let roots = read_roots(roots)?;
        let mut store = RootCertStore::empty();
        store.add_parsable_certificates(roots.iter().cloned());
        let chain = WebPkiServerVerifier::builder_with_provider(Arc::new(store), provider.clone()).build();
        let chain = chain.map_err(|error| format!("sslrootcert: {error}"))?;
        Ok(RootedCertificate { chain, roots, for_any_name })
    }
}

fn is_about_the_name(error: &Error) -> bool {
    use CertificateError::{NotValidForName, NotValidForNameContext};
    matches!(error, Error::InvalidCertificate(NotValidForName | NotValidForNameContext { .. }))
}

impl ServerCertVerifier for RootedCertificate {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verdict = match self.roots.iter().any(|root| root == certificate) {
            true => ParsedCertificate::try_from(certificate)
                .and_then(|parsed| rustls::client::verify_server_name(&parsed, name))
                .map(|()| ServerCertVerified::assertion()),
            false => self.chain.verify_server_cert(certificate, others, name, ocsp, now),
        };
        match verdict {
            // The name is looked at last: the chain was in order.
            Err(error) if self.for_any_name && is_about_the_name(&error) => {
                Ok(ServerCertVerified::assertion())
            }
            other => other,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.chain.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.chain.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.chain.supported_verify_schemes()
    }
}

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

/// `tls-server-end-point` of RFC 5929: the certificate, hashed as its signature hashes it, but never by less than
/// SHA-256. None where the signature names no hash (Ed25519, PSS).
pub(crate) fn end_point(certificate: &[u8]) -> Option<Vec<u8>> {
    // 1.2.840.113549.1.1.n: RSA; 1.2.840.10045.4.n: ECDSA.
    const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1];
    const ECDSA: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4];
    let algorithm = signature_algorithm(certificate)?;
    match (algorithm.strip_prefix(RSA), algorithm.strip_prefix(ECDSA)) {
        (Some([4 | 5 | 11]), _) | (_, Some([1] | [3, 2])) => Some(Sha256::digest(certificate).to_vec()),
        (Some([12]), _) | (_, Some([3, 3])) => Some(Sha384::digest(certificate).to_vec()),
        (Some([13]), _) | (_, Some([3, 4])) => Some(Sha512::digest(certificate).to_vec()),
        _ => None,
    }
}

/// `Certificate ::= SEQUENCE { tbsCertificate SEQUENCE, signatureAlgorithm SEQUENCE { algorithm OID, … }, … }`.
fn signature_algorithm(certificate: &[u8]) -> Option<&[u8]> {
    let (certificate, _) = der_element(certificate, 0x30)?;
    let (_, rest) = der_element(certificate, 0x30)?;
    let (algorithm, _) = der_element(rest, 0x30)?;
    der_element(algorithm, 0x06).map(|(oid, _)| oid)
}

/// The content of the first element, if it has this tag, and what comes after it.
fn der_element(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&[found, first], rest) = bytes.split_first_chunk()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81..=0x84 => {
            let (digits, rest) = rest.split_at_checked(usize::from(first - 0x80))?;
            (digits.iter().fold(0, |sum, digit| sum << 8 | usize::from(*digit)), rest)
        }
        _ => return None,
    };
    rest.split_at_checked(length).filter(|_| found == tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A certificate of nothing but the algorithm of its signature.
    fn signed_by(oid: &[u8]) -> Vec<u8> {
        let mut certificate = vec![0x30, 0x81, u8::try_from(oid.len()).unwrap() + 6, 0x30, 0, 0x30];
        certificate.extend([u8::try_from(oid.len()).unwrap() + 2, 0x06, u8::try_from(oid.len()).unwrap()]);
        certificate.extend(oid);
        certificate
    }

    #[test]
    fn a_certificate_is_hashed_as_its_signature_says() {
        let rsa = |n| signed_by(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, n]);
        let ecdsa = |n| signed_by(&[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, n]);
        for (certificate, bytes) in
            [(rsa(5), 32), (rsa(11), 32), (rsa(12), 48), (rsa(13), 64), (ecdsa(2), 32)]
        {
            assert_eq!(end_point(&certificate).unwrap().len(), bytes);
        }
        assert_eq!(end_point(&ecdsa(2)).unwrap(), Sha256::digest(ecdsa(2)).to_vec());
        // Ed25519 names no hash.
        assert_eq!(end_point(&signed_by(&[0x2b, 0x65, 0x70])), None);
    }

    #[test]
    fn bytes_that_are_no_certificate_bind_nothing() {
        let whole = signed_by(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11]);
        for length in 0..whole.len() {
            assert_eq!(end_point(&whole[..length]), None);
        }
        assert_eq!(end_point(&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff, 0x30]), None);
    }
}
