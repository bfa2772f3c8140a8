//! Modules that take a compiler long.
//!
//! A compiler's time is not linear in the size of its input: registers are allocated for all values of a function that live at
//! the same time, over all of its blocks. So few bytes can cost much ([`nested_loops`]). And where it is linear, many bytes do
//! ([`bulk`]).

use std::fmt::Write as _;

use super::guest::Guest;

/// A well-behaved policy beside one function with so many loops in each other, all of which change so many local variables.
/// Every loop has a value of its own for each variable, so that the compiler sees their product.
///
/// # Errors
/// The text is no WebAssembly.
pub fn nested_loops(mut guest: Guest, loops: usize, locals: usize) -> anyhow::Result<Vec<u8>> {
    let mut function = String::from("(func $slow (export \"slow\") (param $turn i32) ");
    function.push_str(&"(local i32)".repeat(locals));
    for _ in 0..loops {
        function.push_str("(loop ");
    }
    for local in 1..=locals {
        let other = local % locals + 1;
        function.push_str(&format!("(local.set {local} (i32.add (local.get {other}) (local.get $turn)))"));
    }
    for depth in 0..loops {
        function.push_str(&format!("(br_if 0 (local.get {})))", depth % locals + 1));
    }
    function.push(')');
    guest.items.push_str(&function);
    guest.module()
}

/// A well-behaved policy beside so many functions of so many statements each, none of which can be left out or worked out
/// beforehand: time and machine code are proportional to both, optimised or not.
///
/// # Errors
/// The text is no WebAssembly.
pub fn bulk(mut guest: Guest, functions: usize, statements: usize) -> anyhow::Result<Vec<u8>> {
    for function in 0..functions {
        write!(guest.items, "(func (export \"bulk-{function}\")")?;
        for statement in 0..statements {
            let factor = function * statements + statement;
            write!(
                guest.items,
                "(global.set $state (i64.rotl (i64.xor (global.get $state) (i64.const {factor})) (i64.load (i32.wrap_i64 (global.get $state)))))"
            )?;
        }
        guest.items.push(')');
    }
    guest.module()
}
