//! The PROXY protocol, versions 1 and 2: a load balancer says, in front of everything else on a
//! connection, who the client is.
//!
//! Exactly the header is read and not a byte more, so that whatever reads next (TLS or HTTP)
//! finds its own first byte. A listener either demands the header or does not know of it: one that
//! took both would let every client write its own.

use std::io;
use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;
use proxy_header::{ParseConfig, Protocol, ProxyHeader};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

/// How version 2 begins.
const SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";
/// How version 1 begins.
const WORD: &[u8] = b"PROXY ";
/// The longest header of version 1, its line end included.
const LONGEST_LINE: usize = 107;
/// The longest payload of version 2 that is read: addresses take at most 216 bytes, and what load
/// balancers add (a certificate's name, an endpoint's id) is far below this.
const LONGEST_PAYLOAD: usize = 4096;

/// Why a connection's header is refused.
#[derive(Debug, thiserror::Error)]
pub enum HeaderError {
    /// The client went away without a byte, as a load balancer's health check may.
    #[error("nothing was sent")]
    Nothing,
    /// The peer is none that may say who the client is.
    #[error("the peer is not among `server.trustedProxies`")]
    Untrusted,
    /// The connection broke.
    #[error("the connection ended within the PROXY protocol header: {0}")]
    Broken(#[source] io::Error),
    /// What came is something else.
    #[error("the connection did not begin with a PROXY protocol header")]
    Missing,
    /// The header breaks the protocol's rules.
    #[error("the PROXY protocol header is malformed")]
    Malformed,
    /// The header is longer than any that is read.
    #[error("the PROXY protocol header is too long")]
    TooLong,
}

/// Both ends of a connection as the client sees them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Announced {
    /// The client.
    pub client: SocketAddr,
    /// The address that it reached.
    pub reached: SocketAddr,
}

/// Whether a peer may say who the client is.
pub(crate) fn may_announce(peer: IpAddr, trusted: &[IpNet]) -> bool {
    let peer = peer.to_canonical();
    trusted.iter().any(|net| net.contains(&peer))
}

/// Reads the header. `None` where it speaks of the load balancer's own connection (`LOCAL`, as
/// health checks use it) or of no IP address (`UNKNOWN`, unix sockets): then the peer is the
/// client.
///
/// # Errors
/// Where there is no well-formed header; the connection is of no more use then.
pub async fn read(stream: &mut TcpStream) -> Result<Option<Announced>, HeaderError> {
    let mut header = [0; SIGNATURE.len()];
    let mut filled = 0;
    while filled < header.len() {
        match stream.read(&mut header[filled..]).await {
            Ok(0) if filled == 0 => return Err(HeaderError::Nothing),
            Ok(0) => return Err(HeaderError::Broken(io::ErrorKind::UnexpectedEof.into())),
            Ok(n) => filled += n,
            Err(error) => return Err(HeaderError::Broken(error)),
        }
        // Whoever waits for an answer to something else is not left waiting for more of it.
        let (begun, two, one) = (&header[..filled], SIGNATURE.as_slice(), WORD);
        if !two.starts_with(begun) && !begun.starts_with(one) && !one.starts_with(begun) {
            return Err(HeaderError::Missing);
        }
    }
    let mut header = header.to_vec();
    if header == SIGNATURE {
        read_binary(stream, &mut header).await?
    } else {
        read_line(stream, &mut header).await?
    }
    parse(&header)
}

/// The rest of version 2: four bytes that end with the length, and as many as that says.
async fn read_binary(stream: &mut TcpStream, header: &mut Vec<u8>) -> Result<(), HeaderError> {
    let mut fixed = [0; 4];
    stream.read_exact(&mut fixed).await.map_err(HeaderError::Broken)?;
    header.extend_from_slice(&fixed);
    let length = usize::from(u16::from_be_bytes([fixed[2], fixed[3]]));
    if length > LONGEST_PAYLOAD {
        return Err(HeaderError::TooLong);
    }
    let start = header.len();
    header.resize(start + length, 0);
    stream.read_exact(&mut header[start..]).await.map_err(HeaderError::Broken)?;
    Ok(())
}

