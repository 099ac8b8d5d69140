//! The strictest reader of HTTP/1.1 that RFC 9112 allows.
//!
//! What the gateway writes, to either side, must be in the one form that every reader reads in
//! the same way. So this reader forgives nothing: where it finds a message, everybody finds the
//! same one.

/// A message as it stands on the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Message {
    /// The first line.
    pub(crate) line: String,
    /// Names in lower case, in their order.
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) trailers: Vec<(String, String)>,
}

impl Message {
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The status of an answer.
    pub(crate) fn status(&self) -> u16 {
        self.line.split(' ').nth(1).and_then(|text| text.parse().ok()).unwrap_or(0)
    }
}

/// What stands at the beginning of some bytes.
pub(crate) enum Read {
    /// A message, and how many bytes it has.
    Whole(Message, usize),
    /// The beginning of one.
    Partial,
    /// Something that readers may read differently.
    Bad(String),
}

type Step<T> = Result<T, Stop>;

enum Stop {
    Partial,
    Bad(String),
}

fn bad<T>(why: impl Into<String>) -> Step<T> {
    Err(Stop::Bad(why.into()))
}

/// Reads a request as an origin would.
pub(crate) fn request(bytes: &[u8]) -> Read {
    finish(Reader { bytes, at: 0 }.request())
}

/// Reads an answer as a client would that asked with `method`. An answer that has no length ends
/// with its connection, which is said by `closed`.
pub(crate) fn answer(bytes: &[u8], method: &str, closed: bool) -> Read {
    finish(Reader { bytes, at: 0 }.answer(method, closed))
}

fn finish(result: Step<(Message, usize)>) -> Read {
    match result {
        Ok((message, length)) => Read::Whole(message, length),
        Err(Stop::Partial) => Read::Partial,
        Err(Stop::Bad(why)) => Read::Bad(why),
    }
}

struct Reader<'b> {
    bytes: &'b [u8],
    at: usize,
}

enum Framing {
    Length(usize),
    Chunked,
    Nothing,
}

impl Reader<'_> {
    fn request(mut self) -> Step<(Message, usize)> {
        let line = self.line()?;
        let parts: Vec<_> = line.split(' ').collect();
        let [method, target, "HTTP/1.1"] = parts[..] else { return bad(format!("request line {line:?}")) };
        if method.is_empty() || !method.bytes().all(is_token) {
            return bad(format!("method {method:?}"));
        }
        if !target.starts_with('/') || !target.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#') {
            return bad(format!("target {target:?}"));
        }
        let fields = self.fields()?;
        if fields.iter().filter(|(name, _)| name == "host").count() != 1 {
            return bad("not exactly one Host");
        }
        let (body, trailers) = match framing(&fields)? {
            Framing::Length(length) => (self.exactly(length)?, Vec::new()),
            Framing::Chunked => self.chunks()?,
            Framing::Nothing => (Vec::new(), Vec::new()),
        };
        Ok((Message { line, fields, body, trailers }, self.at))
    }

    fn answer(mut self, method: &str, closed: bool) -> Step<(Message, usize)> {
        let line = self.line()?;
        let digits = line.strip_prefix("HTTP/1.1 ").or_else(|| line.strip_prefix("HTTP/1.0 ")).unwrap_or_default();
        let Some(status) = digits.get(..3).and_then(|text| text.parse::<u16>().ok()) else {
            return bad(format!("status line {line:?}"));
        };
        let fields = self.fields()?;
        let framing = framing(&fields)?;
        let bodyless = method == "HEAD" || status < 200 || matches!(status, 204 | 304);
        let (body, trailers) = match framing {
            _ if bodyless => (Vec::new(), Vec::new()),
            Framing::Length(length) => (self.exactly(length)?, Vec::new()),
            Framing::Chunked => self.chunks()?,
            Framing::Nothing if closed => (self.exactly(self.bytes.len() - self.at)?, Vec::new()),
            Framing::Nothing => return Err(Stop::Partial),
        };
        Ok((Message { line, fields, body, trailers }, self.at))
    }

    /// A line without its CRLF. Neither CR nor LF stands alone anywhere.
    fn line(&mut self) -> Step<String> {
        let rest = &self.bytes[self.at..];
        let Some(end) = rest.iter().position(|byte| matches!(byte, b'\r' | b'\n')) else { return Err(Stop::Partial) };
        match rest.get(end..end + 2) {
            Some(b"\r\n") => {}
            None if rest[end] == b'\r' => return Err(Stop::Partial),
            _ => return bad(format!("a line end that is not CRLF: {:?}", String::from_utf8_lossy(rest))),
        }
        let line = &rest[..end];
        if line.iter().any(|&byte| (byte < b' ' && byte != b'\t') || byte == 0x7f) {
            return bad(format!("a control byte in {:?}", String::from_utf8_lossy(line)));
        }
        self.at += end + 2;
        // Bytes above ASCII may stand in values; one character for each keeps them apart.
        Ok(line.iter().map(|&byte| char::from(byte)).collect())
    }

    fn fields(&mut self) -> Step<Vec<(String, String)>> {
        let mut fields = Vec::new();
        loop {
            let line = self.line()?;
            if line.is_empty() {
                return Ok(fields);
            }
            let Some((name, value)) = line.split_once(':') else { return bad(format!("no colon in {line:?}")) };
            if name.is_empty() || !name.bytes().all(is_token) {
                return bad(format!("field name {name:?}"));
            }
            fields.push((name.to_ascii_lowercase(), value.trim_matches([' ', '\t']).to_owned()));
        }
    }

    fn exactly(&mut self, length: usize) -> Step<Vec<u8>> {
        let Some(taken) = self.bytes.get(self.at..self.at.saturating_add(length)) else { return Err(Stop::Partial) };
        self.at += length;
        Ok(taken.to_vec())
    }

    #[expect(clippy::type_complexity, reason = "the body and its trailers")]
    fn chunks(&mut self) -> Step<(Vec<u8>, Vec<(String, String)>)> {
        let mut body = Vec::new();
        loop {
            let line = self.line()?;
            let short = !line.is_empty() && line.len() <= 16 && line.bytes().all(|byte| byte.is_ascii_hexdigit());
            let Some(size) = short.then(|| usize::from_str_radix(&line, 16).ok()).flatten() else {
                return bad(format!("chunk size {line:?}"));
            };
            if size == 0 {
                return Ok((body, self.fields()?));
            }
            body.extend(self.exactly(size)?);
            match self.exactly(2)?.as_slice() {
                b"\r\n" => {}
                other => return bad(format!("{other:?} after a chunk")),
            }
        }
    }
}

fn framing(fields: &[(String, String)]) -> Step<Framing> {
    let all =
        |wanted: &str| fields.iter().filter(|(name, _)| name == wanted).map(|(_, v)| v.clone()).collect::<Vec<_>>();
    match (all("content-length").as_slice(), all("transfer-encoding").as_slice()) {
        ([], []) => Ok(Framing::Nothing),
        ([length], []) if !length.is_empty() && length.bytes().all(|byte| byte.is_ascii_digit()) => {
            length.parse().map(Framing::Length).or_else(|_| bad("length"))
        }
        ([], [coding]) if coding == "chunked" => Ok(Framing::Chunked),
        (lengths, codings) => bad(format!("lengths {lengths:?} and codings {codings:?}")),
    }
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}
