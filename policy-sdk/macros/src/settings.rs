//! `#[settings]`: a struct that the platform team's settings are read into.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Fields, ItemStruct};

/// The struct with what reading settings needs.
pub fn expand(arguments: TokenStream, item: TokenStream) -> syn::Result<TokenStream> {
    if !arguments.is_empty() {
        return Err(syn::Error::new_spanned(arguments, "`#[settings]` takes no arguments"));
    }
    let settings: ItemStruct = syn::parse2(item)?;
    if !matches!(settings.fields, Fields::Named(_)) {
        return Err(syn::Error::new_spanned(
            &settings,
            "settings are a struct with named fields: each is a key of the settings object",
        ));
    }
    if !settings.generics.params.is_empty() {
        return Err(syn::Error::new_spanned(&settings.generics, "settings own what they hold: no lifetimes, no type parameters"));
    }
    let name = &settings.ident;
    Ok(quote! {
        #[derive(Clone, Debug, ::policy_sdk::__private::serde::Deserialize)]
        #[serde(default, deny_unknown_fields, crate = "::policy_sdk::__private::serde")]
        #settings

        impl ::policy_sdk::Settings for #name {
            fn read(json: &str) -> ::core::result::Result<Self, ::policy_sdk::BadSettings> {
                ::policy_sdk::__private::read_settings(json)
            }
        }
    })
}
