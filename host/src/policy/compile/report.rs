//! What the compiling process tells the host: one JSON object a line on its standard error, of which the last one counts.
//!
//! The lines may stand among other text, such as a panic's message. What only the host can say (a signal, the deadline) is
//! not here.

use serde::{Deserialize, Serialize};

use crate::policy::World;
use crate::policy::world::Counted;

/// Bytes of standard error that the host reads. A world has two or three names, so this is a page of them and some last words.
pub(super) const REPORT_BYTES: u64 = 64 * 1024;

/// How a compilation ended, as the compiling process sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Report {
    /// The machine code is on standard output.
    Compiled {
        /// What the component imports and exports.
        world: World,
        /// How many bytes the machine code has.
        bytes: u64,
    },
    /// No host speaks to this world.
    OtherWorld(World),
    /// The file is no WebAssembly.
    NotWasm,
    /// The file breaks the format.
    Malformed(String),
    /// A core module that does not say what it is.
    NoComponentType,
    /// It has more of something than an instance may hold.
    TooMany {
        /// What.
        what: Counted,
        /// How many.
        number: u64,
        /// The limit.
        limit: u64,
    },
    /// A core module that can't be made a component.
    Wrap(String),
    /// The compiler refuses the component.
    Refused(String),
    /// The system refused more memory.
    OutOfMemory,
    /// The machine code is larger than it may be.
    TooLarge,
    /// The machine code can't be written for want of room: the system's number for the error.
    NoRoom(i32),
    /// The compiler has a mistake.
    Panicked(String),
    /// The process could not do its work: what, and what the system said.
    Failed(String),
}

impl Report {
    /// The last report in what a process wrote.
    pub fn last_in(written: &[u8]) -> Option<Self> {
        written.split(|byte| *byte == b'\n').rev().find_map(|line| serde_json::from_slice(line).ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_report_counts_whatever_stands_around_it() {
        let text = b"thread main panicked\n\"OutOfMemory\"\n{\"Panicked\":\"at the disco\"}\nmore";
        assert_eq!(Report::last_in(text), Some(Report::Panicked("at the disco".to_owned())));
        assert_eq!(Report::last_in(b"memory allocation failed\n\"OutOfMem"), None);
        assert_eq!(Report::last_in(b""), None);
    }
}
