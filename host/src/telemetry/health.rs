//! Whether the host does its work, part by part.
//!
//! Parts register themselves and hold a [`Part`]. A *loop* (a worker, a watcher) beats: it says that it moves, or that it
//! waits for work on purpose; one that has said neither for longer than it was given stands still, and then the process is not
//! healthy. A *source* or a *sink* says whether it can be reached; while a required one can't, the host is not ready. What a
//! panic ended stays in the list: nothing else would tell of it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;

use super::text::cut;
use crate::pulse::Pulse;

/// How long a loop of the host may say nothing before it stands still, besides what the limits of a policy allow to a batch that is
/// under way. Whatever else one does between two beats ends within seconds; what may not (a compilation, a look at all files that
/// were ever judged) is no reason to start the host again, so a loop that does it counts as one that waits.
pub const STANDSTILL: Duration = Duration::from_secs(300);

/// What a part is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PartKind {
    /// Where objects come from.
    Source,
    /// Where findings go.
    Sink,
    /// What goes round: a worker, a watcher, a writer.
    Loop,
}

impl PartKind {
    /// The word for it: what stands before the colon in a part's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Sink => "sink",
            Self::Loop => "loop",
        }
    }
}

/// All parts of the host. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Health {
    parts: Arc<Mutex<Parts>>,
}

#[derive(Debug, Default)]
struct Parts {
    by_id: BTreeMap<PartId, State>,
    /// The number of the next one to register.
    next: u64,
}

/// Kind and name of a part, shown as `sink:findings`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct PartId {
    kind: PartKind,
    name: String,
}

impl fmt::Display for PartId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind.as_str(), self.name)
    }
}

#[derive(Clone, Debug)]
struct State {
    /// Which registration it is: of two parts of one name, the later one counts.
    number: u64,
    is_required: bool,
    word: Word,
    /// How long it may say nothing.
    within: Option<Duration>,
    /// When it last said that it moves; none while it waits on purpose.
    beat: Option<Instant>,
    /// How much longer it said then that it may say nothing.
    work: Duration,
}

/// What a part last said of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Word {
    Starting,
    Ok,
    Failing(String),
    /// A panic ended it.
    Ended,
}

/// A part's hold on its place in the list. Dropping it takes the part out of the list, unless a panic does so.
#[derive(Debug)]
pub struct Part {
    health: Health,
    id: PartId,
    number: u64,
}

/// How a part is, for people and probes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PartReport {
    /// Kind and name, such as `sink:findings`.
    pub part: String,
    /// `ok`, `starting`, `failing`, `standing-still` or `ended`.
    pub state: &'static str,
    /// Whether the host can do without it.
    pub required: bool,
    /// Why it fails, or for how long it has stood still.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What it is.
    #[serde(skip)]
    pub kind: PartKind,
    /// Its name, without its kind.
    #[serde(skip)]
    pub name: String,
}

impl PartReport {
    /// Whether the process has to be started again: a loop stands still, or something was ended by a panic.
    pub fn is_dead(&self) -> bool {
        matches!(self.state, "standing-still" | "ended")
    }

    /// Whether it does its work.
    pub fn is_ok(&self) -> bool {
        self.state == "ok"
    }
}

impl Health {
    /// Registers a source or a sink. It is starting until it says something else; while it is not ok, and the host can't do
    /// without it, the host is not ready. Another part of the same kind and name gives way.
    pub fn part(&self, kind: PartKind, name: &str, is_required: bool) -> Part {
        self.register(
            kind,
            name,
            State { number: 0, is_required, word: Word::Starting, within: None, beat: None, work: Duration::ZERO },
        )
    }

    /// Registers a loop that beats at least so often. It moves from now on.
    pub fn beating(&self, name: &str, within: Duration) -> Part {
        let beat = Some(Instant::now());
        self.register(
            PartKind::Loop,
            name,
            State { number: 0, is_required: true, word: Word::Ok, within: Some(within), beat, work: Duration::ZERO },
        )
    }

    /// How every part is, in the order of kinds and names.
    pub fn report(&self) -> Vec<PartReport> {
        self.report_at(Instant::now())
    }

    fn report_at(&self, now: Instant) -> Vec<PartReport> {
        self.lock().by_id.iter().map(|(id, state)| state.report(id, now)).collect()
    }

