//! The W3C trace context of an exchange, in values that cost no allocation.

use std::fmt;

/// So many lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hex<const DIGITS: usize>([u8; DIGITS]);

/// A trace's id.
pub type TraceId = Hex<32>;
/// A span's id.
pub type SpanId = Hex<16>;

impl<const DIGITS: usize> Hex<DIGITS> {
    /// The digits of a number's lowest bits.
    pub fn of(bits: u128) -> Self {
        let mut digits = [b'0'; DIGITS];
        for (place, digit) in digits.iter_mut().rev().take(32).enumerate() {
            *digit = b"0123456789abcdef"[(bits >> (4 * place)) as usize & 15];
        }
        Self(digits)
    }

    /// Reads exactly so many lower-case digits.
    pub fn parse(text: &str) -> Option<Self> {
        let digits: [u8; DIGITS] = text.as_bytes().try_into().ok()?;
        digits.iter().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f')).then_some(Self(digits))
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        // They are ASCII, whatever made them.
        str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Whether every digit is a zero, which no id of a trace or span is.
    pub fn is_zero(&self) -> bool {
        self.0 == [b'0'; DIGITS]
    }
}

impl<const DIGITS: usize> Default for Hex<DIGITS> {
    /// Zeros.
    fn default() -> Self {
        Self([b'0'; DIGITS])
    }
}

impl<const DIGITS: usize> fmt::Display for Hex<DIGITS> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl<const DIGITS: usize> fmt::Debug for Hex<DIGITS> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The W3C trace context of an exchange.
#[derive(Debug, Clone, Copy, Default)]
pub struct Trace {
    /// The trace it belongs to.
    pub trace_id: TraceId,
    /// The gateway's own span: the parent that the upstream sees.
    pub span_id: SpanId,
    /// The caller's span, where there was one.
    pub parent_id: Option<SpanId>,
    /// The flags byte.
    pub flags: u8,
}

impl Trace {
    /// As `traceparent` of the W3C's recommendation, version 00, says it to the upstream.
    pub fn traceparent(&self) -> [u8; 55] {
        let mut field = *b"00-................................-................-..";
        field[3..35].copy_from_slice(&self.trace_id.0);
        field[36..52].copy_from_slice(&self.span_id.0);
        field[53..55].copy_from_slice(&Hex::<2>::of(self.flags.into()).0);
        field
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_those_of_the_number_with_leading_zeros() {
        assert_eq!(SpanId::of(0x00f1_23ab).as_str(), "0000000000f123ab");
        assert_eq!(TraceId::of(u128::MAX - 1).as_str(), "fffffffffffffffffffffffffffffffe");
        assert!(TraceId::of(0).is_zero() && TraceId::default().is_zero() && !SpanId::of(1).is_zero());
    }

    #[test]
    fn only_the_right_number_of_lower_case_digits_is_read() {
        for (text, good) in [
            ("b7ad6b7169203331", true),
            ("B7AD6B7169203331", false),
            ("b7ad6b716920333", false),
            ("b7ad6b71692033311", false),
            ("b7ad6b716920333g", false),
            ("", false),
        ] {
            assert_eq!(SpanId::parse(text).is_some(), good, "{text}");
        }
    }

    #[test]
    fn a_traceparent_has_its_four_parts() {
        let trace = Trace { trace_id: TraceId::of(0xabc), span_id: SpanId::of(7), parent_id: None, flags: 1 };
        assert_eq!(&trace.traceparent(), b"00-00000000000000000000000000000abc-0000000000000007-01");
    }
}
