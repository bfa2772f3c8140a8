//! The day as a whole: attack, landmarks and everyday traffic, delivered as objects.

use std::io;

use crate::clock::Moment;
use crate::delivery::{LogFile, deliver, deliver_insights, gzip};
use crate::dice::{Dice, Stream};
use crate::event::Record;
use crate::organisation::Account;
use crate::scene::Step;
use crate::{attack, background, digest, insight, landmarks};

/// The seed of the day that the documentation talks about.
pub const DEFAULT_SEED: u64 = 17;
/// How many records a day has unless told otherwise.
pub const DEFAULT_RECORDS: u32 = 4_000;
/// The most that fits: the organisation is small, and the day is made in memory.
pub const MOST_RECORDS: u32 = 200_000;

/// Why a day cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum DayError {
    /// The attack and the landmarks alone are more than was asked for.
    #[error("{asked} records are too few: the attack and the fixed records alone are {least}; ask for at least that many")]
    TooFew {
        /// What was asked for.
        asked: u32,
        /// What is possible.
        least: u32,
    },
    /// More than the day can hold.
    #[error("{asked} records are too many: ask for at most {MOST_RECORDS}")]
    TooMany {
        /// What was asked for.
        asked: u32,
    },
    /// A defect of this crate: a record holds something that is not JSON.
    #[error("a record could not be written as JSON")]
    NotJson(#[from] serde_json::Error),
    /// Compression failed.
    #[error("a file could not be compressed")]
    Compression(#[from] io::Error),
}

/// An object as it lies in the trail's bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredObject {
    /// `AWSLogs/…`, with `/` between folders.
    pub key: String,
    /// The gzip file.
    pub bytes: Vec<u8>,
}

/// A day in the trail's bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Day {
    /// Log files in the order of delivery, then Insights, then digests.
    pub objects: Vec<StoredObject>,
    /// Records with an `eventID` of their own, Insights included.
    pub distinct_records: usize,
    /// Records that were delivered a second time.
    pub repeated_records: usize,
}

impl Day {
    /// Makes the day of this seed with `records` distinct records. The same arguments give the same bytes.
    ///
    /// # Errors
    /// Too few or too many records asked for.
    pub fn make(seed: u64, records: u32) -> Result<Day, DayError> {
        if records > MOST_RECORDS {
            return Err(DayError::TooMany { asked: records });
        }
        let mut fixed = attack::attack(seed).records;
        fixed.extend(landmarks::landmarks(seed).records);
        let insights = insight::insights(seed);
        let least = u32::try_from(fixed.len() + insights.len()).unwrap_or(u32::MAX);
        // One more than the least, so that there is a record to deliver twice.
        let Some(wanted) = records.checked_sub(least).filter(|wanted| *wanted > 0) else {
            return Err(DayError::TooFew { asked: records, least: least + 1 });
        };
        let traffic = everyday_traffic(seed, wanted as usize);
        let distinct_records = fixed.len() + insights.len() + traffic.len();

        let mut dice = Dice::new(seed, Stream::Delivery);
        let mut files = deliver(fixed, traffic, &mut dice);
        let digests = Account::ALL.into_iter().map(|account| digest::digest(account, &files)).collect::<Result<Vec<_>, _>>()?;
        files.extend(deliver_insights(insights, &mut dice));
        let delivered_records: usize = files.iter().map(|file| file.records.len()).sum();

        let mut objects = files.iter().map(stored).collect::<Result<Vec<_>, _>>()?;
        for (key, content) in digests {
            objects.push(StoredObject { key, bytes: gzip(&content)? });
        }
        Ok(Day { objects, distinct_records, repeated_records: delivered_records - distinct_records })
    }
}

/// The attack, step by step in the order of time, with the rules that must speak up at each.
pub fn story(seed: u64) -> Vec<Step> {
    attack::attack(seed).steps
}

/// Every step of the day on which a shipped rule must give a finding, in the order of time: the attack's, and the
/// everyday changes that the rules report as well. No other record gives a finding.
pub fn expected(seed: u64) -> Vec<Step> {
    let mut steps = story(seed);
    steps.extend(landmarks::landmarks(seed).steps);
    steps.retain(|step| !step.rules.is_empty());
    steps.sort_by_key(|step| step.time);
    steps
}

fn stored(file: &LogFile) -> Result<StoredObject, DayError> {
    Ok(StoredObject { key: file.key.clone(), bytes: gzip(&file.json()?)? })
}

fn everyday_traffic(seed: u64, wanted: usize) -> Vec<Record> {
    let mut dice = Dice::new(seed, Stream::Background);
    let mut records = Vec::with_capacity(wanted);
    while records.len() < wanted {
        let start = session_start(&mut dice);
        let session = background::session(&mut dice, start);
        records.extend(session.into_iter().filter(is_recorded).take(wanted - records.len()));
    }
    records
}

/// Half of the sessions start at any time, half in working hours.
fn session_start(dice: &mut Dice) -> Moment {
    let hours = if dice.chance(50) { 6..=17 } else { 0..=23 };
    Moment::at(dice.between(*hours.start(), *hours.end()), dice.between(0, 59), dice.between(0, 59))
}

/// A stopped trail records nothing, and tomorrow's records are tomorrow's.
fn is_recorded(record: &Record) -> bool {
    let is_silenced = record.account == Account::Production && record.time > attack::LOGGING_STOPS;
    record.time.is_inside_the_day() && !is_silenced
}
