//! A cap on lines of the log that somebody else brings about: a policy that logs at every record, an attacker whose records
//! make one fail. What is too much in a minute is counted, and the count is told when the next minute begins.

use std::time::{Duration, Instant};

/// How long a cap counts before it begins anew.
const WINDOW: Duration = Duration::from_secs(60);

/// A number of lines that may be told in a minute.
#[derive(Clone, Debug)]
pub(super) struct Cap {
    most: u64,
    since: Option<Instant>,
    told: u64,
    dropped: u64,
}

/// Whether a line may be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Allowed {
    /// It may; so many were dropped in the minute before and have not been told of.
    Yes {
        /// Lines dropped since the last one that was told.
        dropped_before: u64,
    },
    /// It is dropped.
    No,
}

impl Cap {
    /// A cap of so many lines a minute.
    pub(super) fn new(most: u64) -> Self {
        Self { most, since: None, told: 0, dropped: 0 }
    }

    /// Asks for one line.
    pub(super) fn ask(&mut self, now: Instant) -> Allowed {
        let is_over = |since: Instant| now.duration_since(since) >= WINDOW;
        let mut dropped_before = 0;
        if self.since.is_none_or(is_over) {
            dropped_before = std::mem::take(&mut self.dropped);
            (self.since, self.told) = (Some(now), 0);
        }
        if self.told < self.most {
            self.told += 1;
            return Allowed::Yes { dropped_before };
        }
        self.dropped += 1;
        Allowed::No
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_much_is_dropped_and_told_with_the_next_minute() {
        let mut cap = Cap::new(2);
        let begin = Instant::now();
        let first: Vec<Allowed> = (0..5).map(|second| cap.ask(begin + Duration::from_secs(second))).collect();
        let yes = Allowed::Yes { dropped_before: 0 };
        assert_eq!(first, [yes, yes, Allowed::No, Allowed::No, Allowed::No]);
        assert_eq!(cap.ask(begin + WINDOW), Allowed::Yes { dropped_before: 3 });
        assert_eq!(cap.ask(begin + WINDOW), yes);
        assert_eq!(cap.ask(begin + WINDOW), Allowed::No);
    }
}
