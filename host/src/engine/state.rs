//! What belongs to one store: its meters, its deadline, the tables that it may ask, what it wrote to the log.

use std::collections::BTreeMap;
use std::sync::Arc;

use policy_contract::manifest::TableKind;
use policy_contract::name::Name;
use policy_contract::tables::{self, Table};

use super::bindings::trailwarden::policy::{context, log};
use super::clock::Deadline;
use super::error::Stop;
use super::limits::GuestLimits;
use super::meter::MemoryMeter;
use super::wasi::System;

/// The tables that a policy declared; none where the platform team configured none.
pub type Tables = BTreeMap<Name, Option<Arc<Table>>>;

/// How urgent a line of a guest's log is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the usual five")]
pub enum LogLevel {
    Trace,
    Debug,
    Info,
    Warn,
    Error,
}

impl LogLevel {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Trace => "trace",
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

/// A line that a guest wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// How urgent it is.
    pub level: LogLevel,
    /// The text, cut to the limit.
    pub text: String,
}

/// What a guest asked of a table, for the person who wants to know why a rule decided as it did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LookedUp {
    /// The table.
    pub table: Name,
    /// The value or key asked for.
    pub asked: String,
    /// The answer, in the words of `policy.wit` or as JSON.
    pub answer: String,
}

/// What a guest said and asked during one call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Utterances {
    /// The lines, in order, as many as the limit allows.
    pub lines: Vec<LogLine>,
    /// How many more lines there were: beyond the limit, or in calls that were repeated.
    pub lines_dropped: u64,
    /// The look-ups, where they are recorded.
    pub lookups: Vec<LookedUp>,
}

impl Utterances {
    /// Appends what was said later, keeping so many lines in all.
    pub(super) fn append(&mut self, later: Self, lines_limit: usize) {
        let room = lines_limit.saturating_sub(self.lines.len());
        self.lines_dropped += later.lines_dropped + later.lines.len().saturating_sub(room) as u64;
        self.lines.extend(later.lines.into_iter().take(room));
        self.lookups.extend(later.lookups);
    }

    /// Counts all lines as dropped: the call is repeated, and says them again.
    pub(super) fn drop_lines(&mut self, said: &Self) {
        self.lines_dropped += said.lines_dropped + said.lines.len() as u64;
    }
}

/// The data of one store.
pub(super) struct GuestState {
    pub(super) meter: MemoryMeter,
    pub(super) deadline: Deadline,
    pub(super) lookups_limit: u64,
    pub(super) records_lookups: bool,
    pub(super) system: System,
    lookups_made: u64,
    limits: Arc<GuestLimits>,
    tables: Arc<Tables>,
    utterances: Utterances,
    /// The last line at level error, kept or not: where the SDK reports a panic.
    last_words: Option<String>,
}

impl GuestState {
    pub(super) fn new(meter: MemoryMeter, deadline: Deadline, limits: Arc<GuestLimits>, tables: Arc<Tables>) -> Self {
        Self {
            meter,
            deadline,
            lookups_limit: 0,
            records_lookups: false,
            system: System::default(),
            lookups_made: 0,
            limits,
            tables,
            utterances: Utterances::default(),
            last_words: None,
        }
    }

    /// Forgets what belongs to the last call and allows so many look-ups in the next one.
    pub(super) fn begin_call(&mut self, deadline: Deadline, lookups_limit: u64) {
        self.deadline = deadline;
        self.lookups_limit = lookups_limit;
        self.lookups_made = 0;
        self.utterances = Utterances::default();
        self.last_words = None;
        self.system.begin_call();
    }

    pub(super) fn limits(&self) -> &GuestLimits {
        &self.limits
    }

    pub(super) fn take_utterances(&mut self) -> Utterances {
        self.end_unfinished_lines();
        std::mem::take(&mut self.utterances)
    }

    /// The last line at level error; to be asked after [`Self::take_utterances`], which ends lines.
    pub(super) fn take_last_words(&mut self) -> Option<String> {
        self.last_words.take()
    }

    /// Takes a line into the log, cut and counted as the limits say.
    pub(super) fn log(&mut self, level: LogLevel, text: String) {
        let text = shortened(text, self.limits.log_line_bytes);
        if level == LogLevel::Error {
            self.last_words = Some(text.clone());
        }
        if self.utterances.lines.len() < self.limits.log_lines_per_call {
            self.utterances.lines.push(LogLine { level, text });
        } else {
            self.utterances.lines_dropped += 1;
        }
    }

    fn table(&mut self, name: &str, asked: &str) -> Result<(Name, Option<Arc<Table>>), Stop> {
        self.lookups_made += 1;
        if self.lookups_made > self.lookups_limit {
            return Err(Stop::Lookups { limit: self.lookups_limit });
        }
        let limit = self.limits.lookup_key_bytes;
        if asked.len() > limit {
            return Err(Stop::LookupKey { bytes: asked.len(), limit });
        }
        match self.tables.get_key_value(name) {
            Some((name, table)) => Ok((name.clone(), table.clone())),
            None => Err(Stop::UndeclaredTable { table: cut(name, 64).to_owned() }),
        }
    }

    fn record(&mut self, table: Name, asked: String, answer: impl FnOnce() -> String) {
        if self.records_lookups {
            let answer = answer();
            self.utterances.lookups.push(LookedUp { table, asked, answer });
        }
    }
}

