//! `policy! { … }`: the crate's one policy, its Wasm exports and its fixture test.

use policy_contract::name::Name;
use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Expr, Ident, LitStr, Path, Token, Type, bracketed};

use crate::keys::{Seen, checked, not_blank, required, unknown};

const KNOWN: [&str; 9] = ["name", "description", "owner", "settings", "tables", "responses", "rules", "correlations", "fixtures"];

struct Arguments {
    name: LitStr,
    description: LitStr,
    owner: LitStr,
    settings: Type,
    tables: Vec<Expr>,
    responses: Vec<Ident>,
    rules: Vec<Path>,
    correlations: Vec<Expr>,
    /// Folder of the fixtures, seen from the crate's.
    fixtures: String,
}

fn list<T: Parse>(input: ParseStream<'_>) -> syn::Result<Vec<T>> {
    let content;
    bracketed!(content in input);
    Ok(Punctuated::<T, Token![,]>::parse_terminated(&content)?.into_iter().collect())
}

impl Parse for Arguments {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut seen = Seen::default();
        let (mut name, mut description, mut owner, mut settings, mut rules) = (None, None, None, None, None);
        let mut fixtures = None;
        let (mut tables, mut responses, mut correlations) = (Vec::new(), Vec::new(), Vec::new());
        while !input.is_empty() {
            let key: Ident = input.parse()?;
            seen.note(&key)?;
            if !KNOWN.iter().any(|known| key == known) {
                return Err(unknown(&key, &KNOWN));
            }
            input.parse::<Token![:]>()?;
            match key.to_string().as_str() {
                "name" => name = Some(input.parse()?),
                "description" => description = Some(not_blank(input.parse()?)?),
                "owner" => owner = Some(not_blank(input.parse()?)?),
                "settings" => settings = Some(input.parse()?),
                "tables" => tables = list(input)?,
                "responses" => responses = list(input)?,
                "rules" => rules = Some(list(input)?),
                "correlations" => correlations = list(input)?,
                "fixtures" => fixtures = Some(not_blank(input.parse()?)?.value()),
                _ => return Err(unknown(&key, &KNOWN)),
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        let span = Span::call_site();
        let name = required(name, "name", "name: \"my-policy\"", span)?;
        checked(&name, |text| text.parse::<Name>())?;
        let rules: Vec<Path> = required(rules, "rules", "rules: [my_rule::my_rule]", span)?;
        if rules.is_empty() {
            return Err(syn::Error::new(span, "the policy has no rules"));
        }
        Ok(Self {
            name,
            description: required(description, "description", "description: \"…\"", span)?,
            owner: required(owner, "owner", "owner: \"my-team\"", span)?,
            settings: settings.unwrap_or_else(|| syn::parse_quote!(())),
            tables,
            responses,
            rules,
            correlations,
            fixtures: fixtures.unwrap_or_else(|| "src".to_owned()),
        })
    }
}

/// The static `POLICY`, the exports on Wasm, the fixture test in a native test build.
pub fn expand(arguments: TokenStream) -> syn::Result<TokenStream> {
    let Arguments { name, description, owner, settings, tables, responses, rules, correlations, fixtures } =
        syn::parse2(arguments)?;
    Ok(quote! {
        /// The policy of this crate.
        pub static POLICY: ::policy_sdk::Policy<#settings> = ::policy_sdk::Policy {
            name: #name,
            version: ::core::env!("CARGO_PKG_VERSION"),
            description: #description,
            owner: #owner,
            tables: &[#(#tables),*],
            responses: &[#(::policy_sdk::ResponseKind::#responses),*],
            rules: &[#(<#rules as ::policy_sdk::IsRule<#settings>>::RULE),*],
            correlations: &[#(#correlations),*],
        };

        #[cfg(target_arch = "wasm32")]
        ::policy_sdk::__export_policy!(POLICY, #settings);

        #[cfg(all(test, not(target_arch = "wasm32")))]
        #[test]
        fn fixtures_hold() -> ::core::result::Result<(), ::policy_sdk::testing::FixtureFailures> {
            ::policy_sdk::testing::fixtures_hold(&POLICY, ::core::concat!(::core::env!("CARGO_MANIFEST_DIR"), "/", #fixtures))
        }
    })
}
