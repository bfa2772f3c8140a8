//! From what was judged to what is done: journal, sinks, ledger, in this order, one chunk after the other.
//!
//! Every step can fail for a while, as a disk that is full does. Then it is tried again, nothing more is judged meanwhile, and
//! nothing counts as done. So where the host is killed, whatever was not written to the ledger is judged again.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use jiff::Timestamp;
use policy_contract::manifest::Mode;

use super::stop::Stop;
use crate::config::{Config, Take};
use crate::finding::{Finding, FindingId, HostFinding, HostRule, Reported, Subject, ocsf};
use crate::limits::FINDINGS_REMEMBERED;
use crate::pipeline::{End, EndedObject, Failures, Faults, Journaling, JudgedCounts, Quarantined, Scanned};
use crate::policy::Catalogue;
use crate::pulse::Pulse as _;
use crate::record::Tally;
use crate::sink::{Sink, SinkError, Taken};
use crate::source::{Folders, Found, Ticket};
use crate::store::{FileVersion, Ledger, StoreError};
use crate::telemetry::log::events;
use crate::telemetry::{Part, STANDSTILL, SinkMeter, Telemetry};

/// How long to wait before a step is tried again: at first, and at most.
const RETRY: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(10));
/// How often it is said that a step still fails.
const SAY_AGAIN: Duration = Duration::from_secs(60);

/// Why the service ends before it was asked to, or without having finished.
#[derive(Debug, thiserror::Error)]
pub enum Stopped {
    /// Nobody reads what is written.
    #[error("{0}; what was not written is judged again at the next start")]
    Closed(SinkError),
    /// The end was asked for while a step failed.
    #[error("ended while something was in the way: {0}; what is not done is judged again at the next start")]
    Unfinished(StepError),
}

