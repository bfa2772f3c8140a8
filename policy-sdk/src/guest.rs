//! The Wasm side: the contract's exports, generated from `wit/policy.wit`, on top of [`crate::judge`].
//!
//! An instance keeps its settings and nothing else between calls. What has no place in the contract for an error (a policy
//! that cannot describe itself) is logged and then traps, so that the host reports it.

use std::cell::RefCell;
use std::panic::PanicHookInfo;
use std::sync::Once;

use crate::batch::{Batch, tasks};
use crate::context::{Entry, Host, Level, Membership};
use crate::judge::Judge;
use crate::{Finding, Policy, Settings, Severity, Verdict};

/// Generated from the WIT.
#[allow(missing_docs, unsafe_code, unused_qualifications, clippy::all)]
pub mod bindings {
    wit_bindgen::generate!({
        path: "wit",
        world: "policy",
        pub_export_macro: true,
        default_bindings_module: "policy_sdk::guest::bindings",
    });
}

use bindings::exports::trailwarden::policy::rules;
use bindings::trailwarden::policy::{context, log};

/// The host on the other side of the imports.
struct Imports;

impl Host for Imports {
    fn contains(&self, table: &str, value: &str) -> Membership {
        match context::contains(table, value) {
            context::Membership::Inside => Membership::Inside,
            context::Membership::Outside => Membership::Outside,
            context::Membership::NotApplicable => Membership::NotApplicable,
            context::Membership::Unavailable => Membership::Unavailable,
        }
    }

    fn lookup(&self, table: &str, key: &str) -> Entry {
        match context::lookup(table, key) {
            context::Entry::Found(json) => Entry::Found(json),
            context::Entry::Missing => Entry::Missing,
            context::Entry::Unavailable => Entry::Unavailable,
        }
    }

    fn log(&self, level: Level, text: &str) {
        let level = match level {
            Level::Trace => log::Level::Trace,
            Level::Debug => log::Level::Debug,
            Level::Info => log::Level::Info,
            Level::Warn => log::Level::Warn,
            Level::Error => log::Level::Error,
        };
        log::line(level, text);
    }
}

/// A policy's instance: the policy, and its settings once they were accepted.
pub struct Instance<S: 'static> {
    policy: &'static Policy<S>,
    settings: RefCell<Option<S>>,
}

impl<S: Settings> Instance<S> {
    /// An instance that is not configured yet.
    pub const fn new(policy: &'static Policy<S>) -> Self {
        Self { policy, settings: RefCell::new(None) }
    }

    /// The contract's `describe`.
    pub fn describe(&self) -> String {
        report_panics();
        let manifest = self.policy.manifest().map_err(|error| error.to_string());
        let text = manifest.and_then(|manifest| serde_json::to_string(&manifest).map_err(|error| error.to_string()));
        text.unwrap_or_else(|error| fail(&format!("the policy cannot describe itself: {error}")))
    }

    /// The contract's `configure`.
    pub fn configure(&self, settings: &str) -> Result<(), String> {
        report_panics();
        let accepted = S::read(settings).map_err(|error| error.to_string())?;
        self.settings.replace(Some(accepted));
        Ok(())
    }

    /// The contract's `evaluate`.
    pub fn evaluate(&self, records: &[u8], ends: &[u32], numbers: &[u32]) -> Vec<rules::Answer> {
        report_panics();
        let settings = self.settings.borrow();
        let Some(settings) = settings.as_ref() else { fail("the policy was asked to evaluate before it was configured") };
        let Some(tasks) = tasks(numbers) else { fail("the list of tasks ends in the middle of one") };
        let judge = Judge { policy: self.policy, settings, host: &Imports };
        let verdicts = judge.evaluate(Batch { records, ends }, tasks);
        verdicts.into_iter().map(|(position, verdict)| self.answer(position, verdict)).collect()
    }

    /// The contract's `conclude`.
    pub fn conclude(&self, group: &str) -> Result<Option<rules::Finding>, String> {
        report_panics();
        let settings = self.settings.borrow();
        let settings = settings.as_ref().ok_or("the policy was asked to conclude before it was configured")?;
        let judge = Judge { policy: self.policy, settings, host: &Imports };
        judge.conclude(group)?.map(encode).transpose()
    }

    fn answer(&self, position: usize, verdict: Verdict) -> rules::Answer {
        // A list in linear memory has fewer than 2^32 elements.
        let task = u32::try_from(position).unwrap_or_else(|_| fail("more tasks than a batch can hold"));
        let verdict = match verdict {
            Verdict::Finding(finding) => match encode(finding) {
                Ok(finding) => rules::Verdict::Finding(finding),
                Err(error) => rules::Verdict::Error(error),
            },
            Verdict::Signal(signal) => match self.policy.correlation(signal.correlation) {
                Some(correlation) => rules::Verdict::Signal(rules::Signal { correlation, key: signal.key, value: signal.value }),
                None => rules::Verdict::Error(format!("a signal went to `{}`, which is not declared", signal.correlation)),
            },
            Verdict::Error(error) => rules::Verdict::Error(error),
        };
        rules::Answer { task, verdict }
    }
}

fn encode(finding: Finding) -> Result<rules::Finding, String> {
    let more = match finding.more.is_empty() {
        true => String::new(),
        false => serde_json::to_string(&finding.more).map_err(|error| format!("the finding's details: {error}"))?,
    };
    let severity = finding.severity.map(|severity| match severity {
        Severity::Informational => rules::Severity::Informational,
        Severity::Low => rules::Severity::Low,
        Severity::Medium => rules::Severity::Medium,
        Severity::High => rules::Severity::High,
        Severity::Critical => rules::Severity::Critical,
    });
    let Finding { title, summary, key, grouping, .. } = finding;
    Ok(rules::Finding { severity, title, summary, key, grouping, more })
}

/// Tells the operator why, and traps.
fn fail(reason: &str) -> ! {
    log::line(log::Level::Error, reason);
    std::process::abort()
}

/// Lets a panic's message and place reach the operator before it traps.
fn report_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        std::panic::set_hook(Box::new(|panic: &PanicHookInfo<'_>| {
            log::line(log::Level::Error, &panic.to_string());
        }));
    });
}

/// The exports of a policy: what `policy!` writes into the policy's crate.
#[doc(hidden)]
#[macro_export]
macro_rules! __export_policy {
    ($policy:path, $settings:ty) => {
        const _: () = {
            use $crate::guest::{Instance, bindings, bindings::exports::trailwarden::policy::rules};

            ::std::thread_local! {
                static INSTANCE: Instance<$settings> = const { Instance::new(&$policy) };
            }

            struct Exports;

            impl rules::Guest for Exports {
                fn describe() -> ::std::string::String {
                    INSTANCE.with(|instance| instance.describe())
                }

                fn configure(settings: ::std::string::String) -> ::core::result::Result<(), ::std::string::String> {
                    INSTANCE.with(|instance| instance.configure(&settings))
                }

                fn evaluate(
                    records: ::std::vec::Vec<u8>,
                    ends: ::std::vec::Vec<u32>,
                    tasks: ::std::vec::Vec<u32>,
                ) -> ::std::vec::Vec<rules::Answer> {
                    INSTANCE.with(|instance| instance.evaluate(&records, &ends, &tasks))
                }

                fn conclude(
                    group: ::std::string::String,
                ) -> ::core::result::Result<::core::option::Option<rules::Finding>, ::std::string::String> {
                    INSTANCE.with(|instance| instance.conclude(&group))
                }
            }

    bindings::export!(Exports with_types_in bindings);
        };
    };
}
