//! The steps from a file to a policy that may judge.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use policy_contract::manifest::{Manifest, Mode, RecordFormat, RuleDescription, TableNeed};
use policy_contract::severity::Severity;

use super::error::LoadError;
use super::examples::{self, BadExamples};
use super::loader::{Loader, Notice, Ready};
use super::world::World;
use crate::config::{Config, ConfigErrors, PolicyConfig};
use crate::digest::Digest;
use crate::engine::{CallError, Compiled, Guest, GuestLimits, Tables, WarmKey};
use crate::exception::Exceptions;
use crate::finding::{About, Label, PolicyIdentity};
use crate::limits::Limits;

/// A policy, configured and ready.
pub struct LoadedPolicy {
    identity: Arc<PolicyIdentity>,
    manifest: Arc<Manifest>,
    rules: Vec<LoadedRule>,
    path: PathBuf,
    compiled: Arc<Compiled>,
    settings: Arc<str>,
    tables: Arc<Tables>,
    limits: Arc<GuestLimits>,
    warm: Arc<WarmKey>,
}

/// A rule and what the platform team decided for it.
#[derive(Clone, Debug, PartialEq)]
pub struct LoadedRule {
    /// What the rule says of itself.
    pub description: Arc<RuleDescription>,
    /// Whether it is at work.
    pub mode: Mode,
    /// The severity of all its findings, where the platform team set one.
    pub severity: Option<Severity>,
    /// What the platform team has decided to hear nothing of.
    pub exceptions: Exceptions,
}

impl std::fmt::Debug for LoadedPolicy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LoadedPolicy").field("identity", &self.identity).field("path", &self.path).finish_non_exhaustive()
    }
}

impl LoadedPolicy {
    /// Who it is: what every finding of it names.
    pub fn identity(&self) -> &Arc<PolicyIdentity> {
        &self.identity
    }

    /// What it says of itself under its settings.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The form in which it reads records.
    pub fn record_format(&self) -> RecordFormat {
        self.manifest.record.format
    }

    /// Its rules, in the order of the manifest.
    pub fn rules(&self) -> &[LoadedRule] {
        &self.rules
    }

    /// A number that no other loaded policy of this process has, or has had: another version, or the same one under another
    /// configuration, has another number.
    pub fn number(&self) -> u64 {
        self.warm.number()
    }

    /// The file that it came from.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether another loaded policy gives the same answers, to the same ends: the same file under equal settings, tables, limits
    /// and decisions on its rules.
    pub fn judges_as(&self, other: &Self) -> bool {
        self.identity == other.identity && self.rules == other.rules && self.limits == other.limits && self.path == other.path
    }

    /// A guest of it for one worker.
    pub fn guest(&self) -> Guest {
        Guest::new(
            Arc::clone(&self.compiled),
            Arc::clone(&self.manifest),
            Arc::clone(&self.settings),
            Arc::clone(&self.tables),
            Arc::clone(&self.limits),
            Arc::clone(&self.warm),
        )
    }

    /// What routing will look at of a finding of each of its rules, at the rule's own severity.
    pub fn labels(&self) -> impl Iterator<Item = Label<'_>> {
        self.rules.iter().map(|rule| Label {
            about: About::Policy,
            owner: &self.identity.owner,
            policy: Some(self.identity.name.as_str()),
            rule: rule.description.id.as_str(),
            severity: rule.severity.unwrap_or(rule.description.severity),
            mode: rule.mode,
            is_suppressed: false,
        })
    }

    /// The same policy with those of its rules at work that are in the shadow, for who wants to see what they find.
    #[must_use]
    pub fn with_shadows_at_work(mut self) -> Self {
        for rule in self.rules.iter_mut().filter(|rule| rule.mode == Mode::Shadow) {
            rule.mode = Mode::Enforce;
        }
        self
    }

    /// How many of its instances are warm and used by nobody.
    pub fn warm_instances(&self) -> usize {
        self.warm.instances()
    }

    /// Bytes that the instances of all policies hold together.
    pub fn instance_memory(&self) -> usize {
        self.compiled.memory_budget().used()
    }

    /// The tables that it may ask and that nobody has configured.
    pub fn absent_tables(&self) -> impl Iterator<Item = &str> {
        self.tables.iter().filter(|(_, table)| table.is_none()).map(|(name, _)| name.as_str())
    }
}

