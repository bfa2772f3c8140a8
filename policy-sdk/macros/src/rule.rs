//! `#[rule(…)]`: the function stays as it is; beside it comes a type of the same name that carries what the rule says of
//! itself. (Functions and types live in different namespaces, so both can have the one name.)

use policy_contract::manifest::{Mode, Technique};
use policy_contract::name::Name;
use policy_contract::severity::Severity;
use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::parse::{Parse, ParseStream};
use syn::{Expr, ExprLit, FnArg, GenericArgument, Ident, ItemFn, Lit, LitStr, Meta, PathArguments, Token, Type, parenthesized};

use crate::keys::{Seen, Texts, checked, not_blank, required, unknown};
use crate::select::Select;

const KNOWN: [&str; 9] =
    ["id", "title", "severity", "techniques", "references", "false_positives", "runbook", "default_mode", "select"];

/// What the attribute says.
struct Arguments {
    id: LitStr,
    title: LitStr,
    severity: TokenStream,
    techniques: Vec<LitStr>,
    references: Vec<LitStr>,
    false_positives: Vec<LitStr>,
    runbook: Option<LitStr>,
    default_mode: TokenStream,
    selects: Vec<Select>,
}

#[derive(Default)]
struct Partial {
    id: Option<LitStr>,
    title: Option<LitStr>,
    severity: Option<TokenStream>,
    techniques: Vec<LitStr>,
    references: Vec<LitStr>,
    false_positives: Vec<LitStr>,
    runbook: Option<LitStr>,
    default_mode: Option<TokenStream>,
    selects: Vec<Select>,
}

impl Partial {
    fn read(&mut self, key: &Ident, input: ParseStream<'_>) -> syn::Result<()> {
        if key == "select" {
            let content;
            let brackets = parenthesized!(content in input);
            self.selects.push(Select::parse(&content, brackets.span.join())?);
            return Ok(());
        }
        if !KNOWN.iter().any(|known| key == known) {
            return Err(unknown(key, &KNOWN));
        }
        input.parse::<Token![=]>()?;
        match key.to_string().as_str() {
            "id" => {
                let id: LitStr = input.parse()?;
                checked(&id, |text| text.parse::<Name>())?;
                self.id = Some(id);
            }
            "title" => self.title = Some(not_blank(input.parse()?)?),
            "severity" => {
                let severity = checked(&input.parse()?, |text| text.parse::<Severity>())?;
                self.severity = Some(severity_tokens(severity));
            }
            "techniques" => {
                let Texts(techniques) = input.parse()?;
                for technique in &techniques {
                    checked(technique, Technique::try_from)?;
                }
                self.techniques = techniques;
            }
            "references" => self.references = texts(input)?,
            "false_positives" => self.false_positives = texts(input)?,
            "runbook" => self.runbook = Some(not_blank(input.parse()?)?),
            "default_mode" => self.default_mode = Some(mode(&input.parse()?)?),
            _ => return Err(unknown(key, &KNOWN)),
        }
        Ok(())
    }

    fn finish(self) -> syn::Result<Arguments> {
        let span = Span::call_site();
        if self.selects.is_empty() {
            let help = "the rule has no selector: add `select(event_source = \"…\", event_name = \"…\")`, or `select(all)` for every record";
            return Err(syn::Error::new(span, help));
        }
        Ok(Arguments {
            id: required(self.id, "id", "id = \"my-rule\"", span)?,
            title: required(self.title, "title", "title = \"…\"", span)?,
            severity: required(self.severity, "severity", "severity = \"medium\"", span)?,
            techniques: self.techniques,
            references: self.references,
            false_positives: self.false_positives,
            runbook: self.runbook,
            default_mode: self.default_mode.unwrap_or_else(|| quote!(::policy_sdk::Mode::Enforce)),
            selects: self.selects,
        })
    }
}

impl Parse for Arguments {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut seen = Seen::default();
        let mut partial = Partial::default();
        while !input.is_empty() {
            let key: Ident = input.parse()?;
            if key != "select" {
                seen.note(&key)?;
            }
            partial.read(&key, input)?;
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        partial.finish()
    }
}

fn texts(input: ParseStream<'_>) -> syn::Result<Vec<LitStr>> {
    let Texts(texts) = input.parse()?;
    texts.into_iter().map(not_blank).collect()
}

fn severity_tokens(severity: Severity) -> TokenStream {
    match severity {
        Severity::Informational => quote!(::policy_sdk::Severity::Informational),
        Severity::Low => quote!(::policy_sdk::Severity::Low),
        Severity::Medium => quote!(::policy_sdk::Severity::Medium),
        Severity::High => quote!(::policy_sdk::Severity::High),
        Severity::Critical => quote!(::policy_sdk::Severity::Critical),
    }
}

fn mode(text: &LitStr) -> syn::Result<TokenStream> {
    let word = text.value();
    let found = [Mode::Enforce, Mode::Shadow, Mode::Off].into_iter().find(|mode| mode.as_str() == word);
    match found {
        Some(Mode::Enforce) => Ok(quote!(::policy_sdk::Mode::Enforce)),
        Some(Mode::Shadow) => Ok(quote!(::policy_sdk::Mode::Shadow)),
        Some(Mode::Off) => Ok(quote!(::policy_sdk::Mode::Off)),
        None => Err(syn::Error::new(text.span(), "not a mode: use enforce, shadow or off")),
    }
}

