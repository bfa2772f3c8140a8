//! Every metric, once: its name, its kind, its unit, its labels, what it tells, and what to do when it moves.
//!
//! The exposition and the reference page are both made from [`METRICS`]. A name here is the name in a query: `_total` and
//! `_info` are part of it, and so is the unit.

/// What kind of metric it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only grows, from 0 at the start of the process or when its labels first appear.
    Counter,
    /// Goes up and down.
    Gauge,
    /// How many observations there were up to each of several bounds, their number and their sum.
    Histogram,
    /// Always 1; what it says stands in its labels.
    Info,
}

impl Kind {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
            Self::Info => "info",
        }
    }
}

/// The unit of a metric, in the base units of Prometheus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A plain count.
    None,
    /// Seconds; of a point in time, since 1970.
    Seconds,
    /// Bytes.
    Bytes,
}

impl Unit {
    /// The unit's word, as it stands in names; empty for plain counts.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Seconds => "seconds",
            Self::Bytes => "bytes",
        }
    }
}

/// What is known of one metric.
#[derive(Debug)]
pub struct MetricDefinition {
    /// The name, as it stands in a query.
    pub name: &'static str,
    /// Its kind.
    pub kind: Kind,
    /// Its unit.
    pub unit: Unit,
    /// The names of its labels.
    pub labels: &'static [&'static str],
    /// What it tells, in plain text: Prometheus shows it.
    pub help: &'static str,
    /// What to do when it moves, in Markdown.
    pub action: &'static str,
}

