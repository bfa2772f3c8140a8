//! Components around a guest's core module.

use anyhow::Context as _;
use wasm_encoder::{ComponentSection as _, ComponentSectionId, InstanceSection, ModuleArg, RawSection};
use wasmparser::{Parser, Payload};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// The contract's own text.
pub const CONTRACT: &str = include_str!("../../../policy-sdk/wit/policy.wit");

/// Adds the section that says which component a core module is meant to be: the contract's, or the world `policy` of another
/// package, whose text may stand before the packages that it uses.
///
/// # Errors
/// The WIT text can't be read.
pub fn with_type(mut module: Vec<u8>, wit: Option<&str>, encoding: StringEncoding) -> anyhow::Result<Vec<u8>> {
    let mut resolve = Resolve::new();
    let mut package = None;
    for text in [Some(CONTRACT).filter(|_| wit.is_none_or(uses_contract)), wit].into_iter().flatten() {
        package = Some(resolve.push_str("policy.wit", text)?);
    }
    let package = package.context("no WIT package")?;
    let world = resolve.select_world(&[package], Some("policy"))?;
    embed_component_metadata(&mut module, &resolve, world, encoding)?;
    Ok(module)
}

/// Whether a WIT text leaves the contract's package to the contract's own text.
fn uses_contract(wit: &str) -> bool {
    !wit.contains("package trailwarden:policy@1.0.0;")
}

/// Appends a custom section to a module or component.
pub fn with_section(mut file: Vec<u8>, name: &str, data: &[u8]) -> Vec<u8> {
    // The id of custom sections, in both.
    file.push(0);
    wasm_encoder::Encode::encode(&wasm_encoder::CustomSection { name: name.into(), data: data.into() }, &mut file);
    file
}

/// Makes a component of a core module that has a component type, as the host does.
///
/// # Errors
/// The encoder refuses it.
pub fn of_module(module: &[u8]) -> anyhow::Result<Vec<u8>> {
    ComponentEncoder::default().validate(true).module(module)?.encode()
}

/// The component with a core module more, of which it makes so many instances.
///
/// # Errors
/// The component can't be read.
pub fn with_instances(mut component: Vec<u8>, module: &[u8], instances: u32) -> anyhow::Result<Vec<u8>> {
    let position = core_modules(&component)?;
    RawSection { id: ComponentSectionId::CoreModule.into(), data: module }.append_to_component(&mut component);
    let mut section = InstanceSection::new();
    for _ in 0..instances {
        section.instantiate(position, std::iter::empty::<(&str, ModuleArg)>());
    }
    section.append_to_component(&mut component);
    Ok(component)
}

/// How many core modules a component holds itself.
fn core_modules(component: &[u8]) -> anyhow::Result<u32> {
    let (mut depth, mut modules) = (0_u32, 0);
    for payload in Parser::new(0).parse_all(component) {
        match payload? {
            Payload::ModuleSection { .. } => {
                modules += u32::from(depth == 0);
                depth += 1;
            }
            Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    Ok(modules)
}
