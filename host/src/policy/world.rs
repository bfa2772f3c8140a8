//! What a component imports and exports, read from its names before anything is compiled.
//!
//! A component does not record its world, only the versioned names of interfaces. These are enough to tell a policy of
//! another version from one that wants what no policy gets, and to say so.

use std::fmt;

use serde::{Deserialize, Serialize};
use wasmparser::{BinaryReaderError, Parser, Payload, TypeRef};

use super::error::LoadError;
use crate::engine::SYSTEM_INTERFACES;
use crate::limits::{FUNCTIONS, GLOBALS};

/// The interface that the host calls.
const RULES: &str = "rules";
/// The interfaces that the host gives.
const GIVEN: [&str; 2] = ["log", "context"];

/// An interface's name, as in `trailwarden:policy/rules@1.0.0`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Interface {
    /// The name as it stands in the component.
    pub name: String,
}

impl Interface {
    /// Our package's interface of this name, if this is it in a version that the host speaks.
    fn ours(&self) -> Option<&str> {
        let (package_and_interface, version) = self.name.split_once('@')?;
        let (package, interface) = package_and_interface.split_once('/')?;
        (package == policy_contract::PACKAGE && version == policy_contract::VERSION).then_some(interface)
    }

    /// Whether it is part of the empty system, in a version that the host speaks: any 0.2, whose versions only add.
    fn is_of_system(&self) -> bool {
        let Some((interface, version)) = self.name.split_once('@') else { return false };
        let is_spoken = version.strip_prefix("0.2.").is_some_and(|patch| patch.parse::<u32>().is_ok());
        is_spoken && SYSTEM_INTERFACES.contains(&interface)
    }
}

impl fmt::Display for Interface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// What a component imports and exports.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct World {
    /// In their order in the component.
    pub imports: Vec<Interface>,
    /// In their order in the component.
    pub exports: Vec<Interface>,
}

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    Module,
    Component,
}

/// Which of the two a file holds, by its first eight bytes
/// (<https://webassembly.github.io/spec/core/binary/modules.html#binary-module>, and the component model's `Binary.md`).
pub(super) fn encoding(bytes: &[u8]) -> Result<Encoding, LoadError> {
    if Parser::is_component(bytes) {
        Ok(Encoding::Component)
    } else if Parser::is_core_wasm(bytes) {
        Ok(Encoding::Module)
    } else {
        Err(LoadError::NotWasm)
    }
}

fn malformed(error: BinaryReaderError) -> LoadError {
    LoadError::Malformed { reason: error.to_string() }
}

/// Whether a core module has a section that says which component it is meant to be.
pub(super) fn has_component_type(module: &[u8]) -> Result<bool, LoadError> {
    for payload in Parser::new(0).parse_all(module) {
        if let Payload::CustomSection(section) = payload.map_err(malformed)?
            && section.name().starts_with("component-type")
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What of a component's core modules is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Counted {
    /// Globals, those that are imported included.
    Globals,
    /// Functions, those that are imported included.
    Functions,
}

impl fmt::Display for Counted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Globals => "globals",
            Self::Functions => "functions",
        })
    }
}

/// Checks how much a component makes every instance hold besides its memories and tables, which are metered.
///
/// # Errors
/// [`LoadError::Malformed`] or [`LoadError::TooMany`].
pub(super) fn check_size(component: &[u8]) -> Result<(), LoadError> {
    let (mut globals, mut functions) = (0, 0);
    for payload in Parser::new(0).parse_all(component) {
        match payload.map_err(malformed)? {
            Payload::GlobalSection(section) => globals += u64::from(section.count()),
            Payload::FunctionSection(section) => functions += u64::from(section.count()),
            // An instance holds as much for what it imports, and a component can hand the same function on to any number.
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    match import.map_err(malformed)?.ty {
                        TypeRef::Func(_) | TypeRef::FuncExact(_) => functions += 1,
                        TypeRef::Global(_) => globals += 1,
                        TypeRef::Table(_) | TypeRef::Memory(_) | TypeRef::Tag(_) => {}
                    }
                }
            }
            _ => {}
        }
    }
    let counts = [(Counted::Globals, globals, GLOBALS), (Counted::Functions, functions, FUNCTIONS)];
    match counts.into_iter().find(|(_, number, limit)| number > limit) {
        Some((what, number, limit)) => Err(LoadError::TooMany { what, number, limit }),
        None => Ok(()),
    }
}

impl World {
    /// Reads the names of a component's own imports and exports.
    ///
    /// # Errors
    /// [`LoadError::Malformed`].
    pub fn read(component: &[u8]) -> Result<Self, LoadError> {
        let mut world = Self::default();
        let mut depth = 0_u32;
        for payload in Parser::new(0).parse_all(component) {
            match payload.map_err(malformed)? {
                Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
                Payload::End(_) => depth = depth.saturating_sub(1),
                Payload::ComponentImportSection(section) if depth == 0 => {
                    for import in section {
                        let import = import.map_err(malformed)?;
                        world.imports.push(Interface { name: import.name.name.to_owned() });
                    }
                }
                Payload::ComponentExportSection(section) if depth == 0 => {
                    for export in section {
                        let export = export.map_err(malformed)?;
                        world.exports.push(Interface { name: export.name.name.to_owned() });
                    }
                }
                _ => {}
            }
        }
        Ok(world)
    }

