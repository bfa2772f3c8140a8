//! All that a detection engineer imports to write a Trailwarden policy.
//!
//! A rule is a documented function; `policy!` makes a crate of rules a policy. This is a whole one, with its native test:
//!
//! ```
//! use policy_sdk::prelude::*;
//!
//! /// Someone makes a new IAM user. Attackers do so to keep a way in that outlives the credentials that they stole.
//! #[rule(
//!     id = "create-user",
//!     title = "IAM user created",
//!     severity = "medium",
//!     techniques = ["T1136.003"],
//!     select(event_source = "iam.amazonaws.com", event_name = "CreateUser", outcome = "success"),
//! )]
//! pub fn create_user(event: &Event) -> Option<Finding> {
//!     let created = event.get("requestParameters.userName").str()?;
//!     let creator = event.actor().label();
//!     Some(Finding::new(format!("{creator} created the IAM user {created}")).detail("user", created))
//! }
//!
//! policy_sdk::policy! {
//!     name: "first-policy",
//!     description: "A first policy.",
//!     owner: "security",
//!     rules: [create_user],
//! }
//!
//! # fn main() -> Result<(), policy_sdk::testing::HarnessError> {
//! let record = r#"{
//!     "eventSource": "iam.amazonaws.com", "eventName": "CreateUser",
//!     "userIdentity": {"type": "IAMUser", "userName": "anna", "arn": "arn:aws:iam::111122223333:user/anna"},
//!     "requestParameters": {"userName": "backup"}
//! }"#;
//! let judged = policy_sdk::testing::Harness::new(&POLICY)?.judge(record)?;
//! assert_eq!(judged.findings("create-user")[0].summary, "anna created the IAM user backup");
//! # Ok(())
//! # }
//! ```
//!
//! The crate of a policy has `crate-type = ["cdylib", "rlib"]` and depends on nothing but this crate. Built for
//! `wasm32-unknown-unknown` it imports nothing but the contract (`wit/policy.wit`); built natively its rules have ordinary
//! tests with an in-memory host (`testing`).
//!
//! Policies are pure functions: what a rule answers depends on the record, the settings and the context tables, and on
//! nothing else. A rule that cannot judge a record returns an `Err` or panics; the host reports either, never silence.
//!
//! In the order in which one meets them: [`macro@rule`], [`Event`] with [`Value`] and [`Actor`], [`Finding`], [`Context`] with
//! [`Table`] and [`macro@settings`], [`Signal`] with [`Correlation`], [`policy!`].

// The macros write `::policy_sdk::…`, also in this crate's own tests.
extern crate self as policy_sdk;

#[cfg(any(test, target_arch = "wasm32"))]
mod batch;
mod context;
mod correlation;
pub mod event;
mod finding;
mod judge;
mod policy;
pub mod resource_policy;
mod rule;
mod settings;
mod table;
mod verdict;

#[cfg(target_arch = "wasm32")]
#[doc(hidden)]
pub mod guest;
#[cfg(not(target_arch = "wasm32"))]
pub mod testing;

pub use context::{Context, Level, Lookup, Membership};
pub use correlation::Correlation;
pub use event::{Actor, ActorKind, Document, Event, NotADocument, Origin, Value, Workload};
pub use finding::{Finding, Signal};
pub use policy::{BadPolicy, Policy};
pub use policy_contract::fields::Outcome;
pub use policy_contract::finding::Resource;
pub use policy_contract::group::Group;
pub use policy_contract::manifest::{Condition, Mode, TableKind};
pub use policy_contract::response::{ResponseKind, ResponseRequest};
pub use policy_contract::severity::Severity;
pub use rule::{Conditions, IsRule, Rule, Select};
pub use serde_json::json;
pub use settings::{BadSettings, Settings};
pub use table::Table;
pub use verdict::{IntoVerdicts, Verdict};

