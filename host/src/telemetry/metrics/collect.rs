//! From what is counted to the samples of every metric, in the order of the definitions.

use std::fmt::Error;

use jiff::Timestamp;
use policy_contract::manifest::Mode;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use prometheus_client::encoding::text;
use prometheus_client::registry::Registry;

use super::definitions::*;
use super::exposition::{Family, Form, classic, family};
use super::process::Process;
use super::state::{ObjectOutcome, PolicyState, Reload, State, TaskCounts, count, file_name};
use crate::finding::HostRule;
use crate::policy::{LoadedPolicy, Step};
use crate::record::NotARecord;
use crate::telemetry::health::PartReport;

/// What one scrape tells: everything at one moment.
#[derive(Debug)]
pub(crate) struct Snapshot {
    pub(crate) state: State,
    pub(crate) parts: Vec<PartReport>,
    /// When the process started.
    pub(crate) started: Timestamp,
}

impl Snapshot {
    /// The text of every metric.
    ///
    /// # Errors
    /// Never, unless the encoder has a fault: it writes to memory.
    pub(crate) fn exposition(self, form: Form) -> Result<String, Error> {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(self));
        let mut written = String::new();
        text::encode(&mut written, &registry)?;
        Ok(match form {
            Form::OpenMetrics => written,
            Form::Classic => classic(&written),
        })
    }

    /// The policies in force, with what is counted for them.
    pub(crate) fn policies(&self) -> impl Iterator<Item = (&LoadedPolicy, &PolicyState)> {
        let loaded = self.state.catalogue.iter().flat_map(|catalogue| catalogue.policies());
        loaded.filter_map(|policy| Some((&**policy, self.state.policies.get(&policy.identity().name)?)))
    }

    /// The name of the policy in force that came from a file; empty where there is none.
    fn policy_from(&self, file: &str) -> &str {
        let is_from = |policy: &LoadedPolicy| file_name(policy.path()) == file;
        self.policies().find(|(policy, _)| is_from(policy)).map_or("", |(policy, _)| policy.identity().name.as_str())
    }

    fn host(&self, to: &mut DescriptorEncoder<'_>) -> Result<(), Error> {
        let state = &self.state;
        family(to, &BUILD, |f| f.info([env!("CARGO_PKG_VERSION")]))?;
        let configuration = state.configuration.as_ref();
        let digest = configuration.map(|configuration| configuration.digest.to_string());
        family(to, &CONFIG, |f| f.info([digest.as_deref().unwrap_or_default()]))?;
        family(to, &CONFIG_SINCE, |f| configuration.iter().try_for_each(|c| f.gauge([], seconds(c.since))))?;
        family(to, &CONFIG_RELOADS, |f| {
            Reload::ALL.iter().try_for_each(|reload| f.counter([reload.as_str()], count(&state.reloads, reload)))
        })
    }

    fn records(&self, to: &mut DescriptorEncoder<'_>) -> Result<(), Error> {
        let State { read, evaluated, unselected, objects, delivery, .. } = &self.state;
        family(to, &RECORDS_READ, |f| f.counter([], read.items()))?;
        family(to, &RECORDS, |f| {
            f.counter(["evaluated"], *evaluated)?;
            f.counter(["selected-by-no-rule"], *unselected)?;
            f.counter(["duplicate"], read.duplicates)?;
            f.counter(["unreadable"], read.unreadable)?;
            f.counter(["not-a-record"], read.not_records_total())
        })?;
        family(to, &NOT_RECORDS, |f| {
            NotARecord::ALL
                .iter()
                .try_for_each(|kind| f.counter([&kind.name().replace(' ', "-")], count(&read.not_records, kind)))
        })?;
        family(to, &OBJECTS, |f| {
            ObjectOutcome::ALL.iter().try_for_each(|outcome| f.counter([outcome.as_str()], count(objects, outcome)))
        })?;
        family(to, &STORED_BYTES, |f| f.counter([], read.bytes.read))?;
        family(to, &DECOMPRESSED_BYTES, |f| f.counter([], read.bytes.decompressed))?;
        family(to, &OBJECT_LINES_DROPPED, |f| f.counter([], self.state.object_lines_dropped))?;
        family(to, &SKIPPED_BYTES, |f| f.counter([], read.bytes.skipped + read.bytes.after_gzip))?;
        family(to, &DELIVERY, |f| f.histogram([], delivery))
    }

    fn of_policies(&self, to: &mut DescriptorEncoder<'_>) -> Result<(), Error> {
        let state = &self.state;
        let each = |f: &mut Family<'_>, write: &dyn Fn(&mut Family<'_>, &str, &PolicyState) -> Result<(), Error>| {
            state.policies.iter().try_for_each(|(name, policy)| write(f, name.as_str(), policy))
        };
        family(to, &POLICIES, |f| {
            let quarantined = state.policies.values().filter(|policy| policy.quarantined.is_some()).count();
            f.gauge(["active"], self.policies().count() as f64)?;
            f.gauge(["quarantined"], quarantined as f64)?;
            f.gauge(["refused"], state.refused_files as f64)
        })?;
        family(to, &POLICY, |f| {
            self.policies().try_for_each(|(policy, _)| {
                let identity = policy.identity();
                let (digest, settings) = (identity.digest.to_string(), identity.settings.to_string());
                f.info([identity.name.as_str(), &identity.version, &digest, &settings])
            })
        })?;
        family(to, &POLICY_SINCE, |f| each(f, &|f, name, policy| f.gauge([name], seconds(policy.since))))?;
        family(to, &POLICY_QUARANTINED, |f| each(f, &|f, name, policy| f.gauge([name], truth(policy.quarantined.is_some()))))?;
        family(to, &POLICY_REFUSED, |f| {
            state.refused.iter().try_for_each(|(file, refused)| {
                f.gauge([file, self.policy_from(file), refused.step.as_str()], seconds(refused.at))
            })
        })?;
        family(to, &POLICY_INSTANCES, |f| {
            self.policies().try_for_each(|(policy, _)| f.gauge([policy.identity().name.as_str()], policy.warm_instances() as f64))
        })?;
        family(to, &INSTANCE_MEMORY, |f| {
            // All policies share one budget.
            f.gauge([], self.policies().next().map_or(0, |(policy, _)| policy.instance_memory()) as f64)
        })?;
        family(to, &RECORD_CPU, |f| each(f, &|f, name, policy| f.histogram([name], &policy.record_cpu)))?;
        family(to, &CALL_CPU, |f| each(f, &|f, name, policy| f.histogram([name], &policy.call_cpu)))?;
        family(to, &SECOND_RUNS, |f| each(f, &|f, name, policy| f.counter([name], policy.second_runs)))?;
        family(to, &POLICY_LOG_LINES, |f| {
            each(f, &|f, name, policy| {
                f.counter([name, "told"], policy.lines_told)?;
                f.counter([name, "dropped"], policy.lines_dropped)
            })
        })
    }

    fn of_rules(&self, to: &mut DescriptorEncoder<'_>) -> Result<(), Error> {
        let state = &self.state;
        let rules = || {
            state
                .policies
                .iter()
                .flat_map(|(name, policy)| policy.rules.iter().map(move |(rule, state)| (name.as_str(), rule.as_str(), state)))
        };
        family(to, &TASKS, |f| {
            rules().try_for_each(|(policy, rule, state)| {
                outcomes(&state.tasks).into_iter().try_for_each(|(outcome, number)| f.counter([policy, rule, outcome], number))
            })
        })?;
        family(to, &ALL_TASKS, |f| {
            outcomes(&state.tasks).into_iter().try_for_each(|(outcome, number)| f.counter([outcome], number))
        })?;
        family(to, &FINDINGS, |f| {
            rules().try_for_each(|(policy, rule, state)| {
                [(Mode::Enforce, &state.enforced), (Mode::Shadow, &state.shadowed)].into_iter().try_for_each(|(mode, found)| {
                    let mut seen = found.iter().filter(|(_, number)| *number > 0);
                    seen.try_for_each(|(severity, number)| f.counter([policy, rule, severity.as_str(), mode.as_str()], number))
                })
            })
        })?;
        family(to, &SUPPRESSED, |f| rules().try_for_each(|(policy, rule, state)| f.counter([policy, rule], state.suppressed)))?;
        family(to, &FAILURES, |f| {
            state.policies.iter().try_for_each(|(policy, of_policy)| {
                of_policy.failures.iter().try_for_each(|((rule, kind), number)| {
                    f.counter([policy.as_str(), rule.as_ref().map_or("", |rule| rule.as_str()), kind.as_str()], *number)
                })
            })
        })?;
        family(to, &HOST_FINDINGS, |f| {
            HostRule::ALL.iter().try_for_each(|rule| f.counter([rule.id()], count(&state.host_findings, rule)))
        })?;
        family(to, &SWAPS, |f| {
            f.counter(["loaded", ""], state.loaded)?;
            f.counter(["swapped", ""], state.swapped)?;
            f.counter(["retired", ""], state.retired)?;
            Step::ALL.iter().try_for_each(|step| f.counter(["refused", step.as_str()], count(&state.refusals, step)))
        })
    }

    fn around(&self, to: &mut DescriptorEncoder<'_>) -> Result<(), Error> {
        let State { sinks, sources, ledger, journal, queues, workers, busy, requests, dropped, .. } = &self.state;
        family(to, &SINK_FINDINGS, |f| sinks.iter().try_for_each(|(name, sink)| f.counter([name], sink.taken.findings)))?;
        family(to, &SINK_BYTES, |f| sinks.iter().try_for_each(|(name, sink)| f.counter([name], sink.taken.bytes)))?;
        family(to, &SINK_LEFT_OUT, |f| sinks.iter().try_for_each(|(name, sink)| f.counter([name], sink.taken.left_out)))?;
        family(to, &SINK_FAILURES, |f| sinks.iter().try_for_each(|(name, sink)| f.counter([name], sink.failures)))?;
        family(to, &SINK_BLOCKED, |f| sinks.iter().try_for_each(|(name, sink)| f.gauge([name], truth(sink.is_blocked))))?;
        family(to, &SINK_LAST, |f| {
            sinks
                .iter()
                .filter_map(|(name, sink)| Some((name, sink.last?)))
                .try_for_each(|(name, at)| f.gauge([name], seconds(at)))
        })?;
        family(to, &SOURCE_REACHABLE, |f| {
            sources.iter().try_for_each(|(name, source)| f.gauge([name], truth(source.is_reachable)))
        })?;
        family(to, &SOURCE_OBJECTS, |f| sources.iter().try_for_each(|(name, source)| f.counter([name], source.objects)))?;
        family(to, &SOURCE_LAST, |f| {
            let mut last = sources.iter().filter_map(|(name, source)| Some((name, source.last?)));
            last.try_for_each(|(name, at)| f.gauge([name], seconds(at)))
        })?;
        family(to, &LEDGER_ENTRIES, |f| ledger.iter().try_for_each(|(entries, _)| f.gauge([], *entries as f64)))?;
        family(to, &LEDGER_BYTES, |f| ledger.iter().try_for_each(|(_, bytes)| f.gauge([], *bytes as f64)))?;
        family(to, &JOURNAL_BYTES, |f| journal.iter().try_for_each(|usage| f.gauge([], usage.bytes as f64)))?;
        family(to, &JOURNAL_LIMIT, |f| journal.iter().try_for_each(|usage| f.gauge([], usage.limit_bytes as f64)))?;
        family(to, &QUEUE, |f| queues.iter().try_for_each(|(queue, depth)| f.gauge([queue], *depth as f64)))?;
        family(to, &WORKERS, |f| f.gauge([], *workers as f64))?;
        family(to, &WORKERS_BUSY, |f| f.gauge([], *busy as f64))?;
        family(to, &PART, |f| self.parts.iter().try_for_each(|part| f.gauge([&part.part], truth(part.is_ok()))))?;
        family(to, &HTTP_REQUESTS, |f| {
            let sample =
                |((endpoint, status), number): (&(&'static str, u16), &u64)| f.counter([endpoint, &status.to_string()], *number);
            requests.iter().try_for_each(sample)
        })?;
        family(to, &HTTP_DROPPED, |f| dropped.iter().try_for_each(|(reason, number)| f.counter([reason], *number)))
    }

    fn process(&self, to: &mut DescriptorEncoder<'_>) -> Result<(), Error> {
        let process = Process::now();
        let known = |value: Option<u64>| move |f: &mut Family<'_>| value.iter().try_for_each(|value| f.gauge([], *value as f64));
        family(to, &PROCESS_CPU, |f| f.fraction([], process.cpu_seconds))?;
        family(to, &PROCESS_RESIDENT, known(process.resident_bytes))?;
        family(to, &PROCESS_VIRTUAL, known(process.virtual_bytes))?;
        family(to, &PROCESS_FDS, known(process.open_fds))?;
        family(to, &PROCESS_MAX_FDS, known(process.max_fds))?;
        family(to, &PROCESS_THREADS, known(process.threads))?;
        family(to, &PROCESS_START, |f| f.gauge([], seconds(self.started)))
    }
}

impl Collector for Snapshot {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), Error> {
        self.host(&mut encoder)?;
        self.records(&mut encoder)?;
        self.of_policies(&mut encoder)?;
        self.of_rules(&mut encoder)?;
        self.around(&mut encoder)?;
        self.process(&mut encoder)
    }
}

fn outcomes(tasks: &TaskCounts) -> [(&'static str, u64); 3] {
    [("answered", tasks.answered), ("failed", tasks.failed), ("withheld", tasks.withheld)]
}

fn seconds(at: Timestamp) -> f64 {
    at.as_millisecond() as f64 / 1e3
}

fn truth(is_so: bool) -> f64 {
    if is_so { 1.0 } else { 0.0 }
}
