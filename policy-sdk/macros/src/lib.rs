//! The macros of the policy SDK: `#[rule]`, `#[settings]` and `policy!`.
//!
//! They exist so that a rule file reads like policy. Everything about a rule that can be checked before it runs (ids,
//! severities, techniques, selectors) is checked here with the contract's own types, and a mistake is a compiler error that
//! points at the word. Use them through `policy_sdk`, which documents them with examples.

mod keys;
mod policy;
mod rule;
mod select;
mod settings;

use proc_macro::TokenStream;

/// Makes a function a rule. See `policy_sdk::rule`.
#[proc_macro_attribute]
pub fn rule(arguments: TokenStream, item: TokenStream) -> TokenStream {
    answer(rule::expand(arguments.into(), item.into()))
}

/// Makes a struct the settings of a policy. See `policy_sdk::settings`.
#[proc_macro_attribute]
pub fn settings(arguments: TokenStream, item: TokenStream) -> TokenStream {
    answer(settings::expand(arguments.into(), item.into()))
}

/// Makes a crate a policy. See `policy_sdk::policy`.
#[proc_macro]
pub fn policy(arguments: TokenStream) -> TokenStream {
    answer(policy::expand(arguments.into()))
}

fn answer(expanded: syn::Result<proc_macro2::TokenStream>) -> TokenStream {
    expanded.unwrap_or_else(|error| error.to_compile_error()).into()
}
