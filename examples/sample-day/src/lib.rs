//! A day of CloudTrail records of a small invented organisation, with an attack hidden in it.
//!
//! The records are true in shape and variety and invented in content; the same seed gives the same bytes. The attack is
//! a script ([`story`]) whose steps name the rules that must speak up, so that a test can compare.
//!
//! ```
//! let day = sample_day::Day::make(sample_day::DEFAULT_SEED, 500)?;
//! assert_eq!(day.distinct_records, 500);
//! let first = &sample_day::expected(sample_day::DEFAULT_SEED)[0];
//! println!("{} {}", first.time, first.what);
//! # Ok::<(), sample_day::DayError>(())
//! ```
//!
//! In the order in which a day comes about: [`organisation`] and [`identity`] say who there is, [`caller`] and [`event`]
//! write one record, [`attack`], [`landmarks`] and [`background`] say what happens, [`delivery`], [`insight`] and [`digest`] make
//! objects of it, [`day`] joins them, [`writer`] puts them into a folder.

mod attack;
mod background;
mod caller;
mod client;
mod clock;
mod day;
mod delivery;
mod dice;
mod digest;
mod event;
mod identity;
mod insight;
mod json;
mod landmarks;
mod organisation;
mod scene;
mod shapes;
mod writer;

pub use clock::Moment;
pub use day::{DEFAULT_RECORDS, DEFAULT_SEED, Day, DayError, MOST_RECORDS, StoredObject, expected, story};
pub use scene::{RuleId, Step};
pub use writer::{WriteError, write};
