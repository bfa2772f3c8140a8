//! Findings for machines: OCSF 1.5.0 Detection Finding (class 2004), one JSON object a line.
//!
//! The same finding gives the same bytes: fields stand in a fixed order and the wall clock only where the caller gives it.
//! Whoever acted stands in the evidence, so the profiles are `cloud`, and `security_control` where there are ATT&CK
//! techniques.
//!
//! OCSF wants a time. It is the event's own; where the record has none that can be read it is the time of processing, if the
//! caller gives that, and else 2001-09-09T01:46:40Z, the earliest time that a finding can have and long before CloudTrail's
//! first record. Whenever it is not the event's own, `unmapped.time_source` says which of the two it is.

mod embed;
mod evidence;
mod host;
mod policy;
mod shape;

use std::io::{self, Write};

use jiff::Timestamp;
use serde::Serialize;

pub use self::embed::LONGEST_EMBEDDED;
use self::shape::{Feature, Product};
use super::facts::is_expressible;
use super::{Finding, FindingId, HostFinding, Reported};

/// The version of the schema.
pub const VERSION: &str = "1.5.0";

const PRODUCT: &str = "Trailwarden";
const PRODUCT_VERSION: &str = env!("CARGO_PKG_VERSION");
const PROFILES: &[&str] = &["cloud"];
const PROFILES_WITH_ATTACKS: &[&str] = &["cloud", "security_control"];

/// Writes a finding as one line, with the line break. `processed` is the wall clock's time, for `metadata.processed_time`.
///
/// # Errors
/// Only those of `out`: every finding can be written.
pub fn write_line<'a>(finding: impl Into<Reported<'a>>, processed: Option<Timestamp>, out: &mut impl Write) -> io::Result<()> {
    // A clock that was never set gives times that OCSF cannot express.
    let processed = processed.filter(is_expressible);
    match finding.into() {
        Reported::Policy(finding) => write_policy(finding, processed, out)?,
        Reported::Host(finding) => write_host(finding, processed, out)?,
    }
    out.write_all(b"\n")
}

fn write_policy(finding: &Finding, processed: Option<Timestamp>, out: &mut impl Write) -> io::Result<()> {
    let details = &finding.more.details;
    let details = if details.is_empty() { None } else { Some(serde_json::to_string(details)?) };
    serde_json::to_writer(out, &policy::line(finding, details.as_deref(), processed))?;
    Ok(())
}

fn write_host(finding: &HostFinding, processed: Option<Timestamp>, out: &mut impl Write) -> io::Result<()> {
    serde_json::to_writer(out, &host::line(finding, processed))?;
    Ok(())
}

/// Who speaks: policies are written by many and may have any name, so the difference needs a field of its own.
#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "lowercase")]
enum Source {
    Policy,
    Host,
}

/// The time that a line has, and where it comes from.
struct EventTime {
    time: Timestamp,
    source: TimeSource,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum TimeSource {
    Event,
    Processing,
    Unknown,
}

impl TimeSource {
    fn is_event(&self) -> bool {
        *self == Self::Event
    }
}

/// 2001-09-09T01:46:40Z.
const UNKNOWN_TIME: Timestamp = Timestamp::constant(1_000_000_000, 0);

impl EventTime {
    fn choose(event: Option<Timestamp>, processed: Option<Timestamp>) -> Self {
        match (event, processed) {
            (Some(time), _) => Self { time, source: TimeSource::Event },
            (None, Some(time)) => Self { time, source: TimeSource::Processing },
            (None, None) => Self { time: UNKNOWN_TIME, source: TimeSource::Unknown },
        }
    }
}

/// The `metadata.uid` of a finding that is made known for the first time; a later revision has a higher number.
fn uid_of_first_revision(id: FindingId) -> String {
    format!("{id}:1")
}

fn product(feature: Feature<'_>) -> Product<'_> {
    Product { name: PRODUCT, version: PRODUCT_VERSION, feature }
}

#[cfg(test)]
mod tests;
