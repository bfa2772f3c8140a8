//! Handles of parts that are told of one by one: sinks, sources, workers. Each is a part of the host's health too.

use std::fmt::Display;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jiff::Timestamp;

use super::counting::Telemetry;
use super::health::{Part, PartKind, STANDSTILL};
use super::log::events;
use super::text::cut;
use crate::pulse::Pulse;
use crate::sink::Taken;

/// What a sink tells. Its numbers stay as long as a meter of its name is there, so that a reload of the configuration that
/// keeps the sink keeps them.
#[derive(Debug)]
pub struct SinkMeter {
    telemetry: Telemetry,
    name: String,
    part: Part,
    /// What it said last of what it has taken.
    told: Taken,
}

/// What a source tells.
#[derive(Debug)]
pub struct SourceMeter {
    telemetry: Telemetry,
    name: String,
    part: Part,
}

/// What a worker tells, as it goes round.
#[derive(Debug)]
pub struct WorkerMeter {
    telemetry: Telemetry,
    part: Part,
    is_busy: AtomicBool,
}

impl Telemetry {
    /// A sink of this name, which accepts nothing until it says so. While a required one is blocked, the host is not ready.
    pub fn sink(&self, name: &str, is_required: bool) -> SinkMeter {
        let part = self.health().part(PartKind::Sink, name, is_required);
        let name = cut(name);
        self.state().sinks.entry(name.clone()).or_default().meters += 1;
        SinkMeter { telemetry: self.clone(), name, part, told: Taken::default() }
    }

    /// A source of this name, which can't be reached until it says so. Until then the host is not ready.
    pub fn source(&self, name: &str) -> SourceMeter {
        let part = self.health().part(PartKind::Source, name, true);
        let name = cut(name);
        self.state().sources.entry(name.clone()).or_default().meters += 1;
        SourceMeter { telemetry: self.clone(), name, part }
    }

    /// A worker, by its number. It waits until it says that it moves.
    pub fn worker(&self, number: usize) -> WorkerMeter {
        let part = self.health().beating(&format!("worker-{number}"), STANDSTILL);
        part.idle();
        self.state().workers += 1;
        WorkerMeter { telemetry: self.clone(), part, is_busy: AtomicBool::new(false) }
    }
}

impl SinkMeter {
    /// It can accept findings.
    pub fn open(&self) {
        if let Some(sink) = self.telemetry.state().sinks.get_mut(&self.name) {
            sink.is_blocked = false;
        }
        if self.part.ok() {
            events::sink_open(&self.name);
        }
    }

    /// What it has taken so far, since it was opened; it accepts findings.
    pub fn taken(&mut self, taken: Taken) {
        let before = std::mem::replace(&mut self.told, taken);
        let findings = taken.findings.saturating_sub(before.findings);
        if let Some(sink) = self.telemetry.state().sinks.get_mut(&self.name) {
            sink.taken.findings += findings;
            sink.taken.bytes += taken.bytes.saturating_sub(before.bytes);
            sink.taken.left_out += taken.left_out.saturating_sub(before.left_out);
            sink.last = if findings > 0 { Some(Timestamp::now()) } else { sink.last };
        }
        self.open();
    }

    /// A write failed and is tried again: it accepts nothing until it accepts something.
    pub fn blocked(&self, reason: &dyn Display) {
        if let Some(sink) = self.telemetry.state().sinks.get_mut(&self.name) {
            sink.failures += 1;
            sink.is_blocked = true;
        }
        if self.part.failing(reason) {
            events::sink_blocked(&self.name, reason);
        }
    }
}

impl Drop for SinkMeter {
    fn drop(&mut self) {
        let mut state = self.telemetry.state();
        if let Some(sink) = state.sinks.get_mut(&self.name) {
            sink.meters -= 1;
            if sink.meters == 0 {
                state.sinks.remove(&self.name);
            }
        }
    }
}

impl SourceMeter {
    /// It can be reached.
    pub fn reachable(&self) {
        self.set_reachable(true);
        if self.part.ok() {
            events::source_reachable(&self.name);
        }
    }

    /// It can't be reached, and why.
    pub fn unreachable(&self, reason: &dyn Display) {
        self.set_reachable(false);
        if self.part.failing(reason) {
            events::source_unreachable(&self.name, reason);
        }
    }

    /// It has announced so many objects.
    pub fn announced(&self, objects: u64) {
        if let Some(source) = self.telemetry.state().sources.get_mut(&self.name) {
            source.objects += objects;
            source.last = Some(Timestamp::now());
        }
    }

    fn set_reachable(&self, is_reachable: bool) {
        if let Some(source) = self.telemetry.state().sources.get_mut(&self.name) {
            source.is_reachable = is_reachable;
        }
    }
}

impl Drop for SourceMeter {
    fn drop(&mut self) {
        let mut state = self.telemetry.state();
        if let Some(source) = state.sources.get_mut(&self.name) {
            source.meters -= 1;
            if source.meters == 0 {
                state.sources.remove(&self.name);
            }
        }
    }
}

impl WorkerMeter {
    fn set_busy(&self, is_busy: bool) {
        if self.is_busy.swap(is_busy, Ordering::Relaxed) != is_busy {
            let busy = &mut self.telemetry.state().busy;
            *busy = if is_busy { *busy + 1 } else { *busy - 1 };
        }
    }
}

impl Pulse for WorkerMeter {
    fn beat(&self, at_most: Duration) {
        self.part.beat(at_most);
        self.set_busy(true);
    }

    fn idle(&self) {
        self.part.idle();
        self.set_busy(false);
    }
}

impl Drop for WorkerMeter {
    fn drop(&mut self) {
        self.set_busy(false);
        self.telemetry.state().workers -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(findings: u64) -> Taken {
        Taken { findings, bytes: findings * 100, left_out: 1 }
    }

    #[test]
    fn a_sinks_numbers_outlive_a_reload_that_keeps_it_and_go_with_it() {
        let telemetry = Telemetry::new();
        let mut before = telemetry.sink("findings", true);
        [1, 3].into_iter().for_each(|findings| before.taken(taken(findings)));
        let mut after = telemetry.sink("findings", true);
        drop(before);
        after.taken(taken(1));
        let sink = telemetry.state().sinks["findings"].clone();
        assert_eq!((sink.taken, sink.is_blocked), (Taken { findings: 4, bytes: 400, left_out: 2 }, false));
        drop(after);
        assert!(telemetry.state().sinks.is_empty() && telemetry.health().report().is_empty());
    }

    #[test]
    fn a_sink_is_blocked_until_it_accepts_something() {
        let telemetry = Telemetry::new();
        let mut sink = telemetry.sink("findings", true);
        sink.blocked(&"no space left");
        assert!(telemetry.state().sinks["findings"].is_blocked && !telemetry.health().report()[0].is_ok());
        sink.taken(taken(1));
        assert!(!telemetry.state().sinks["findings"].is_blocked && telemetry.health().report()[0].is_ok());
    }

    #[test]
    fn workers_are_busy_from_a_beat_until_they_wait_or_are_gone() {
        let telemetry = Telemetry::new();
        let workers = [telemetry.worker(0), telemetry.worker(1)];
        let told = || {
            let state = telemetry.state();
            (state.workers, state.busy)
        };
        assert_eq!(told(), (2, 0));
        workers.iter().chain(&workers).for_each(|worker| worker.beat(Duration::ZERO));
        assert_eq!(told(), (2, 2));
        workers[0].idle();
        assert_eq!(told(), (2, 1));
        drop(workers);
        assert_eq!(told(), (0, 0));
    }
}
