//! Small modules that take a compiler long.
//!
//! A compiler's time is not linear in the size of its input: registers are allocated for all values of a function that live at
//! the same time, over all of its blocks. So few bytes can cost much.

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
