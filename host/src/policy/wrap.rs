//! A core module as rustc leaves it becomes a component, so that `cargo build --target wasm32-unknown-unknown` is all that
//! a policy needs.

use wit_component::ComponentEncoder;

use super::error::LoadError;

/// Makes a component of a core module that carries its component type, as modules built against the SDK do.
///
/// # Errors
/// [`LoadError::Wrap`] where the encoder refuses it.
pub fn component_from_module(module: &[u8]) -> Result<Vec<u8>, LoadError> {
    let encoder = ComponentEncoder::default().validate(true).module(module);
    encoder.and_then(|mut encoder| encoder.encode()).map_err(|error| LoadError::Wrap { reason: format!("{error:#}") })
}