/// A file that was read, checked and compiled, and asked who it is; not configured yet.
pub struct CompiledFile {
    path: PathBuf,
    digest: Digest,
    bytes: usize,
    world: World,
    unconfigured: Manifest,
    compiled: Arc<Compiled>,
    examples: Examples,
}

/// What is known of the examples that a file carries.
enum Examples {
    /// The policy has agreed with so many, which are all.
    Held(u64),
    /// Their section, or why there is none that could be tried.
    Untried(Result<Vec<u8>, BadExamples>),
}

impl Examples {
    fn of(file: &[u8], held: Option<u64>) -> Self {
        match held.map_or_else(|| examples::find(file), |_| Ok(None)) {
            Ok(None) => Self::Held(held.unwrap_or_default()),
            Ok(Some(section)) => Self::Untried(Ok(section.to_owned())),
            Err(bad) => Self::Untried(Err(bad)),
        }
    }
}

impl CompiledFile {
    /// Reads, checks and compiles a file, or takes what was compiled before, and asks it what it is. What an operator should
    /// know about its compilation is added to `notices`, also where the policy is refused.
    ///
    /// # Errors
    /// The first step that refuses it.
    pub fn read(loader: &Loader, path: &Path, limits: &Limits, notices: &mut Vec<Notice>) -> Result<Self, LoadError> {
        let file = read(path, limits.component_mib.bytes())?;
        Self::of(loader, path, &file, Digest::of(&file), limits, notices)
    }

    /// As [`CompiledFile::read`], of a file whose content was read; `digest` is the content's.
    ///
    /// # Errors
    /// The first step that refuses it.
    pub(super) fn of(
        loader: &Loader,
        path: &Path,
        file: &[u8],
        digest: Digest,
        limits: &Limits,
        notices: &mut Vec<Notice>,
    ) -> Result<Self, LoadError> {
        let Ready { compiled, world, examples_held } = loader.ready(file, digest, limits, notices)?;
        let (described, unheard) = compiled.describe(&Arc::new(GuestLimits::from(limits)));
        note_unheard(unheard, notices);
        let manifest = described.map_err(failed_call)?;
        // Not checked yet: a policy whose rules come with its settings has none before.
        let unconfigured = serde_json::from_str(&manifest).map_err(LoadError::Manifest)?;
        let examples = Examples::of(file, examples_held);
        let (path, compiled) = (path.to_owned(), Arc::new(compiled));
        Ok(Self { path, digest, bytes: file.len(), world, unconfigured, compiled, examples })
    }

    /// SHA-256 of the file.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// The file's size in bytes.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// What it imports and exports.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// Its manifest before it is configured.
    pub fn manifest(&self) -> &Manifest {
        &self.unconfigured
    }

    /// Makes it ready under a configuration. What an operator should know of it is added to `notices`, also where the policy is
    /// refused.
    ///
    /// # Errors
    /// The first step that refuses it.
    pub fn configure(&self, config: &Config, notices: &mut Vec<Notice>) -> Result<LoadedPolicy, LoadError> {
        let set = config.policy(&self.unconfigured.name);
        let limits = Arc::new(GuestLimits::from(&set.limits));
        let manifest = self.manifest_under(set, &limits, notices)?;
        check_support(&manifest)?;
        ConfigErrors::all(config.unmet_needs(&manifest.name, &manifest.tables)).map_err(LoadError::Tables)?;
        let rule_ids: Vec<_> = manifest.rules.iter().map(|rule| rule.id.clone()).collect();
        ConfigErrors::all(config.unknown_rules(&manifest.name, &rule_ids)).map_err(LoadError::Rules)?;

        let configured = |need: &TableNeed| config.tables.get_key_value(&need.name);
        let identity = PolicyIdentity {
            name: manifest.name.clone(),
            version: manifest.version.clone(),
            owner: manifest.owner.clone(),
            digest: self.digest,
            settings: set.settings.digest(),
            tables: manifest.tables.iter().filter_map(configured).map(|(name, table)| (name.clone(), table.digest)).collect(),
        };
        let table = |need: &TableNeed| (need.name.clone(), configured(need).map(|(_, table)| Arc::clone(&table.table)));
        let rules = manifest.rules.iter().map(|rule| LoadedRule {
            description: Arc::new(rule.clone()),
            mode: set.rule_mode(&rule.id, rule.default_mode),
            severity: set.rule_severity(&rule.id),
            exceptions: Exceptions::new(set.rule_exceptions(&rule.id), config.now),
        });
        Ok(LoadedPolicy {
            identity: Arc::new(identity),
            rules: rules.collect(),
            path: self.path.clone(),
            compiled: Arc::clone(&self.compiled),
            warm: Arc::new(self.compiled.warm_key()),
            settings: set.settings.json().into(),
            tables: Arc::new(manifest.tables.iter().map(table).collect()),
            manifest: Arc::new(manifest),
            limits,
        })
    }

