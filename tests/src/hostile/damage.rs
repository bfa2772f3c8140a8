//! Damaged modules, systematically: cut off, with bits flipped, with bytes replaced.

/// A damaged module and how it came about, for the name of its file.
pub struct Damaged {
    /// What was done.
    pub what: String,
    /// What is left.
    pub bytes: Vec<u8>,
}

/// Some values of a byte that mean something in LEB128, in section ids and in types.
const TELLING: [u8; 6] = [0x00, 0x01, 0x7f, 0x80, 0xff, 0x60];

/// Damaged versions of a module: about so many of each kind, evenly spread over it.
pub fn damaged(module: &[u8], of_each: usize) -> impl Iterator<Item = Damaged> {
    let step = (module.len() / of_each).max(1);
    let places = move |offset: usize| (offset % step..module.len()).step_by(step);
    let cut = places(0).map(|at| Damaged { what: format!("cut-{at:06}"), bytes: module[..at].to_vec() });
    // The bit wanders, so that high and low ones are flipped.
    let flipped = places(1).enumerate().map(|(number, at)| {
        let bit = number % 8;
        Damaged { what: format!("bit-{at:06}-{bit}"), bytes: changed(module, at, |byte| byte ^ (1 << bit)) }
    });
    let replaced = places(2).enumerate().map(|(number, at)| {
        let value = TELLING[number % TELLING.len()];
        Damaged { what: format!("byte-{at:06}-{value:02x}"), bytes: changed(module, at, |_| value) }
    });
    // What comes after it moves, so that every length before it is wrong.
    let removed = places(3).map(|at| {
        let mut bytes = module.to_vec();
        bytes.remove(at);
        Damaged { what: format!("gone-{at:06}"), bytes }
    });
    cut.chain(flipped).chain(replaced).chain(removed)
}

fn changed(module: &[u8], at: usize, change: impl FnOnce(u8) -> u8) -> Vec<u8> {
    let mut bytes = module.to_vec();
    bytes[at] = change(bytes[at]);
    bytes
}
