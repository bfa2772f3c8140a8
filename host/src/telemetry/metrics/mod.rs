//! Metrics: what they are ([`METRICS`]), what is counted, and the text that Prometheus reads.

mod collect;
mod definitions;
mod exposition;
mod histogram;
mod process;
mod state;

pub(super) use self::collect::Snapshot;
pub use self::definitions::{Kind, METRICS, MetricDefinition, Unit};
pub use self::exposition::Form;
pub use self::state::ObjectOutcome;
pub(super) use self::state::{Configuration, PolicyState, Refused, Reload, RuleState, State, TaskCounts, file_name};
