//! `select(…)`: one alternative of which records a rule wants.

use policy_contract::fields::Outcome;
use policy_contract::selector::Pattern;
use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::parse::ParseStream;
use syn::{Ident, LitBool, LitStr, Token};

use crate::keys::{Seen, Texts, checked, not_blank, unknown};

/// The conditions that a selector may hold.
const KNOWN: [&str; 11] = [
    "event_source",
    "event_name",
    "event_category",
    "event_type",
    "principal_type",
    "outcome",
    "error_code",
    "read_only",
    "region",
    "actor_account",
    "recipient_account",
];

/// A selector as it was written.
pub enum Select {
    All,
    Match(Vec<Condition>),
}

/// One condition as it was written, checked.
pub struct Condition {
    field: Ident,
    wanted: Wanted,
}

enum Wanted {
    Texts(Vec<LitStr>),
    Outcomes(Vec<Outcome>),
    Flag(LitBool),
}

impl Select {
    /// Parses what stands between the brackets of `select(…)`; `span` is where that is.
    pub fn parse(input: ParseStream<'_>, span: Span) -> syn::Result<Self> {
        if input.is_empty() {
            let help = "the selector has no conditions: say which records the rule wants, or write `select(all)`";
            return Err(syn::Error::new(span, help));
        }
        let mut seen = Seen::default();
        let mut conditions = Vec::new();
        while !input.is_empty() {
            let field: Ident = input.parse()?;
            if field == "all" && conditions.is_empty() {
                return match input.is_empty() {
                    true => Ok(Self::All),
                    false => Err(input.error("`all` stands alone: it selects every record")),
                };
            }
            seen.note(&field)?;
            conditions.push(Condition::parse(field, input)?);
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(Self::Match(conditions))
    }

    /// The `policy_sdk::Select` that it stands for.
    pub fn to_tokens(&self) -> TokenStream {
        match self {
            Self::All => quote!(::policy_sdk::Select::All),
            Self::Match(conditions) => {
                let conditions = conditions.iter().map(Condition::to_tokens);
                quote!(::policy_sdk::Select::Match(::policy_sdk::Conditions {
                    #(#conditions,)*
                    ..::policy_sdk::Conditions::NONE
                }))
            }
        }
    }
}

impl Condition {
    fn parse(field: Ident, input: ParseStream<'_>) -> syn::Result<Self> {
        if !KNOWN.iter().any(|known| field == known) {
            return Err(unknown(&field, &KNOWN));
        }
        input.parse::<Token![=]>()?;
        let wanted = match field.to_string().as_str() {
            "read_only" => Wanted::Flag(input.parse()?),
            "outcome" => {
                let Texts(texts) = input.parse()?;
                Wanted::Outcomes(texts.iter().map(outcome).collect::<syn::Result<_>>()?)
            }
            "event_name" | "error_code" => {
                let Texts(texts) = input.parse()?;
                for text in &texts {
                    checked(text, Pattern::try_from)?;
                }
                Wanted::Texts(texts)
            }
            _ => {
                let Texts(texts) = input.parse()?;
                Wanted::Texts(texts.into_iter().map(plain).collect::<syn::Result<_>>()?)
            }
        };
        Ok(Self { field, wanted })
    }

    fn to_tokens(&self) -> TokenStream {
        let field = &self.field;
        match &self.wanted {
            Wanted::Texts(texts) => quote!(#field: &[#(#texts),*]),
            Wanted::Flag(flag) => quote!(#field: ::core::option::Option::Some(#flag)),
            Wanted::Outcomes(outcomes) => {
                let cases = outcomes.iter().map(|outcome| match outcome {
                    Outcome::Success => quote!(::policy_sdk::Outcome::Success),
                    Outcome::Failure => quote!(::policy_sdk::Outcome::Failure),
                    Outcome::DryRun => quote!(::policy_sdk::Outcome::DryRun),
                });
                quote!(#field: &[#(#cases),*])
            }
        }
    }
}

fn outcome(text: &LitStr) -> syn::Result<Outcome> {
    let all = [Outcome::Success, Outcome::Failure, Outcome::DryRun];
    let known = all.map(Outcome::as_str).join(", ");
    let found = all.into_iter().find(|outcome| outcome.as_str() == text.value());
    found.ok_or_else(|| syn::Error::new(text.span(), format!("not an outcome: use one of {known}")))
}

/// A text that is compared whole: a `*` in it would never match, so it is refused.
fn plain(text: LitStr) -> syn::Result<LitStr> {
    if text.value().contains('*') {
        return Err(syn::Error::new(
            text.span(),
            "this field is compared whole: `*` works in `event_name` and `error_code` only",
        ));
    }
    not_blank(text)
}
