//! The host's side of `policy.wit`, generated.
#![allow(missing_docs, clippy::all, reason = "generated from the WIT package, which documents every item")]

wasmtime::component::bindgen!({
    path: "../policy-sdk/wit",
    world: "policy",
    imports: { default: trappable },
});
