//! Values to text.

use super::heap::{Heap, Held, Kind, Name, Own, Thrown};

/// Deeper than this the engine writes it: it notices circles, and watches its stack.
const DEEPEST: u32 = 64;

/// Longer than this the engine writes it: it counts what that takes of its heap.
const LONGEST: usize = 4 << 20;

/// Names that are remembered while a value is written.
const NAMES: usize = 64;

/// Why there is no text.
#[derive(Debug)]
pub(super) enum Unwritten {
    Thrown,
    /// To write it runs code, or it is something that is not written here. No code has run so far.
    Elsewhere,
}

impl From<Thrown> for Unwritten {
    fn from(Thrown: Thrown) -> Self {
        Self::Thrown
    }
}

type Written<T> = Result<T, Unwritten>;

/// Whether a value has become text, or is one of those that JSON leaves out.
#[derive(Debug, PartialEq, Eq)]
enum Is {
    Said,
    Unsaid,
}

/// The text of a value, in UTF-8.
pub(super) fn document<'a, 'js>(heap: Heap<'a, 'js>, value: &Held<'a, 'js>) -> Written<Vec<u8>> {
    let to_json = heap.name("toJSON")?;
    let names = [None; NAMES];
    let mut writer =
        Writer { text: Vec::with_capacity(256), depth: 0, names, quoted: Vec::new(), to_json, silent: Vec::new() };
    match writer.value(value)? {
        Is::Said => Ok(writer.text),
        Is::Unsaid => Err(Unwritten::Elsewhere),
    }
}

struct Writer<'a, 'js> {
    text: Vec<u8>,
    depth: u32,
    /// By their numbers, and where they stand in `quoted`. Nothing that is written goes meanwhile, so that no number
    /// becomes that of another name.
    names: [Option<(u32, u32, u32)>; NAMES],
    /// Names, in quotes and with a colon.
    quoted: Vec<u8>,
    to_json: Name<'a, 'js>,
    /// Prototypes that are known to have no `toJSON`, nor those behind them.
    silent: Vec<Held<'a, 'js>>,
}

impl<'a, 'js> Writer<'a, 'js> {
    fn value(&mut self, value: &Held<'a, 'js>) -> Written<Is> {
        if self.text.len() > LONGEST {
            return Err(Unwritten::Elsewhere);
        }
        match value.kind() {
            Kind::Null => self.text.extend_from_slice(b"null"),
            Kind::Bool(true) => self.text.extend_from_slice(b"true"),
            Kind::Bool(false) => self.text.extend_from_slice(b"false"),
            Kind::Int(number) => self.int(number.into()),
            Kind::Float(number) => self.float(number, value)?,
            Kind::Text => value.with_text(|text| quote(&mut self.text, text))?,
            Kind::Array => self.nested(value, Self::list)?,
            Kind::Object => self.nested(value, Self::object)?,
            Kind::Unsaid => return Ok(Is::Unsaid),
            Kind::Other => return Err(Unwritten::Elsewhere),
        }
        Ok(Is::Said)
    }

    fn nested(
        &mut self,
        value: &Held<'a, 'js>,
        write: impl FnOnce(&mut Self, &Held<'a, 'js>) -> Written<()>,
    ) -> Written<()> {
        if self.depth == DEEPEST || self.has_to_json(value)? {
            return Err(Unwritten::Elsewhere);
        }
        self.depth += 1;
        write(self, value)?;
        self.depth -= 1;
        Ok(())
    }

    /// Whether it may say itself what it is written like.
    fn has_to_json(&mut self, value: &Held<'a, 'js>) -> Written<bool> {
        if value.has(&self.to_json)? {
            return Ok(true);
        }
        let mut prototype = value.prototype()?;
        let mut passed = Vec::new();
        while !self.silent.iter().any(|silent| silent.is(&prototype)) {
            match prototype.kind() {
                Kind::Null => break,
                Kind::Array | Kind::Object if !prototype.has(&self.to_json)? => {}
                _ => return Ok(true),
            }
            let next = prototype.prototype()?;
            passed.push(std::mem::replace(&mut prototype, next));
        }
        self.silent.append(&mut passed);
        Ok(false)
    }

