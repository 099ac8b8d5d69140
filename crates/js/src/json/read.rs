//! Text to values.

use super::heap::{Heap, Held, Name, Thrown, Waiting};

/// Deeper than this the engine reads it: it watches its stack.
const DEEPEST: u32 = 128;

/// Longer than this the engine reads it: it counts all that this takes of its heap.
const LONGEST: usize = 1 << 20;

/// Names and short strings that are remembered while a document is read: those of lists of objects come again and
/// again.
const KNOWN: usize = 64;

/// Longer strings are not remembered.
const SHORT: usize = 16;

/// Why there is no value.
#[derive(Debug)]
pub(super) enum Unread {
    Thrown,
    /// It is no JSON, or none that is read here.
    Elsewhere,
}

impl From<Thrown> for Unread {
    fn from(Thrown: Thrown) -> Self {
        Self::Thrown
    }
}

type Read<T> = Result<T, Unread>;

/// The value of a document.
pub(super) fn document<'a, 'js>(heap: Heap<'a, 'js>, text: &str) -> Read<Held<'a, 'js>> {
    if text.len() > LONGEST {
        return Err(Unread::Elsewhere);
    }
    let (names, texts) = ([const { None }; KNOWN], [const { None }; KNOWN]);
    let mut reader = Reader { heap, text, at: 0, depth: 0, waiting: Waiting::new(heap), names, texts };
    let value = reader.value()?;
    reader.space();
    if reader.at == text.len() { Ok(value) } else { Err(Unread::Elsewhere) }
}

