//! From records to the objects that a trail leaves in its bucket: grouped by account and region every five minutes,
//! out of order, some late, some twice.

use std::collections::BTreeMap;
use std::io::{self, Write};

use flate2::{Compression, GzBuilder};
use serde::Serialize;

use crate::clock::Moment;
use crate::dice::Dice;
use crate::event::Record;
use crate::json::Json;
use crate::organisation::{Account, Region};

/// A trail starts another file rather than let one grow without end; small, so that the day shows it.
const RECORDS_IN_A_FILE: usize = 40;
/// Out of a hundred records, how many miss the next delivery.
const LATE_PERCENT: u32 = 6;
/// Out of a thousand redeliverable records, how many are delivered a second time.
const TWICE_PER_MILLE: u32 = 5;

/// Which of a trail's kinds of log a file belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Log {
    /// Management and data events.
    Events,
    /// Insights.
    Insights,
}

impl Log {
    const fn folder(self) -> &'static str {
        match self {
            Log::Events => "CloudTrail",
            Log::Insights => "CloudTrail-Insight",
        }
    }
}

/// A log file before compression.
#[derive(Clone, Debug)]
pub struct LogFile {
    /// Whose records.
    pub account: Account,
    /// From where.
    pub region: Region,
    /// When it is put into the bucket.
    pub delivered: Moment,
    /// Its object key.
    pub key: String,
    /// The records, never none.
    pub records: Vec<Record>,
}

impl LogFile {
    /// `{"Records":[…]}`.
    ///
    /// # Errors
    /// A record holds something that is not JSON.
    pub fn json(&self) -> Result<Vec<u8>, serde_json::Error> {
        #[derive(Serialize)]
        struct Envelope<'a> {
            #[serde(rename = "Records")]
            records: Vec<&'a Json>,
        }
        serde_json::to_vec(&Envelope { records: self.records.iter().map(|record| &record.body).collect() })
    }
}

/// Puts records into files. Of `redeliverable`, some (at least one, if there is any) come again in a later file.
pub fn deliver(once: Vec<Record>, redeliverable: Vec<Record>, dice: &mut Dice) -> Vec<LogFile> {
    let mut deliveries = Deliveries::default();
    for record in once {
        deliveries.add(record, lateness(dice));
    }
    for (position, record) in redeliverable.into_iter().enumerate() {
        let late = lateness(dice);
        if position == 0 || dice.between(1, 1000) <= TWICE_PER_MILLE {
            deliveries.add(record.clone(), late + dice.between(1, 3));
        }
        deliveries.add(record, late);
    }
    deliveries.into_files(Log::Events, dice)
}

/// Puts Insights into files of their own.
pub fn deliver_insights(records: Vec<Record>, dice: &mut Dice) -> Vec<LogFile> {
    let mut deliveries = Deliveries::default();
    for record in records {
        // Insights are computed, so they come about half an hour after the events.
        deliveries.add(record, 6);
    }
    deliveries.into_files(Log::Insights, dice)
}

/// Compresses without a time stamp or a host's mark, so that the same content gives the same bytes.
///
/// # Errors
/// None in practice: it writes to memory.
pub fn gzip(content: &[u8]) -> io::Result<Vec<u8>> {
    /// RFC 1952's code for "unknown operating system".
    const UNKNOWN_SYSTEM: u8 = 255;
    let mut encoder = GzBuilder::new().mtime(0).operating_system(UNKNOWN_SYSTEM).write(Vec::new(), Compression::new(6));
    encoder.write_all(content)?;
    encoder.finish()
}

#[derive(Default)]
struct Deliveries(BTreeMap<(Moment, Account, Region), Vec<Record>>);

impl Deliveries {
    fn add(&mut self, record: Record, late: u32) {
        let delivered = record.time.next_delivery().plus_deliveries(late);
        self.0.entry((delivered, record.account, record.region)).or_default().push(record);
    }

    fn into_files(self, log: Log, dice: &mut Dice) -> Vec<LogFile> {
        let mut files = Vec::new();
        for ((delivered, account, region), mut records) in self.0 {
            records.sort_by(|one, other| (one.time, &one.event_id).cmp(&(other.time, &other.event_id)));
            put_out_of_order(&mut records, dice);
            for part in records.chunks(RECORDS_IN_A_FILE) {
                let key = key(log, account, region, delivered, &dice.letters_and_digits(16));
                files.push(LogFile { account, region, delivered, key, records: part.to_vec() });
            }
        }
        files
    }
}

fn lateness(dice: &mut Dice) -> u32 {
    if dice.chance(LATE_PERCENT) { dice.between(1, 2) } else { 0 }
}

fn put_out_of_order(records: &mut [Record], dice: &mut Dice) {
    for position in 1..records.len() {
        if dice.chance(35) {
            records.swap(position - 1, position);
        }
    }
}

fn key(log: Log, account: Account, region: Region, delivered: Moment, suffix: &str) -> String {
    let (account, region, folder) = (account.id(), region.code(), log.folder());
    format!(
        "AWSLogs/{account}/{folder}/{region}/{}/{account}_{folder}_{region}_{}_{suffix}.json.gz",
        delivered.folder(),
        delivered.compact_minute()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dice::Stream;

    fn record(id: &str, time: Moment) -> Record {
        Record { time, account: Account::Production, region: Region::EuWest1, event_id: id.to_owned(), body: Json::from(id) }
    }

    #[test]
    fn a_key_is_what_cloudtrail_would_write() {
        let mut dice = Dice::new(1, Stream::Delivery);
        let files = deliver_insights(vec![record("a", Moment::at(9, 2, 0))], &mut dice);
        let expected = "AWSLogs/111122223333/CloudTrail-Insight/eu-west-1/2026/03/17/111122223333_CloudTrail-Insight_eu-west-1_20260317T0935Z_";
        assert!(files[0].key.starts_with(expected), "{}", files[0].key);
        assert_eq!(files[0].key.len(), expected.len() + 16 + ".json.gz".len());
    }

    #[test]
    fn a_redelivered_record_comes_in_two_files() {
        let mut dice = Dice::new(1, Stream::Delivery);
        let files = deliver(Vec::new(), vec![record("again", Moment::at(9, 2, 0))], &mut dice);
        let holding = files.iter().filter(|file| file.records.iter().any(|record| record.event_id == "again"));
        assert_eq!(holding.count(), 2);
    }

    #[test]
    fn a_file_holds_at_most_forty_records() {
        let mut dice = Dice::new(1, Stream::Delivery);
        let records = (0..100).map(|id| record(&id.to_string(), Moment::at(9, 2, 0))).collect();
        let files = deliver(records, Vec::new(), &mut dice);
        assert!(files.iter().all(|file| file.records.len() <= RECORDS_IN_A_FILE));
        assert_eq!(files.iter().map(|file| file.records.len()).sum::<usize>(), 100);
    }

    #[test]
    fn gzip_bytes_carry_no_time_stamp() {
        let bytes = gzip(b"content").unwrap();
        assert_eq!(&bytes[4..8], &[0, 0, 0, 0]);
        assert_eq!(bytes[9], 255);
    }
}
