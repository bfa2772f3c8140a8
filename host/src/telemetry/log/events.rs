//! Every event of the log: a function for each, so that names and fields can't drift.
//!
//! An event says what has happened to whom. What a field means stands in [`super::fields`].

use std::fmt::Display;
use std::time::Duration;

use super::TARGET;
use crate::engine::LogLevel;
use crate::telemetry::text::cut;

/// What is known of one event.
#[derive(Debug)]
pub struct EventDefinition {
    /// Its name, the field `event`.
    pub name: &'static str,
    /// Its level.
    pub level: &'static str,
    /// Its fields, besides those of every line.
    pub fields: &'static [&'static str],
    /// What has happened, in Markdown.
    pub doc: &'static str,
}

/// The level of what policies write.
pub const LEVEL_OF_POLICY: &str = "the policy's";

/// Text, made harmless and cut.
type Text<'a> = &'a dyn Display;
/// Text that may be absent.
type MaybeText<'a> = Option<&'a dyn Display>;
/// A whole number.
type Number = u64;
/// A whole number that may be absent.
type MaybeNumber = Option<u64>;
/// A time, told in seconds.
type Seconds = Duration;

/// A value as the log takes it.
trait Told {
    type Value: tracing::Value;
    fn told(self) -> Self::Value;
}

impl Told for Text<'_> {
    type Value = String;
    fn told(self) -> String {
        cut(&self.to_string())
    }
}

impl Told for MaybeText<'_> {
    type Value = Option<String>;
    fn told(self) -> Option<String> {
        self.map(Told::told)
    }
}

impl Told for Number {
    type Value = u64;
    fn told(self) -> u64 {
        self
    }
}

impl Told for MaybeNumber {
    type Value = Option<u64>;
    fn told(self) -> Option<u64> {
        self
    }
}

impl Told for Seconds {
    type Value = f64;
    fn told(self) -> f64 {
        self.as_secs_f64()
    }
}

/// A value for the tests, of a field's kind.
#[cfg(test)]
trait Sample {
    fn sample() -> Self;
}

#[cfg(test)]
mod samples {
    use super::*;

    impl Sample for Text<'_> {
        fn sample() -> Self {
            &"sample"
        }
    }

    impl Sample for MaybeText<'_> {
        fn sample() -> Self {
            Some(&"sample")
        }
    }

    impl Sample for Number {
        fn sample() -> Self {
            1
        }
    }

    impl Sample for MaybeNumber {
        fn sample() -> Self {
            Some(1)
        }
    }

    impl Sample for Seconds {
        fn sample() -> Self {
            Self::from_millis(1_500)
        }
    }
}

