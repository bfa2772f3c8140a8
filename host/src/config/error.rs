//! What can be wrong with a configuration: each problem a case, each with its place.

use std::fmt;
use std::io;
use std::path::PathBuf;

use policy_contract::manifest::TableKind;
use policy_contract::name::{Name, NotAName};
use policy_contract::path::BadPath;

use super::hint::Hint;
use super::place::Place;
use super::value_kind::ValueKind;
use crate::limits::{Disagreement, OutOfRange};

/// Problems that are kept, each with its place; of more, only the number is. A file of something else altogether has one on
/// every line.
pub(super) const KEPT_PROBLEMS: usize = 50;

/// Characters of a word or an entry that a message repeats.
const SHOWN_CHARACTERS: usize = 80;

/// One thing that is wrong with a configuration or with a file that it names.
#[derive(Debug)]
pub struct ConfigError {
    /// Where.
    pub place: Place,
    /// What.
    pub problem: Problem,
}

/// Everything that is wrong with a configuration, in the order of the file; never empty.
#[derive(Debug)]
pub struct ConfigErrors {
    kept: Vec<ConfigError>,
    more: usize,
}

/// What can be wrong.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// The file cannot be opened or read.
    #[error("cannot be read: {cause}; check the path and the permissions")]
    Unreadable {
        /// What the operating system says.
        cause: io::Error,
    },
    /// A file that the configuration names cannot be opened or read.
    #[error("'{}' cannot be read: {cause}; check the permissions and the path, which is relative to the folder of this file", path.display())]
    UnreadableTable {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        cause: io::Error,
    },
    /// The file is larger than it may be.
    #[error("is larger than {limit_bytes} bytes{}", raise(*limit))]
    TooLarge {
        /// The most that it may have.
        limit_bytes: u64,
        /// The limit's key, where it can be set.
        limit: Option<&'static str>,
    },
    /// The file is no text.
    #[error("is not UTF-8 text from byte {offset} on; save it as UTF-8")]
    NotUtf8 {
        /// The first byte that is none, counted from 0.
        offset: usize,
    },
    /// The text is no TOML.
    #[error("this is not TOML: {message}")]
    NotToml {
        /// What the parser says.
        message: String,
    },
    /// A key that is not known here.
    #[error("unknown key '{}' in {section}{hint}", shown(key))]
    UnknownKey {
        /// The key.
        key: String,
        /// The table that it stands in.
        section: String,
        /// What may stand there.
        hint: Hint,
    },
    /// A key that must be there.
    #[error("{section} has no '{key}'; add {example}")]
    MissingKey {
        /// The key.
        key: &'static str,
        /// The table that lacks it.
        section: String,
        /// What to write, for example.
        example: &'static str,
    },
    /// A value of another type.
    #[error("'{}' in {section} is {found} and must be {expected}", shown(key))]
    WrongType {
        /// The key.
        key: String,
        /// The table that it stands in.
        section: String,
        /// What it must be.
        expected: ValueKind,
        /// What it is.
        found: ValueKind,
    },
    /// A key that must be a name.
    #[error(transparent)]
    NotAName(#[from] NotAName),
    /// A word that is none of those known here.
    #[error("'{}' is no {what}{hint}", shown(word))]
    UnknownWord {
        /// The word.
        word: String,
        /// What it should be.
        what: &'static str,
        /// The words that are.
        hint: Hint,
    },
    /// A list or text in which nothing stands.
    #[error("'{key}' in {section} is empty, so nothing could ever meet it; name something, or leave the key out")]
    Nothing {
        /// The key.
        key: String,
        /// The table that it stands in.
        section: String,
    },
    /// A list that is longer than it may be.
    #[error("'{key}' in {section} has {number} entries and must not have more than {most}{}", instead(instead_of_it))]
    TooMany {
        /// The key.
        key: String,
        /// The table that it stands in.
        section: String,
        /// What it has.
        number: usize,
        /// What it may have.
        most: usize,
        /// What to do instead; empty where nobody knows.
        instead_of_it: &'static str,
    },
    /// A text that is longer than it may be.
    #[error("'{key}' in {section} is {bytes} bytes long and must not be longer than {most}")]
    TooLong {
        /// The key.
        key: String,
        /// The table that it stands in.
        section: String,
        /// What it is.
        bytes: usize,
        /// What it may be.
        most: usize,
    },
    /// Several keys of which one must be given, or none of them.
    #[error("{section} needs exactly one of {}, and has {}", list(keys), if *given == 0 { "none".to_owned() } else { given.to_string() })]
    NotOne {
        /// The table.
        section: String,
        /// The keys.
        keys: Vec<&'static str>,
        /// How many of them it has.
        given: usize,
    },
    /// A path into a record that is none.
    #[error(transparent)]
    BadPath(#[from] BadPath),
    /// A text that is neither a day nor a time, where an exception must end.
    #[error(
        "'{}' is no time at which an exception can end; write a day such as 2026-04-03, the last one on which it holds (UTC), or a time with its offset such as 2026-04-03T18:00:00Z{}",
        shown(text),
        if *is_never { "; there is no 'never': what is needed for good belongs into the policy's settings or a context table" } else { "" }
    )]
    NoExpiry {
        /// What stands there.
        text: String,
        /// Whether it should never end.
        is_never: bool,
    },
    /// Two exceptions that can't be told apart.
    #[error("there are two exceptions '{id}' for the same rule; give each an id of its own, since they are counted by it")]
    ExceptionTwice {
        /// The id.
        id: Name,
    },
    /// A condition that is none.
    #[error(
        "{section} is met by every record, or by every text; write present = true if it is enough that a field is there, else narrow it"
    )]
    MeetsEverything {
        /// The condition.
        section: String,
    },
    /// A flag that can't be false.
    #[error("'{key}' in {section} can only be true; write {} = true if that is meant", if key == "present" { "absent" } else { "present" })]
    OnlyTrue {
        /// The key.
        key: String,
        /// The table that it stands in.
        section: String,
    },
    /// A number that no record's number is compared with.
    #[error("{number} is a number of more than 64 bits; write it as a string")]
    NumberTooLarge {
        /// The number as it stands in the file.
        number: String,
    },
    /// A fact that is never an address, asked for its network.
    #[error("'{fact}' is never an address, so it is in no network; ask source_address or a field")]
    NoAddress {
        /// The fact.
        fact: String,
    },
    /// A table that can't hold what is asked for.
    #[error("the table '{table}' is of kind {}, and '{asked}' can't be in such a table; name another one", kind.as_str())]
    TableDoesNotFit {
        /// The table.
        table: Name,
        /// What it is.
        kind: TableKind,
        /// What is asked for.
        asked: String,
    },
    /// A sink that asks for findings that there can't be.
    #[error("{section} can take nothing, since {why}; remove '{key}', or the other condition")]
    TakesNothing {
        /// The table.
        section: String,
        /// Why.
        why: &'static str,
        /// The key to remove.
        key: &'static str,
    },
    /// What is found would be taken for records.
    #[error("the file lies in the folder of [sources.{source_name}], and would be read as if it held records; write elsewhere")]
    SinkInSource {
        /// The source.
        source_name: Name,
    },
    /// Two sinks would write over each other.
    #[error("[sinks.{other}] writes there too; give each sink a place of its own")]
    SinkTwice {
        /// The other sink.
        other: Name,
    },
    /// A path of no characters.
    #[error("the path is empty; write the path of a file or folder, relative to the folder of this file")]
    EmptyPath,
    /// An address to listen on that is none.
    #[error("'{}' is no address and port; write digits, such as 127.0.0.1:9464, or [::1]:9464", shown(text))]
    NotAnAddress {
        /// What stands there.
        text: String,
    },
    /// Text that is not what it should be.
    #[error("'{}' is no {what}", shown(text))]
    NoSuchThing {
        /// What stands there.
        text: String,
        /// What it should be.
        what: &'static str,
    },
    /// A limit outside its range.
    #[error(transparent)]
    OutOfRange(#[from] OutOfRange),
    /// Limits that do not fit together.
    #[error(transparent)]
    Disagreement(#[from] Disagreement),
    /// A limit of the whole host that is set for one policy.
    #[error("'{limit}' is a limit of the whole host; set it in [limits] instead of {section}")]
    HostLimit {
        /// The limit.
        limit: &'static str,
        /// The table that it stands in.
        section: String,
    },
    /// Settings are JSON, which has no dates.
    #[error("a date or time cannot be handed to a policy, because settings become JSON; write it as a string, in quotes")]
    DateInSettings,
    /// Settings are JSON, which has no such number.
    #[error(
        "{number} cannot be handed to a policy, because settings become JSON; write a finite number of at most 64 bits, or a string"
    )]
    NumberInSettings {
        /// The number as it stands in the file.
        number: String,
    },
    /// Settings that could not be written as JSON.
    #[error("the settings cannot be written as JSON: {cause}")]
    NoJson {
        /// What the writer says.
        cause: serde_json::Error,
    },
    /// Settings that are larger than they may be.
    #[error(
        "the settings are {bytes} bytes of JSON and must not be more than {limit_bytes}; move lists to a context table, or raise 'settings_kib' in [limits]"
    )]
    SettingsTooLarge {
        /// What they are.
        bytes: usize,
        /// What they may be.
        limit_bytes: u64,
    },
    /// A line of a table of networks.
    #[error("'{}' is neither a network such as 10.0.0.0/8 nor an address; correct or remove it", shown(text))]
    NotANetwork {
        /// What stands there.
        text: String,
    },
    /// A line of a table of ARNs.
    #[error("'{}' is no ARN pattern such as arn:aws:iam::111122223333:role/admin-*; correct or remove the line", shown(text))]
    NotAnArn {
        /// What stands there.
        text: String,
    },
    /// A map that is no JSON object.
    #[error("this is no JSON object of keys and values: {cause}")]
    NotAMap {
        /// What the parser says.
        cause: serde_json::Error,
    },
    /// A policy that is configured and not loaded.
    #[error("no policy '{policy}' is loaded{hint}")]
    UnknownPolicy {
        /// The policy.
        policy: Name,
        /// Those that are.
        hint: Hint,
    },
    /// A rule that is configured and that the policy does not have.
    #[error("the policy '{policy}' has no rule '{rule}'{hint}")]
    UnknownRule {
        /// The policy.
        policy: Name,
        /// The rule.
        rule: Name,
        /// Those that it has.
        hint: Hint,
    },
    /// A table that a policy cannot do without.
    #[error(
        "the policy '{policy}' requires the table '{table}'; add [tables.{table}] with kind = \"{}\" and a file{}",
        kind.as_str(),
        nearly(nearest.as_deref())
    )]
    AbsentTable {
        /// The policy.
        policy: Name,
        /// The table.
        table: Name,
        /// What it must be.
        kind: TableKind,
        /// A configured table of nearly the same name.
        nearest: Option<String>,
    },
    /// A table of another kind than a policy asks for.
    #[error("the table '{table}' is of kind {}, and the policy '{policy}' needs one of kind {}", configured.as_str(), needed.as_str())]
    OtherKind {
        /// The policy.
        policy: Name,
        /// The table.
        table: Name,
        /// What the configuration says.
        configured: TableKind,
        /// What the policy needs.
        needed: TableKind,
    },
}

