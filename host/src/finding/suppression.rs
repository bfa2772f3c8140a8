//! What a suppressed finding says of the exception that suppresses it.

use jiff::Timestamp;
use policy_contract::name::Name;

/// An exception that somebody made, as a finding names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suppression {
    /// Its id, unique in its rule.
    pub exception: Name,
    /// Why it was made.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// From when on it suppresses nothing.
    pub expires: Timestamp,
}
