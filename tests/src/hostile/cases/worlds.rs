//! Modules that want what no policy gets, or are something else.

use wit_component::StringEncoding;

use super::super::component::{CONTRACT, of_module, with_instances, with_section, with_type};
use super::super::guest::Guest;
use super::super::{Barrier, Case, Outcome, Proof};

const fn case(
    name: &'static str,
    does: &'static str,
    step: &'static str,
    words: &'static str,
    build: fn(Guest) -> anyhow::Result<Vec<u8>>,
) -> Case {
    Case { name, does, barrier: Barrier::Contract, outcome: Outcome::Refused { step, words }, proof: Proof::Twin, build }
}

/// A package with a world `policy` that imports one interface more.
fn importing(package: &str, interface: &str) -> String {
    format!(
        "package {package};
         {interface}
         world policy {{
           import trailwarden:policy/log@1.0.0;
           import trailwarden:policy/context@1.0.0;
           import things;
           export trailwarden:policy/rules@1.0.0;
         }}"
    )
}

/// Built for a contract in which something is written otherwise.
fn otherwise(mut guest: Guest, from: &str, to: &str) -> anyhow::Result<Vec<u8>> {
    anyhow::ensure!(CONTRACT.contains(from), "the contract does not say {from:?}");
    let encoding = guest.encoding;
    guest.wit = None;
    let module = wat::parse_str(guest.wat().replace(from, to))?;
    with_type(module, Some(&CONTRACT.replace(from, to)), encoding)
}

