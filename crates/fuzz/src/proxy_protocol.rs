//! The header by which a load balancer says who the client is.

use tollgate_proxy::proxy_protocol::{Announced, parse};

/// The bytes are a header, as far as they were read for one.
pub fn run(bytes: &[u8]) {
    let Ok(announced) = parse(bytes) else { return };
    if bytes.starts_with(b"PROXY ") {
        let line = bytes.strip_suffix(b"\r\n").unwrap_or_else(|| panic!("{bytes:?} has no end"));
        assert!(line.iter().all(|byte| (b' '..=b'~').contains(byte)), "{bytes:?} is more than one line of text");
    } else if announced.is_some() {
        // Version 2 says how long it is, and nothing of what follows is taken for it.
        let length = bytes.get(14..16).map(|length| usize::from(u16::from_be_bytes([length[0], length[1]])));
        assert_eq!(length.map(|length| length + 16), Some(bytes.len()), "{bytes:?}");
    }
    let Some(Announced { client, reached }) = announced else { return };
    assert_eq!(client.is_ipv4(), reached.is_ipv4(), "{bytes:?} mixes the families");
    let kind = if client.is_ipv4() { "TCP4" } else { "TCP6" };
    let line = format!("PROXY {kind} {} {} {} {}\r\n", client.ip(), reached.ip(), client.port(), reached.port());
    assert_eq!(parse(line.as_bytes()).ok().flatten(), announced, "{bytes:?} says what {line:?} does not");
}
