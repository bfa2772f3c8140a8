//! The keys of the configuration file, once: what is refused as unknown, and what the reference page must explain.

use policy_contract::manifest::{Mode, TableKind};

use crate::finding::About;
use crate::limits::{LIMITS, Scope};

/// Keys at the top of the file.
pub const TOP: &[&str] = &["policy_paths", "journal_path", "cache_path", "tables", "policies", "limits"];
/// Keys of `[tables.NAME]`.
pub const TABLE: &[&str] = &["kind", "file"];
/// Keys of `[policies.NAME]`.
pub const POLICY: &[&str] = &["mode", "severity", "exceptions", "settings", "rules", "limits"];
/// Keys of `[policies.NAME.rules.ID]`.
pub const RULE: &[&str] = &["mode", "severity", "exceptions"];
/// Keys of `[[policies.NAME.exceptions]]` and `[[policies.NAME.rules.ID.exceptions]]`.
pub const EXCEPTION: &[&str] = &["id", "reason", "owner", "expires", "when"];
/// Keys of each condition in an exception's `when`: one of [`ASKED`] and one of [`OPERATORS`].
pub const CONDITION: &[&str] = &["field", "fact", "equals", "one_of", "like", "cidr", "in_table", "absent", "present"];
/// Keys by which a condition says what it asks for.
pub const ASKED: &[&str] = &["field", "fact"];
/// Keys by which a condition says what that must be.
pub const OPERATORS: &[&str] = &["equals", "one_of", "like", "cidr", "in_table", "absent", "present"];
/// Keys of each alternative in a sink's `take`.
pub const TAKE: &[&str] = &["about", "owner", "policy", "rule", "min_severity", "mode", "suppressed"];

pub(super) const MODES: [Mode; 3] = [Mode::Enforce, Mode::Shadow, Mode::Off];
pub(super) const ABOUT: [About; 2] = [About::Policy, About::Host];
/// The modes of rules that have findings.
pub(super) const TAKE_MODES: [Mode; 2] = [Mode::Enforce, Mode::Shadow];
pub(super) const TABLE_KINDS: [TableKind; 4] = [TableKind::Exact, TableKind::Cidr, TableKind::Arn, TableKind::Map];

/// Keys of `[limits]`, or of `[policies.NAME.limits]`.
pub fn limits(scope: Scope) -> impl Iterator<Item = &'static str> {
    let is_settable = move |wanted: Scope| scope == Scope::Host || wanted == Scope::Policy;
    LIMITS.iter().filter(move |limit| is_settable(limit.scope)).map(|limit| limit.name)
}
