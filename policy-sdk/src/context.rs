//! What a rule may ask besides the record: the settings, the context tables, the operator's log.

use std::cell::RefCell;
use std::fmt;

use policy_contract::manifest::TableKind;

use crate::event::{Actor, Document};
use crate::table::Table;

/// What a table says of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Membership {
    /// The value is in the table.
    Inside,
    /// The value is not in the table.
    Outside,
    /// The question has no answer: a table of networks was asked for something that is no address, such as the name of an
    /// AWS service, which is neither trusted nor untrusted.
    NotApplicable,
    /// The table is optional and the platform team has not configured it.
    Unavailable,
}

impl Membership {
    /// Whether the value is certainly in the table.
    pub fn is_inside(self) -> bool {
        self == Self::Inside
    }

    /// Whether the value is certainly not in the table.
    pub fn is_outside(self) -> bool {
        self == Self::Outside
    }
}

/// What a table of kind [`TableKind::Map`] holds under a key.
#[derive(Clone, Debug)]
pub enum Lookup {
    /// The value under the key.
    Found(Document),
    /// The key is not in the table.
    Missing,
    /// The table is optional and the platform team has not configured it.
    Unavailable,
}

/// How much a log line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// How a rule came to its judgement; shown by `policy explain`.
    Trace,
    /// For the policy's author.
    Debug,
    /// For the operator.
    Info,
    /// For the operator to look into.
    Warn,
    /// Something failed.
    Error,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Trace => "trace",
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        })
    }
}

/// What a host answers to a look-up, as it crosses the contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    /// The JSON text of the value.
    Found(String),
    Missing,
    Unavailable,
}

/// The imports of the contract: the real ones in a guest, tables in memory in a native test.
pub(crate) trait Host {
    fn contains(&self, table: &str, value: &str) -> Membership;
    fn lookup(&self, table: &str, key: &str) -> Entry;
    fn log(&self, level: Level, text: &str);
}

/// One call of a rule: the host, what may be asked of it, and what was asked wrongly.
pub(crate) struct Scope<'a> {
    host: &'a dyn Host,
    tables: &'a [Table],
    faults: RefCell<Vec<String>>,
}

impl<'a> Scope<'a> {
    pub(crate) fn new(host: &'a dyn Host, tables: &'a [Table]) -> Self {
        Self { host, tables, faults: RefCell::new(Vec::new()) }
    }

    /// Mistakes of the policy during the call. They make its answer an error, whatever the rule made of them.
    pub(crate) fn into_faults(self) -> Vec<String> {
        self.faults.into_inner()
    }

    fn fault(&self, text: String) {
        self.faults.borrow_mut().push(text);
    }

    fn is_declared(&self, table: Table) -> bool {
        let is_declared = self.tables.iter().any(|declared| declared.name == table.name && declared.kind == table.kind);
        if !is_declared {
            self.fault(format!("the table `{}` was asked and is not declared: list it under `tables:` in `policy!`", table.name));
        }
        is_declared
    }
}

/// What a rule may ask besides the record.
pub struct Context<'a, S = ()> {
    settings: &'a S,
    scope: &'a Scope<'a>,
}

impl<'a, S> Context<'a, S> {
    pub(crate) fn new(settings: &'a S, scope: &'a Scope<'a>) -> Self {
        Self { settings, scope }
    }

    /// The platform team's settings.
    pub fn settings(&self) -> &'a S {
        self.settings
    }

    /// The same without the settings: what a rule that takes `&Context` gets.
    pub fn without_settings(&self) -> Context<'a, ()> {
        Context { settings: &(), scope: self.scope }
    }

    /// Whether a value is in a table; for a map, whether it is one of the keys. Asking a table that the policy does not
    /// declare makes the rule's answer an error.
    pub fn contains(&self, table: Table, value: &str) -> Membership {
        if self.scope.is_declared(table) { self.scope.host.contains(table.name, value) } else { Membership::Unavailable }
    }

    /// Whether a principal is in a table of ARNs (or of ARNs as plain texts). A session of an assumed role is matched by
    /// the role's ARN, since a session's ARN lacks the role's path; anyone else by their own. `NotApplicable` where the record names no
    /// ARN, as for an AWS service.
    pub fn contains_principal(&self, table: Table, actor: &Actor<'_>) -> Membership {
        match actor.principal_arn() {
            Some(arn) => self.contains(table, arn),
            None if self.scope.is_declared(table) => Membership::NotApplicable,
            None => Membership::Unavailable,
        }
    }

    /// What a map holds under a key. Asking a table that is no map, or that the policy does not declare, makes the rule's
    /// answer an error.
    pub fn lookup(&self, table: Table, key: &str) -> Lookup {
        if !self.scope.is_declared(table) {
            return Lookup::Unavailable;
        }
        if table.kind != TableKind::Map {
            self.scope.fault(format!("the table `{}` was looked up and is no map: ask `contains`", table.name));
            return Lookup::Unavailable;
        }
        match self.scope.host.lookup(table.name, key) {
            Entry::Missing => Lookup::Missing,
            Entry::Unavailable => Lookup::Unavailable,
            Entry::Found(json) => match Document::from_json(&json) {
                Ok(document) => Lookup::Found(document),
                Err(error) => {
                    self.scope.fault(format!("the table `{}` answered what is no JSON under {key:?}: {error}", table.name));
                    Lookup::Unavailable
                }
            },
        }
    }

    /// Says how the rule came to its judgement; shown by `policy explain`.
    pub fn trace(&self, text: impl AsRef<str>) {
        self.scope.host.log(Level::Trace, text.as_ref());
    }

    /// A line for the policy's author.
    pub fn debug(&self, text: impl AsRef<str>) {
        self.scope.host.log(Level::Debug, text.as_ref());
    }

    /// A line for the operator.
    pub fn info(&self, text: impl AsRef<str>) {
        self.scope.host.log(Level::Info, text.as_ref());
    }

    /// A line for the operator to look into.
    pub fn warn(&self, text: impl AsRef<str>) {
        self.scope.host.log(Level::Warn, text.as_ref());
    }
}
