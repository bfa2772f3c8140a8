//! Why a policy was refused: the step and the reason.

use std::path::PathBuf;

use policy_contract::manifest::BadManifest;
use policy_contract::name::Name;

use super::compile::CompileError;
use super::examples::BadExamples;
use super::world::Counted;
use crate::config::ConfigErrors;
use crate::engine::{CallError, EngineError};
use crate::harmless::harmless;
use crate::limits::REFUSAL_TEXT;

/// The steps of loading, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each is named as it is")]
pub enum Step {
    Read,
    World,
    Compile,
    Describe,
    Configure,
    Tables,
    Examples,
    Activate,
}

impl Step {
    /// All of them, in their order.
    pub const ALL: [Self; 8] =
        [Self::Read, Self::World, Self::Compile, Self::Describe, Self::Configure, Self::Tables, Self::Examples, Self::Activate];

    /// The word for it in logs, findings and status.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::World => "world",
            Self::Compile => "compile",
            Self::Describe => "describe",
            Self::Configure => "configure",
            Self::Tables => "tables",
            Self::Examples => "examples",
            Self::Activate => "activate",
        }
    }
}

impl std::fmt::Display for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// Why a policy was refused.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The file can't be read.
    #[error("can't be read: {0}")]
    Read(std::io::Error),
    /// The file is larger than a policy may be.
    #[error("has more than {limit} bytes; build it in release mode, or raise `component_mib` under [limits]")]
    TooLarge {
        /// The limit.
        limit: u64,
    },
    /// The file does not begin as WebAssembly does.
    #[error("is no WebAssembly module or component: build it with `trailwarden policy build`")]
    NotWasm,
    /// The file begins as WebAssembly and then breaks off or breaks the format.
    #[error("is malformed WebAssembly: {reason}")]
    Malformed {
        /// What the parser says, and where.
        reason: String,
    },
    /// A core module without the section that says what it is.
    #[error("is a core module without a component type: build it against the `policy-sdk` crate, whose macros add one")]
    NoComponentType,
    /// The component type is there and can't be used.
    #[error("can't be made a component: {reason}")]
    Wrap {
        /// What the component encoder says.
        reason: String,
    },
    /// It speaks another world, or another version of ours.
    #[error("exports {}, and this host calls {wanted}: build it against the `policy-sdk` of this host's version", list(.exports))]
    OtherWorld {
        /// The interfaces that it exports.
        exports: Vec<String>,
        /// The interface that the host calls.
        wanted: String,
    },
    /// It imports what no policy gets.
    #[error("imports {}, which no policy gets: policies are pure functions of record, settings and tables; build a Rust policy for wasm32-unknown-unknown, one in another language without its features for network and processes (given are {})", list(.imports), list(.given))]
    ForbiddenImports {
        /// The names that are not allowed.
        imports: Vec<String>,
        /// What may be imported, with versions.
        given: Vec<String>,
    },
    /// It has more of something than an instance may hold.
    #[error("has {number} {what}, {limit} allowed: split it into several policies")]
    TooMany {
        /// What.
        what: Counted,
        /// How many.
        number: u64,
        /// The limit.
        limit: u64,
    },
    /// No machine code came of it.
    #[error(transparent)]
    Compile(#[from] CompileError),
    /// The engine refuses it.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// It failed while it was started, asked or configured.
    #[error("failed in `{call}`: {error}")]
    Call {
        /// The call.
        call: &'static str,
        /// How it failed.
        error: CallError,
    },
    /// Its manifest can't be read.
    #[error("describes itself by a manifest that can't be read: {0}")]
    Manifest(serde_json::Error),
    /// Its manifest can't be accepted.
    #[error("can't be accepted: {0}")]
    BadManifest(#[from] BadManifest),
    /// It asks for something that this version of the host can't give.
    #[error("needs {what}, which this version of the host can't give")]
    Unsupported {
        /// What it needs.
        what: &'static str,
    },
    /// It refused its settings.
    #[error("refuses its settings: {reason}; correct [policies.{policy}.settings]")]
    Settings {
        /// The policy.
        policy: Name,
        /// What it said.
        reason: String,
    },
    /// Its settings changed who it is.
    #[error("calls itself `{before}` before and `{after}` after it is configured")]
    ChangesName {
        /// Before.
        before: Name,
        /// After.
        after: Name,
    },
    /// It needs tables that are not configured, or that are configured as another kind.
    #[error("needs context tables that it can't have:\n{}", .0.brief())]
    Tables(ConfigErrors),
    /// It carries examples that it disagrees with, or that can't be used.
    #[error(transparent)]
    Examples(#[from] BadExamples),
    /// The configuration speaks of rules that the policy does not have.
    #[error("doesn't have rules that the configuration names:\n{}", .0.brief())]
    Rules(ConfigErrors),
    /// Another file has a policy of this name.
    #[error("is named `{name}`, as is the policy in {}: keep one of the files", other.display())]
    NameTaken {
        /// The name.
        name: Name,
        /// The file that was loaded first.
        other: PathBuf,
    },
}

impl LoadError {
    /// Why, for people. What a policy contributes to it is made harmless for a terminal and cut to a readable length.
    pub fn text(&self) -> String {
        shortened(match self {
            // Lists of the configuration's own errors, one a line; a policy contributes nothing but names.
            Self::Tables(_) | Self::Rules(_) => self.to_string(),
            _ => harmless(&self.to_string()),
        })
    }

    /// At which step it was refused.
    pub fn step(&self) -> Step {
        match self {
            Self::Read(_) | Self::TooLarge { .. } | Self::NotWasm => Step::Read,
            Self::Malformed { .. }
            | Self::NoComponentType
            | Self::Wrap { .. }
            | Self::OtherWorld { .. }
            | Self::TooMany { .. }
            | Self::ForbiddenImports { .. } => Step::World,
            Self::Compile(_) | Self::Engine(_) => Step::Compile,
            Self::Call { call: "configure", .. } | Self::Settings { .. } | Self::ChangesName { .. } => Step::Configure,
            Self::Call { .. } | Self::Manifest(_) | Self::BadManifest(_) | Self::Unsupported { .. } => Step::Describe,
            Self::Tables(_) => Step::Tables,
            Self::Examples(_) => Step::Examples,
            Self::Rules(_) | Self::NameTaken { .. } => Step::Activate,
        }
    }
}

/// The beginning and the end of a text that is too long: a policy's words stand in the middle, what is wrong with them and
/// what to do before and after.
fn shortened(text: String) -> String {
    if text.len() <= REFUSAL_TEXT {
        return text;
    }
    let begin = &text[..text.floor_char_boundary(REFUSAL_TEXT / 2)];
    let end = &text[text.ceil_char_boundary(text.len() - REFUSAL_TEXT / 2)..];
    format!("{begin}… (cut) …{end}")
}

fn list(names: &[String]) -> String {
    if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(reason: String) -> LoadError {
        LoadError::Settings { policy: "p".parse().unwrap(), reason }
    }

    #[test]
    fn a_long_refusal_keeps_what_is_wrong_and_what_to_do() {
        let text = refused("é".repeat(1 << 20)).text();
        assert!(text.starts_with("refuses its settings: éé"), "{text}");
        assert!(text.contains("é… (cut) …é"), "{text}");
        assert!(text.ends_with("éé; correct [policies.p.settings]"), "{text}");
        assert!(text.len() <= REFUSAL_TEXT + "… (cut) …".len(), "{}", text.len());
    }

    #[test]
    fn a_short_refusal_is_whole_and_harmless() {
        assert_eq!(refused("\u{1b}no".into()).text(), "refuses its settings: \\u{1b}no; correct [policies.p.settings]");
    }
}
