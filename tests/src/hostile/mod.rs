//! A suite of policies that misbehave, each in one way and each with what has to stop it.
//!
//! The sandbox counts as far as it was attacked. Most attacks need more control over the interface between host and guest
//! than a Rust policy has, so these are written by hand: [`guest::Guest`] is a well-behaved policy in WebAssembly text, and a
//! [`Case`] replaces one part of it. The tests load all of them beside the policies that ship; the page
//! `docs/reference/hostile-cases.md` is printed from the same table ([`page`]).

pub mod cases;
pub mod component;
pub mod damage;
pub mod elsewhere;
pub mod guest;
pub mod page;
pub mod records;
pub mod slow;
pub mod system;

use guest::Guest;

/// A policy that misbehaves, and what has to come of it.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// The policy's name in its manifest is this behind `hostile-`.
    pub name: &'static str,
    /// What the guest does, as a sentence without its subject.
    pub does: &'static str,
    /// What stops it.
    pub barrier: Barrier,
    /// What the operator sees.
    pub outcome: Outcome,
    /// How it is shown that this barrier, and no other, stops it.
    pub proof: Proof,
    /// Makes the module of the well-behaved guest.
    pub build: fn(Guest) -> anyhow::Result<Vec<u8>>,
}

/// What stops a guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Barrier {
    /// A limit of the configuration, by its key.
    Limit(&'static str),
    /// A bound that is fixed in the host, in words.
    Fixed(&'static str),
    /// WebAssembly's own rules, which the engine enforces.
    WebAssembly,
    /// The component model's rules for values that pass between host and guest.
    ComponentModel,
    /// The contract of `policy.wit` and of the manifest, which the host checks.
    Contract,
    /// Nothing has to stop it: what it does harms nobody.
    Nothing,
}

/// What the operator sees of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The policy is not loaded.
    Refused {
        /// The step of loading.
        step: &'static str,
        /// What the reason says.
        words: &'static str,
    },
    /// The policy fails at records and judges the others.
    Fails {
        /// At which.
        at: At,
        /// The kind of failure.
        kind: &'static str,
        /// What the reason says.
        words: &'static str,
    },
    /// Something fails that no record shows on a fresh instance, so that all are judged.
    Unexplained {
        /// The kind of failure.
        kind: &'static str,
        /// What the reason says.
        words: &'static str,
    },
    /// The policy judges every record; standard error says what was kept from it, if anything.
    Judges {
        /// What standard error says; empty where there is nothing to say.
        words: &'static str,
    },
}

/// The records that a policy fails at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// Every record that it selects.
    Every,
    /// The marked ones among them ([`records::MARK`]).
    Marked,
    /// The ones at these positions in the batch.
    Positions(&'static [usize]),
}

/// How it is shown that a barrier, and no other, stops a guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// Under these limits nothing stops it: it ends by itself and finds something in every record.
    Raised(&'static [(&'static str, u64)]),
    /// Under these limits this becomes of it instead.
    Otherwise(&'static [(&'static str, u64)], Outcome),
    /// The barrier can't be moved by configuration; the well-behaved guest, which differs in this part only, is not stopped.
    Twin,
}

impl Case {
    /// The policy's name.
    pub fn policy(&self) -> String {
        format!("hostile-{}", self.name)
    }

    /// The policy's module.
    ///
    /// # Errors
    /// The text is no WebAssembly.
    pub fn module(&self) -> anyhow::Result<Vec<u8>> {
        (self.build)(Guest::named(&self.policy()))
    }
}
