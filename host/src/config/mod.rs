//! The configuration: one TOML file, read and checked as a whole before anything starts.
//!
//! It takes a file and gives a [`Config`] in which nothing can be wrong any more (names, modes, severities and limits are
//! types, context tables are read, settings are JSON), or [`ConfigErrors`]: *everything* that is wrong, each with file, line,
//! column and what to write instead. Unknown keys are errors, because a misspelt key would otherwise be a rule that is quietly
//! not tuned. It never looks at a policy; what only a loaded policy can tell (whether a rule exists, whether a table
//! is needed) is asked later with [`Config::unknown_policies`], [`Config::unknown_rules`] and [`Config::unmet_needs`].
//!
//! ```no_run
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use trailwarden::config::Config;
//!
//! let config = Config::load("trailwarden.toml".as_ref())?;
//! let storage = config.policy(&"storage".parse()?);
//! println!("{} {}", storage.mode.as_str(), storage.settings.json());
//! # Ok(())
//! # }
//! ```

mod aws;
mod context_table;
mod error;
mod exceptions;
mod hint;
mod place;
mod policies;
mod reader;
pub mod schema;
mod service;
mod settings;
mod take;
mod telemetry;
#[cfg(test)]
mod tests;
mod trial;
mod value_kind;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use policy_contract::manifest::TableNeed;
use policy_contract::name::Name;
use toml::de::DeTable;

pub use self::context_table::ContextTable;
use self::context_table::ReadError;
pub use self::error::{ConfigError, ConfigErrors, Problem};
pub use self::hint::Hint;
pub use self::place::{Place, Position};
use self::policies::LimitPlaces;
pub use self::policies::{PolicyConfig, RuleConfig};
use self::reader::{Reader, Section};
pub use self::service::{SinkConfig, SourceConfig};
pub use self::settings::Settings;
pub use self::take::Take;
pub use self::telemetry::TelemetryConfig;
pub use self::trial::BadTrial;
pub use self::value_kind::ValueKind;
use crate::aws::AwsConfig;
use crate::digest::Digest;
use crate::exception::{Exception, Now, Standing};
use crate::finding::HostFinding;
use crate::limits::{CONFIG_FILE, LIMITS, Limits, Scope};
use crate::sink::Target;
use crate::source::Folder;

/// Everything that the platform team has set. [`Config::default`] is what holds without a file.
#[derive(Clone, Debug)]
pub struct Config {
    /// The file that it came from; none for the defaults.
    pub file: Option<PathBuf>,
    /// Digest of the file's text and of its tables; of nothing for the defaults.
    pub digest: Digest,
    /// Folders with policies, and policy files; relative ones were made relative to the file's folder.
    pub policy_paths: Vec<PathBuf>,
    /// The journal of failed tasks; none where they are only reported.
    pub journal_path: Option<PathBuf>,
    /// Where compiled policies are kept; a relative one was made relative to the file's folder. None: where the system keeps
    /// such things for the user.
    pub cache_path: Option<PathBuf>,
    /// Where a running host keeps what outlives it; a relative one was made relative to the file's folder.
    pub state_path: Option<PathBuf>,
    /// How often a running host looks at the files of its policies, its configuration and its tables where nothing tells it that
    /// they have changed.
    pub reload: Duration,
    /// Where a running host has its records from.
    pub sources: BTreeMap<Name, SourceConfig>,
    /// Where its findings go.
    pub sinks: BTreeMap<Name, SinkConfig>,
    /// The context tables by name.
    pub tables: BTreeMap<Name, ContextTable>,
    /// How the host tells of itself.
    pub telemetry: TelemetryConfig,
    /// How AWS is asked.
    pub aws: AwsConfig,
    /// The limits of the host, and of policies without limits of their own.
    pub limits: Limits,
    /// What counts as now, by which exceptions end.
    pub now: Now,
    limit_places: LimitPlaces,
    policies: BTreeMap<Name, PolicyConfig>,
    other_policies: PolicyConfig,
}

impl Default for Config {
    fn default() -> Self {
        let limits = Limits::default();
        Self {
            file: None,
            digest: Digest::of(b""),
            policy_paths: Vec::new(),
            journal_path: None,
            cache_path: None,
            state_path: None,
            reload: Duration::from_secs(30),
            sources: BTreeMap::new(),
            sinks: BTreeMap::new(),
            tables: BTreeMap::new(),
            telemetry: TelemetryConfig::default(),
            aws: AwsConfig::default(),
            now: Now::default(),
            limit_places: LimitPlaces::new(),
            policies: BTreeMap::new(),
            other_policies: PolicyConfig::with_limits(limits.clone()),
            limits,
        }
    }
}

