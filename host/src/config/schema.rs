//! The keys of the configuration file, once: what is refused as unknown, and what the reference page must explain.

use policy_contract::manifest::{Mode, TableKind};

use crate::finding::About;
use crate::limits::{LIMITS, Scope};

/// Keys at the top of the file.
pub const TOP: &[&str] = &[
    "policy_paths",
    "journal_path",
    "cache_path",
    "state_path",
    "reload_seconds",
    "sources",
    "sinks",
    "tables",
    "policies",
    "limits",
];
/// Keys of `[sources.NAME]`.
pub const SOURCE: &[&str] = &["kind", "path", "rescan_seconds", "settle_ms"];
/// Keys of `[sinks.NAME]`.
pub const SINK: &[&str] = &["kind", "path", "rotate_mib", "keep_files", "take"];
/// Keys of `[tables.NAME]`.
pub const TABLE: &[&str] = &["kind", "file"];
/// Keys of `[policies.NAME]`.
pub const POLICY: &[&str] = &["mode", "settings", "rules", "limits"];
/// Keys of `[policies.NAME.rules.ID]`.
pub const RULE: &[&str] = &["mode", "severity"];
/// Keys of each alternative in a sink's `take`.
pub const TAKE: &[&str] = &["about", "owner", "policy", "rule", "min_severity", "mode", "suppressed"];

pub(super) const MODES: [Mode; 3] = [Mode::Enforce, Mode::Shadow, Mode::Off];
/// The kinds of sources.
pub const SOURCE_KINDS: [&str; 1] = ["folder"];
/// The kinds of sinks.
pub const SINK_KINDS: [&str; 2] = ["stdout", "file"];
pub(super) const ABOUT: [About; 2] = [About::Policy, About::Host];
/// The modes of rules that have findings.
pub(super) const TAKE_MODES: [Mode; 2] = [Mode::Enforce, Mode::Shadow];
pub(super) const TABLE_KINDS: [TableKind; 4] = [TableKind::Exact, TableKind::Cidr, TableKind::Arn, TableKind::Map];

/// Keys of `[limits]`, or of `[policies.NAME.limits]`.
pub fn limits(scope: Scope) -> impl Iterator<Item = &'static str> {
    let is_settable = move |wanted: Scope| scope == Scope::Host || wanted == Scope::Policy;
    LIMITS.iter().filter(move |limit| is_settable(limit.scope)).map(|limit| limit.name)
}