/// How the function wants its context.
enum ContextParameter {
    None,
    /// `&Context`: fits a policy with any settings.
    WithoutSettings,
    /// `&Context<S>`.
    With(Box<Type>),
}

fn context_parameter(function: &ItemFn) -> syn::Result<ContextParameter> {
    let shape = "a rule is `fn(event: &Event, cx: &Context<Settings>) -> Option<Finding>`; the second parameter may be left out";
    let mut inputs = function.sig.inputs.iter();
    let is_typed = |argument: Option<&FnArg>| matches!(argument, Some(FnArg::Typed(_)));
    let takes_event = is_typed(inputs.next());
    let generics = &function.sig.generics;
    let is_plain = function.sig.asyncness.is_none() && generics.type_params().next().is_none();
    if !takes_event || !is_plain || function.sig.inputs.len() > 2 {
        return Err(syn::Error::new_spanned(&function.sig, shape));
    }
    let Some(FnArg::Typed(context)) = inputs.next() else { return Ok(ContextParameter::None) };
    let Type::Reference(reference) = &*context.ty else { return Err(syn::Error::new_spanned(&context.ty, shape)) };
    let Type::Path(path) = &*reference.elem else { return Err(syn::Error::new_spanned(&context.ty, shape)) };
    let arguments = path.path.segments.last().map(|segment| &segment.arguments);
    let Some(PathArguments::AngleBracketed(arguments)) = arguments else { return Ok(ContextParameter::WithoutSettings) };
    let settings = arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::Type(settings) => Some(settings.clone()),
        _ => None,
    });
    Ok(settings.map_or(ContextParameter::WithoutSettings, |settings| ContextParameter::With(Box::new(settings))))
}

/// The doc comment up to its first heading: lines of a paragraph joined, paragraphs apart.
fn description(function: &ItemFn) -> syn::Result<String> {
    let mut paragraphs = vec![String::new()];
    for line in function.attrs.iter().filter_map(doc_line) {
        for line in line.lines().map(str::trim).chain(line.is_empty().then_some("")) {
            if line.starts_with('#') {
                return described(paragraphs, function);
            }
            if line.is_empty() {
                paragraphs.push(String::new());
            } else if let Some(paragraph) = paragraphs.last_mut() {
                if !paragraph.is_empty() {
                    paragraph.push(' ');
                }
                paragraph.push_str(line);
            }
        }
    }
    described(paragraphs, function)
}

fn described(mut paragraphs: Vec<String>, function: &ItemFn) -> syn::Result<String> {
    paragraphs.retain(|paragraph| !paragraph.is_empty());
    if paragraphs.is_empty() {
        let help = "the rule has no doc comment: say what an attacker does and why it matters; it becomes the rule's description";
        return Err(syn::Error::new(function.sig.ident.span(), help));
    }
    Ok(paragraphs.join("\n\n"))
}

fn doc_line(attribute: &syn::Attribute) -> Option<String> {
    let Meta::NameValue(pair) = &attribute.meta else { return None };
    let Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) = &pair.value else { return None };
    pair.path.is_ident("doc").then(|| text.value())
}

/// The function, and its type of the same name with `policy_sdk::IsRule`.
pub fn expand(arguments: TokenStream, item: TokenStream) -> syn::Result<TokenStream> {
    let function: ItemFn = syn::parse2(item)?;
    let arguments: Arguments = syn::parse2(arguments)?;
    let description = description(&function)?;
    let name = &function.sig.ident;
    let visibility = &function.vis;
    let (generics, settings, call) = match context_parameter(&function)? {
        ContextParameter::None => (quote!(<S: 'static>), quote!(S), quote!(#name(event))),
        ContextParameter::WithoutSettings => (quote!(<S: 'static>), quote!(S), quote!(#name(event, &context.without_settings()))),
        ContextParameter::With(settings) => (quote!(), quote!(#settings), quote!(#name(event, context))),
    };
    let Arguments { id, title, severity, techniques, references, false_positives, default_mode, selects, .. } = &arguments;
    let runbook = arguments.runbook.as_ref().map_or_else(String::new, LitStr::value);
    let selects = selects.iter().map(Select::to_tokens);
    Ok(quote! {
        #function

        #[doc(hidden)]
        #[allow(non_camel_case_types, missing_docs)]
        #visibility enum #name {}

        impl #generics ::policy_sdk::IsRule<#settings> for #name {
            const RULE: ::policy_sdk::Rule<#settings> = ::policy_sdk::Rule {
                id: #id,
                title: #title,
                description: #description,
                severity: #severity,
                techniques: &[#(#techniques),*],
                references: &[#(#references),*],
                false_positives: &[#(#false_positives),*],
                runbook: #runbook,
                default_mode: #default_mode,
                selectors: &[#(#selects),*],
                #[allow(unused_variables)]
                judge: |event, context| ::policy_sdk::IntoVerdicts::into_verdicts(#call),
            };
        }
    })
}
