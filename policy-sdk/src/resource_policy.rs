//! Whom the policy of a resource lets in: a bucket's policy, a role's trust.
//!
//! The grammar: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html>.

use std::collections::BTreeSet;

use crate::event::{Document, Value};

/// How far a policy opens its resource; later ones reach farther.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// The resource's own account and AWS services, or everybody under a condition.
    OwnAccount,
    /// An account that is not known to be its own.
    OtherAccount,
    /// Everybody, without any condition.
    Everyone,
}

impl Reach {
    /// The word for it in a finding's details.
    pub fn word(self) -> &'static str {
        match self {
            Self::OwnAccount => "own-account",
            Self::OtherAccount => "other-account",
            Self::Everyone => "everyone",
        }
    }
}

/// Whom the statements that allow something let in, as they are written, and how far that reaches.
pub fn admitted<'a>(policy: &'a Document, own_account: &str) -> (BTreeSet<&'a str>, Reach) {
    let mut principals = BTreeSet::new();
    let mut reach = Reach::OwnAccount;
    let statements = policy.get("Statement").one_or_many();
    for statement in statements.filter(|statement| statement.get("Effect").text() == "Allow") {
        let is_conditional = statement.get("Condition").exists();
        for principal in principals_of(&statement) {
            principals.insert(principal);
            reach = reach.max(reach_of(principal, is_conditional, own_account));
        }
    }
    (principals, reach)
}

/// `"*"`, or an object of kinds (`AWS`, `Service` …) with one or many principals each. To allow all but some (`NotPrincipal`)
/// lets everybody in.
fn principals_of<'a>(statement: &Value<'a>) -> Vec<&'a str> {
    if statement.get("NotPrincipal").exists() {
        return vec!["*"];
    }
    let principal = statement.get("Principal");
    let by_kind = principal.entries().flat_map(|(_, principals)| principals.one_or_many());
    principal.str().into_iter().chain(by_kind.filter_map(|principal| principal.str())).collect()
}

fn reach_of(principal: &str, is_conditional: bool, own_account: &str) -> Reach {
    match account_of(principal) {
        _ if principal == "*" && !is_conditional => Reach::Everyone,
        Some(account) if account != own_account => Reach::OtherAccount,
        _ => Reach::OwnAccount,
    }
}

/// The account of an ARN, or an account's bare number; none for services and canonical users.
fn account_of(principal: &str) -> Option<&str> {
    let is_number = principal.len() == 12 && principal.bytes().all(|byte| byte.is_ascii_digit());
    if is_number {
        return Some(principal);
    }
    principal.strip_prefix("arn:")?.split(':').nth(3).filter(|account| !account.is_empty())
}
