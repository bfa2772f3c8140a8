//! A policy as one static item, and the manifest that it describes itself with.

use policy_contract::manifest::{BadManifest, Manifest, ManifestVersion, NotATechnique, RecordFormat, RecordInterest};
use policy_contract::name::NotAName;
use policy_contract::response::ResponseKind;
use policy_contract::selector::BadPattern;

use crate::{Correlation, Rule, Table};

/// A policy whose settings are `S`: what [`policy!`](crate::policy!) makes.
pub struct Policy<S: 'static> {
    /// The same for every version of it.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
    /// What it is about, in a sentence.
    pub description: &'static str,
    /// The team that owns it.
    pub owner: &'static str,
    /// The context tables that its rules may ask.
    pub tables: &'static [Table],
    /// The kinds of response that its findings may ask for.
    pub responses: &'static [ResponseKind],
    /// Its rules.
    pub rules: &'static [Rule<S>],
    /// Its correlations.
    pub correlations: &'static [Correlation<S>],
}

/// A policy that cannot describe itself: something that is checked only when rules come together, or a constant that was
/// written without the macros.
#[derive(Debug, thiserror::Error)]
pub enum BadPolicy {
    /// A name of no usable shape.
    #[error(transparent)]
    Name(#[from] NotAName),
    /// A text that is no technique id.
    #[error(transparent)]
    Technique(#[from] NotATechnique),
    /// A pattern that would match what nobody meant.
    #[error(transparent)]
    Pattern(#[from] BadPattern),
    /// Something that does not fit together.
    #[error(transparent)]
    Manifest(#[from] BadManifest),
}

impl<S> Policy<S> {
    /// What the policy says of itself.
    ///
    /// # Errors
    /// The first thing that a host would not accept.
    pub fn manifest(&self) -> Result<Manifest, BadPolicy> {
        let manifest = Manifest {
            manifest_version: ManifestVersion::V1,
            name: self.name.parse()?,
            version: self.version.to_owned(),
            description: self.description.to_owned(),
            owner: self.owner.to_owned(),
            record: RecordInterest { format: RecordFormat::Image },
            requires: Vec::new(),
            tables: self.tables.iter().map(Table::describe).collect::<Result<_, _>>()?,
            responses: self.responses.to_vec(),
            rules: self.rules.iter().map(Rule::describe).collect::<Result<_, _>>()?,
            correlations: self.correlations.iter().map(Correlation::describe).collect::<Result<_, _>>()?,
        };
        manifest.check()?;
        Ok(manifest)
    }

    /// The position of a correlation in the manifest.
    pub(crate) fn correlation(&self, id: &str) -> Option<u32> {
        let position = self.correlations.iter().position(|correlation| correlation.id == id)?;
        u32::try_from(position).ok()
    }
}
