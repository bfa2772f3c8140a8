//! The handle by which the stages tell what has happened.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use policy_contract::name::Name;

use super::cap::Allowed;
use super::health::{Health, PartReport};
use super::log::events;
use super::metrics::{Configuration, PolicyState, Refused, Reload, RuleState, Snapshot, State, file_name};
use super::text::cut;
use crate::config::{Config, ConfigErrors};
use crate::engine::LogLine;
use crate::finding::{HostFinding, PolicyIdentity, Subject};
use crate::limits::TOLD_REFUSALS;
use crate::pipeline::{End, EndedObject, Failure, Judged, OfPolicy, Quarantined, Scanned, Unreadable};
use crate::policy::{Catalogue, Change, LoadedPolicy, Refusal};
use crate::store::Usage;

/// What counts and tells. Clones share everything.
#[derive(Clone)]
pub struct Telemetry {
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    health: Health,
    queues: Mutex<Queues>,
    started: Timestamp,
}

/// What tells how much waits in each queue.
type Queues = BTreeMap<&'static str, Box<dyn Fn() -> u64 + Send + Sync>>;

/// What is to be told of policies once the lock is free, so that a slow reader of the log holds nobody up but who writes.
#[derive(Default)]
struct Lines<'j> {
    said: Vec<(&'j Name, &'j LogLine)>,
    failed: Vec<&'j Failure>,
    dropped: Vec<(&'j Name, u64)>,
}

impl Default for Telemetry {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for Telemetry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Telemetry").field("started", &self.shared.started).finish_non_exhaustive()
    }
}

impl Telemetry {
    /// Nothing has happened yet. The process counts as started now.
    pub fn new() -> Self {
        let shared =
            Shared { state: Mutex::default(), health: Health::default(), queues: Mutex::default(), started: Timestamp::now() };
        Self { shared: Arc::new(shared) }
    }

    /// Where the parts of the host register themselves.
    pub fn health(&self) -> &Health {
        &self.shared.health
    }

    /// The configuration that the host starts with is in force.
    pub fn configured(&self, config: &Config) {
        let mut state = self.state();
        state.configuration = Some(Configuration::of(config));
        state.least_level = config.telemetry.log_level;
    }

    /// Another configuration is in force.
    pub fn config_reloaded(&self, config: &Config) {
        let mut state = self.state();
        *state.reloads.entry(Reload::Taken).or_default() += 1;
        let before = state.configuration.replace(Configuration::of(config)).map(|before| before.digest);
        drop(state);
        events::config_reloaded(&config.digest, text(&before));
    }

    /// Another configuration was refused; the one before stays in force.
    pub fn config_refused(&self, file: &Path, errors: &ConfigErrors) {
        // Without the lines of the file, in which secrets may stand.
        let reasons: Vec<String> = errors.iter().map(|error| format!("{}: {}", error.place, error.problem)).collect();
        let mut state = self.state();
        *state.reloads.entry(Reload::Refused).or_default() += 1;
        if let Some(configuration) = &mut state.configuration {
            configuration.refused = Some((Timestamp::now(), cut(&reasons.join("; "))));
        }
        drop(state);
        reasons.iter().for_each(|reason| events::config_refused(&file.display(), reason));
    }

    /// These policies are in force. What was counted for others is forgotten; a policy that is not the one of that name before
    /// is in force since now, and not quarantined.
    pub fn active(&self, catalogue: &Arc<Catalogue>) {
        let now = Timestamp::now();
        let mut state = self.state();
        let before = state.catalogue.replace(Arc::clone(catalogue));
        let number_before = |name: &Name| {
            let policies = before.as_deref().map(Catalogue::policies).unwrap_or_default();
            policies.iter().find(|policy| policy.identity().name == *name).map(|policy| policy.number())
        };
        let mut states = std::mem::take(&mut state.policies);
        for policy in catalogue.policies() {
            let name = &policy.identity().name;
            let mut of_policy = states.remove(name).unwrap_or_else(|| PolicyState::new(now));
            if number_before(name) != Some(policy.number()) {
                (of_policy.since, of_policy.quarantined) = (now, None);
            }
            let rules: Vec<&Name> = policy.rules().iter().map(|rule| &rule.description.id).collect();
            of_policy.rules.retain(|rule, _| rules.contains(&rule));
            of_policy.failures.retain(|(rule, _), _| rule.as_ref().is_none_or(|rule| rules.contains(&rule)));
            for rule in rules {
                of_policy.rules.entry(rule.clone()).or_default();
            }
            state.policies.insert(name.clone(), of_policy);
        }
        drop(state);
        if catalogue.policies().is_empty() {
            events::policies_none();
        }
    }

