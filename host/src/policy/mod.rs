//! From a file to a policy that may judge.
//!
//! Takes a path, gives a [`LoadedPolicy`] or a [`LoadError`] that names the step and the reason. The steps are always the
//! same and in this order: read, digest, world and imports (before anything is compiled), compile, describe, configure,
//! describe again, tables, the policy's own examples. A policy that is refused changes nothing for the others.
//!
//! - [`Loader`] makes a file's code ready: from the [`cache`], or by the [`compile`]r, which is a process of its own.
//! - [`examples`] are fixtures that a policy's file carries and has to agree with.
//! - [`CompiledFile`] and [`LoadedPolicy`] are what comes of one file.
//! - [`Catalogue`] is the set of policies that a host judges with, [`Library`] what keeps it up with the files while it runs.

pub mod cache;
mod catalogue;
pub mod compile;
mod error;
pub mod examples;
mod library;
mod load;
mod loader;
pub mod one_record;
mod world;
mod wrap;

pub use catalogue::{Catalogue, Refusal, Subscriber, policy_files};
pub use error::{LoadError, Step};
pub use library::{Change, Library, Reconciled};
pub use load::{CompiledFile, LoadedPolicy, LoadedRule, load};
pub use loader::{Loader, Notice};
pub use world::{Interface, World};
pub use wrap::component_from_module;
