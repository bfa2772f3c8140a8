//! From an object's bytes to CloudTrail records.