    /// Sees that the policy agrees with the examples that its file carries, and gives their number. That it does is remembered beside
    /// its code, and not tried again.
    ///
    /// # Errors
    /// [`LoadError::Examples`].
    pub fn check_examples(&mut self, loader: &Loader, limits: &Limits, notices: &mut Vec<Notice>) -> Result<u64, LoadError> {
        match &self.examples {
            Examples::Held(number) => Ok(*number),
            Examples::Untried(Err(bad)) => Err(bad.clone().into()),
            Examples::Untried(Ok(section)) => {
                let number = examples::judge(section, self)?;
                notices.extend(loader.remember_examples(self.digest, number, limits));
                self.examples = Examples::Held(number);
                Ok(number)
            }
        }
    }

    fn manifest_under(
        &self,
        set: &PolicyConfig,
        limits: &Arc<GuestLimits>,
        notices: &mut Vec<Notice>,
    ) -> Result<Manifest, LoadError> {
        let before = self.unconfigured.name.clone();
        let (described, unheard) = self.compiled.describe_configured(limits, set.settings.json());
        note_unheard(unheard, notices);
        let manifest =
            accept(&described.map_err(failed_call)?.map_err(|reason| LoadError::Settings { policy: before.clone(), reason })?)?;
        if manifest.name == before { Ok(manifest) } else { Err(LoadError::ChangesName { before, after: manifest.name }) }
    }
}

/// Loads a policy under a configuration: all steps from the file to a policy that agrees with its own examples. What an operator
/// should know of it is added to `notices`.
///
/// # Errors
/// The first step that refuses it.
pub fn load(loader: &Loader, path: &Path, config: &Config, notices: &mut Vec<Notice>) -> Result<LoadedPolicy, LoadError> {
    let mut file = CompiledFile::read(loader, path, &config.limits, notices)?;
    let policy = file.configure(config, notices)?;
    file.check_examples(loader, &config.limits, notices)?;
    Ok(policy)
}

/// A file of at most so many bytes.
pub(super) fn read(path: &Path, limit: u64) -> Result<Vec<u8>, LoadError> {
    let file = File::open(path).map_err(LoadError::Read)?;
    let mut content = Vec::with_capacity(file.metadata().map_or(0, |metadata| metadata.len().min(limit)) as usize);
    file.take(limit.saturating_add(1)).read_to_end(&mut content).map_err(LoadError::Read)?;
    if content.len() as u64 > limit { Err(LoadError::TooLarge { limit }) } else { Ok(content) }
}

fn note_unheard(lines: u64, notices: &mut Vec<Notice>) {
    if lines > 0 {
        notices.push(Notice::Unheard(lines));
    }
}

fn failed_call((call, error): (&'static str, CallError)) -> LoadError {
    LoadError::Call { call, error }
}

fn accept(manifest: &str) -> Result<Manifest, LoadError> {
    let manifest: Manifest = serde_json::from_str(manifest).map_err(LoadError::Manifest)?;
    manifest.check()?;
    Ok(manifest)
}

fn check_support(manifest: &Manifest) -> Result<(), LoadError> {
    if !manifest.correlations.is_empty() {
        return Err(LoadError::Unsupported { what: "correlations" });
    }
    Ok(())
}
