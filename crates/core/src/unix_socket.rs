//! The URL of an upstream that listens on a Unix socket: `http://unix:/run/app.sock`, or with a
//! path in front of every request's, `http://unix:/run/app.sock:/api`. nginx writes them so.

/// A socket of this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnixSocket<'a> {
    /// The file, absolute.
    pub path: &'a str,
    /// The path in front of every request's: empty, or beginning with a slash.
    pub base: &'a str,
}

/// What is wrong with such a URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// The end of a sentence that begins with the URL.
    pub message: &'static str,
    /// What helps.
    pub help: String,
}

/// The longest path of a socket on Linux, in bytes, without the NUL at its end.
const LONGEST: usize = 107;

/// Reads such a URL; none where the text is another kind of URL. A host called `unix` with a port
/// is one.
pub fn parse(url: &str) -> Option<Result<UnixSocket<'_>, Mistake>> {
    let wrong = |message, help: String| Some(Err(Mistake { message, help }));
    if let Some(rest) = url.strip_prefix("unix:") {
        let path = format!("/{}", rest.trim_start_matches('/'));
        return wrong("lacks the protocol", format!("write http://unix:{path}"));
    }
    let (rest, encrypted) = match url.strip_prefix("http://unix:") {
        Some(rest) => (rest, false),
        None => (url.strip_prefix("https://unix:")?, true),
    };
    if rest.is_empty() || rest.starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    if encrypted {
        return wrong(
            "asks for TLS on a Unix socket, which never leaves the machine",
            format!("write http://unix:{rest}"),
        );
    }
    let (path, base) = match rest.find(':') {
        Some(at) => (&rest[..at], &rest[at + 1..]),
        None => (rest, ""),
    };
    if !path.starts_with('/') {
        return wrong("does not say where the socket is", format!("write its whole path: http://unix:/run/{path}"));
    }
    if path.ends_with('/') {
        return wrong(
            "names a folder, not a socket",
            "write the path of the socket, such as http://unix:/run/app.sock".to_owned(),
        );
    }
    if path.len() > LONGEST {
        return wrong("is longer than the path of a socket can be", format!("use a path of at most {LONGEST} bytes"));
    }
    if path.contains(['?', '#', '\0']) || base.contains(['?', '#', '\0', ' ']) {
        return wrong("has a query or fragment", "an upstream's URL ends with its path".to_owned());
    }
    if !base.is_empty() && !base.starts_with('/') {
        return wrong("has a colon behind which no path stands", format!("write http://unix:{path}:/{base}"));
    }
    Some(Ok(UnixSocket { path, base }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_is_a_path_and_maybe_another() {
        let read =
            |url| parse(url).map(|socket| socket.map(|socket| (socket.path, socket.base)).map_err(|m| m.message));
        assert_eq!(read("http://unix:/run/app.sock"), Some(Ok(("/run/app.sock", ""))));
        assert_eq!(read("http://unix:/run/app.sock:/"), Some(Ok(("/run/app.sock", "/"))));
        assert_eq!(read("http://unix:/run/app.sock:/api/v1"), Some(Ok(("/run/app.sock", "/api/v1"))));
        for other in
            ["http://unix", "http://unix/a", "http://unix:8080/a", "http://unixes:1", "http://127.0.0.1:80", ""]
        {
            assert_eq!(read(other), None, "{other}");
        }
    }

    #[test]
    fn mistakes_say_what_helps() {
        for (url, help) in [
            ("unix:/run/app.sock", "write http://unix:/run/app.sock"),
            ("unix:///run/app.sock", "write http://unix:/run/app.sock"),
            ("https://unix:/run/app.sock", "write http://unix:/run/app.sock"),
            ("http://unix:app.sock", "write its whole path: http://unix:/run/app.sock"),
            ("http://unix:/run/", "write the path of the socket, such as http://unix:/run/app.sock"),
            ("http://unix:/run/a:b", "write http://unix:/run/a:/b"),
            ("http://unix:/run/a?x", "an upstream's URL ends with its path"),
        ] {
            assert_eq!(parse(url).unwrap().unwrap_err().help, help, "{url}");
        }
        assert!(parse(&format!("http://unix:/{}", "a".repeat(200))).unwrap().is_err());
    }
}