macro_rules! metrics {
    ($($(#[doc = $help:literal])+ $ident:ident: $name:literal, $kind:ident, $unit:ident, [$($label:literal),*] => $action:literal;)+) => {
        $(pub(super) const $ident: MetricDefinition = MetricDefinition {
            name: $name,
            kind: Kind::$kind,
            unit: Unit::$unit,
            labels: &[$($label),*],
            help: concat!($($help),+),
            action: $action,
        };)+

        /// Every metric, in the order of the exposition and of the reference page.
        pub const METRICS: &[MetricDefinition] = &[$($ident),+];
    };
}

metrics! {
    /// The version of Trailwarden that runs.
    BUILD: "trailwarden_build_info", Info, None, ["version"] => "Nothing; tells an upgrade in a graph.";
    /// The configuration that is in force, by the digest of its file and its context tables.
    CONFIG: "trailwarden_config_info", Info, None, ["digest"] => "Compare it between hosts that should have the same.";
    /// When the configuration in force was taken over.
    CONFIG_SINCE: "trailwarden_config_since_timestamp_seconds", Gauge, Seconds, [] => "Nothing; tells a reload in a graph.";
    /// Reloads of the configuration, by what came of them.
    CONFIG_RELOADS: "trailwarden_config_reloads_total", Counter, None, ["outcome"] => "`refused`: the last good one is in force; look for `config.refused` in the log and run `trailwarden config check`.";

    /// Items that were read from objects: records, duplicates, what is no record, and faults.
    RECORDS_READ: "trailwarden_records_read_total", Counter, None, [] => "No growth over a day: does the trail still deliver?";
    /// What became of the items that were read. Once no object is being read, these add up to what was read.
    RECORDS: "trailwarden_records_total", Counter, None, ["outcome"] => "`unreadable`: look for `object.unreadable` in the log. A lasting difference to `trailwarden_records_read_total`: report it, records are not accounted for.";
    /// Of the items that are no record: what they are instead. Adds up to the outcome not-a-record.
    NOT_RECORDS: "trailwarden_not_records_total", Counter, None, ["kind"] => "Growth of other kinds than digests: the source delivers more than CloudTrail's logs; narrow it.";
    /// Objects, by what became of them.
    OBJECTS: "trailwarden_objects_total", Counter, None, ["outcome"] => "`missing`: it was announced and is gone, which may be tampering. `not-opened`, `interrupted`: it is tried again; the log names it.";
    /// Bytes of objects as they are stored, compressed if they are.
    STORED_BYTES: "trailwarden_object_stored_bytes_total", Counter, Bytes, [] => "For capacity.";
    /// Bytes of objects after decompression.
    DECOMPRESSED_BYTES: "trailwarden_object_decompressed_bytes_total", Counter, Bytes, [] => "For capacity.";
    /// Lines about objects and faults in them that the log did not tell, since there were too many in a minute.
    OBJECT_LINES_DROPPED: "trailwarden_object_log_lines_dropped_total", Counter, None, [] => "Growth: the log does not name all that could not be read; the findings `object-unreadable` do.";
    /// Bytes of objects that were not judged because of a fault.
    SKIPPED_BYTES: "trailwarden_object_skipped_bytes_total", Counter, Bytes, [] => "Any growth: records in them were not judged; `object.unreadable` in the log says where.";
    /// Time from an object's arrival to the delivery of all its findings.
    DELIVERY: "trailwarden_delivery_seconds", Histogram, Seconds, [] => "Growth: workers are too few, a policy is slow (`trailwarden_policy_record_cpu_seconds`), or a sink is blocked.";

    /// Policies, by state: active, quarantined (which are active too), and files that are refused at present.
    POLICIES: "trailwarden_policies", Gauge, None, ["state"] => "`active` falls: was a file removed on purpose? Others than 0: see `policy.refused` and `policy.quarantined` in the log.";
    /// The version of a policy that is in force.
    POLICY: "trailwarden_policy_info", Info, None, ["policy", "version", "digest", "settings"] => "Tells which version judged when, and hosts that differ.";
    /// When the version of a policy that is in force was taken over.
    POLICY_SINCE: "trailwarden_policy_since_timestamp_seconds", Gauge, Seconds, ["policy"] => "Nothing; tells a swap in a graph.";
    /// Whether a policy is quarantined, and so judges nothing.
    POLICY_QUARANTINED: "trailwarden_policy_quarantined", Gauge, None, ["policy"] => "1: mend the policy, then run `trailwarden catch-up`.";
    /// Candidates that are refused at present: when each was refused last, and at which step. The policy is the one in force from that file, if any.
    POLICY_REFUSED: "trailwarden_policy_refused_timestamp_seconds", Gauge, Seconds, ["file", "policy", "step"] => "There is one: the last good version is in force; `/status` and `policy.refused` in the log say why.";
    /// Warm instances of a policy that no worker is using.
    POLICY_INSTANCES: "trailwarden_policy_warm_instances", Gauge, None, ["policy"] => "0 all the time while records come: raise `warm_instances` or `idle_seconds`.";
    /// Memory that the instances of all policies hold together.
    INSTANCE_MEMORY: "trailwarden_instance_memory_bytes", Gauge, Bytes, [] => "Near `memory_budget_mib`: raise it, or lower `memory_mib` of the policies that grow.";
    /// CPU time of a policy for one record, as the mean of the record's batch, repeats and new instances included.
    RECORD_CPU: "trailwarden_policy_record_cpu_seconds", Histogram, Seconds, ["policy"] => "Growth: a new version is slower, or records changed. The limit is `cpu_ms_per_record`.";
    /// CPU time of a policy for one batch of records, repeats and new instances included, second runs not.
    CALL_CPU: "trailwarden_policy_call_cpu_seconds", Histogram, Seconds, ["policy"] => "Compare the sums: they are nearly all that each policy costs the host.";
    /// Records that a policy judged a second time, on a fresh instance, to find out whether it remembers others.
    SECOND_RUNS: "trailwarden_policy_second_runs_total", Counter, None, ["policy"] => "Nothing; what comes of them is the failure `impure`.";
    /// Lines that a policy wrote to its log: told, or dropped beyond the limits.
    POLICY_LOG_LINES: "trailwarden_policy_log_lines_total", Counter, None, ["policy", "outcome"] => "`dropped`: the policy is too talkative; its owner should log less.";

    /// Tasks (a rule and a record that it is to look at), by what became of them.
    TASKS: "trailwarden_rule_tasks_total", Counter, None, ["policy", "rule", "outcome"] => "`failed` or `withheld`: the rule missed records; `trailwarden catch-up` judges them again. No growth at all: does its selector still match?";
    /// Tasks of all policies, those that were retired since included.
    ALL_TASKS: "trailwarden_tasks_total", Counter, None, ["outcome"] => "As for a rule.";
    /// Findings of a rule, suppressed ones not included.
    FINDINGS: "trailwarden_rule_findings_total", Counter, None, ["policy", "rule", "severity", "mode"] => "A jump: an attack, or a rule that has become noisy; tune it.";
    /// Findings of a rule that an exception suppressed.
    SUPPRESSED: "trailwarden_rule_suppressed_total", Counter, None, ["policy", "rule"] => "A jump: is the exception wider than meant?";
    /// Failures of a policy as they were reported, by kind. The rule is empty where a failure belongs to none. Impure tasks, and batches that failed as a whole, were answered nevertheless.
    FAILURES: "trailwarden_policy_failures_total", Counter, None, ["policy", "rule", "kind"] => "Any growth: `policy.failed` in the log names records; the [limits](limits.md) say what each kind means.";
    /// Findings of the host about itself, by rule.
    HOST_FINDINGS: "trailwarden_host_findings_total", Counter, None, ["rule"] => "Any growth: the finding says what to do.";

    /// Changes of policies, by what came of them: loaded for the first time, swapped, retired, refused; the step is empty but where a candidate was refused.
    SWAPS: "trailwarden_swaps_total", Counter, None, ["outcome", "step"] => "`refused`: the last good version is in force. Many `swapped`: does something write the folder again and again?";

    /// Findings that a sink accepted.
    SINK_FINDINGS: "trailwarden_sink_findings_total", Counter, None, ["sink"] => "Compare it with the findings of the rules that are routed to it.";
    /// Bytes that a sink accepted.
    SINK_BYTES: "trailwarden_sink_bytes_total", Counter, Bytes, ["sink"] => "For capacity.";
    /// Findings that a sink left out, since it had them from before a restart.
    SINK_LEFT_OUT: "trailwarden_sink_left_out_total", Counter, None, ["sink"] => "Only after a restart that was no graceful stop.";
    /// Writes that a sink failed at; each is tried again.
    SINK_FAILURES: "trailwarden_sink_failures_total", Counter, None, ["sink"] => "Growth: look for `sink.blocked` in the log.";
    /// Whether a sink accepts nothing at present.
    SINK_BLOCKED: "trailwarden_sink_blocked", Gauge, None, ["sink"] => "1 for longer than a minute: findings wait, and a required sink stops receiving. Mend the sink; nothing is lost meanwhile.";
    /// When a sink last accepted a finding.
    SINK_LAST: "trailwarden_sink_last_write_timestamp_seconds", Gauge, Seconds, ["sink"] => "Long ago while findings are made: is a sink routed to at all?";

    /// Whether a source can be reached.
    SOURCE_REACHABLE: "trailwarden_source_reachable", Gauge, None, ["source"] => "0: nothing is received from it; `source.unreachable` in the log says why.";
    /// Objects that a source announced.
    SOURCE_OBJECTS: "trailwarden_source_objects_total", Counter, None, ["source"] => "No growth over a day: does the trail still deliver?";
    /// When a source last announced an object.
    SOURCE_LAST: "trailwarden_source_last_object_timestamp_seconds", Gauge, Seconds, ["source"] => "Long ago: does the trail still deliver?";

    /// Entries of the ledger, which remembers what was handled.
    LEDGER_ENTRIES: "trailwarden_ledger_entries", Gauge, None, [] => "For capacity; files that are gone are forgotten after 30 days.";
    /// Bytes of the ledger.
    LEDGER_BYTES: "trailwarden_ledger_bytes", Gauge, Bytes, [] => "For capacity.";
    /// Bytes of the tasks in the journal of failed tasks.
    JOURNAL_BYTES: "trailwarden_journal_bytes", Gauge, Bytes, [] => "Growth: policies fail; mend them and run `trailwarden catch-up`.";
    /// Bytes that the journal of failed tasks may hold.
    JOURNAL_LIMIT: "trailwarden_journal_limit_bytes", Gauge, Bytes, [] => "Near the limit: tasks that fail will not be written down; catch up, or raise `journal_mib`.";

    /// What waits between two stages.
    QUEUE: "trailwarden_queue_depth", Gauge, None, ["queue"] => "Full all the time: the stage behind it is the bottleneck.";
    /// Workers that judge.
    WORKERS: "trailwarden_workers", Gauge, None, [] => "Nothing; it is what was set.";
    /// Workers that are judging now.
    WORKERS_BUSY: "trailwarden_workers_busy", Gauge, None, [] => "All of them all the time: give the host more processors, or run another host.";
    /// Whether a part of the host does its work: 0 where it stands still, has ended, or fails.
    PART: "trailwarden_part_healthy", Gauge, None, ["part"] => "0: `/healthz` and `/readyz` say why.";

    /// Requests to the telemetry's own address, by endpoint and status.
    HTTP_REQUESTS: "trailwarden_http_requests_total", Counter, None, ["endpoint", "status"] => "`other`: somebody asks for what is not there.";
    /// Connections to the telemetry's own address that were closed at once, since there were too many, or cut for being slow.
    HTTP_DROPPED: "trailwarden_http_connections_dropped_total", Counter, None, ["reason"] => "Growth: somebody holds connections open; let only the monitoring reach the address.";

    /// Processor time of the process, in user mode and in the system's.
    PROCESS_CPU: "process_cpu_seconds_total", Counter, Seconds, [] => "For capacity.";
    /// Memory of the process that is in the machine's memory.
    PROCESS_RESIDENT: "process_resident_memory_bytes", Gauge, Bytes, [] => "Growth without end: report it.";
    /// Address space of the process. Instances reserve much more than they use.
    PROCESS_VIRTUAL: "process_virtual_memory_bytes", Gauge, Bytes, [] => "Nothing.";
    /// Files and sockets that the process holds open.
    PROCESS_FDS: "process_open_fds", Gauge, None, [] => "Near the most allowed: raise the limit (`LimitNOFILE=` in a systemd unit).";
    /// Files and sockets that the process may hold open.
    PROCESS_MAX_FDS: "process_max_fds", Gauge, None, [] => "As above.";
    /// Threads of the process.
    PROCESS_THREADS: "process_threads", Gauge, None, [] => "Growth without end: report it.";
    /// When the process started.
    PROCESS_START: "process_start_time_seconds", Gauge, Seconds, [] => "Changes often: the process restarts; what does the log say before?";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_follow_the_conventions_and_stand_once() {
        let names: BTreeSet<_> = METRICS.iter().map(|metric| metric.name).collect();
        assert_eq!(names.len(), METRICS.len());
        for MetricDefinition { name, kind, unit, labels, help, action } in METRICS {
            assert!(name.starts_with("trailwarden_") || name.starts_with("process_"), "{name}");
            assert_eq!(name.ends_with("_total"), *kind == Kind::Counter, "{name}");
            assert_eq!(name.ends_with("_info"), *kind == Kind::Info, "{name}");
            let base = name.trim_end_matches("_total");
            for word in [Unit::Seconds, Unit::Bytes] {
                assert_eq!(base.ends_with(word.as_str()), *unit == word, "{name}");
            }
            assert!(labels.iter().chain([name]).all(|word| word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')), "{name}");
            assert!(!labels.contains(&"le") && !help.contains(['\\', '\n', '|']) && !action.contains('|'), "{name}");
            assert!(help.trim().ends_with('.') && action.ends_with(['.', '?', ';']), "{name}");
        }
    }
}
