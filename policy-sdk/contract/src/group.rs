//! The group: what a correlation has counted, handed to `conclude`.

use serde::{Deserialize, Serialize};

use crate::name::Name;

/// Signals that met a correlation's condition together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Group {
    /// The correlation's id.
    pub correlation: Name,
    /// The signals' common key.
    pub key: String,
    /// How many signals are in it.
    pub count: u64,
    /// The distinct values among them, in order, at most the correlation's cap.
    #[serde(default)]
    pub values: Vec<String>,
    /// `eventTime` of the earliest signal, as AWS writes it (UTC, RFC 3339).
    pub first_time: String,
    /// `eventTime` of the latest signal, as AWS writes it (UTC, RFC 3339).
    pub last_time: String,
    /// Event keys of the earliest and latest signals, at most the correlation's cap.
    #[serde(default)]
    pub events: Vec<String>,
    /// Sample records, as JSON, at most a few.
    #[serde(default)]
    pub samples: Vec<serde_json::Value>,
    /// Set where signals were left out of the lists because of the cap.
    #[serde(default)]
    pub capped: bool,
    /// How many signals were evicted by the policy's quota before the group was read.
    #[serde(default)]
    pub evicted: u64,
    /// How many signals arrived after the correlation's lateness had passed.
    #[serde(default)]
    pub late: u64,
}