    /// Something is new about the files of policies; [`Self::active`] is told too.
    pub fn changed(&self, change: &Change) {
        match change {
            Change::Loaded(policy) => {
                self.state().loaded += 1;
                let PolicyIdentity { name, version, digest, .. } = &**policy.identity();
                events::policy_loaded(name, version, digest);
            }
            Change::Swapped { from, to } => {
                self.state().swapped += 1;
                let (from, to) = (from.identity(), to.identity());
                events::policy_swapped(&to.name, &to.version, &to.digest, &from.version, &from.digest);
            }
            Change::Retired(policy) => {
                self.state().retired += 1;
                let PolicyIdentity { name, version, digest, .. } = &**policy.identity();
                events::policy_retired(name, version, digest);
            }
            Change::Refused { refusal, kept } => self.refused(refusal, kept.as_deref()),
            Change::Noted(file, notice) => events::policy_noted(&file.display(), notice),
            Change::Unlisted(path, error) => events::policies_unlisted(&path.display(), error),
            Change::Listed(path) => events::policies_listed(&path.display()),
        }
    }

    fn refused(&self, refusal: &Refusal, kept: Option<&LoadedPolicy>) {
        let (step, reason) = (refusal.error.step(), refusal.error.text());
        *self.state().refusals.entry(step).or_default() += 1;
        let (name, digest) = (kept.map(|kept| &kept.identity().name), kept.map(|kept| kept.identity().digest));
        events::policy_refused(&refusal.path.display(), text(&name), &step, &reason, text(&digest));
    }