/// The rest of version 1: up to the line feed. Bytes are looked at before they are taken.
async fn read_line(stream: &mut TcpStream, header: &mut Vec<u8>) -> Result<(), HeaderError> {
    let mut chunk = [0; LONGEST_LINE];
    while !header.ends_with(b"\n") {
        let room = LONGEST_LINE.saturating_sub(header.len());
        if room == 0 {
            return Err(HeaderError::TooLong);
        }
        let seen = stream.peek(&mut chunk[..room]).await.map_err(HeaderError::Broken)?;
        if seen == 0 {
            return Err(HeaderError::Broken(io::ErrorKind::UnexpectedEof.into()));
        }
        let end = chunk[..seen].iter().position(|&byte| byte == b'\n').map_or(seen, |at| at + 1);
        stream.read_exact(&mut chunk[..end]).await.map_err(HeaderError::Broken)?;
        header.extend_from_slice(&chunk[..end]);
    }
    Ok(())
}

/// Reads a whole header, and nothing behind it; `None` where it announces nobody.
///
/// # Errors
/// Where it breaks a rule.
pub fn parse(header: &[u8]) -> Result<Option<Announced>, HeaderError> {
    let known = header.starts_with(SIGNATURE) || (header.starts_with(WORD) && is_strict_line(header));
    if !known {
        return Err(HeaderError::Malformed);
    }
    // `LOCAL` is to be accepted whatever it says of addresses.
    if header.starts_with(SIGNATURE) && header.get(SIGNATURE.len()) == Some(&0x20) {
        return Ok(None);
    }
    let (parsed, length) = ProxyHeader::parse(header, ParseConfig::default()).map_err(|_| HeaderError::Malformed)?;
    if length != header.len() {
        return Err(HeaderError::Malformed);
    }
    match parsed.proxied_address() {
        None => Ok(None),
        Some(addresses) if addresses.protocol == Protocol::Stream => {
            Ok(Some(Announced { client: addresses.source, reached: addresses.destination }))
        }
        Some(_) => Err(HeaderError::Malformed),
    }
}

