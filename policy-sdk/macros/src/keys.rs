//! Named arguments: each once, unknown ones refused with the known ones listed.

use proc_macro2::Span;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Ident, LitStr, Token, bracketed};

/// Arguments that have been seen, to refuse a second one of the same name.
#[derive(Default)]
pub struct Seen {
    keys: Vec<String>,
}

impl Seen {
    /// Notes a key.
    pub fn note(&mut self, key: &Ident) -> syn::Result<()> {
        let text = key.to_string();
        if self.keys.contains(&text) {
            return Err(syn::Error::new(key.span(), format!("`{text}` stands twice")));
        }
        self.keys.push(text);
        Ok(())
    }
}

/// The error for a key that is not among the known ones.
pub fn unknown(key: &Ident, known: &[&str]) -> syn::Error {
    syn::Error::new(key.span(), format!("`{key}` is not known here: use one of {}", known.join(", ")))
}

/// The value of a key that must be there.
pub fn required<T>(value: Option<T>, key: &str, example: &str, span: Span) -> syn::Result<T> {
    value.ok_or_else(|| syn::Error::new(span, format!("`{key}` is missing: add `{example}`")))
}

/// One text or a list of them in brackets.
pub struct Texts(pub Vec<LitStr>);

impl Parse for Texts {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if !input.peek(syn::token::Bracket) {
            return Ok(Self(vec![input.parse()?]));
        }
        let content;
        let bracket = bracketed!(content in input);
        let texts: Vec<LitStr> = Punctuated::<LitStr, Token![,]>::parse_terminated(&content)?.into_iter().collect();
        if texts.is_empty() {
            return Err(syn::Error::new(bracket.span.join(), "the list is empty: write a value, or leave the key out"));
        }
        Ok(Self(texts))
    }
}

/// Checks a text with a type of the contract; the type's own message stands at the text.
pub fn checked<T, E: std::fmt::Display>(text: &LitStr, parse: impl FnOnce(String) -> Result<T, E>) -> syn::Result<T> {
    parse(text.value()).map_err(|error| syn::Error::new(text.span(), error))
}

/// A text that says something.
pub fn not_blank(text: LitStr) -> syn::Result<LitStr> {
    if text.value().trim().is_empty() { Err(syn::Error::new(text.span(), "the text is empty")) } else { Ok(text) }
}
