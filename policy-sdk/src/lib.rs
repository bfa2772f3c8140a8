//! The policy SDK.