    fn list(&mut self, list: &Held<'a, 'js>) -> Written<()> {
        self.text.push(b'[');
        for place in 0..list.length()? {
            if place > 0 {
                self.text.push(b',');
            }
            // What is missing may stand in the prototype.
            let Own::Value(value) = list.at(place)? else { return Err(Unwritten::Elsewhere) };
            if self.value(&value)? == Is::Unsaid {
                self.text.extend_from_slice(b"null");
            }
        }
        self.text.push(b']');
        Ok(())
    }

    fn object(&mut self, object: &Held<'a, 'js>) -> Written<()> {
        self.text.push(b'{');
        let mut is_first = true;
        for name in object.names()?.iter() {
            let Own::Value(value) = name.of(object)? else { return Err(Unwritten::Elsewhere) };
            let before = self.text.len();
            if !is_first {
                self.text.push(b',');
            }
            let place = name.number() as usize % NAMES;
            match self.names[place] {
                Some((number, from, to)) if number == name.number() => {
                    self.text.extend_from_slice(&self.quoted[from as usize..to as usize]);
                }
                _ => {
                    let from = self.quoted.len();
                    name.with_text(|text| quote(&mut self.quoted, text))?;
                    self.quoted.push(b':');
                    self.text.extend_from_slice(&self.quoted[from..]);
                    if let (Ok(from), Ok(to)) = (u32::try_from(from), u32::try_from(self.quoted.len())) {
                        self.names[place] = Some((name.number(), from, to));
                    }
                }
            }
            match self.value(&value)? {
                Is::Said => is_first = false,
                Is::Unsaid => self.text.truncate(before),
            }
        }
        self.text.push(b'}');
        Ok(())
    }

    fn int(&mut self, number: i64) {
        self.text.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "looked at before and after")]
    fn float(&mut self, number: f64, value: &Held<'a, 'js>) -> Written<()> {
        const WHOLE: f64 = (1_u64 << 53) as f64;
        let size = number.abs();
        if !number.is_finite() {
            self.text.extend_from_slice(b"null");
        } else if size < WHOLE && (number as i64) as f64 == number {
            self.int(number as i64);
        } else if (1e-4..1e15).contains(&size) {
            // Within these both write the shortest digits that tell the number, with a point.
            self.text.extend_from_slice(zmij::Buffer::new().format_finite(number).as_bytes());
        } else {
            value.with_text(|text| self.text.extend_from_slice(text))?;
        }
        Ok(())
    }
}

/// Writes a string, in quotes.
fn quote(into: &mut Vec<u8>, text: &[u8]) {
    into.reserve(text.len() + 2);
    into.push(b'"');
    let mut rest = text;
    while let Some(at) = rest.iter().position(|byte| ESCAPED[usize::from(*byte)]) {
        into.extend_from_slice(&rest[..at]);
        let mut length = 1;
        match rest[at] {
            b'"' => into.extend_from_slice(b"\\\""),
            b'\\' => into.extend_from_slice(b"\\\\"),
            0x8 => into.extend_from_slice(b"\\b"),
            0xC => into.extend_from_slice(b"\\f"),
            b'\n' => into.extend_from_slice(b"\\n"),
            b'\r' => into.extend_from_slice(b"\\r"),
            b'\t' => into.extend_from_slice(b"\\t"),
            0xED => match rest.get(at + 1..at + 3) {
                // Half of a pair of surrogates, which no text in UTF-8 can have.
                Some(&[second @ 0xA0..=0xBF, third]) => {
                    unicode(into, 0xD000 | u16::from(second & 0x3F) << 6 | u16::from(third & 0x3F));
                    length = 3;
                }
                _ => into.push(0xED),
            },
            control => unicode(into, control.into()),
        }
        rest = &rest[at + length..];
    }
    into.extend_from_slice(rest);
    into.push(b'"');
}

fn unicode(into: &mut Vec<u8>, unit: u16) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |shift: u16| DIGITS[usize::from(unit >> shift & 0xF)];
    into.extend_from_slice(&[b'\\', b'u', digit(12), digit(8), digit(4), digit(0)]);
}

/// Bytes that do not stand in a string as they are, or have to be looked at.
const ESCAPED: [bool; 256] = {
    let mut escaped = [false; 256];
    let mut byte = 0;
    while byte < 0x20 {
        escaped[byte] = true;
        byte += 1;
    }
    escaped[b'"' as usize] = true;
    escaped[b'\\' as usize] = true;
    escaped[0xED] = true;
    escaped
};