    /// What is refused at present: all of it, so that what is missing here is refused no more.
    pub fn refused_at_present<'r>(&self, refusals: impl IntoIterator<Item = &'r Arc<Refusal>>) {
        let now = Timestamp::now();
        let mut state = self.state();
        let before = std::mem::take(&mut state.refused);
        state.refused_files = 0;
        for refusal in refusals {
            state.refused_files += 1;
            if state.refused.len() >= TOLD_REFUSALS {
                continue;
            }
            let (file, step, reason) = (file_name(&refusal.path), refusal.error.step(), cut(&refusal.error.text()));
            let is_same = |refused: &&Refused| refused.step == step && refused.reason == reason;
            let at = before.get(&file).filter(is_same).map_or(now, |refused| refused.at);
            state.refused.insert(file, Refused { at, step, reason });
        }
    }

    /// A policy of this catalogue is quarantined, until another version of it is in force.
    pub fn quarantined(&self, catalogue: &Catalogue, quarantined: &Quarantined) {
        let Some(policy) = catalogue.policies().get(quarantined.policy) else { return };
        let (name, reason) = (&policy.identity().name, quarantined.verdict.to_string());
        let mut state = self.state();
        // What judged a while ago need not be what is in force by now.
        let active = state.catalogue.as_deref().map(Catalogue::policies).unwrap_or_default();
        let is_active = active.iter().any(|active| active.number() == policy.number());
        if let Some(of_policy) = state.policies.get_mut(name).filter(|_| is_active) {
            of_policy.quarantined = Some((Timestamp::now(), cut(&reason)));
        }
        drop(state);
        events::policy_quarantined(name, &quarantined.verdict.as_str(), &reason);
    }

    /// What came of a chunk: what was read, what was judged, who was quarantined.
    pub fn scanned(&self, scanned: &Scanned) {
        let Scanned { catalogue, judged, unreadable, ended, quarantined, .. } = scanned;
        let mut state = self.state();
        ended.iter().for_each(|object| state.read += &object.tally);
        let lines = count(&mut state, catalogue, judged);
        drop(state);
        lines.tell();
        self.tell_unreadable(unreadable, ended);
        quarantined.iter().for_each(|quarantined| self.quarantined(catalogue, quarantined));
    }

    fn tell_unreadable(&self, places: &[Unreadable], ended: &[EndedObject]) {
        for Unreadable { object, offset, reason, .. } in places {
            let is_missing = ended.iter().any(|ended| ended.end == End::Missing && ended.name == *object);
            self.tell_fault(|| {
                if is_missing {
                    events::object_missing(object, reason)
                } else {
                    events::object_unreadable(object, *offset, reason)
                }
            });
        }
    }

    /// Objects have ended, and whatever was found in them was delivered.
    pub fn ended(&self, ended: &[EndedObject]) {
        let mut state = self.state();
        ended.iter().for_each(|object| *state.objects.entry(object.end.into()).or_default() += 1);
    }

    /// All findings of an object were delivered, so long after it arrived.
    pub fn delivered(&self, object: &str, records: u64, after: Duration) {
        self.state().delivery.observe(after.as_secs_f64(), 1);
        events::object_done(&object, records, after);
    }

    /// The host reports a finding about itself.
    pub fn host_finding(&self, finding: &HostFinding) {
        *self.state().host_findings.entry(finding.rule).or_default() += 1;
        let Subject { policy, object, offset, .. } = &finding.subject;
        let (rule, count, reason) = (finding.rule.id(), finding.count, &finding.reason);
        let tell = || events::host_finding(&rule, text(policy), text(object), *offset, count, reason);
        // Whoever writes objects can bring about any number of those.
        if finding.rule.is_about_an_object() { self.tell_fault(tell) } else { tell() }
    }

    /// How large the ledger is.
    pub fn ledger(&self, entries: u64, bytes: u64) {
        self.state().ledger = Some((entries, bytes));
    }

    /// How full the journal of failed tasks is.
    pub fn journal(&self, usage: Usage) {
        self.state().journal = Some(usage);
    }

    /// What waits in a queue, whenever it is asked for.
    pub fn queue(&self, queue: &'static str, depth: impl Fn() -> u64 + Send + Sync + 'static) {
        self.queues().insert(queue, Box::new(depth));
    }

    pub(super) fn request(&self, endpoint: &'static str, status: u16) {
        *self.state().requests.entry((endpoint, status)).or_default() += 1;
    }

    /// Tells which parts do not move, which nobody else would.
    pub(super) fn tell_dead(&self, parts: &[PartReport]) {
        for part in parts {
            // Whoever asks can ask often.
            let allowed = self.state().part_lines.ask(Instant::now());
            if allowed != Allowed::No {
                events::part_dead(&part.part, &part.reason.as_deref().unwrap_or_default());
            }
        }
    }

    pub(super) fn dropped_connection(&self, reason: &'static str) {
        *self.state().dropped.entry(reason).or_default() += 1;
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        let parts = self.shared.health.report();
        let queues = self.queues().iter().map(|(queue, depth)| (*queue, depth())).collect();
        let state = State { queues, ..self.state().clone() };
        Snapshot { state, parts, started: self.shared.started }
    }

    fn queues(&self) -> MutexGuard<'_, Queues> {
        self.shared.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics under this lock but the allocator; numbers that were left in the middle are numbers.
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells something that an attacker's records can bring about, unless that was told too often.
    fn tell_fault(&self, tell: impl FnOnce()) {
        let mut state = self.state();
        let allowed = state.fault_lines.ask(Instant::now());
        state.object_lines_dropped += u64::from(allowed == Allowed::No);
        drop(state);
        if let Allowed::Yes { dropped_before } = allowed {
            if dropped_before > 0 {
                events::object_lines_dropped(dropped_before);
            }
            tell();
        }
    }
}

