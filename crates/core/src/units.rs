//! Quantities as users write them: `500ms`, `10MiB`, `10%`, `100/m`.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// What is wrong with a quantity, and what a right one looks like.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct UnitError(String);

macro_rules! text_unit {
    ($type:ident, $schema:expr) => {
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Visitor;
                impl de::Visitor<'_> for Visitor {
                    type Value = $type;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($type::EXPECTED)
                    }
                    fn visit_str<E: de::Error>(self, text: &str) -> Result<$type, E> {
                        text.parse().map_err(E::custom)
                    }
                    fn visit_u64<E: de::Error>(self, number: u64) -> Result<$type, E> {
                        $type::from_number(number as f64)
                            .ok_or_else(|| E::invalid_value(de::Unexpected::Unsigned(number), &self))
                    }
                    fn visit_i64<E: de::Error>(self, number: i64) -> Result<$type, E> {
                        $type::from_number(number as f64)
                            .ok_or_else(|| E::invalid_value(de::Unexpected::Signed(number), &self))
                    }
                    fn visit_f64<E: de::Error>(self, number: f64) -> Result<$type, E> {
                        $type::from_number(number).ok_or_else(|| E::invalid_value(de::Unexpected::Float(number), &self))
                    }
                }
                deserializer.deserialize_any(Visitor)
            }
        }
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        impl JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($type).into()
            }
            fn inline_schema() -> bool {
                true
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                $schema
            }
        }
    };
}

/// A length of time: `500ms`, `5s`, `15m`, `1h`, `30d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Interval(pub Duration);

impl Interval {
    const EXPECTED: &'static str = "a duration such as 500ms, 5s, 15m, 1h or 30d";

    /// Whole seconds.
    pub const fn from_secs(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }

    /// Milliseconds.
    pub const fn from_millis(milliseconds: u64) -> Self {
        Self(Duration::from_millis(milliseconds))
    }

    /// A bare number is refused: `5` could be seconds or milliseconds.
    fn from_number(_: f64) -> Option<Self> {
        None
    }
}

/// Splits `12.5ms` into the number and its unit.
fn split_number(text: &str) -> Option<(f64, &str)> {
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
    let number: f64 = text[..end].parse().ok()?;
    number.is_finite().then(|| (number, text[end..].trim()))
}

impl FromStr for Interval {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let wrong = || UnitError(format!("`{text}` is not {}", Self::EXPECTED));
        let (number, unit) = split_number(text.trim()).ok_or_else(wrong)?;
        let seconds = match unit.to_ascii_lowercase().as_str() {
            "ms" | "millisecond" | "milliseconds" => 0.001,
            "s" | "sec" | "second" | "seconds" => 1.0,
            "m" | "min" | "mins" | "minute" | "minutes" => 60.0,
            "h" | "hr" | "hrs" | "hour" | "hours" => 3600.0,
            "d" | "day" | "days" => 86_400.0,
            "w" | "week" | "weeks" => 604_800.0,
            "y" | "yr" | "yrs" | "year" | "years" => 31_557_600.0,
            _ => return Err(wrong()),
        };
        // Rounded to the microsecond, so that 0.1 s is not a nanosecond off.
        Duration::try_from_secs_f64((number * seconds * 1e6).round() / 1e6).map(Self).map_err(|_| wrong())
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0.as_millis();
        match millis {
            0 => f.write_str("0s"),
            _ if millis.is_multiple_of(86_400_000) => write!(f, "{}d", millis / 86_400_000),
            _ if millis.is_multiple_of(3_600_000) => write!(f, "{}h", millis / 3_600_000),
            _ if millis.is_multiple_of(60_000) => write!(f, "{}m", millis / 60_000),
            _ if millis.is_multiple_of(1000) => write!(f, "{}s", millis / 1000),
            _ => write!(f, "{millis}ms"),
        }
    }
}

text_unit!(
    Interval,
    json_schema!({ "type": "string", "pattern": "^[0-9]+(\\.[0-9]+)? ?[A-Za-z]+$", "description": "A duration such as 500ms, 5s, 15m, 1h or 30d.", "examples": ["500ms", "5s", "1h"] })
);

/// A length of time where a bare number means seconds, as tokens count them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lifetime(pub Duration);

impl Lifetime {
    const EXPECTED: &'static str = "a number of seconds, or a duration such as 5m or 1h";

    fn from_number(number: f64) -> Option<Self> {
        (number >= 0.0).then(|| Duration::try_from_secs_f64(number).ok().map(Self))?
    }
}

impl FromStr for Lifetime {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        if let Some((seconds, "")) = split_number(text.trim()) {
            return Self::from_number(seconds).ok_or_else(|| UnitError(format!("`{text}` is not {}", Self::EXPECTED)));
        }
        text.parse::<Interval>()
            .map(|interval| Self(interval.0))
            .map_err(|_| UnitError(format!("`{text}` is not {}", Self::EXPECTED)))
    }
}

impl fmt::Display for Lifetime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Interval(self.0).fmt(f)
    }
}

text_unit!(
    Lifetime,
    json_schema!({ "type": ["string", "number"], "minimum": 0, "pattern": "^[0-9]+(\\.[0-9]+)? ?[A-Za-z]*$", "description": "A number of seconds, or a duration such as 5m or 1h.", "examples": [300, "5m", "1h"] })
);

/// A number of bytes: `512`, `10KiB`, `10MB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Size(pub u64);

impl Size {
    const EXPECTED: &'static str = "a size such as 4096, 64KiB or 10MB";

    /// As `usize`, at most what this machine can address.
    pub fn as_usize(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }

    fn from_number(number: f64) -> Option<Self> {
        (number >= 0.0 && number.fract() == 0.0 && number < 2f64.powi(63)).then_some(Self(number as u64))
    }
}