    fn register(&self, kind: PartKind, name: &str, state: State) -> Part {
        let id = PartId { kind, name: cut(name) };
        let mut parts = self.lock();
        let number = parts.next;
        parts.next += 1;
        parts.by_id.insert(id.clone(), State { number, ..state });
        drop(parts);
        Part { health: self.clone(), id, number }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Parts> {
        // Nothing panics under this lock but the allocator; what it holds is whole between any two statements.
        self.parts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn report(&self, id: &PartId, now: Instant) -> PartReport {
        let silent = self.beat.map(|beat| now.saturating_duration_since(beat));
        let within = self.within.map(|within| within.saturating_add(self.work));
        let (state, reason) = match (&self.word, silent.zip(within)) {
            (Word::Ended, _) => ("ended", Some("it was ended by a panic; the log says where".to_owned())),
            (_, Some((silent, within))) if silent > within => {
                let reason =
                    format!("it has said nothing for {:.1} s, {:.1} s allowed", silent.as_secs_f64(), within.as_secs_f64());
                ("standing-still", Some(reason))
            }
            (Word::Failing(reason), _) => ("failing", Some(reason.clone())),
            (Word::Starting, _) => ("starting", None),
            (Word::Ok, _) => ("ok", None),
        };
        PartReport { part: id.to_string(), state, required: self.is_required, reason, kind: id.kind, name: id.name.clone() }
    }
}

impl Part {
    /// It does its work. Returns whether that is news.
    pub fn ok(&self) -> bool {
        self.say(Word::Ok)
    }

    /// It does not, and why. Returns whether it did before.
    pub fn failing(&self, reason: &dyn fmt::Display) -> bool {
        self.say(Word::Failing(cut(&reason.to_string())))
    }

    fn say(&self, word: Word) -> bool {
        let is_other = |before: &Word| std::mem::discriminant(before) != std::mem::discriminant(&word);
        let mut is_news = false;
        self.change(|state| {
            is_news = is_other(&state.word);
            state.word = word.clone();
        });
        is_news
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut parts = self.health.lock();
        if let Some(state) = parts.by_id.get_mut(&self.id).filter(|state| state.number == self.number) {
            change(state);
        }
    }
}

impl Pulse for Part {
    fn beat(&self, at_most: Duration) {
        self.change(|state| (state.beat, state.work) = (Some(Instant::now()), at_most));
    }

    fn idle(&self) {
        self.change(|state| state.beat = None);
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.change(|state| state.word = Word::Ended);
            return;
        }
        let mut parts = self.health.lock();
        if parts.by_id.get(&self.id).is_some_and(|state| state.number == self.number) {
            parts.by_id.remove(&self.id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn states(health: &Health, now: Instant) -> Vec<(String, &'static str)> {
        health.report_at(now).into_iter().map(|report| (report.part, report.state)).collect()
    }

    #[test]
    fn a_loop_that_says_nothing_for_too_long_stands_still() {
        let health = Health::default();
        let (worker, now) = (health.beating("worker-0", Duration::from_secs(10)), Instant::now());
        assert_eq!(states(&health, now + Duration::from_secs(9)), [("loop:worker-0".into(), "ok")]);
        let later = &health.report_at(now + Duration::from_secs(12))[0];
        assert!(later.is_dead() && later.reason.as_ref().unwrap().contains("10.0 s allowed"), "{later:?}");
        worker.idle();
        assert_eq!(states(&health, now + Duration::from_secs(1_000)), [("loop:worker-0".into(), "ok")]);
        worker.beat(Duration::ZERO);
        assert!(health.report_at(now + Duration::from_secs(1_000))[0].is_dead());
        worker.beat(Duration::from_secs(2_000));
        assert!(health.report_at(now + Duration::from_secs(1_000))[0].is_ok());
    }

    #[test]
    fn a_sink_says_how_it_is_and_what_is_dropped_is_gone() {
        let health = Health::default();
        let sink = health.part(PartKind::Sink, "findings", true);
        assert_eq!(health.report()[0].state, "starting");
        assert!(sink.ok() && !sink.ok());
        assert!(sink.failing(&"no space\u{1b} left") && !sink.failing(&"still none"));
        let report = &health.report()[0];
        assert_eq!((report.state, report.reason.as_deref(), report.is_dead()), ("failing", Some("still none"), false));
        drop(sink);
        assert_eq!(health.report(), []);
    }

    #[test]
    fn a_part_that_gave_way_to_another_of_its_name_says_nothing_more() {
        let health = Health::default();
        let before = health.part(PartKind::Sink, "findings", true);
        let after = health.part(PartKind::Sink, "findings", true);
        after.ok();
        before.failing(&"closed");
        drop(before);
        assert_eq!(health.report().iter().map(|report| report.state).collect::<Vec<_>>(), ["ok"]);
    }

    #[test]
    fn what_a_panic_ended_stays_in_the_list() {
        let health = Health::default();
        let part = health.beating("worker-0", Duration::from_secs(10));
        let ended = std::thread::spawn(move || {
            let _part = part;
            panic!("on purpose");
        });
        assert!(ended.join().is_err());
        assert!(health.report()[0].is_dead());
    }
}