/// What stands in a file, fit for a message: escaped, and cut if somebody named a file of something else.
fn shown(text: &str) -> String {
    let mut characters = text.chars();
    let escaped: String = characters.by_ref().take(SHOWN_CHARACTERS).flat_map(char::escape_debug).collect();
    if characters.next().is_some() { escaped + "…" } else { escaped }
}

fn list(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [but_last @ .., last] => format!("{} and {last}", but_last.join(", ")),
    }
}

fn instead(what: &str) -> String {
    if what.is_empty() { String::new() } else { format!("; {what}") }
}

fn raise(limit: Option<&'static str>) -> String {
    limit.map(|limit| format!("; make it smaller, or raise '{limit}' in [limits]")).unwrap_or_default()
}

fn nearly(nearest: Option<&str>) -> String {
    nearest.map(|nearest| format!(", or rename '{nearest}' if it was meant")).unwrap_or_default()
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}{}", self.place, self.problem, self.place.excerpt())
    }
}

impl ConfigError {
    /// The error without the line that it is about: what stands there can be secret, and logs and findings are read by others.
    pub fn brief(&self) -> String {
        format!("{}: {}", self.place, self.problem)
    }
}

// No `source`: the problem stands in the text already, and would be printed twice.
impl std::error::Error for ConfigError {}