pub(super) const CASES: &[Case] = &[
    case("wants-a-clock", "imports a clock", "world", "imports evil:clocks/things@1.0.0", |mut guest| {
        guest.wit = Some(importing("evil:clocks@1.0.0", "interface things { now: func() -> u64; }"));
        guest.imports = r#"(import "evil:clocks/things@1.0.0" "now" (func $now (result i64)))"#.into();
        guest.judge = "(drop (call $now)) (call $find (local.get $task))".into();
        guest.module()
    }),
    case("wants-another-log", "imports the log in a version to come", "world", "trailwarden:policy/log@1.1.0", |guest| {
        let module = wat::parse_str(guest.wat().replace("policy/log@1.0.0", "policy/log@1.1.0"))?;
        let wit = "package evil:policy@1.0.0;
            world policy {
              import trailwarden:policy/log@1.1.0;
              import trailwarden:policy/context@1.0.0;
              export trailwarden:policy/rules@1.0.0;
            }
            package trailwarden:policy@1.1.0 {
              interface log {
                enum level { trace, debug, info, warn, error }
                line: func(level: level, text: string);
              }
            }";
        with_type(module, Some(wit), StringEncoding::UTF8)
    }),
    case(
        "wants-more-of-the-log",
        "imports a function of the log that this version does not have",
        "compile",
        "shout",
        |mut guest| {
            guest.imports = r#"(import "trailwarden:policy/log@1.0.0" "shout" (func $shout))"#.into();
            guest.judge = "(call $shout) (call $find (local.get $task))".into();
            otherwise(
                guest,
                "    line: func(level: level, text: string);",
                "    line: func(level: level, text: string); shout: func();",
            )
        },
    ),
    case(
        "speaks-version-2",
        "exports the rules in another version",
        "world",
        "exports trailwarden:policy/rules@2.0.0",
        |guest| {
            let wat = guest.wat().replace("@1.0.0", "@2.0.0");
            with_type(wat::parse_str(wat)?, Some(&CONTRACT.replace("@1.0.0", "@2.0.0")), StringEncoding::UTF8)
        },
    ),
    case("speaks-another-contract", "exports rules of another package", "world", "exports evil:policy/rules@1.0.0", |guest| {
        let rename = |text: &str| text.replace("trailwarden:policy", "evil:policy");
        with_type(wat::parse_str(rename(&guest.wat()))?, Some(&rename(CONTRACT)), StringEncoding::UTF8)
    }),
    case(
        "answers-otherwise",
        "exports `describe` with another result",
        "describe",
        "expected `string` found `u32`",
        |mut guest| {
            guest.describe = "(return (i32.const 0))".into();
            otherwise(guest, "describe: func() -> string;", "describe: func() -> u32;")
        },
    ),
    case(
        "exports-escapes",
        "exports something whose name is a terminal's control sequences",
        "world",
        "and this host calls",
        |_| Ok(wat::parse_str(format!("(component (core module $m) (export {:?} (core module $m)))", super::ESCAPES))?),
    ),
    case("exports-nothing", "is a component that exports nothing", "world", "exports nothing", |_| {
        Ok(wat::parse_str("(component)")?)
    }),
    case("wants-a-module", "imports a core module", "world", "imports evil", |guest| {
        with_import(guest, r#"(component (import "evil" (core module)))"#)
    }),
    case("wants-a-component", "imports a component", "world", "imports evil", |guest| {
        with_import(guest, r#"(component (import "evil" (component)))"#)
    }),
    case(
        "imports-escapes",
        "imports something whose name is a terminal's control sequences",
        "world",
        "which no policy gets",
        |guest| with_import(guest, &format!("(component (import {:?} (core module)))", super::ESCAPES)),
    ),
    case("without-a-type", "is a core module without a component type", "world", "without a component type", |guest| {
        Ok(wat::parse_str(guest.wat())?)
    }),
    case("of-a-false-type", "is a core module whose component type is rubbish", "world", "can't be made a component", |guest| {
        Ok(with_section(wat::parse_str(guest.wat())?, "component-type", b"\xff\x00rubbish"))
    }),
    case(
        "without-evaluate",
        "is a core module that lacks what its type promises",
        "world",
        "can't be made a component",
        |guest| {
            let wat = guest.wat().replace("policy/rules@1.0.0#evaluate", "policy/rules@1.0.0#evalu8");
            with_type(wat::parse_str(wat)?, None, StringEncoding::UTF8)
        },
    ),
    case("realloc-of-another-type", "has a `cabi_realloc` of another type", "world", "can't be made a component", |mut guest| {
        guest.items = r#"(func (export "cabi_realloc") (param i64) (result i64) (local.get 0))"#.into();
        let wat = guest.wat().replacen(r#"(func (export "cabi_realloc") (param $old"#, r#"(func (param $old"#, 1);
        with_type(wat::parse_str(wat)?, None, StringEncoding::UTF8)
    }),
    case("wants-64-bit-memory", "has a memory with 64-bit addresses", "compile", "can't be compiled", |guest| {
        with_instances(guest.component()?, &wat::parse_str("(module (memory i64 1))")?, 1)
    }),
    case("wants-two-memories", "has two memories in one module", "compile", "can't be compiled", |guest| {
        with_instances(guest.component()?, &wat::parse_str("(module (memory 1) (memory 1))")?, 1)
    }),
    case("wants-threads", "has a memory that is shared between threads", "compile", "can't be compiled", |guest| {
        with_instances(guest.component()?, &wat::parse_str("(module (memory 1 2 shared))")?, 1)
    }),
    case("wants-the-garbage-collector", "uses types of the garbage collector", "compile", "can't be compiled", |guest| {
        let module = wat::parse_str("(module (type (struct (field i32))) (func (drop (struct.new 0 (i32.const 1)))))")?;
        with_instances(guest.component()?, &module, 1)
    }),
    case("is-a-script", "is a shell script", "read", "is no WebAssembly", |_| Ok(b"#!/bin/sh\necho owned\n".to_vec())),
    case("is-empty", "is an empty file", "read", "is no WebAssembly", |_| Ok(Vec::new())),
    Case {
        name: "huge-file",
        does: "is a file of 33 MiB",
        barrier: Barrier::Limit("component_mib"),
        outcome: Outcome::Refused { step: "read", words: "has more than 33554432 bytes" },
        proof: Proof::Raised(&[("component_mib", 64)]),
        build: |guest| Ok(with_section(guest.module()?, "ballast", &vec![0; 33 << 20])),
    },
];

/// The well-behaved component with an import more, which nothing in it uses.
fn with_import(guest: Guest, text: &str) -> anyhow::Result<Vec<u8>> {
    let component = of_module(&guest.module()?)?;
    let import = wat::parse_str(text)?;
    // Both begin with the same eight bytes; what the import's sections define is counted first, so that the numbers in the
    // policy's own sections no longer fit unless the import comes last.
    let mut both = component;
    both.extend_from_slice(import.get(8..).unwrap_or_default());
    Ok(both)
}
