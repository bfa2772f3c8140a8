//! Which value is replaced by what.

use std::collections::BTreeMap;

use super::forms;

/// What kinds of value are replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each is named as it is")]
pub enum Kind {
    Account,
    User,
    Role,
    Group,
    Session,
    Policy,
    Bucket,
    Name,
    Path,
    Resource,
    ResourceId,
    AccessKey,
    Principal,
    PrincipalId,
    Address,
    Email,
    Host,
    Request,
    Digest,
    Secret,
    TagValue,
    Remark,
}

impl Kind {
    /// What it is called in a sentence, in the plural.
    pub fn plural(self) -> &'static str {
        match self {
            Self::Account => "account ids",
            Self::User => "user names",
            Self::Role => "role names",
            Self::Group => "group names",
            Self::Session => "session names",
            Self::Policy => "policy names",
            Self::Bucket => "bucket names",
            Self::Name => "other names",
            Self::Path => "parts of paths",
            Self::Resource => "resource names",
            Self::ResourceId => "resource ids",
            Self::AccessKey => "access keys",
            Self::Principal => "other principals",
            Self::PrincipalId => "principal ids",
            Self::Address => "addresses",
            Self::Email => "e-mail addresses",
            Self::Host => "host names",
            Self::Request => "event and request ids",
            Self::Digest => "digests and other long numbers",
            Self::Secret => "secrets and tokens",
            Self::TagValue => "values of tags",
            Self::Remark => "remarks",
        }
    }

    /// The word that a replacement of this kind begins with, where it is a word and a number.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Role => "role",
            Self::Group => "group",
            Self::Session => "session",
            Self::Policy => "policy",
            Self::Bucket => "bucket",
            Self::Path => "path",
            Self::Resource => "resource",
            Self::Principal => "principal",
            Self::Secret => "redacted",
            Self::TagValue => "value",
            Self::Remark => "remark",
            // These have forms of their own.
            Self::Account
            | Self::ResourceId
            | Self::AccessKey
            | Self::PrincipalId
            | Self::Address
            | Self::Email
            | Self::Host
            | Self::Request
            | Self::Digest
            | Self::Name => "name",
        }
    }
}

/// From this many characters on, a name is replaced wherever it stands, also inside a longer word.
const LONG_NAME: usize = 6;
/// From this many characters on, a name is replaced where it is a word of its own.
const SHORT_NAME: usize = 4;

/// Words of policy documents and of AWS that somebody might also be called by: as names they are replaced only where a name stands.
const VOCABULARY: [&str; 40] = [
    "access",
    "account",
    "action",
    "admin",
    "administrator",
    "allow",
    "amazon",
    "assume",
    "bucket",
    "client",
    "cloudtrail",
    "condition",
    "console",
    "default",
    "deny",
    "effect",
    "false",
    "federated",
    "group",
    "instance",
    "lambda",
    "name",
    "null",
    "policy",
    "principal",
    "public",
    "resource",
    "role",
    "root",
    "security",
    "service",
    "session",
    "source",
    "statement",
    "test",
    "true",
    "user",
    "username",
    "value",
    "version",
];

/// The replacements so far.
pub(super) struct Registry {
    /// The whole record, in which no replacement may stand already.
    text: String,
    replacements: BTreeMap<String, (Kind, String)>,
    /// Names by their first byte, longest first: found inside other texts.
    names: BTreeMap<u8, Vec<String>>,
    numbers: BTreeMap<Kind, u64>,
}

impl Registry {
    /// A registry for the record with this text.
    pub(super) fn for_text(text: String) -> Self {
        Self { text, replacements: BTreeMap::new(), names: BTreeMap::new(), numbers: BTreeMap::new() }
    }

    /// The replacement of a name; the name itself where it looks like a replacement already.
    pub(super) fn name(&mut self, kind: Kind, original: &str) -> String {
        if original.is_empty() || forms::is_replaced_name(original) {
            return original.to_owned();
        }
        let is_new = !self.replacements.contains_key(original);
        let replacement = self.replace(kind, original, |number| match kind {
            Kind::Host => format!("host-{number}.example.com"),
            Kind::Request => format!("REQUEST{number:09}"),
            kind => format!("{}-{number}", kind.word()),
        });
        let is_vocabulary = VOCABULARY.contains(&original.to_ascii_lowercase().as_str());
        if let Some(first) = original.bytes().next().filter(|_| is_new && original.len() >= SHORT_NAME && !is_vocabulary) {
            let names = self.names.entry(first).or_default();
            let at = names.partition_point(|other| other.len() >= original.len());
            names.insert(at, original.to_owned());
        }
        replacement
    }

    /// The replacement of a value, made by number where it has none yet.
    pub(super) fn replace(&mut self, kind: Kind, original: &str, make: impl Fn(u64) -> String) -> String {
        if let Some((_, replacement)) = self.replacements.get(original) {
            return replacement.clone();
        }
        let number = self.numbers.entry(kind).or_default();
        let mut replacement = String::new();
        // Two values must not become one. A text holds fewer others than it has bytes, so one is free, unless there are so many
        // addresses of one kind that a network for them is full.
        for _ in 0..=self.text.len() {
            *number += 1;
            replacement = make(*number);
            if !self.text.contains(&replacement) {
                break;
            }
        }
        self.replacements.insert(original.to_owned(), (kind, replacement.clone()));
        replacement
    }

    /// What a value that is known already is replaced by.
    pub(super) fn known(&self, original: &str) -> Option<&str> {
        self.replacements.get(original).map(|(_, replacement)| replacement.as_str())
    }

    /// The longest known name that a text has at this place.
    pub(super) fn name_at<'t>(&self, text: &'t str, at: usize) -> Option<(&'t str, &str)> {
        let rest = text.get(at..)?;
        let is_word =
            |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_' || !byte.is_ascii());
        let stands_alone = |name: &str| {
            let before = at.checked_sub(1).and_then(|before| text.as_bytes().get(before));
            !is_word(before) && !is_word(rest.as_bytes().get(name.len()))
        };
        let names = self.names.get(rest.as_bytes().first()?)?;
        let name =
            names.iter().find(|name| rest.starts_with(name.as_str()) && (name.len() >= LONG_NAME || stands_alone(name)))?;
        Some((&rest[..name.len()], self.known(name)?))
    }

    /// How many values of each kind have replacements.
    pub(super) fn counts(&self) -> BTreeMap<Kind, u64> {
        let mut counts = BTreeMap::new();
        for (kind, _) in self.replacements.values() {
            *counts.entry(*kind).or_default() += 1;
        }
        counts
    }
}