macro_rules! events {
    ($($(#[doc = $doc:literal])+ $function:ident: $name:literal, $level:ident, $message:literal, ($($field:ident: $kind:ident),*);)+) => {
        $(
            #[doc = concat!("`", $name, "`: ")]
            $(#[doc = $doc])+
            pub fn $function($($field: $kind),*) {
                tracing::event!(target: TARGET, tracing::Level::$level, event = $name, $($field = $field.told(),)* $message);
            }
        )+

        /// Every event, in the order of the reference page.
        pub const EVENTS: &[EventDefinition] = &[
            $(EventDefinition {
                name: $name,
                level: level::$level,
                fields: &[$(stringify!($field)),*],
                doc: concat!($($doc),+),
            },)+
            POLICY_LOG,
        ];

        /// Tells each event once, in the order of [`EVENTS`].
        #[cfg(test)]
        pub(super) fn tell_each() {
            $($function($(<$kind as Sample>::sample()),*);)+
            policy_log(&"sample", LogLevel::Warn, &"sample");
        }
    };
}

/// The words for the levels, by their names in `tracing`.
mod level {
    pub(super) const ERROR: &str = "error";
    pub(super) const WARN: &str = "warn";
    pub(super) const INFO: &str = "info";
    pub(super) const DEBUG: &str = "debug";
}

events! {
    /// The host begins to watch its sources: its version, the digest of its configuration, how many policies were loaded and refused.
    service_started: "service.started", INFO, "the host has started", (version: Text, digest: Text, policies: Number, refused: Number, workers: Number);
    /// The host was asked to stop and finishes what is in hand.
    service_stopping: "service.stopping", INFO, "finishing what is in hand; a second signal stops at once", ();
    /// The host has finished what was in hand.
    service_stopped: "service.stopped", INFO, "the host has stopped", (seconds: Seconds);
    /// The host ends because of something that it can't go on with.
    service_failed: "service.failed", ERROR, "the host can't go on", (reason: Text);
    /// Metrics and health are to be had at this address.
    telemetry_listening: "telemetry.listening", INFO, "metrics and health are served", (address: Text);

    /// The configuration was taken over.
    config_reloaded: "config.reloaded", INFO, "the configuration was taken over", (digest: Text, digest_before: MaybeText);
    /// A new configuration has errors; the last good one stays in force. One event for each error; lines of the file are never shown, since they may hold secrets.
    config_refused: "config.refused", ERROR, "the new configuration was refused", (file: Text, reason: Text);
    /// Something has changed in the configuration that is in force from the next start on.
    config_needs_restart: "config.needs_restart", WARN, "a change waits for the next start", (key: Text);
    /// Something in the configuration is worth a look, such as a rule that no loaded policy has.
    config_warning: "config.warning", WARN, "the configuration is worth a look", (reason: Text);
    /// The system does not tell of changes of files; they are found by looking from time to time.
    watch_late: "watch.late", WARN, "changes of files are noticed late", (reason: Text);

    /// A policy is in force that was not there before.
    policy_loaded: "policy.loaded", INFO, "a policy was loaded", (policy: Text, version: Text, digest: Text);
    /// Another version of a policy is in force, or the same one under another configuration.
    policy_swapped: "policy.swapped", INFO, "a policy was swapped", (policy: Text, version: Text, digest: Text, version_before: Text, digest_before: Text);
    /// A policy's file is gone, and so is the policy.
    policy_retired: "policy.retired", INFO, "a policy was retired", (policy: Text, version: Text, digest: Text);
    /// A candidate was refused; the last good version, where there is one, stays in force.
    policy_refused: "policy.refused", ERROR, "a policy was refused", (file: Text, policy: MaybeText, step: Text, reason: Text, digest_kept: MaybeText);
    /// A folder or file of policies can't be listed; what was loaded from it stays in force.
    policies_unlisted: "policies.unlisted", ERROR, "policies can't be listed", (path: Text, reason: Text);
    /// A folder or file of policies that could not be listed can be again.
    policies_listed: "policies.listed", INFO, "policies can be listed again", (path: Text);
    /// No policy is in force: records wait until there is one.
    policies_none: "policies.none", ERROR, "no policy is in force", ();
    /// What an operator should know about a policy that was loaded nevertheless.
    policy_noted: "policy.noted", WARN, "something is to be known of a policy", (file: Text, reason: Text);
    /// A policy judges nothing from here on.
    policy_quarantined: "policy.quarantined", ERROR, "a policy was quarantined", (policy: Text, verdict: Text, reason: Text);
    /// A policy failed at a record, or at a batch. So many lines a minute and policy at most; all are counted.
    policy_failed: "policy.failed", WARN, "a policy failed", (policy: Text, rule: MaybeText, kind: Text, object: MaybeText, offset: MaybeNumber, event_key: MaybeText, reason: Text);
    /// So many lines about a policy, or written by it, were dropped in the minute before.
    policy_lines_dropped: "policy.lines_dropped", WARN, "lines about a policy were dropped", (policy: Text, count: Number);

    /// An object was read to its end and all its findings were delivered.
    object_done: "object.done", DEBUG, "an object is done", (object: Text, records: Number, seconds: Seconds);
    /// An object, or a part of it, can't be read; without an offset it could not be opened.
    object_unreadable: "object.unreadable", ERROR, "an object can't be read", (object: Text, offset: MaybeNumber, reason: Text);
    /// An object was announced and is not there.
    object_missing: "object.missing", ERROR, "an object is missing", (object: Text, reason: Text);
    /// So many lines about what can't be read were dropped in the minute before.
    object_lines_dropped: "object.lines_dropped", WARN, "lines about objects were dropped", (count: Number);

    /// Something of a source can't be looked at: a folder, a file.
    source_problem: "source.problem", ERROR, "something of a source can't be looked at", (path: Text, reason: Text);
    /// All of the sources can be looked at again.
    source_recovered: "source.recovered", INFO, "the sources can be looked at again", ();
    /// Nothing can be received from a source.
    source_unreachable: "source.unreachable", WARN, "a source can't be reached", (source: Text, reason: Text);
    /// A source can be reached, for the first time or again.
    source_reachable: "source.reachable", INFO, "a source can be reached", (source: Text);
    /// A sink was opened; so many findings in it belong to objects that are judged again, and are left out then.
    sink_opened: "sink.opened", INFO, "a sink was opened", (sink: Text, count: Number);
    /// A line at the end of a sink's file was never finished, and was cut off; its object is judged again.
    sink_torn: "sink.torn", WARN, "an unfinished line was cut off", (sink: Text, bytes: Number);
    /// A sink goes on with the file that it has, since another can't be begun.
    sink_not_rotated: "sink.not_rotated", ERROR, "a sink's file can't be rotated", (reason: Text);
    /// A write to a sink failed and is tried again; findings wait for it.
    sink_blocked: "sink.blocked", WARN, "a sink is blocked", (sink: Text, reason: Text);
    /// A sink accepts findings, for the first time or again.
    sink_open: "sink.open", INFO, "a sink accepts findings", (sink: Text);

    /// A journal, a sink or the ledger can't be written: nothing more is judged until that works again.
    delivery_blocked: "delivery.blocked", ERROR, "nothing can be delivered", (reason: Text);
    /// What could not be written can be again.
    delivery_unblocked: "delivery.unblocked", INFO, "delivery goes on", ();
    /// The host has reported a finding about itself.
    host_finding: "host.finding", WARN, "the host has a finding about itself", (rule: Text, policy: MaybeText, object: MaybeText, offset: MaybeNumber, count: Number, reason: Text);
    /// A part of the host stands still or was ended by a panic; `/healthz` fails.
    part_dead: "part.dead", ERROR, "a part of the host does not move", (part: Text, reason: Text);
}

/// What a policy wrote, which has the policy's own level and so is told by hand.
const POLICY_LOG: EventDefinition = EventDefinition {
    name: "policy.log",
    level: LEVEL_OF_POLICY,
    fields: &["policy", "text"],
    doc: "A line that a policy wrote to its log. So many a call, and a minute, at most.",
};

/// `policy.log`: a line that a policy wrote to its log.
pub fn policy_log(policy: &dyn Display, level: LogLevel, text: &dyn Display) {
    macro_rules! say {
        ($level:ident) => {
            tracing::event!(
                target: TARGET,
                tracing::Level::$level,
                event = POLICY_LOG.name,
                policy = policy.told(),
                text = text.told(),
                "a policy wrote a line"
            )
        };
    }
    match level {
        LogLevel::Trace => say!(TRACE),
        LogLevel::Debug => say!(DEBUG),
        LogLevel::Info => say!(INFO),
        LogLevel::Warn => say!(WARN),
        LogLevel::Error => say!(ERROR),
    }
}
