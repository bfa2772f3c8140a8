//! The record that a finding is about.

use super::facts::Facts;

/// A record in which something was found: its text, its identity, its place, and what a finding tells of it.
#[derive(Clone, Debug)]
pub struct JudgedRecord {
    json: Box<str>,
    event_key: Box<str>,
    place: Place,
    facts: Facts,
}

/// Where a record was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The name of the object: a path, an S3 URL, `-` for standard input.
    pub object: String,
    /// Bytes before the record in the decompressed object.
    pub offset: u64,
}

/// A text that is no JSON object, and so no record.
#[derive(Debug, thiserror::Error)]
#[error("the record at byte {offset} of {object} is no json object", offset = place.offset, object = place.object)]
pub struct NotAnObject {
    /// Where it was read.
    pub place: Place,
    /// What is wrong with it.
    pub source: serde_json::Error,
}

impl JudgedRecord {
    /// A record from its JSON text. `event_key` identifies the event wherever it is delivered: `eventID`, else `eventId`, else
    /// a hash of the record.
    ///
    /// # Errors
    /// The text is no JSON object.
    pub fn new(json: impl Into<Box<str>>, event_key: impl Into<Box<str>>, place: Place) -> Result<Self, NotAnObject> {
        let json = json.into();
        match Facts::from_json(&json) {
            Ok(facts) => Ok(Self { json, event_key: event_key.into(), place, facts }),
            Err(source) => Err(NotAnObject { place, source }),
        }
    }

    /// The record's JSON text, as it was written.
    pub fn json(&self) -> &str {
        &self.json
    }

    /// What identifies the event.
    pub fn event_key(&self) -> &str {
        &self.event_key
    }

    /// Where it was read.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// What a finding tells of it.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_object_is_refused_with_its_place() {
        let place = Place { object: "trail/a.json.gz".into(), offset: 12 };
        let refused = JudgedRecord::new("[]", "key", place.clone()).unwrap_err();
        assert_eq!(refused.to_string(), "the record at byte 12 of trail/a.json.gz is no json object");
        assert_eq!(JudgedRecord::new("{}", "key", place).unwrap().event_key(), "key");
    }
}
