//! Exceptions: findings that the platform team has decided to hear nothing of, for a while.
//!
//! An [`Exception`] is a conjunction of [`Condition`]s on a record, with a reason, somebody who answers for it, and a time at
//! which it ends. The configuration reads them ([`crate::config`]); a loaded rule holds its [`Exceptions`]; the pipeline asks
//! them about a record only where there is a finding, so that they cost nothing otherwise. What can't be decided counts as not
//! met: a record that is odd in any way is reported rather than hidden.

mod condition;
mod fact;
mod field;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use policy_contract::image::Node;
use policy_contract::name::Name;

pub use self::condition::{Asked, Condition, Test};
pub use self::fact::Fact;
use crate::finding::{HostFinding, HostRule, RelatedEvents, Subject, Suppression};

/// For how long before its end an exception is said to end soon.
const SOON: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What counts as now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Now {
    /// The machine's clock.
    #[default]
    Clock,
    /// Always this time, so that everything that one command judges is judged alike.
    At(Timestamp),
}

impl Now {
    /// The time.
    pub fn get(self) -> Timestamp {
        match self {
            Self::Clock => Timestamp::now(),
            Self::At(time) => time,
        }
    }
}

/// Findings that somebody decided to hear nothing of, for a while.
#[derive(Debug, PartialEq)]
pub struct Exception {
    /// Its id, why it was made, who answers for it, and when it ends.
    pub suppression: Arc<Suppression>,
    /// The rule that it is for; none where it is for every rule of its policy.
    pub rule: Option<Name>,
    /// What a record must meet, all of it; never empty.
    pub conditions: Vec<Condition>,
}

/// How an exception stands at some time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It suppresses.
    InForce,
    /// It suppresses, for less than a week more.
    EndsSoon,
    /// It suppresses nothing any more.
    Expired,
}

impl Exception {
    /// How it stands at a time.
    pub fn standing(&self, now: Timestamp) -> Standing {
        let expires = self.suppression.expires;
        if now >= expires {
            Standing::Expired
        } else if expires.duration_since(now) < SOON {
            Standing::EndsSoon
        } else {
            Standing::InForce
        }
    }

    /// Whether a record, by the root of its image, meets every condition.
    pub fn is_met(&self, record: Node<'_>) -> bool {
        self.conditions.iter().all(|condition| condition.is_met(record))
    }

    /// What it is for, in the words of the configuration: a policy, or a rule of it.
    pub fn scope(&self, policy: &Name) -> String {
        self.rule.as_ref().map_or_else(|| policy.to_string(), |rule| format!("{policy}/{rule}"))
    }

    /// What the host says of it once it has expired.
    pub fn expired_finding(&self, policy: &Name) -> HostFinding {
        let Suppression { exception, reason, owner, expires } = &*self.suppression;
        let reason = format!(
            "the exception '{exception}' of {} ({reason}) expired at {expires} and suppresses nothing any more: let {owner} \
             remove it, or give it a later day",
            self.scope(policy)
        );
        let subject = Subject {
            policy: Some(policy.to_string()),
            rule: self.rule.clone(),
            exception: Some(exception.clone()),
            ..Subject::default()
        };
        HostFinding { rule: HostRule::ExceptionExpired, subject, reason, time: None, count: 1, events: RelatedEvents::default() }
    }
}

/// The exceptions that findings of one rule may meet, in the order of the file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Exceptions {
    list: Vec<Arc<Exception>>,
    now: Now,
}

impl Exceptions {
    /// These exceptions, which end by this clock.
    pub fn new(list: Vec<Arc<Exception>>, now: Now) -> Self {
        Self { list, now }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Each of them, in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = &Exception> {
        self.list.iter().map(|exception| &**exception)
    }

    /// How one of them stands now.
    pub fn standing(&self, exception: &Exception) -> Standing {
        exception.standing(self.now.get())
    }

    /// The first that has not expired and whose conditions a record meets, by the root of the record's image.
    pub fn first_met(&self, record: Node<'_>) -> Option<&Arc<Suppression>> {
        let now = self.now.get();
        let holds = |exception: &&Arc<Exception>| exception.standing(now) != Standing::Expired && exception.is_met(record);
        self.list.iter().find(holds).map(|exception| &exception.suppression)
    }
}