/// Makes a function a rule.
///
/// The function takes `&Event` and, where it needs it, `&Context<Settings>` (`&Context` fits any settings); it returns
/// anything that is [`IntoVerdicts`]. Its doc comment, up to the first heading, becomes the rule's description. The keys:
///
/// | key | |
/// |---|---|
/// | `id`, `title`, `severity` | required; the severity is `informational`, `low`, `medium`, `high` or `critical` |
/// | `select(…)` | required, several are alternatives; a conjunction of `event_source`, `event_name`, `event_category`, `event_type`, `principal_type`, `outcome` (`success`, `failure`, `dry-run`), `error_code`, `read_only`, `region`, `actor_account`, `recipient_account`, each a value or a list; `select(all)` for every record |
/// | `techniques` | MITRE ATT&CK ids |
/// | `references`, `false_positives`, `runbook` | for the reader |
/// | `default_mode` | `enforce` (by default), `shadow` or `off` |
///
/// What is wrong is a compiler error at the word that is wrong. No selector:
/// ```compile_fail
/// # use policy_sdk::prelude::*;
/// /// Described.
/// #[rule(id = "a", title = "A", severity = "low")]
/// pub fn a(event: &Event) -> Option<Finding> { None }
/// ```
/// A selector without conditions:
/// ```compile_fail
/// # use policy_sdk::prelude::*;
/// /// Described.
/// #[rule(id = "a", title = "A", severity = "low", select())]
/// pub fn a(event: &Event) -> Option<Finding> { None }
/// ```
/// An unknown condition, an unknown key, a bad id, severity, technique, outcome, mode, a `*` inside a pattern, no
/// description:
/// ```compile_fail
/// # use policy_sdk::prelude::*;
/// /// Described.
/// #[rule(id = "a", title = "A", severity = "low", select(event_nmae = "X"))]
/// pub fn a(event: &Event) -> Option<Finding> { None }
/// ```
/// ```compile_fail
/// # use policy_sdk::prelude::*;
/// /// Described.
/// #[rule(id = "a", title = "A", severity = "low", colour = "red", select(all))]
/// pub fn a(event: &Event) -> Option<Finding> { None }
/// ```
/// ```compile_fail
/// # use policy_sdk::prelude::*;
/// /// Described.
/// #[rule(id = "Not A Name", title = "A", severity = "low", select(all))]
/// pub fn a(event: &Event) -> Option<Finding> { None }
/// ```
/// ```compile_fail
/// # use policy_sdk::prelude::*;
/// /// Described.
/// #[rule(id = "a", title = "A", severity = "urgent", select(all))]
/// pub fn a(event: &Event) -> Option<Finding> { None }
/// ```
/// ```compile_fail
/// # use policy_sdk::prelude::*;
/// /// Described.
/// #[rule(id = "a", title = "A", severity = "low", techniques = ["T12"], select(all))]
/// pub fn a(event: &Event) -> Option<Finding> { None }
/// ```
/// ```compile_fail
/// # use policy_sdk::prelude::*;
/// /// Described.
/// #[rule(id = "a", title = "A", severity = "low", select(outcome = "fine"))]
/// pub fn a(event: &Event) -> Option<Finding> { None }
/// ```
/// ```compile_fail
/// # use policy_sdk::prelude::*;
/// /// Described.
/// #[rule(id = "a", title = "A", severity = "low", default_mode = "on", select(all))]
/// pub fn a(event: &Event) -> Option<Finding> { None }
/// ```
/// ```compile_fail
/// # use policy_sdk::prelude::*;
/// /// Described.
/// #[rule(id = "a", title = "A", severity = "low", select(event_name = "Create*User"))]
/// pub fn a(event: &Event) -> Option<Finding> { None }
/// ```
/// ```compile_fail
/// # use policy_sdk::prelude::*;
/// #[rule(id = "a", title = "A", severity = "low", select(all))]
/// pub fn a(event: &Event) -> Option<Finding> { None }
/// ```
/// And the same without a mistake:
/// ```
/// # use policy_sdk::prelude::*;
/// /// Described.
/// #[rule(id = "a", title = "A", severity = "low", techniques = ["T1078.004"], default_mode = "off",
///     select(event_name = ["Create*", "Delete*"], outcome = "success", read_only = false), select(error_code = "Client.*"))]
/// pub fn a(event: &Event) -> Option<Finding> { None }
/// ```
pub use policy_sdk_macros::rule;

/// Makes a struct with named fields the settings of a policy: each field is a key of the settings object, a key that is
/// absent has the value of the struct's [`Default`], an unknown key is refused. The derives `Clone`, `Debug` and
/// `Deserialize` are added; `Default` is derived or written by you.
///
/// ```
/// #[policy_sdk::settings]
/// pub struct Settings {
///     /// How many refused calls in a row are one too many.
///     pub limit: u64,
/// }
///
/// impl Default for Settings {
///     fn default() -> Self {
///         Self { limit: 10 }
///     }
/// }
/// ```
pub use policy_sdk_macros::settings;

/// Makes a crate a policy: the static `POLICY`, the Wasm exports, and a native test `fixtures_hold` that runs every
/// `*.fixtures.json` under the crate's `src` and fails where a rule has none.
///
/// Keys: `name`, `description`, `owner`, `rules` (paths of rule functions); where they are needed `settings` (a type with
/// [`macro@settings`]), `tables` ([`Table`] constants), `responses` (cases of [`ResponseKind`]), `correlations`
/// ([`Correlation`] constants), `fixtures` (another folder than `"src"`). The version is the crate's. See the crate's first example.
pub use policy_sdk_macros::policy;

/// What a rule file imports.
pub mod prelude {
    pub use crate::{
        Actor, ActorKind, Condition, Context, Correlation, Document, Event, Finding, Group, Lookup, Membership, Mode, Origin,
        Outcome, Resource, ResponseRequest, Severity, Signal, Table, TableKind, Value, Verdict, Workload, json, rule,
    };
}

#[doc(hidden)]
pub mod __private {
    pub use crate::settings::read as read_settings;
    pub use serde;
}
