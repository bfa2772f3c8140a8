//! The invented organisation: its accounts, regions, networks, people and roles.
//!
//! Account ids are those of AWS's manuals, addresses are those reserved for documentation (RFC 5737, RFC 3849) or
//! private, mail addresses end in example.com.

use crate::dice::Dice;

/// An AWS account of the organisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Account {
    /// Runs the shop.
    Production,
    /// Where developers try things.
    Development,
    /// Keeps logs and backups.
    Archive,
}

impl Account {
    /// Every account.
    pub const ALL: [Account; 3] = [Account::Production, Account::Development, Account::Archive];

    /// The twelve digits.
    pub const fn id(self) -> &'static str {
        match self {
            Account::Production => "111122223333",
            Account::Development => "444455556666",
            Account::Archive => "777788889999",
        }
    }
}

/// A region in which the organisation, or its attacker, works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Region {
    /// Ireland, where nearly everything runs.
    EuWest1,
    /// N. Virginia, where global services are recorded.
    UsEast1,
    /// Frankfurt, for backups.
    EuCentral1,
    /// Sydney, where the organisation has no business.
    ApSoutheast2,
}

impl Region {
    /// The region's code.
    pub const fn code(self) -> &'static str {
        match self {
            Region::EuWest1 => "eu-west-1",
            Region::UsEast1 => "us-east-1",
            Region::EuCentral1 => "eu-central-1",
            Region::ApSoutheast2 => "ap-southeast-2",
        }
    }
}

/// The account of a partner that audits the organisation from outside.
pub const PARTNER_ACCOUNT: &str = "555566667777";
/// The attacker's own account.
pub const ATTACKER_ACCOUNT: &str = "999988887777";

/// The attacker's addresses: in no trusted network.
pub const ATTACKER_ADDRESS: &str = "192.0.2.66";
/// The attacker's second address.
pub const ATTACKER_ADDRESS_V6: &str = "2001:db8:bad::66";

/// A person, by the name used to sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Person {
    /// Sign-in name, also the session name of assumed roles.
    pub login: &'static str,
    /// Name shown to people.
    pub display_name: &'static str,
    /// What the person may do through Identity Center.
    pub permission_set: PermissionSet,
}

/// A permission set of IAM Identity Center.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PermissionSet {
    /// Privileged people.
    PlatformAdmin,
    /// Developers.
    Developer,
    /// Those who only look.
    ReadOnly,
}

impl PermissionSet {
    /// The role's name: Identity Center adds sixteen hexadecimal digits.
    pub const fn role_name(self) -> &'static str {
        match self {
            PermissionSet::PlatformAdmin => "AWSReservedSSO_PlatformAdmin_1f0e2d3c4b5a6978",
            PermissionSet::Developer => "AWSReservedSSO_Developer_8a7b6c5d4e3f2a1b",
            PermissionSet::ReadOnly => "AWSReservedSSO_ReadOnly_0123456789abcdef",
        }
    }
}

/// The people who work through Identity Center.
pub const PEOPLE: [Person; 6] = [
    person("nikki@example.com", "Nikki", PermissionSet::PlatformAdmin),
    person("saanvi@example.com", "Saanvi", PermissionSet::PlatformAdmin),
    person("zoe@example.com", "Zoë", PermissionSet::Developer),
    person("juan@example.com", "Juan", PermissionSet::Developer),
    person("wei@example.com", "伟", PermissionSet::Developer),
    person("akua@example.com", "Akua", PermissionSet::ReadOnly),
];

/// The privileged person who changes buckets the right way.
pub const PLATFORM_ADMIN: Person = PEOPLE[0];

/// Old IAM users of the production account that still have passwords.
pub const IAM_USERS: [&str; 3] = ["mateo", "martha", "arnav"];
/// The IAM user whose password was stolen: the one without MFA.
pub const STOLEN_USER: &str = "mateo";

const fn person(login: &'static str, display_name: &'static str, permission_set: PermissionSet) -> Person {
    Person { login, display_name, permission_set }
}

/// A role of a workload, a pipeline or a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Role {
    /// Path, with both slashes.
    pub path: &'static str,
    /// Name.
    pub name: &'static str,
}

/// Deploys with Terraform, assumed from GitHub Actions by web identity.
pub const CI_ROLE: Role = Role { path: "/ci/", name: "github-deploy" };
/// The shop's order service (ECS on Fargate).
pub const ORDERS_ROLE: Role = Role { path: "/workload/", name: "orders-api" };
/// Writes reports (ECS on Fargate). The attacker gets into its container.
pub const REPORTS_ROLE: Role = Role { path: "/workload/", name: "report-export" };
/// Takes payments (EKS, a role for a service account).
pub const PAYMENTS_ROLE: Role = Role { path: "/workload/", name: "payments-worker" };
/// Receives invoices (Lambda). The attacker replaces its code.
pub const INVOICES_ROLE: Role = Role { path: "/service-role/", name: "invoice-webhook-role" };
/// Web servers (EC2 instances).
pub const WEB_ROLE: Role = Role { path: "/workload/", name: "web-fleet" };
/// Assumed by people of the finance department through SAML.
pub const FINANCE_ROLE: Role = Role { path: "/", name: "finance-saml" };
/// AWS Config's own role.
pub const CONFIG_ROLE: Role = Role { path: "/aws-service-role/config.amazonaws.com/", name: "AWSServiceRoleForConfig" };
/// EC2 Auto Scaling's own role.
pub const AUTOSCALING_ROLE: Role =
    Role { path: "/aws-service-role/autoscaling.amazonaws.com/", name: "AWSServiceRoleForAutoScaling" };

/// Buckets of the shop.
pub const BUCKETS: [&str; 4] = ["example-shop-orders", "example-shop-invoices", "example-shop-reports", "example-shop-assets"];

/// Where people's requests come from: the office's and the VPN's addresses, all in the trusted networks.
pub fn office_address(dice: &mut Dice) -> String {
    match dice.between(1, 10) {
        1 => format!("2001:db8:10::{:x}", dice.between(1, 0xffff)),
        2..=6 => format!("203.0.113.{}", dice.between(2, 60)),
        _ => format!("198.51.100.{}", dice.between(2, 120)),
    }
}

/// An address inside the VPC, in the trusted networks.
pub fn vpc_address(dice: &mut Dice) -> String {
    format!("10.20.{}.{}", dice.between(0, 63), dice.between(4, 250))
}

/// The address of one of the pipeline's runners, in no trusted network.
pub fn runner_address(dice: &mut Dice) -> String {
    format!("192.0.2.{}", dice.between(129, 190))
}