/// A value that may be absent, as an event takes it.
fn text<T: Display>(value: &Option<T>) -> Option<&dyn Display> {
    value.as_ref().map(|value| value as &dyn Display)
}

fn count<'j>(state: &mut State, catalogue: &'j Catalogue, judged: &'j Judged) -> Lines<'j> {
    state.evaluated += judged.records.evaluated;
    state.unselected += judged.records.unselected;
    for (policy, counts) in catalogue.policies().iter().zip(&judged.by_policy) {
        count_policy(state, policy, counts);
    }
    let (mut lines, now) = (Lines::default(), Instant::now());
    for failure in &judged.failures {
        let of_policy = state.policies.get_mut(&failure.policy);
        let is_there = |of_policy: &&mut PolicyState| failure.rule.as_ref().is_none_or(|rule| of_policy.rules.contains_key(rule));
        // What a version said that is in force no more has no labels of its own.
        let cap = match of_policy.filter(is_there) {
            Some(of_policy) => {
                *of_policy.failures.entry((failure.rule.clone(), failure.kind)).or_default() += 1;
                &mut of_policy.failure_lines
            }
            None => &mut state.fault_lines,
        };
        if lines.may_tell(&failure.policy, cap.ask(now)) {
            lines.failed.push(failure);
        }
    }
    let least_level = state.least_level;
    for (policy, line) in judged.log.iter().filter(|(_, line)| least_level.tells(line.level)) {
        let Some(of_policy) = state.policies.get_mut(policy) else {
            if lines.may_tell(policy, state.fault_lines.ask(now)) {
                lines.said.push((policy, line));
            }
            continue;
        };
        if lines.may_tell(policy, of_policy.log_lines.ask(now)) {
            of_policy.lines_told += 1;
            lines.said.push((policy, line));
        } else {
            of_policy.lines_dropped += 1;
        }
    }
    lines
}

fn count_policy(state: &mut State, policy: &LoadedPolicy, counts: &OfPolicy) {
    let mut of_policy = state.policies.get_mut(&policy.identity().name);
    for (rule, counts) in policy.rules().iter().zip(&counts.by_rule) {
        state.tasks.add(counts);
        let of_rule = of_policy.as_mut().and_then(|of_policy| of_policy.rules.get_mut(&rule.description.id));
        if let Some(RuleState { tasks, enforced, shadowed, suppressed }) = of_rule {
            tasks.add(counts);
            *enforced += counts.enforced;
            *shadowed += counts.shadowed;
            *suppressed += counts.suppressed;
        }
    }
    let Some(of_policy) = of_policy else { return };
    for call in &counts.calls {
        let (cpu, records) = (call.cpu.as_secs_f64(), u64::from(call.records));
        of_policy.call_cpu.observe(cpu, 1);
        of_policy.record_cpu.observe(cpu / records.max(1) as f64, records);
    }
    of_policy.second_runs += counts.compared;
    of_policy.lines_dropped += counts.log_lines_dropped;
}

impl<'j> Lines<'j> {
    /// Whether a line about a policy may be told; notes what was dropped before.
    fn may_tell(&mut self, policy: &'j Name, allowed: Allowed) -> bool {
        match allowed {
            Allowed::Yes { dropped_before: 0 } => true,
            Allowed::Yes { dropped_before } => {
                self.dropped.push((policy, dropped_before));
                true
            }
            Allowed::No => false,
        }
    }

    fn tell(self) {
        for (policy, dropped) in self.dropped {
            events::policy_lines_dropped(policy, dropped);
        }
        for (policy, line) in self.said {
            events::policy_log(policy, line.level, &line.text);
        }
        for failure in self.failed {
            let record = failure.record.as_ref();
            let (object, event_key) = (record.map(|r| Arc::clone(&r.object)), record.map(|r| &r.event_key));
            let offset = record.map(|record| record.offset);
            let rule = text(&failure.rule);
            events::policy_failed(&failure.policy, rule, &failure.kind, text(&object), offset, text(&event_key), &failure.reason);
        }
    }
}
