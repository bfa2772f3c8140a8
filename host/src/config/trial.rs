//! A configuration made for one policy's fixtures, without a file.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use policy_contract::manifest::Manifest;
use policy_contract::name::Name;
use policy_contract::tables::{BadTable, Table};

use super::place::Place;
use super::{Config, ContextTable, PolicyConfig, Settings};
use crate::digest::Digest;
use crate::limits::Limits;

/// A table that a trial can't give to a policy.
#[derive(Debug, thiserror::Error)]
pub enum BadTrial {
    /// The policy would never ask it.
    #[error("the policy does not declare the table `{table}`")]
    UndeclaredTable {
        /// The table.
        table: Name,
    },
    /// Its entries are not those of its kind.
    #[error("table `{table}`: {error}")]
    Table {
        /// The table.
        table: Name,
        /// What is wrong.
        error: BadTable,
    },
}

impl Config {
    /// A configuration of one policy with these settings (a JSON object) and tables (as their files would hold them), and the
    /// default limits.
    ///
    /// # Errors
    /// A table that the policy does not declare, or that can't be read as the kind that it declares.
    pub fn for_trial(manifest: &Manifest, settings: String, tables: BTreeMap<Name, String>) -> Result<Self, BadTrial> {
        let mut config = Self::default();
        for (name, text) in tables {
            let Some(need) = manifest.tables.iter().find(|need| need.name == name) else {
                return Err(BadTrial::UndeclaredTable { table: name });
            };
            let table = match Table::parse(need.kind, &text) {
                Ok(table) => Arc::new(table),
                Err(error) => return Err(BadTrial::Table { table: name, error }),
            };
            let digest = Digest::of(text.as_bytes());
            config.tables.insert(name, ContextTable { path: PathBuf::new(), digest, table, place: Place::default() });
        }
        let policy = PolicyConfig { settings: Settings::of(settings), ..PolicyConfig::with_limits(Limits::default()) };
        config.policies.insert(manifest.name.clone(), policy);
        Ok(config)
    }
}