    /// Checks that the host speaks this world.
    ///
    /// # Errors
    /// [`LoadError::OtherWorld`] or [`LoadError::ForbiddenImports`].
    pub fn check(&self) -> Result<(), LoadError> {
        let names = |interfaces: &mut dyn Iterator<Item = &Interface>| interfaces.map(|i| i.name.clone()).collect::<Vec<_>>();
        if !self.exports.iter().any(|export| export.ours() == Some(RULES)) {
            let wanted = format!("{}/{RULES}@{}", policy_contract::PACKAGE, policy_contract::VERSION);
            return Err(LoadError::OtherWorld { exports: names(&mut self.exports.iter()), wanted });
        }
        let is_given =
            |import: &&Interface| import.ours().is_some_and(|interface| GIVEN.contains(&interface)) || import.is_of_system();
        let forbidden = names(&mut self.imports.iter().filter(|import| !is_given(import)));
        if forbidden.is_empty() {
            return Ok(());
        }
        let ours = GIVEN.iter().map(|name| format!("{}/{name}@{}", policy_contract::PACKAGE, policy_contract::VERSION));
        let of_system = SYSTEM_INTERFACES.iter().map(|name| format!("{name}@0.2"));
        Err(LoadError::ForbiddenImports { imports: forbidden, given: ours.chain(of_system).collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn world(imports: &[&str], exports: &[&str]) -> World {
        let interfaces = |names: &[&str]| names.iter().map(|name| Interface { name: (*name).to_owned() }).collect();
        World { imports: interfaces(imports), exports: interfaces(exports) }
    }

    #[test]
    fn our_world_is_accepted() {
        world(&["trailwarden:policy/log@1.0.0"], &["trailwarden:policy/rules@1.0.0"]).check().unwrap();
    }

    #[test]
    fn another_version_is_named_beside_ours() {
        let error = world(&[], &["trailwarden:policy/rules@2.0.0"]).check().unwrap_err();
        assert!(matches!(error, LoadError::OtherWorld { .. }));
        let text = error.to_string();
        assert!(text.contains("rules@2.0.0") && text.contains("rules@1.0.0"), "{text}");
    }

    #[test]
    fn every_forbidden_import_is_named() {
        let imports = ["wasi:http/types@0.2.3", "trailwarden:policy/log@1.0.0", "wasi:cli/environment@0.3.0", "x"];
        let error = world(&imports, &["trailwarden:policy/rules@1.0.0"]).check().unwrap_err();
        let text = error.to_string();
        assert!(text.contains("trailwarden:policy/context@1.0.0") && text.contains("wasi:io/poll@0.2"), "{text}");
        let LoadError::ForbiddenImports { imports, .. } = error else { panic!("{error:?}") };
        assert_eq!(imports, ["wasi:http/types@0.2.3", "wasi:cli/environment@0.3.0", "x"]);
    }

    #[test]
    fn the_system_is_given_in_every_version_that_only_adds() {
        let check = |import| world(&[import], &["trailwarden:policy/rules@1.0.0"]).check();
        for given in ["wasi:cli/environment@0.2.0", "wasi:sockets/tcp@0.2.12", "wasi:io/poll@0.2.3"] {
            check(given).unwrap();
        }
        for refused in ["wasi:io/poll", "wasi:io/poll@0.2.x", "wasi:io/poll@0.2.0-rc-2023-11-10", "wasi:io/poll@1.0.0"] {
            check(refused).unwrap_err();
        }
    }

    #[test]
    fn a_bomb_of_globals_or_functions_is_refused() {
        let module = |globals: u64, functions: u64| {
            let globals: String = (0..globals).map(|_| "(global i32 (i32.const 0))").collect();
            let functions: String = (0..functions).map(|_| "(func)").collect();
            wat::parse_str(format!("(component (core module {globals}) (core module {functions}))")).unwrap()
        };
        check_size(&module(GLOBALS, 10)).unwrap();
        assert!(matches!(check_size(&module(GLOBALS + 1, 0)), Err(LoadError::TooMany { what: Counted::Globals, .. })));
        assert!(matches!(check_size(&module(0, FUNCTIONS + 1)), Err(LoadError::TooMany { what: Counted::Functions, .. })));
    }

    #[test]
    fn what_a_module_imports_counts_as_what_it_has() {
        let module = |globals: u64, functions: u64| {
            let globals: String = (0..globals).map(|_| "(import \"m\" \"g\" (global i32))").collect();
            let functions: String = (0..functions).map(|_| "(import \"m\" \"f\" (func))").collect();
            let other = r#"(import "m" "t" (table 1 funcref)) (import "m" "m" (memory 1))"#;
            wat::parse_str(format!("(component (core module {other} {globals} {functions} (func) (global i32 (i32.const 0))))"))
                .unwrap()
        };
        check_size(&module(GLOBALS - 1, 0)).unwrap();
        check_size(&module(0, FUNCTIONS - 1)).unwrap();
        let too_many = |globals, functions| match check_size(&module(globals, functions)) {
            Err(LoadError::TooMany { what, number, limit }) => (what, number, limit),
            other => panic!("{other:?}"),
        };
        assert_eq!(too_many(GLOBALS, 0), (Counted::Globals, GLOBALS + 1, GLOBALS));
        assert_eq!(too_many(0, FUNCTIONS), (Counted::Functions, FUNCTIONS + 1, FUNCTIONS));
    }

    #[test]
    fn what_is_no_wasm_is_told_apart() {
        assert!(matches!(encoding(b"#!/bin/sh"), Err(LoadError::NotWasm)));
        assert!(matches!(encoding(b""), Err(LoadError::NotWasm)));
        assert_eq!(encoding(b"\0asm\x01\0\0\0").unwrap(), Encoding::Module);
        assert!(matches!(World::read(b"\0asm\x0d\0\x01\0\xff\xff"), Err(LoadError::Malformed { .. })));
    }
}