/// What the parser does not insist on: one space between words, numbers without sign or leading
/// zero, `UNKNOWN` as a whole word, one line.
fn is_strict_line(header: &[u8]) -> bool {
    let Some(line) = header.strip_suffix(b"\r\n") else { return false };
    if line.iter().any(|byte| byte.is_ascii_control() || !byte.is_ascii()) {
        return false;
    }
    let words: Vec<&[u8]> = line.split(|&byte| byte == b' ').collect();
    if words.get(1) == Some(&b"UNKNOWN".as_slice()) {
        return true;
    }
    let port = |word: &[u8]| word.iter().all(u8::is_ascii_digit) && (word == b"0" || !word.starts_with(b"0"));
    words.len() == 6 && port(words[4]) && port(words[5])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// `Some("client reached")`, `Some("")` for the peer itself, or `None` for a refusal.
    #[track_caller]
    fn check(header: &[u8], expected: Option<&str>) {
        let said = parse(header).ok();
        let said = said.map(|said| said.map_or(String::new(), |it| format!("{} {}", it.client, it.reached)));
        assert_eq!(said.as_deref(), expected, "{:?}", String::from_utf8_lossy(header));
    }

    fn binary(command: u8, family: u8, payload: &[u8]) -> Vec<u8> {
        let mut header = SIGNATURE.to_vec();
        header.extend([command, family]);
        header.extend(u16::try_from(payload.len()).unwrap().to_be_bytes());
        header.extend(payload);
        header
    }

    const V4: [u8; 12] = [192, 0, 2, 7, 10, 0, 0, 1, 0x30, 0x39, 0x01, 0xbb];

    #[test]
    fn version_1_is_one_strict_line() {
        check(b"PROXY TCP4 192.0.2.7 10.0.0.1 12345 443\r\n", Some("192.0.2.7:12345 10.0.0.1:443"));
        check(b"PROXY TCP6 2001:db8::7 ::1 12345 443\r\n", Some("[2001:db8::7]:12345 [::1]:443"));
        check(b"PROXY UNKNOWN\r\n", Some(""));
        check(b"PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n", Some(""));
        for bad in [
            "PROXY TCP4 192.0.2.7 10.0.0.1 12345 443\n",
            "PROXY TCP4 192.0.2.7 10.0.0.1 12345\r\n",
            "PROXY TCP4 192.0.2.7 10.0.0.1 12345 443 \r\n",
            "PROXY TCP4  192.0.2.7 10.0.0.1 12345 443\r\n",
            "PROXY TCP4 192.0.2.7 10.0.0.1 +12345 443\r\n",
            "PROXY TCP4 192.0.2.7 10.0.0.1 012345 443\r\n",
            "PROXY TCP4 192.0.2.7 10.0.0.1 65536 443\r\n",
            "PROXY TCP4 192.0.2.7 10.0.0.1 -1 443\r\n",
            "PROXY TCP4 192.0.2 10.0.0.1 12345 443\r\n",
            "PROXY TCP4 0300.0.2.7 10.0.0.1 12345 443\r\n",
            "PROXY TCP4 ::1 ::1 12345 443\r\n",
            "PROXY TCP6 192.0.2.7 10.0.0.1 12345 443\r\n",
            "PROXY TCP6 [::1] [::1] 12345 443\r\n",
            "PROXY TCP5 192.0.2.7 10.0.0.1 12345 443\r\n",
            "PROXY UNKNOWNX\r\n",
            "PROXY tcp4 192.0.2.7 10.0.0.1 12345 443\r\n",
            "PROXY TCP4 192.0.2.7 10.0.0.1 12345 443\r\r\n",
            "PROXY\tTCP4 192.0.2.7 10.0.0.1 12345 443\r\n",
            "proxy TCP4 192.0.2.7 10.0.0.1 12345 443\r\n",
            "PROXY TCP4 192.0.2.7 10.0.0.1 12345 443\r\nGET",
        ] {
            check(bad.as_bytes(), None);
        }
    }

    #[test]
    fn version_2_tells_of_streams_between_ip_addresses_or_of_the_peer_itself() {
        check(&binary(0x21, 0x11, &V4), Some("192.0.2.7:12345 10.0.0.1:443"));
        let mut with_tlvs = V4.to_vec();
        with_tlvs.extend([0x04, 0, 2, 0, 0, 0xff, 0xff, 0xff, 0xff]);
        check(&binary(0x21, 0x11, &with_tlvs), Some("192.0.2.7:12345 10.0.0.1:443"));
        let mut v6 = [0; 36];
        (v6[15], v6[31], v6[33], v6[35]) = (7, 1, 5, 6);
        check(&binary(0x21, 0x21, &v6), Some("[::7]:5 [::1]:6"));
        // Health checks of the load balancer itself, with or without addresses.
        check(&binary(0x20, 0x00, &[]), Some(""));
        check(&binary(0x20, 0x11, &V4), Some(""));
        check(&binary(0x20, 0x77, &[1, 2, 3]), Some(""));
        // Unspecified and unix sockets: no address.
        check(&binary(0x21, 0x00, &[]), Some(""));
        check(&binary(0x21, 0x00, &[9, 9]), Some(""));
        check(&binary(0x21, 0x31, &[0; 216]), Some(""));
        for bad in [
            binary(0x22, 0x11, &V4),
            binary(0x11, 0x11, &V4),
            binary(0x21, 0x12, &V4),
            binary(0x21, 0x13, &V4),
            binary(0x21, 0x41, &V4),
            binary(0x21, 0x11, &V4[..11]),
            binary(0x21, 0x21, &V4),
            binary(0x21, 0x31, &V4),
            binary(0x21, 0x11, &V4)[..20].to_vec(),
            SIGNATURE.to_vec(),
        ] {
            check(&bad, None);
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(tail in proptest::collection::vec(any::<u8>(), 0..300), start in 0..3_usize) {
            let mut header = [SIGNATURE.as_slice(), WORD, b""][start].to_vec();
            header.extend(tail);
            let _ = parse(&header);
        }

        /// Whatever client is announced, it is the one that is believed.
        #[test]
        fn what_is_written_is_what_is_read(client: SocketAddr, reached: SocketAddr) {
            prop_assume!(client.is_ipv4() == reached.is_ipv4());
            let (client, reached) = (SocketAddr::new(client.ip(), client.port()), SocketAddr::new(reached.ip(), reached.port()));
            let kind = if client.is_ipv4() { "TCP4" } else { "TCP6" };
            let line = format!("PROXY {kind} {} {} {} {}\r\n", client.ip(), reached.ip(), client.port(), reached.port());
            prop_assert_eq!(parse(line.as_bytes()).unwrap(), Some(Announced { client, reached }));
        }
    }
}
