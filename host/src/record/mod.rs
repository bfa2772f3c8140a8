//! From an object's bytes to CloudTrail records.
//!
//! ```
//! use trailwarden::record::{Item, ObjectReader, ReadLimits};
//!
//! let object = br#"{"Records":[{"eventID":"1","eventName":"StopLogging"}]}"#;
//! let mut reader = ObjectReader::new(&object[..], ReadLimits::default());
//! for item in reader.by_ref() {
//!     match item {
//!         Item::Record(record) => assert_eq!(record.event_key.as_str(), "1"),
//!         other => panic!("{other:?}"),
//!     }
//! }
//! assert_eq!(reader.tally().records, 1);
//! ```
//!
//! **Takes** the bytes of one object, gzip or not, and [`ReadLimits`]. **Gives** [`Item`]s in order of position:
//! records with their text untouched, and, each in its place, what is no record and what cannot be read.
//! **Never** parses a whole object, holds more than one record, changes a byte of a record, panics, or leaves a byte
//! unaccounted for.
//!
//! Records may stand in `{"Records":[…]}` (as CloudTrail delivers them), in a bare array, one a line, one behind the
//! other, alone, wrapped by EventBridge (`detail`), or as the strings of the LookupEvents call
//! (`{"Events":[{"CloudTrailEvent":"…"}]}`).
//!
//! # The sum
//!
//! Every item of an object is exactly one of: a record, a duplicate, no record, unreadable. So for each object, and
//! in total ([`Tally`] can be added up):
//!
//! ```text
//! items              = records + duplicates + not records + unreadable
//! decompressed bytes = bytes of items + bytes of structure + skipped bytes
//! ```
//!
//! # What happens to broken input
//!
//! | what is wrong | what happens |
//! |---|---|
//! | a record that is no JSON, no UTF-8, too long or too deep | a fault for it alone; the next record is read |
//! | a comma that is missing or too many between records | a fault; every record is read |
//! | a break that hides where the next record begins | a fault; reading goes on at the next line that begins with `{` or `[`, and if there is none the rest is skipped and counted |
//! | a line that was cut | a fault; the next line is read |
//! | the object ends too early (cut, corrupt, over a limit, I/O) | everything before is read, then one fault |
//! | bytes that are not gzip behind the gzip stream | everything is read, then one fault |
//!
//! # The files
//!
//! `gunzip` → `window` (what is in memory) → `follow` (where a value ends) → `split` (the object's structure) and
//! `recover` (where that is broken) → `fields`, `classify` (what a value is) → `duplicates` → `reader`. `handover` gives a
//! record to policies in the form that they ask for.

mod classify;
mod duplicates;
mod fault;
mod fields;
mod follow;
mod gunzip;
mod handover;
mod item;
mod limits;
mod member;
mod reader;
mod recover;
mod split;
mod tally;
mod window;

#[cfg(test)]
mod tests;

pub use fault::{Expected, Fault, FaultReason, Skipped};
pub use gunzip::UnpackError;
pub use handover::{Forms, Handover};
pub use item::{EventKey, Item, NotARecord, Position, RawRecord};
pub use limits::ReadLimits;
pub use reader::ObjectReader;
pub use tally::{ByteTally, Tally};
