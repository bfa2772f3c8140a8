//! A host in memory, for native tests of rules: no Wasm, no files, the same meaning of selectors and tables as the real one.

mod fixtures;
mod harness;
pub mod trial;

pub use fixtures::{FixtureFailures, fixtures_hold};
pub use harness::{Ask, Harness, HarnessError, Judged, JudgedRule, LogLine};
