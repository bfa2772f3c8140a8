//! The host's side of `system.wit`, generated.
#![allow(missing_docs, clippy::all, reason = "generated from the WIT package, which says what each interface is")]

wasmtime::component::bindgen!({
    path: "src/engine/wasi/system.wit",
    world: "trailwarden:system/system",
    imports: { default: trappable },
    with: {
        "wasi:io/error.error": super::Nothing,
        "wasi:io/poll.pollable": super::AlwaysReady,
        "wasi:io/streams.input-stream": super::Closed,
        "wasi:io/streams.output-stream": super::Output,
        "wasi:cli/terminal-input.terminal-input": super::Nothing,
        "wasi:cli/terminal-output.terminal-output": super::Nothing,
    },
});
