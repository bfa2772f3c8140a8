//! Policies that misbehave beside good ones: nothing changes in what the good ones find, and every failure is reported.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails, helpers included")]

mod beside;
mod damage;
mod instances;
mod limits;
mod observed;
mod page;
mod rust;
mod terminal;
