//! Policy `storage`: how buckets come and go, and who is let into them and into copies of disks and databases.

mod bucket;
mod bucket_acl_put;
mod bucket_change_out_of_band;
mod bucket_encryption_deleted;
mod bucket_policy_put;
mod expectation;
mod list_buckets;
mod public_access_block_weakened;
mod snapshot_shared;

use policy_sdk::{Table, TableKind};

/// What the platform team may set.
#[policy_sdk::settings]
#[derive(Default)]
pub struct Settings {
    /// Clients besides the AWS CLI and the console through which buckets may be changed: product names as they stand in the
    /// user agent before the `/`, such as `Terraform`, or the name of an AWS service that acts for people, such as
    /// `cloudformation.amazonaws.com`. None by default. Compared as written.
    pub approved_clients: Vec<String>,
}

/// Who may change buckets.
pub const PRIVILEGED_PRINCIPALS: Table = Table::optional(
    "privileged-principals",
    TableKind::Arn,
    "People who may create and delete buckets: ARNs of users and roles, `*` allowed. A session of a role is matched by the role's ARN.",
);

/// Where buckets may be changed from.
pub const TRUSTED_NETWORKS: Table = Table::optional(
    "trusted-networks",
    TableKind::Cidr,
    "Networks that people work from: office, data centre, VPN. A private network counts for whoever calls through a VPC endpoint, so list only those that are your own.",
);

policy_sdk::policy! {
    name: "storage",
    description: "Buckets and snapshots: how they come and go, and who is let into them.",
    owner: "security",
    settings: Settings,
    tables: [PRIVILEGED_PRINCIPALS, TRUSTED_NETWORKS],
    rules: [
        bucket_change_out_of_band::bucket_change_out_of_band,
        bucket_policy_put::bucket_policy_put,
        bucket_acl_put::bucket_acl_put,
        public_access_block_weakened::public_access_block_weakened,
        bucket_encryption_deleted::bucket_encryption_deleted,
        snapshot_shared::snapshot_shared,
        list_buckets::list_buckets,
    ],
}
