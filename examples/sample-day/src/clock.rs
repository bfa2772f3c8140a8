//! Time inside the one day that is made: no clock is ever read, so the same seed gives the same bytes.

use std::fmt;

/// Midnight UTC of the sample day, Tuesday 17 March 2026, in seconds since 1970.
const MIDNIGHT: u64 = 1_773_705_600;
const SECONDS_IN_A_DAY: u32 = 86_400;
/// CloudTrail delivers about every five minutes.
const DELIVERY_SECONDS: u32 = 300;

/// A second of the sample day (UTC). A delivery may lie shortly after midnight, in the folder of the next day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(u32);

impl Moment {
    /// The last second of the day.
    pub const LAST: Moment = Moment(SECONDS_IN_A_DAY - 1);

    /// `hour:minute:second`, UTC.
    pub const fn at(hour: u32, minute: u32, second: u32) -> Self {
        Moment(hour * 3600 + minute * 60 + second)
    }

    /// So many seconds after midnight.
    pub const fn after_midnight(seconds: u32) -> Self {
        Moment(seconds)
    }

    /// Later by `seconds`.
    pub const fn plus(self, seconds: u32) -> Self {
        Moment(self.0 + seconds)
    }

    /// Earlier by `seconds`, midnight at the earliest.
    pub const fn minus(self, seconds: u32) -> Self {
        Moment(self.0.saturating_sub(seconds))
    }

    /// Whether this is a second of the day itself.
    pub const fn is_inside_the_day(self) -> bool {
        self.0 < SECONDS_IN_A_DAY
    }

    /// The end of the five minutes in which this moment lies: when its records are delivered.
    pub const fn next_delivery(self) -> Self {
        Moment((self.0 / DELIVERY_SECONDS + 1) * DELIVERY_SECONDS)
    }

    /// Later by so many deliveries of five minutes.
    pub const fn plus_deliveries(self, deliveries: u32) -> Self {
        Moment(self.0 + deliveries * DELIVERY_SECONDS)
    }

    /// `2026/03/17`, as in object keys.
    pub fn folder(self) -> String {
        format!("2026/03/{:02}", self.day())
    }

    /// `20260317T2041Z`, as in the names of log files.
    pub fn compact_minute(self) -> String {
        format!("202603{:02}T{:02}{:02}Z", self.day(), self.hour(), self.minute())
    }

    /// `20260317T204117Z`, as in the names of digest files.
    pub fn compact_second(self) -> String {
        format!("202603{:02}T{:02}{:02}{:02}Z", self.day(), self.hour(), self.minute(), self.second())
    }

    /// `Mar 17, 2026, 8:41:17 PM`, as IAM and STS write times inside their answers.
    pub fn in_words(self) -> String {
        let (hour, half) = match self.hour() {
            0 => (12, "AM"),
            hour @ 1..=11 => (hour, "AM"),
            12 => (12, "PM"),
            hour => (hour - 12, "PM"),
        };
        format!("Mar {}, 2026, {hour}:{:02}:{:02} {half}", self.day(), self.minute(), self.second())
    }

    /// Milliseconds since 1970, as EC2 writes launch times.
    pub fn epoch_millis(self) -> u64 {
        (MIDNIGHT + u64::from(self.0)) * 1000
    }

    const fn day(self) -> u32 {
        17 + self.0 / SECONDS_IN_A_DAY
    }

    const fn hour(self) -> u32 {
        self.0 % SECONDS_IN_A_DAY / 3600
    }

    const fn minute(self) -> u32 {
        self.0 % 3600 / 60
    }

    const fn second(self) -> u32 {
        self.0 % 60
    }
}

/// `2026-03-17T20:41:17Z`, as in `eventTime`.
impl fmt::Display for Moment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "2026-03-{:02}T{:02}:{:02}:{:02}Z", self.day(), self.hour(), self.minute(), self.second())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_written_in_every_form_that_aws_uses() {
        let moment = Moment::at(20, 41, 17);
        assert_eq!(moment.to_string(), "2026-03-17T20:41:17Z");
        assert_eq!(moment.in_words(), "Mar 17, 2026, 8:41:17 PM");
        assert_eq!(moment.compact_minute(), "20260317T2041Z");
        assert_eq!(moment.compact_second(), "20260317T204117Z");
        assert_eq!(moment.epoch_millis(), 1_773_780_077_000);
    }

    #[test]
    fn noon_and_midnight_are_twelve() {
        assert_eq!(Moment::at(0, 0, 5).in_words(), "Mar 17, 2026, 12:00:05 AM");
        assert_eq!(Moment::at(12, 0, 5).in_words(), "Mar 17, 2026, 12:00:05 PM");
    }

    #[test]
    fn the_last_records_are_delivered_on_the_next_day() {
        let delivery = Moment::LAST.next_delivery();
        assert_eq!(delivery.folder(), "2026/03/18");
        assert_eq!(delivery.compact_minute(), "20260318T0000Z");
    }
}