impl log::Host for GuestState {
    fn line(&mut self, level: log::Level, text: String) -> wasmtime::Result<()> {
        let level = match level {
            log::Level::Trace => LogLevel::Trace,
            log::Level::Debug => LogLevel::Debug,
            log::Level::Info => LogLevel::Info,
            log::Level::Warn => LogLevel::Warn,
            log::Level::Error => LogLevel::Error,
        };
        self.log(level, text);
        Ok(())
    }
}

impl context::Host for GuestState {
    fn contains(&mut self, table: String, value: String) -> wasmtime::Result<context::Membership> {
        let (name, table) = self.table(&table, &value)?;
        let (membership, word) = match table.map(|table| table.contains(&value)) {
            Some(tables::Membership::Inside) => (context::Membership::Inside, "inside"),
            Some(tables::Membership::Outside) => (context::Membership::Outside, "outside"),
            Some(tables::Membership::NotApplicable) => (context::Membership::NotApplicable, "not-applicable"),
            None => (context::Membership::Unavailable, "unavailable"),
        };
        self.record(name, value, || word.to_owned());
        Ok(membership)
    }

    fn lookup(&mut self, table: String, key: String) -> wasmtime::Result<context::Entry> {
        let (name, table) = self.table(&table, &key)?;
        let Some(table) = table else {
            self.record(name, key, || "unavailable".to_owned());
            return Ok(context::Entry::Unavailable);
        };
        if table.kind() != TableKind::Map {
            return Err(Stop::NotAMap { table: name }.into());
        }
        let found = table.lookup(&key);
        let limit = self.limits.lookup_answer_bytes;
        if let Some(bytes) = found.map(str::len).filter(|bytes| *bytes > limit) {
            return Err(Stop::LookupAnswer { table: name, bytes, limit }.into());
        }
        let found = found.map(str::to_owned);
        self.record(name, key, || found.clone().unwrap_or_else(|| "missing".to_owned()));
        Ok(found.map_or(context::Entry::Missing, context::Entry::Found))
    }
}

/// A text of at most so many bytes; where it was longer, it says that it was cut.
pub(super) fn shortened(text: String, bytes: usize) -> String {
    if text.len() <= bytes { text } else { format!("{}… (cut)", cut(&text, bytes)) }
}

/// The longest beginning of a text that has at most so many bytes and ends between characters.
fn cut(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::meter::MemoryBudget;
    use super::context::Host as _;
    use super::log::Host as _;
    use super::*;

    fn state() -> GuestState {
        let limits = Arc::new(GuestLimits { log_lines_per_call: 2, log_line_bytes: 4, ..GuestLimits::default() });
        let list = Table::parse(TableKind::Exact, "anna").unwrap();
        let map = Table::parse(TableKind::Map, r#"{"k": [1]}"#).unwrap();
        let named = |name: &str, table| (name.parse().unwrap(), table);
        let tables = [named("list", Some(Arc::new(list))), named("map", Some(Arc::new(map))), named("none", None)];
        let meter = MemoryMeter::new(0, Arc::new(MemoryBudget::new(0)));
        let deadline = Deadline::starting_now(Duration::from_secs(1), 1);
        let mut state = GuestState::new(meter, deadline, limits, Arc::new(tables.into()));
        state.begin_call(deadline, 4);
        state.records_lookups = true;
        state
    }

    fn stop<T: std::fmt::Debug>(result: wasmtime::Result<T>) -> Stop {
        result.unwrap_err().downcast::<Stop>().unwrap()
    }

    #[test]
    fn tables_answer_and_an_absent_one_says_so() {
        let mut state = state();
        assert_eq!(state.contains("list".into(), "anna".into()).unwrap(), context::Membership::Inside);
        assert_eq!(state.contains("none".into(), "anna".into()).unwrap(), context::Membership::Unavailable);
        assert!(matches!(state.lookup("map".into(), "k".into()).unwrap(), context::Entry::Found(json) if json == "[1]"));
        assert!(matches!(state.lookup("none".into(), "k".into()).unwrap(), context::Entry::Unavailable));
        let answers: Vec<_> = state.take_utterances().lookups.into_iter().map(|lookup| lookup.answer).collect();
        assert_eq!(answers, ["inside", "unavailable", "[1]", "unavailable"]);
    }

    #[test]
    fn undeclared_tables_wrong_kinds_and_too_many_lookups_stop_the_guest() {
        let mut state = state();
        assert!(
            matches!(stop(state.contains("x".repeat(1000), String::new())), Stop::UndeclaredTable { table } if table.len() == 64)
        );
        assert!(matches!(stop(state.lookup("list".into(), "k".into())), Stop::NotAMap { .. }));
        state.contains("list".into(), "anna".into()).unwrap();
        state.contains("list".into(), "anna".into()).unwrap();
        assert_eq!(stop(state.contains("list".into(), "anna".into())), Stop::Lookups { limit: 4 });
    }

    #[test]
    fn log_lines_are_cut_and_counted() {
        let mut state = state();
        for text in ["1234", "123é5", "more", "more"] {
            state.line(log::Level::Info, text.into()).unwrap();
        }
        let said = state.take_utterances();
        let texts: Vec<_> = said.lines.iter().map(|line| line.text.as_str()).collect();
        assert_eq!(texts, ["1234", "123… (cut)"]);
        assert_eq!(said.lines_dropped, 2);
    }
}
