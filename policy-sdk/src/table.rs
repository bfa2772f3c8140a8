//! Context tables as constants: a rule can only ask a table that the policy declares, so the platform team knows which lists
//! it has to keep.

use policy_contract::manifest::{TableKind, TableNeed};

use crate::policy::BadPolicy;

/// A context table that a policy asks. Write it as a constant, list it under `tables:` in [`policy!`](crate::policy!) and
/// ask it through [`Context`](crate::Context):
///
/// ```
/// use policy_sdk::{Table, TableKind};
/// const TRUSTED_NETWORKS: Table =
///     Table::optional("trusted-networks", TableKind::Cidr, "Networks that administrators work from: office, VPN, data centre.");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Table {
    pub(crate) name: &'static str,
    pub(crate) kind: TableKind,
    pub(crate) required: bool,
    pub(crate) description: &'static str,
}

impl Table {
    /// A table without which the policy makes no sense: a host refuses the policy until it is configured.
    pub const fn required(name: &'static str, kind: TableKind, description: &'static str) -> Self {
        Self { name, kind, required: true, description }
    }

    /// A table that may be left out; asking it then answers `Unavailable`.
    pub const fn optional(name: &'static str, kind: TableKind, description: &'static str) -> Self {
        Self { name, kind, required: false, description }
    }

    /// The table's name in the platform team's configuration.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// What it holds.
    pub const fn kind(&self) -> TableKind {
        self.kind
    }

    pub(crate) fn describe(&self) -> Result<TableNeed, BadPolicy> {
        Ok(TableNeed {
            name: self.name.parse()?,
            kind: self.kind,
            required: self.required,
            description: self.description.to_owned(),
        })
    }
}