struct Reader<'t, 'a, 'js> {
    heap: Heap<'a, 'js>,
    text: &'t str,
    at: usize,
    depth: u32,
    waiting: Waiting<'a, 'js>,
    names: [Option<(&'t str, Name<'a, 'js>)>; KNOWN],
    texts: [Option<(&'t str, Held<'a, 'js>)>; KNOWN],
}

impl<'t, 'a, 'js> Reader<'t, 'a, 'js> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// The next byte that is no white space, which stays where it is.
    fn space(&mut self) -> Option<u8> {
        loop {
            match self.peek() {
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.at += 1,
                other => return other,
            }
        }
    }

    fn expect(&mut self, byte: u8) -> Read<()> {
        if self.space() != Some(byte) {
            return Err(Unread::Elsewhere);
        }
        self.at += 1;
        Ok(())
    }

    fn word(&mut self, word: &str, value: Held<'a, 'js>) -> Read<Held<'a, 'js>> {
        if !self.text.as_bytes()[self.at..].starts_with(word.as_bytes()) {
            return Err(Unread::Elsewhere);
        }
        self.at += word.len();
        Ok(value)
    }

    fn value(&mut self) -> Read<Held<'a, 'js>> {
        match self.space() {
            Some(b'"') => self.text(),
            Some(b'{') => self.nested(Self::object),
            Some(b'[') => self.nested(Self::list),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", self.heap.bool(true)),
            Some(b'f') => self.word("false", self.heap.bool(false)),
            Some(b'n') => self.word("null", self.heap.null()),
            _ => Err(Unread::Elsewhere),
        }
    }

    fn nested(&mut self, read: impl FnOnce(&mut Self) -> Read<Held<'a, 'js>>) -> Read<Held<'a, 'js>> {
        if self.depth == DEEPEST {
            return Err(Unread::Elsewhere);
        }
        self.at += 1;
        self.depth += 1;
        let value = read(self);
        self.depth -= 1;
        value
    }

    fn list(&mut self) -> Read<Held<'a, 'js>> {
        let from = self.waiting.len();
        if self.space() == Some(b']') {
            self.at += 1;
            return Ok(self.waiting.list(from)?);
        }
        loop {
            let value = self.value()?;
            self.waiting.push(value);
            match self.space() {
                Some(b',') => self.at += 1,
                Some(b']') => break,
                _ => return Err(Unread::Elsewhere),
            }
        }
        self.at += 1;
        Ok(self.waiting.list(from)?)
    }

    fn object(&mut self) -> Read<Held<'a, 'js>> {
        let object = self.heap.object()?;
        if self.space() == Some(b'}') {
            self.at += 1;
            return Ok(object);
        }
        loop {
            self.property(&object)?;
            match self.space() {
                Some(b',') => self.at += 1,
                Some(b'}') => break,
                _ => return Err(Unread::Elsewhere),
            }
        }
        self.at += 1;
        Ok(object)
    }

    fn property(&mut self, object: &Held<'a, 'js>) -> Read<()> {
        if self.space() != Some(b'"') {
            return Err(Unread::Elsewhere);
        }
        let Some(text) = self.plain() else {
            let text = self.escaped()?;
            let name = self.heap.name(&text)?;
            self.expect(b':')?;
            let value = self.value()?;
            return Ok(object.define(&name, value)?);
        };
        self.expect(b':')?;
        let value = self.value()?;
        let place = place(text);
        match &self.names[place] {
            Some((known, name)) if *known == text => object.define(name, value)?,
            _ => {
                let name = self.heap.name(text)?;
                object.define(&name, value)?;
                self.names[place] = Some((text, name));
            }
        }
        Ok(())
    }

    fn text(&mut self) -> Read<Held<'a, 'js>> {
        let Some(text) = self.plain() else {
            let text = self.escaped()?;
            return Ok(self.heap.text(&text)?);
        };
        if text.len() > SHORT {
            return Ok(self.heap.text(text)?);
        }
        let known = &mut self.texts[place(text)];
        match known {
            Some((known, value)) if *known == text => Ok(value.share()),
            _ => {
                let value = self.heap.text(text)?;
                *known = Some((text, value.share()));
                Ok(value)
            }
        }
    }

    /// A string that says what it is. `None`, and nothing read, where it has to be looked at more closely.
    fn plain(&mut self) -> Option<&'t str> {
        let from = self.at + 1;
        let bytes = self.text.as_bytes().get(from..)?;
        let length = bytes.iter().position(|byte| ENDS_PLAIN[usize::from(*byte)])?;
        if bytes[length] != b'"' {
            return None;
        }
        self.at = from + length + 1;
        self.text.get(from..from + length)
    }

    fn escaped(&mut self) -> Read<String> {
        self.at += 1;
        let mut text = String::new();
        loop {
            let rest = &self.text[self.at..];
            let length = rest.bytes().position(|byte| ENDS_PLAIN[usize::from(byte)]).ok_or(Unread::Elsewhere)?;
            text.push_str(&rest[..length]);
            self.at += length + 1;
            match rest.as_bytes()[length] {
                b'"' => return Ok(text),
                b'\\' => text.push(self.escape()?),
                _ => return Err(Unread::Elsewhere),
            }
        }
    }

    /// What stands behind a backslash.
    fn escape(&mut self) -> Read<char> {
        let byte = self.peek().ok_or(Unread::Elsewhere)?;
        self.at += 1;
        Ok(match byte {
            b'"' | b'\\' | b'/' => char::from(byte),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.unicode(),
            _ => return Err(Unread::Elsewhere),
        })
    }

    fn unicode(&mut self) -> Read<char> {
        let high = self.hexadecimal()?;
        if let Some(character) = char::from_u32(high) {
            return Ok(character);
        }
        // Half of a pair: Rust's strings have no place for one that stands alone.
        if !self.text.as_bytes()[self.at..].starts_with(b"\\u") {
            return Err(Unread::Elsewhere);
        }
        self.at += 2;
        let low = self.hexadecimal()?;
        match (high, low) {
            (0xD800..=0xDBFF, 0xDC00..=0xDFFF) => {
                char::from_u32(0x1_0000 + ((high - 0xD800) << 10) + (low - 0xDC00)).ok_or(Unread::Elsewhere)
            }
            _ => Err(Unread::Elsewhere),
        }
    }

    fn hexadecimal(&mut self) -> Read<u32> {
        let digits = self.text.as_bytes().get(self.at..self.at + 4).ok_or(Unread::Elsewhere)?;
        let mut number = 0;
        for digit in digits {
            number = number << 4 | char::from(*digit).to_digit(16).ok_or(Unread::Elsewhere)?;
        }
        self.at += 4;
        Ok(number)
    }

    fn number(&mut self) -> Read<Held<'a, 'js>> {
        let bytes = &self.text.as_bytes()[self.at..];
        let digits = |from: usize| bytes[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let sign = usize::from(bytes[0] == b'-');
        let whole = digits(sign);
        if whole == 0 || (whole > 1 && bytes[sign] == b'0') {
            return Err(Unread::Elsewhere);
        }
        let mut end = sign + whole;
        let mut is_whole = true;
        if bytes.get(end) == Some(&b'.') {
            let fraction = digits(end + 1);
            if fraction == 0 {
                return Err(Unread::Elsewhere);
            }
            end += 1 + fraction;
            is_whole = false;
        }
        if let Some(b'e' | b'E') = bytes.get(end) {
            let signed = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
            let exponent = digits(end + 1 + signed);
            if exponent == 0 {
                return Err(Unread::Elsewhere);
            }
            end += 1 + signed + exponent;
            is_whole = false;
        }
        let text = &self.text[self.at..self.at + end];
        self.at += end;
        if is_whole && sign == 0 && whole < 10 {
            let number = text.bytes().fold(0, |number, digit| number * 10 + i32::from(digit - b'0'));
            return Ok(self.heap.int(number));
        }
        text.parse().map(|number| self.heap.number(number)).map_err(|_| Unread::Elsewhere)
    }
}

/// Where a text is remembered.
fn place(text: &str) -> usize {
    let bytes = text.as_bytes();
    let end = |byte: Option<&u8>| byte.copied().map_or(0, usize::from);
    (bytes.len() + 5 * end(bytes.first()) + 3 * end(bytes.last())) % KNOWN
}

/// Bytes at which a string is over, or not what it looks like.
const ENDS_PLAIN: [bool; 256] = {
    let mut ends = [false; 256];
    let mut byte = 0;
    while byte < 0x20 {
        ends[byte] = true;
        byte += 1;
    }
    ends[b'"' as usize] = true;
    ends[b'\\' as usize] = true;
    ends
};