/// A step that failed.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    /// A sink does not take what was found.
    #[error(transparent)]
    Sink(#[from] SinkError),
    /// The journal or the ledger can't be written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A finding can't be put into words, which nothing in a record can bring about.
    #[error("a finding can't be written as OCSF: {0}")]
    Line(#[from] std::io::Error),
}

/// What was read, judged and written since the start.
#[derive(Clone, Debug, Default)]
pub struct Sums {
    /// What was read of objects, each time that one was read.
    pub read: Tally,
    /// What became of records and tasks, also of objects that were not read to their end.
    pub judged: JudgedCounts,
    /// Objects that are done.
    pub done: u64,
    /// Objects that were gone when they were to be read.
    pub missing: u64,
    /// Times that an object could not be read to its end and is tried again.
    pub put_back: u64,
    /// Findings of policies that a sink took.
    pub findings: u64,
    /// Findings of policies that no sink takes.
    pub untaken: u64,
}

/// A sink and what it takes.
pub(super) struct Route {
    pub(super) sink: Sink,
    pub(super) take: Take,
    pub(super) meter: SinkMeter,
}

/// Where judged chunks end.
pub(super) struct Delivery {
    routes: Vec<Route>,
    ledger: Arc<Ledger>,
    folders: Arc<Folders>,
    journaling: Journaling,
    failures: Failures,
    faults: Faults,
    /// Findings of the host about one object: each is told once, however often the object is tried.
    told: HashSet<FindingId>,
    /// The finding that is being written.
    line: Vec<u8>,
    sums: Sums,
    has_caught_up: bool,
    /// When it was last said that a sink's file can't be rotated.
    not_rotated: Option<Instant>,
    /// The policies in force.
    active: Arc<ArcSwap<Catalogue>>,
    telemetry: Telemetry,
    way: Way,
}

/// The way that every step takes: again and again until it succeeds, or until the end is asked for.
struct Way {
    part: Part,
    stop: Stop,
}

impl Delivery {
    pub(super) fn new(
        routes: Vec<Route>,
        ledger: Arc<Ledger>,
        folders: Arc<Folders>,
        journaling: Journaling,
        active: Arc<ArcSwap<Catalogue>>,
        telemetry: Telemetry,
        stop: Stop,
    ) -> Self {
        let part = telemetry.health().beating("delivery", STANDSTILL);
        part.idle();
        Self {
            routes,
            ledger,
            folders,
            journaling,
            failures: Failures::default(),
            faults: Faults::default(),
            told: HashSet::new(),
            line: Vec::new(),
            sums: Sums::default(),
            has_caught_up: false,
            not_rotated: None,
            active,
            telemetry,
            way: Way { part, stop },
        }
    }

    /// Takes a chunk: when this returns, everything that ended in it is done or was put back.
    pub(super) fn receive(&mut self, scanned: Scanned) -> Result<(), Stopped> {
        let delivered = self.deliver(scanned);
        self.way.part.idle();
        delivered
    }

    fn deliver(&mut self, scanned: Scanned) -> Result<(), Stopped> {
        self.telemetry.scanned(&scanned);
        let Scanned { catalogue, judged, records, quarantined, unreadable, ended } = scanned;
        let Self { journaling, way, .. } = self;
        way.insist(|| Ok(journaling.write(&catalogue, &records, &judged)?))?;

        let now = Timestamp::now();
        let is_done = |object: &EndedObject| object.end == End::Whole;
        let done: BTreeSet<&str> = ended.iter().filter(|object| is_done(object)).map(|object| &*object.name).collect();
        // In each list findings stand in the order of the records: those of an object that is not done yet come last.
        let lists = [&judged.findings, &judged.shadowed, &judged.suppressed]
            .map(|list| list.split_at(list.iter().take_while(|finding| done.contains(&*finding.record.place().object)).count()));
        lists.iter().flat_map(|(of_done, _)| *of_done).try_for_each(|finding| self.push(finding.into(), now))?;
        if !done.is_empty() {
            self.routes.iter_mut().for_each(|route| route.sink.mark());
        }
        lists.iter().flat_map(|(_, of_others)| *of_others).try_for_each(|finding| self.push(finding.into(), now))?;

        for Quarantined { policy, verdict } in &quarantined {
            self.failures.quarantine(catalogue.policies()[*policy].identity().name.clone(), verdict.clone());
        }
        for (policy, of_policy) in catalogue.policies().iter().zip(&judged.by_policy) {
            for record in of_policy.withheld.iter().filter_map(|(record, _)| records.get(*record)) {
                self.failures.withhold(&policy.identity().name, record.record.event_key.as_str());
            }
        }
        self.sums.judged += judged.counts();
        judged.failures.into_iter().for_each(|failure| self.failures.add(failure));
        let mut own = self.failures.due(true);
        // A chunk that was judged before a swap can tell of a version that is in force no more.
        let active = self.active.load();
        let is_active = |number| active.policies().iter().any(|policy| policy.number() == number);
        for Quarantined { policy, .. } in &quarantined {
            let policy = &catalogue.policies()[*policy];
            if !is_active(policy.number()) {
                own.extend(self.failures.release(&policy.identity().name, true));
            }
        }
        own.extend(unreadable.into_iter().flat_map(|fault| self.faults.add(fault)));
        own.extend(ended.iter().filter(|object| object.end == End::Missing).map(missing));
        own.iter().try_for_each(|finding| self.host_finding(finding, now))?;
        self.look_at_journal(now)?;
        self.settle(&ended)
    }

    /// Takes findings of the host that belong to no chunk, and sees that sinks have them.
    pub(super) fn report(&mut self, findings: &[HostFinding]) -> Result<(), Stopped> {
        let now = Timestamp::now();
        findings.iter().try_for_each(|finding| self.host_finding(finding, now))?;
        let written = self.write();
        self.way.part.idle();
        written
    }

    /// Sinks take what the configuration says now.
    pub(super) fn reroute(&mut self, config: &Config) {
        for Route { sink, take, .. } in &mut self.routes {
            if let Some(set) = config.sinks.get(sink.name()) {
                *take = set.take.clone();
            }
        }
    }

    /// Another version of a policy is in force. Returns what is still to be told of the one before.
    pub(super) fn release(&mut self, policy: &policy_contract::name::Name) -> Option<HostFinding> {
        self.failures.release(policy, true)
    }

    /// Tells what was not told yet.
    pub(super) fn finish(&mut self) -> Result<(), Stopped> {
        let mut rest = self.failures.rest(true);
        rest.extend(self.faults.rest());
        self.report(&rest)
    }

    pub(super) fn sums(&self) -> &Sums {
        &self.sums
    }

    pub(super) fn taken(&self) -> impl Iterator<Item = (&policy_contract::name::Name, Taken)> {
        self.routes.iter().map(|route| (route.sink.name(), route.sink.taken()))
    }

    /// Gives a finding to every sink that takes it.
    fn push(&mut self, finding: Reported<'_>, now: Timestamp) -> Result<(), Stopped> {
        let mut takers = self.routes.iter_mut().filter(|route| route.take.takes(&finding)).peekable();
        let is_taken = takers.peek().is_some();
        if is_taken {
            self.line.clear();
            ocsf::write_line(finding, Some(now), &mut self.line).map_err(|error| Stopped::Unfinished(error.into()))?;
            takers.for_each(|route| route.sink.push(finding.id(), &self.line));
        }
        if let Reported::Policy(Finding { mode: Mode::Enforce, suppression: None, .. }) = finding {
            *(if is_taken { &mut self.sums.findings } else { &mut self.sums.untaken }) += 1;
        }
        Ok(())
    }

    fn host_finding(&mut self, finding: &HostFinding, now: Timestamp) -> Result<(), Stopped> {
        if finding.rule.is_about_an_object() {
            if self.told.len() >= FINDINGS_REMEMBERED {
                self.told.clear();
            }
            if !self.told.insert(finding.id()) {
                return Ok(());
            }
        }
        self.telemetry.host_finding(finding);
        self.push(finding.into(), now)
    }

    /// Tells how full the journal is, and of what had no room in it.
    fn look_at_journal(&mut self, now: Timestamp) -> Result<(), Stopped> {
        let Self { journaling, way, telemetry, .. } = self;
        telemetry.journal(way.insist(|| Ok(journaling.usage()?))?);
        if let Some(full) = way.insist(|| Ok(journaling.full()?))? {
            self.host_finding(&full, now)?;
        }
        Ok(())
    }

    fn write(&mut self) -> Result<(), Stopped> {
        for Route { sink, meter, .. } in &mut self.routes {
            self.way.insist(|| {
                sink.write().map_err(|error| {
                    meter.blocked(&error);
                    error.into()
                })
            })?;
            meter.taken(sink.taken());
        }
        Ok(())
    }

    /// Writes what was found, then to the ledger what is done, and tells the source.
    fn settle(&mut self, ended: &[EndedObject]) -> Result<(), Stopped> {
        self.write()?;
        let handed_out = |object: &EndedObject| Some((object.ticket?, self.folders.handed_out(object.ticket?)?));
        let done: Vec<(Ticket, Found)> = ended.iter().filter(|object| object.end == End::Whole).filter_map(handed_out).collect();
        if !done.is_empty() {
            let files: Vec<(PathBuf, FileVersion)> = done.iter().map(|(_, file)| (file.path.clone(), file.version)).collect();
            let places: Vec<_> =
                self.routes.iter().filter_map(|route| Some((route.sink.name().to_string(), route.sink.place()?))).collect();
            self.way.insist(|| {
                let files = files.iter().map(|(path, version)| (path.as_path(), *version));
                Ok(self.ledger.commit(files, places.iter().map(|(name, place)| (name.as_str(), *place)))?)
            })?;
            self.telemetry.ledger(self.way.insist(|| Ok(self.ledger.files()?))?, self.way.insist(|| Ok(self.ledger.bytes()?))?);
        }
        let since: HashMap<Ticket, Instant> = done.iter().map(|(ticket, file)| (*ticket, file.since)).collect();
        for object in ended {
            self.sums.read += &object.tally;
            match object.end {
                End::Whole => {
                    self.sums.done += 1;
                    if let Some(since) = object.ticket.and_then(|ticket| since.get(&ticket)) {
                        self.telemetry.delivered(&object.name, object.tally.items(), since.elapsed());
                    }
                    object.ticket.inspect(|ticket| self.folders.done(*ticket));
                }
                End::Missing => {
                    self.sums.missing += 1;
                    object.ticket.inspect(|ticket| self.folders.done(*ticket));
                }
                End::NotOpened | End::Interrupted => {
                    self.sums.put_back += 1;
                    object.ticket.inspect(|ticket| self.folders.try_later(*ticket));
                }
            }
        }
        self.telemetry.ended(ended);
        if !self.has_caught_up && self.folders.has_caught_up() {
            self.has_caught_up = true;
            self.routes.iter_mut().for_each(|route| route.sink.has_caught_up());
        }
        self.rotate();
        Ok(())
    }

    /// Lets sinks rotate their files. What was written is safe where it is, so one that can't is no reason to wait: the next
    /// chunk tries again.
    fn rotate(&mut self) {
        let failed: Vec<SinkError> = self.routes.iter_mut().filter_map(|route| route.sink.settled().err()).collect();
        if failed.is_empty() {
            self.not_rotated = None;
        } else if is_due(self.not_rotated) {
            self.not_rotated = Some(Instant::now());
            failed.iter().for_each(|error| events::sink_not_rotated(error));
        }
    }
}

/// Whether something that still fails is to be said, again.
fn is_due(said: Option<Instant>) -> bool {
    said.is_none_or(|said| said.elapsed() >= SAY_AGAIN)
}

fn missing(object: &EndedObject) -> HostFinding {
    let subject = Subject { object: Some(object.name.to_string()), ..Subject::default() };
    let reason = "it was there a moment ago and is gone before it was read: bring it back, or find out who took it away";
    HostFinding::once(HostRule::ObjectMissing, subject, reason.to_owned())
}

impl Way {
    /// Tries a step until it succeeds, or until the end is asked for.
    fn insist<T>(&self, mut step: impl FnMut() -> Result<T, StepError>) -> Result<T, Stopped> {
        let mut wait = RETRY.0;
        let mut said: Option<Instant> = None;
        loop {
            self.part.beat(Duration::ZERO);
            let error = match step() {
                Ok(value) => {
                    self.part.ok();
                    if said.is_some() {
                        events::delivery_unblocked();
                    }
                    return Ok(value);
                }
                Err(error) => error,
            };
            match error {
                StepError::Sink(error) if error.is_closed() => return Err(Stopped::Closed(error)),
                error if self.stop.is_wished() => return Err(Stopped::Unfinished(error)),
                error => {
                    self.part.failing(&error);
                    if is_due(said) {
                        said = Some(Instant::now());
                        events::delivery_blocked(&error);
                    }
                }
            }
            self.stop.wait(wait);
            wait = (wait * 2).min(RETRY.1);
        }
    }
}