impl ConfigErrors {
    /// All of them without the lines that they are about, for logs and findings.
    pub fn brief(&self) -> String {
        let mut lines: Vec<String> = self.kept.iter().map(ConfigError::brief).collect();
        if self.more > 0 {
            lines.push(format!("and {} more", self.more));
        }
        lines.join("\n")
    }

    /// All of these errors; none if there are none.
    ///
    /// # Errors
    /// The errors themselves, where there are any.
    pub fn all(errors: Vec<ConfigError>) -> Result<(), Self> {
        Self::of(errors, 0)
    }

    /// All of them in the order of the file, those about whole files first; none if there are none.
    /// `more` is how many there were besides.
    pub(super) fn of(mut errors: Vec<ConfigError>, more: usize) -> Result<(), Self> {
        if errors.is_empty() {
            return Ok(());
        }
        let line_and_column = |error: &ConfigError| error.place.position.as_ref().map(|at| (at.line, at.column));
        errors.sort_by(|a, b| a.place.file.cmp(&b.place.file).then(line_and_column(a).cmp(&line_and_column(b))));
        Err(Self { kept: errors, more })
    }

    /// Each of them, up to the first 50.
    pub fn iter(&self) -> impl Iterator<Item = &ConfigError> {
        self.kept.iter()
    }

    /// How many there are besides.
    pub fn more(&self) -> usize {
        self.more
    }
}

impl IntoIterator for ConfigErrors {
    type Item = ConfigError;
    type IntoIter = std::vec::IntoIter<ConfigError>;

    fn into_iter(self) -> Self::IntoIter {
        self.kept.into_iter()
    }
}

impl From<ConfigError> for ConfigErrors {
    fn from(error: ConfigError) -> Self {
        Self { kept: vec![error], more: 0 }
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, error) in self.kept.iter().enumerate() {
            write!(f, "{}{error}", if at == 0 { "" } else { "\n" })?;
        }
        if self.more > 0 { write!(f, "\nand {} more", self.more) } else { Ok(()) }
    }
}

impl std::error::Error for ConfigErrors {}