impl Config {
    /// Reads a configuration file and the context tables that it names.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn load(file: &Path) -> Result<Self, ConfigErrors> {
        let refused = |problem| ConfigError { place: Place::file(file), problem };
        let bytes = context_table::read_file(file, CONFIG_FILE).map_err(|error| match error {
            ReadError::Io(cause) => refused(Problem::Unreadable { cause }),
            ReadError::TooLarge => refused(Problem::TooLarge { limit_bytes: CONFIG_FILE, limit: None }),
        })?;
        Self::parse(file, context_table::as_text(file, &bytes)?)
    }

    /// Reads a configuration from its text and the context tables that it names. `file` is where relative paths start and
    /// what errors name.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn parse(file: &Path, text: &str) -> Result<Self, ConfigErrors> {
        let mut reader = Reader::new(file, text);
        let (document, syntax_errors) = DeTable::parse_recoverable(text);
        for error in syntax_errors {
            let span = error.span().unwrap_or(text.len()..text.len());
            reader.report(span, Problem::NotToml { message: error.message().to_owned() });
        }
        // What the parser guessed around a syntax error would only give misleading errors of ours.
        reader.check()?;
        let mut config = Self::read(&mut reader, &Section::top(document.get_ref()));
        reader.check()?;
        let tables: Vec<_> = config.tables.values().map(|table| *table.digest.as_bytes()).collect();
        config.digest = Digest::of_parts(&[Digest::of(text.as_bytes()).as_bytes(), tables.as_flattened()]);
        Ok(config)
    }

    fn read<'a>(reader: &mut Reader<'a>, top: &Section<'a>) -> Self {
        reader.refuse_unknown_keys(top, schema::TOP);
        let policy_paths = reader.paths(top, "policy_paths");
        let policy_paths = policy_paths.into_iter().map(|path| reader.resolve(path)).collect();
        let journal_path = reader.path(top, "journal_path").map(|(path, _)| reader.resolve(path));
        let cache_path = reader.path(top, "cache_path").map(|(path, _)| reader.resolve(path));
        let state_path = reader.path(top, "state_path").map(|(path, _)| reader.resolve(path));
        let reload = reader.number(top, "reload_seconds", schema::RELOAD_SECONDS).map_or(Duration::MAX, Duration::from_secs);
        let sources = service::sources(reader, top);
        let sinks = service::sinks(reader, top, &sources);
        let telemetry = telemetry::read(reader, top);
        let aws = aws::read(reader, top);
        let (limits, limit_places) = policies::read_limits(reader, top, "[limits]".to_owned(), Limits::default(), Scope::Host);

        let sections = reader.named_tables(top, "tables", "tables");
        let table_limit = limits.table_file_mib.bytes();
        let table = |(name, section)| (name, context_table::read(reader, &section, table_limit));
        let tables: exceptions::Tables = sections.into_iter().map(table).collect();

        let sections = reader.named_tables(top, "policies", "policies");
        let policies = sections.into_iter().map(|(name, section)| {
            let policy = policies::read(reader, &name, &section, &limits, &tables);
            (name, policy)
        });
        let policies = policies.collect();
        let other_policies = PolicyConfig::with_limits(limits.clone());
        Self {
            file: Some(reader.file.to_owned()),
            digest: Digest::of(b""),
            policy_paths,
            journal_path,
            cache_path,
            state_path,
            reload,
            sources,
            sinks,
            tables: tables.into_iter().filter_map(|(name, table)| Some((name, table?))).collect(),
            telemetry,
            aws,
            limits,
            now: Now::default(),
            limit_places,
            policies,
            other_policies,
        }
    }

    /// A finding of the host for each exception that has expired.
    pub fn expired_exceptions(&self) -> Vec<HostFinding> {
        let now = self.now.get();
        let expired = self.exceptions().filter(|(_, exception)| exception.standing(now) == Standing::Expired);
        expired.map(|(policy, exception)| exception.expired_finding(policy)).collect()
    }

    /// What is set otherwise than in another configuration, and can't change while a host runs.
    pub fn needs_restart_since(&self, before: &Self) -> impl Iterator<Item = &'static str> {
        let of_host = |config: &Self| -> Vec<u64> {
            LIMITS.iter().filter(|limit| limit.scope == Scope::Host).map(|limit| limit.value(&config.limits)).collect()
        };
        let folders = |config: &Self| -> Vec<Folder> { config.sources.values().map(|source| source.folder.clone()).collect() };
        let targets = |config: &Self| -> Vec<(Name, Target)> {
            config.sinks.iter().map(|(name, sink)| (name.clone(), sink.target.clone())).collect()
        };
        let changed = [
            ("policy_paths", self.policy_paths != before.policy_paths),
            ("journal_path", self.journal_path != before.journal_path),
            ("cache_path", self.cache_path != before.cache_path),
            ("state_path", self.state_path != before.state_path),
            ("sources", folders(self) != folders(before)),
            ("sinks", targets(self) != targets(before)),
            ("aws", self.aws != before.aws),
            ("telemetry", self.telemetry != before.telemetry),
            ("limits", of_host(self) != of_host(before)),
        ];
        changed.into_iter().filter(|(_, is_changed)| *is_changed).map(|(key, _)| key)
    }

    /// Where a limit is set for the host and for policies without one of their own; none where its default is in force.
    pub fn limit_place(&self, limit: &str) -> Option<&Place> {
        self.limit_places.get(limit)
    }

    /// The policies for which something is set.
    pub fn policies_with_settings(&self) -> impl Iterator<Item = (&Name, &PolicyConfig)> {
        self.policies.iter()
    }

    /// Every exception with its policy, in the order of the policies, those of a whole policy before those of its rules.
    pub fn exceptions(&self) -> impl Iterator<Item = (&Name, &Exception)> {
        self.policies.iter().flat_map(|(policy, set)| set.exceptions().map(move |exception| (policy, exception)))
    }

    /// What is set for a policy; the defaults where nothing is.
    pub fn policy(&self, policy: &Name) -> &PolicyConfig {
        self.policies.get(policy).unwrap_or(&self.other_policies)
    }

    /// Every policy for which something is set and that is not among the loaded ones.
    pub fn unknown_policies(&self, loaded: &[Name]) -> Vec<ConfigError> {
        let unknown = self.policies.iter().filter(|(policy, _)| !loaded.contains(policy));
        let error = |(policy, set): (&Name, &PolicyConfig)| {
            let hint = Hint::new(policy.as_str(), loaded.iter().map(Name::as_str));
            ConfigError { place: set.place.clone(), problem: Problem::UnknownPolicy { policy: policy.clone(), hint } }
        };
        unknown.map(error).collect()
    }

    /// Every rule for which something is set and that is not among the policy's rules.
    pub fn unknown_rules(&self, policy: &Name, rules: &[Name]) -> Vec<ConfigError> {
        let unknown = self.policy(policy).rules.iter().filter(|(rule, _)| !rules.contains(rule));
        let error = |(rule, set): (&Name, &RuleConfig)| {
            let hint = Hint::new(rule.as_str(), rules.iter().map(Name::as_str));
            let problem = Problem::UnknownRule { policy: policy.clone(), rule: rule.clone(), hint };
            ConfigError { place: set.place.clone(), problem }
        };
        unknown.map(error).collect()
    }

    /// Forgets what is set for a rule, which this version of its policy may not have.
    pub fn forget_rule(&mut self, policy: &Name, rule: &Name) {
        if let Some(set) = self.policies.get_mut(policy) {
            set.rules.remove(rule);
        }
    }

    /// Every context table that a policy needs and cannot have: a required one that is not configured, or one of another kind.
    pub fn unmet_needs(&self, policy: &Name, needs: &[TableNeed]) -> Vec<ConfigError> {
        needs.iter().filter_map(|need| self.unmet_need(policy, need)).collect()
    }

    fn unmet_need(&self, policy: &Name, need: &TableNeed) -> Option<ConfigError> {
        let (policy, table) = (policy.clone(), need.name.clone());
        match self.tables.get(&need.name) {
            Some(configured) if configured.table.kind() != need.kind => {
                let configured_kind = configured.table.kind();
                let problem = Problem::OtherKind { policy, table, configured: configured_kind, needed: need.kind };
                Some(ConfigError { place: configured.place.clone(), problem })
            }
            None if need.required => {
                let nearest = Hint::new(need.name.as_str(), self.tables.keys().map(Name::as_str)).nearest;
                let place = Place { file: self.file.clone(), position: None };
                Some(ConfigError { place, problem: Problem::AbsentTable { policy, table, kind: need.kind, nearest } })
            }
            Some(_) | None => None,
        }
    }
}
