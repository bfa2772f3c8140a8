//! Numbers with units, so that nobody multiplies by hand.

use std::time::Duration;

/// A number with a unit, as it stands in the configuration.
pub trait Quantity: Copy {
    /// The unit's symbol; empty for plain counts.
    const UNIT: &'static str;
    /// How many bytes one of the unit is; 0 where it is no size.
    const BYTES: u64;
    /// A quantity of so many units.
    fn of(number: u64) -> Self;
    /// How many units it is.
    fn number(self) -> u64;
}

impl Quantity for u64 {
    const UNIT: &'static str = "";
    const BYTES: u64 = 0;
    fn of(number: u64) -> Self {
        number
    }
    fn number(self) -> u64 {
        self
    }
}

macro_rules! quantities {
    ($($(#[doc = $doc:literal])+ $name:ident, $unit:literal, $bytes:expr;)+) => {$(
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $name(pub u64);

        impl Quantity for $name {
            const UNIT: &'static str = $unit;
            const BYTES: u64 = $bytes;
            fn of(number: u64) -> Self {
                Self(number)
            }
            fn number(self) -> u64 {
                self.0
            }
        }
    )+};
}

quantities! {
    /// Thousandths of a second.
    Milliseconds, "ms", 0;
    /// Millionths of a second.
    Microseconds, "µs", 0;
    /// Seconds.
    Seconds, "s", 0;
    /// Bytes.
    Bytes, "bytes", 1;
    /// Units of 1,024 bytes.
    Kibibytes, "KiB", 1024;
    /// Units of 1,048,576 bytes.
    Mebibytes, "MiB", 1024 * 1024;
}

impl Milliseconds {
    /// The same as a duration.
    pub fn duration(self) -> Duration {
        Duration::from_millis(self.0)
    }
}

impl Microseconds {
    /// The same as a duration.
    pub fn duration(self) -> Duration {
        Duration::from_micros(self.0)
    }
}

impl Seconds {
    /// The same as a duration.
    pub fn duration(self) -> Duration {
        Duration::from_secs(self.0)
    }
}

impl Bytes {
    /// The same in bytes.
    pub fn bytes(self) -> u64 {
        self.0
    }
}

impl Kibibytes {
    /// The same in bytes.
    pub fn bytes(self) -> u64 {
        self.0.saturating_mul(Self::BYTES)
    }
}

impl Mebibytes {
    /// The same in bytes.
    pub fn bytes(self) -> u64 {
        self.0.saturating_mul(Self::BYTES)
    }
}