impl FromStr for Size {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let wrong = || UnitError(format!("`{text}` is not {}", Self::EXPECTED));
        let (number, unit) = split_number(text.trim()).ok_or_else(wrong)?;
        let factor = match unit.to_ascii_lowercase().as_str() {
            "" | "b" => 1.0,
            "kb" => 1e3,
            "mb" => 1e6,
            "gb" => 1e9,
            "k" | "kib" => 1024.0,
            "m" | "mib" => 1_048_576.0,
            "g" | "gib" => 1_073_741_824.0,
            _ => return Err(wrong()),
        };
        Self::from_number((number * factor).round()).ok_or_else(wrong)
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => f.write_str("0"),
            bytes if bytes.is_multiple_of(1_073_741_824) => write!(f, "{}GiB", bytes / 1_073_741_824),
            bytes if bytes.is_multiple_of(1_048_576) => write!(f, "{}MiB", bytes / 1_048_576),
            bytes if bytes.is_multiple_of(1024) => write!(f, "{}KiB", bytes / 1024),
            bytes => write!(f, "{bytes}"),
        }
    }
}

text_unit!(
    Size,
    json_schema!({ "type": ["string", "integer"], "minimum": 0, "pattern": "^[0-9]+(\\.[0-9]+)? ?([KkMmGg]i?[Bb]?|[Bb])?$", "description": "A number of bytes, or a size such as 64KiB or 10MB.", "examples": ["64KiB", "10MiB"] })
);

/// So many in so long: `100/m`, `10/15m`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rate {
    /// How many.
    pub count: NonZeroU32,
    /// In how long.
    pub window: Duration,
}

impl Rate {
    const EXPECTED: &'static str = "a rate such as 100/m, 10/15m or 5/s";

    fn from_number(_: f64) -> Option<Self> {
        None
    }
}

impl FromStr for Rate {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let wrong = || UnitError(format!("`{text}` is not {}", Self::EXPECTED));
        let (count, window) = text.trim().split_once('/').ok_or_else(wrong)?;
        let count = count.trim().parse().map_err(|_| wrong())?;
        let window = window.trim();
        let digits = window.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
        let number: u64 = if digits == 0 { 1 } else { window[..digits].parse().map_err(|_| wrong())? };
        let unit = match &window[digits..] {
            "s" => 1,
            "m" => 60,
            "h" => 3600,
            "d" => 86_400,
            _ => return Err(wrong()),
        };
        let seconds = number.checked_mul(unit).filter(|s| *s > 0 && *s <= 366 * 86_400).ok_or_else(wrong)?;
        Ok(Self { count, window: Duration::from_secs(seconds) })
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let window = Interval(self.window).to_string();
        write!(f, "{}/{}", self.count, window.strip_prefix('1').filter(|rest| rest.len() == 1).unwrap_or(&window))
    }
}

text_unit!(
    Rate,
    json_schema!({ "type": "string", "pattern": "^[0-9]+ ?/ ?[0-9]*[smhd]$", "description": "So many requests in so long: 100/m, 10/15m, 5/s.", "examples": ["100/m", "10/15m"] })
);

/// A share: `10%` or `0.1`.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Ratio(pub f64);

impl Ratio {
    const EXPECTED: &'static str = "a share such as 10% or 0.1";

    fn from_number(number: f64) -> Option<Self> {
        (0.0..=1.0).contains(&number).then_some(Self(number))
    }
}

impl FromStr for Ratio {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let share = match split_number(text.trim()) {
            Some((number, "%")) => Self::from_number(number / 100.0),
            Some((number, "")) => Self::from_number(number),
            _ => None,
        };
        share.ok_or_else(|| UnitError(format!("`{text}` is not {}", Self::EXPECTED)))
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", self.0 * 100.0)
    }
}

text_unit!(
    Ratio,
    json_schema!({ "type": ["string", "number"], "minimum": 0, "maximum": 1, "pattern": "^[0-9]+(\\.[0-9]+)? ?%?$", "description": "A share such as 10% or 0.1.", "examples": ["10%", 0.1] })
);

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn round_trip<T: FromStr<Err = UnitError> + fmt::Display>(text: &str, shown: &str) {
        assert_eq!(text.parse::<T>().map(|t| t.to_string()), Ok(shown.to_owned()));
    }

    #[test]
    fn quantities_are_read_as_written_and_shown_in_their_largest_unit() {
        round_trip::<Interval>("500ms", "500ms");
        round_trip::<Interval>("90s", "90s");
        round_trip::<Interval>("120s", "2m");
        round_trip::<Interval>("0.5h", "30m");
        round_trip::<Lifetime>("300", "5m");
        round_trip::<Lifetime>("1hour", "1h");
        round_trip::<Size>("64KiB", "64KiB");
        round_trip::<Size>("1.5k", "1536");
        round_trip::<Rate>("100/m", "100/m");
        round_trip::<Rate>("10/15m", "10/15m");
        round_trip::<Rate>("10/10m", "10/10m");
        round_trip::<Ratio>("10%", "10%");
    }

    #[test]
    fn a_wrong_quantity_says_what_a_right_one_looks_like() {
        for text in ["", "5", "5 parsecs", "-1s", "1e400s"] {
            assert!(text.parse::<Interval>().unwrap_err().to_string().contains("500ms"), "{text}");
        }
        for text in ["0/m", "10", "10/0m", "10/m5", "10/400d", "-1/m"] {
            assert!(text.parse::<Rate>().unwrap_err().to_string().contains("100/m"), "{text}");
        }
        assert!(serde_json::from_str::<Interval>("5").is_err(), "a bare number has no unit");
        assert_eq!(serde_json::from_str::<Lifetime>("5").unwrap().0, Duration::from_secs(5));
    }
}
