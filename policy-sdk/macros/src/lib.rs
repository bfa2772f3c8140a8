//! The attribute macros of the policy SDK.
