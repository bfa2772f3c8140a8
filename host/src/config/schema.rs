//! The keys of the configuration file, once: what is refused as unknown, what must be there, what the reference page must
//! explain, and what editors are told ([`json_schema`](fn@json_schema)).

mod json;

use policy_contract::manifest::{Mode, TableKind};
use policy_contract::severity::Severity;

pub use self::json::json_schema;
use crate::exception::Fact;
use crate::finding::About;
use crate::limits::{CONDITION_VALUES, CONDITIONS, EXCEPTION_TEXT, EXCEPTIONS, LIMITS, Scope, TAKE_ALTERNATIVES, TAKE_NAMES};
use crate::telemetry::log::{LeastLevel, LogFormat};

/// A key that may stand in a section.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// The key.
    pub name: &'static str,
    /// What it means, in a sentence for an editor's hint.
    pub doc: &'static str,
    /// What may stand behind it.
    pub holds: Holds,
    /// Whether it must be there.
    pub need: Need,
}

/// What may stand behind a key.
#[derive(Clone, Copy, Debug)]
pub enum Holds {
    /// A string, not empty, of at most so many bytes.
    Text(usize),
    /// A name.
    Name,
    /// The path of a file or folder.
    Path,
    /// An array of paths.
    Paths,
    /// A path into a record.
    RecordPath,
    /// One of these words.
    Word(fn() -> Vec<&'static str>),
    /// A whole number.
    Number(NumberRange),
    /// `true` or `false`.
    Flag,
    /// `true`.
    True,
    /// A day or a time.
    Time,
    /// A string, a whole number or a flag.
    Value,
    /// An array of at most so many values.
    Values(usize),
    /// A string, or an array of at most so many.
    Texts(usize),
    /// A name, or an array of at most so many.
    Names(usize),
    /// A table of anything that JSON can say.
    Anything,
    /// A table of limits.
    Limits(Scope),
    /// An address and a port, in digits.
    Address,
    /// A section of these keys.
    Section(&'static [Key]),
    /// A table whose keys are names, each with a section of these keys.
    Named(&'static [Key]),
    /// An array of at most so many sections of these keys.
    Sections(&'static [Key], usize),
}

/// The whole numbers that a key may have.
#[derive(Clone, Copy, Debug)]
pub struct NumberRange {
    /// The least.
    pub min: u64,
    /// The most.
    pub max: u64,
    /// What holds where the key is absent; none where that is something else than a number.
    pub default: Option<u64>,
    /// The unit's symbol; empty for plain counts.
    pub unit: &'static str,
}

const fn range(min: u64, max: u64, default: Option<u64>, unit: &'static str) -> NumberRange {
    NumberRange { min, max, default, unit }
}

pub(super) const RELOAD_SECONDS: NumberRange = range(1, 86_400, Some(30), "s");
pub(super) const RESCAN_SECONDS: NumberRange = range(1, 86_400, Some(30), "s");
pub(super) const SETTLE_MS: NumberRange = range(0, 600_000, Some(2_000), "ms");
pub(super) const ROTATE_MIB: NumberRange = range(1, 1 << 20, Some(100), "MiB");
pub(super) const KEEP_FILES: NumberRange = range(1, 1_000_000, None, "");

/// Whether a key must be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// It need not.
    Optional,
    /// It must; this is how one is written.
    Required(&'static str),
    /// Exactly one of the keys of this group must.
    OneOf(&'static str),
}

impl Key {
    const fn new(name: &'static str, holds: Holds, doc: &'static str) -> Self {
        Self { name, doc, holds, need: Need::Optional }
    }

    const fn required(self, example: &'static str) -> Self {
        Self { need: Need::Required(example), ..self }
    }

    const fn one_of(self, group: &'static str) -> Self {
        Self { need: Need::OneOf(group), ..self }
    }
}

/// The names of some keys.
pub fn names(keys: &[Key]) -> impl Iterator<Item = &'static str> {
    keys.iter().map(|key| key.name)
}

/// Keys at the top of the file.
pub const TOP: &[Key] = &[
    Key::new("policy_paths", Holds::Paths, "Folders with policies, and policy files."),
    Key::new("journal_path", Holds::Path, "The journal of failed tasks."),
    Key::new("cache_path", Holds::Path, "The folder for compiled policies."),
    Key::new("state_path", Holds::Path, "Where a running host keeps what outlives it."),
    Key::new(
        "reload_seconds",
        Holds::Number(RELOAD_SECONDS),
        "How often policies, configuration and tables are looked at without an event.",
    ),
    Key::new("sources", Holds::Named(SOURCE), "Where a running host has its records from."),
    Key::new("sinks", Holds::Named(SINK), "Where the findings of a running host go."),
    Key::new("tables", Holds::Named(TABLE), "The context tables."),
    Key::new("policies", Holds::Named(POLICY), "What is set for a policy, by the name in its manifest."),
    Key::new("limits", Holds::Limits(Scope::Host), "The limits of the host, and of every policy without limits of its own."),
    Key::new("aws", Holds::Section(AWS), "How AWS is asked; what is not set comes from where AWS's own tools have it."),
    Key::new("telemetry", Holds::Section(TELEMETRY), "How a running host tells of itself."),
];

/// Bytes of a text under `[aws]`: no ARN of IAM is longer (<https://docs.aws.amazon.com/IAM/latest/APIReference/API_AssumeRole.html>).
pub const AWS_TEXT: usize = 2_048;

/// Keys of `[aws]`.
pub const AWS: &[Key] = &[
    Key::new("region", Holds::Text(AWS_TEXT), "The region."),
    Key::new("endpoint_url", Holds::Text(AWS_TEXT), "Another endpoint than AWS's own."),
    Key::new("role_arn", Holds::Text(AWS_TEXT), "A role to assume, with the credentials that are found."),
];

/// Keys of `[telemetry]`.
pub const TELEMETRY: &[Key] = &[
    Key::new("listen", Holds::Address, "Where metrics, health and status are served, without a password."),
    Key::new("log_format", Holds::Word(log_formats), "The form of the log's lines."),
    Key::new("log_level", Holds::Word(log_levels), "The least level that is told."),
];

/// Keys of `[sources.NAME]`.
pub const SOURCE: &[Key] = &[
    Key::new("kind", Holds::Word(source_kinds), "What the source is.").required("kind = \"folder\""),
    Key::new("path", Holds::Path, "The folder that is watched, with what is below it.")
        .required("path = \"/var/lib/cloudtrail\""),
    Key::new("rescan_seconds", Holds::Number(RESCAN_SECONDS), "How often the whole folder is looked at without an event."),
    Key::new(
        "settle_ms",
        Holds::Number(SETTLE_MS),
        "How long a file must have been left alone where nobody says that it was closed.",
    ),
];

/// Keys of `[sinks.NAME]`.
pub const SINK: &[Key] = &[
    Key::new("kind", Holds::Word(sink_kinds), "What the sink is.").required("kind = \"file\""),
    Key::new("path", Holds::Path, "The file, where the sink is one."),
    Key::new("rotate_mib", Holds::Number(ROTATE_MIB), "The size at which another file is begun."),
    Key::new("keep_files", Holds::Number(KEEP_FILES), "How many full files are kept; without it all of them."),
    TAKE_KEY,
];

/// Keys of `[tables.NAME]`.
pub const TABLE: &[Key] = &[
    Key::new("kind", Holds::Word(table_kinds), "What the table holds.").required("kind = \"exact\""),
    Key::new("file", Holds::Path, "The file with the entries.").required("file = \"tables/name.txt\""),
];

/// Keys of `[policies.NAME]`.
pub const POLICY: &[Key] = &[
    Key::new("mode", Holds::Word(modes), "The strictest mode that the policy's rules may have."),
    Key::new("severity", Holds::Word(severities), "The severity of all findings of its rules that have none of their own here."),
    Key::new("exceptions", Holds::Sections(EXCEPTION, EXCEPTIONS), "What no rule of the policy is to be heard of."),
    Key::new("settings", Holds::Anything, "What the policy is configured with."),
    Key::new("rules", Holds::Named(RULE), "What is set for a rule, by its id."),
    Key::new("limits", Holds::Limits(Scope::Policy), "The policy's own limits."),
];

/// Keys of `[policies.NAME.rules.ID]`.
pub const RULE: &[Key] = &[
    Key::new("mode", Holds::Word(modes), "The rule's mode instead of its default mode."),
    Key::new("severity", Holds::Word(severities), "The severity of all its findings."),
    Key::new("exceptions", Holds::Sections(EXCEPTION, EXCEPTIONS), "What the rule is not to be heard of."),
];

/// Keys of `[[policies.NAME.exceptions]]` and `[[policies.NAME.rules.ID.exceptions]]`.
pub const EXCEPTION: &[Key] = &[
    Key::new("id", Holds::Name, "A name, unique among the exceptions of the rule and of its policy.")
        .required("id = \"ci-role\""),
    Key::new("reason", Holds::Text(EXCEPTION_TEXT), "Why it was made.").required("reason = \"why nobody needs to hear of it\""),
    Key::new("owner", Holds::Text(EXCEPTION_TEXT), "Who answers for it.").required("owner = \"the team that answers for it\""),
    Key::new("expires", Holds::Time, "The last day on which it holds (UTC), or the time at which it ends.")
        .required("expires = 2026-04-03"),
    Key::new("when", Holds::Sections(CONDITION, CONDITIONS), "The conditions, all of which a record must meet.")
        .required("when = [{ fact = \"principal\", equals = \"arn:…\" }]"),
];

/// Which of a condition's keys say what it asks for.
pub(super) const ASKED: &str = "asked";
/// Which of a condition's keys say what that must be.
pub(super) const OPERATOR: &str = "operator";

/// Keys of each condition in an exception's `when`.
pub const CONDITION: &[Key] = &[
    Key::new("field", Holds::RecordPath, "A path into the record; with [] every element must meet the condition.").one_of(ASKED),
    Key::new("fact", Holds::Word(facts), "What the host reads out of every record.").one_of(ASKED),
    Key::new("equals", Holds::Value, "Equal to this.").one_of(OPERATOR),
    Key::new("one_of", Holds::Values(CONDITION_VALUES), "Equal to one of these.").one_of(OPERATOR),
    Key::new("like", Holds::Text(EXCEPTION_TEXT), "A text that this pattern matches: * is any run of characters, ? any one.")
        .one_of(OPERATOR),
    Key::new("cidr", Holds::Texts(CONDITION_VALUES), "An address in one of these networks.").one_of(OPERATOR),
    Key::new("in_table", Holds::Name, "In this context table.").one_of(OPERATOR),
    Key::new("absent", Holds::True, "Not there, or null.").one_of(OPERATOR),
    Key::new("present", Holds::True, "There, and not null.").one_of(OPERATOR),
];

/// What a sink's section says of the findings that it takes.
pub const TAKE_KEY: Key =
    Key::new("take", Holds::Sections(TAKE, TAKE_ALTERNATIVES), "Which findings the sink takes: alternatives.");

/// Keys of each alternative in a sink's `take`.
pub const TAKE: &[Key] = &[
    Key::new("about", Holds::Word(abouts), "What policies find, or what the host says about itself."),
    Key::new("owner", Holds::Texts(TAKE_NAMES), "The team that owns the policy."),
    Key::new("policy", Holds::Names(TAKE_NAMES), "The policy that found it, or that the host speaks of."),
    Key::new("rule", Holds::Names(TAKE_NAMES), "The rule, of a policy or of the host."),
    Key::new("min_severity", Holds::Word(severities), "At least this severity."),
    Key::new("mode", Holds::Word(take_modes), "Whether the rule is at work or in the shadow."),
    Key::new("suppressed", Holds::Flag, "Whether an exception suppresses it."),
];

pub(super) const MODES: [Mode; 3] = [Mode::Enforce, Mode::Shadow, Mode::Off];
/// The kinds of sources.
pub const SOURCE_KINDS: [&str; 1] = ["folder"];
/// The kinds of sinks.
pub const SINK_KINDS: [&str; 2] = ["stdout", "file"];
pub(super) const ABOUT: [About; 2] = [About::Policy, About::Host];
/// The modes of rules that have findings.
pub(super) const TAKE_MODES: [Mode; 2] = [Mode::Enforce, Mode::Shadow];
pub(super) const TABLE_KINDS: [TableKind; 4] = [TableKind::Exact, TableKind::Cidr, TableKind::Arn, TableKind::Map];

fn modes() -> Vec<&'static str> {
    MODES.map(Mode::as_str).to_vec()
}

fn take_modes() -> Vec<&'static str> {
    TAKE_MODES.map(Mode::as_str).to_vec()
}

fn abouts() -> Vec<&'static str> {
    ABOUT.map(About::as_str).to_vec()
}

fn source_kinds() -> Vec<&'static str> {
    SOURCE_KINDS.to_vec()
}

fn sink_kinds() -> Vec<&'static str> {
    SINK_KINDS.to_vec()
}

fn table_kinds() -> Vec<&'static str> {
    TABLE_KINDS.map(TableKind::as_str).to_vec()
}

fn severities() -> Vec<&'static str> {
    Severity::ALL.map(Severity::as_str).to_vec()
}

fn log_formats() -> Vec<&'static str> {
    LogFormat::ALL.map(LogFormat::as_str).to_vec()
}

fn log_levels() -> Vec<&'static str> {
    LeastLevel::ALL.map(LeastLevel::as_str).to_vec()
}

fn facts() -> Vec<&'static str> {
    Fact::ALL.map(Fact::as_str).to_vec()
}

/// Keys of `[limits]`, or of `[policies.NAME.limits]`.
pub fn limits(scope: Scope) -> impl Iterator<Item = &'static str> {
    let is_settable = move |wanted: Scope| scope == Scope::Host || wanted == Scope::Policy;
    LIMITS.iter().filter(move |limit| is_settable(limit.scope)).map(|limit| limit.name)
}
