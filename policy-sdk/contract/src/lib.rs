//! What a host and a policy agree on.
