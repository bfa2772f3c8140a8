//! The attacks on the empty system that policies in other languages get: the rules of `tests/hostile/system`, one for each way.

use super::Barrier;

/// Records of the test; each attack is made at each of them.
pub const RECORDS: u64 = 12;

/// An attack: a rule of the policy `hostile-system`.
#[derive(Clone, Copy, Debug)]
pub struct Attack {
    /// The rule's id.
    pub rule: &'static str,
    /// What it does, as a sentence without its subject.
    pub does: &'static str,
    /// What stops it.
    pub barrier: Barrier,
    /// What comes of it at every record.
    pub comes: Comes,
}

/// What comes of an attack at every record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comes {
    /// The task fails.
    Failure {
        /// The kind of failure.
        kind: &'static str,
        /// What the reason says.
        words: &'static str,
    },
    /// The rule ends and says what it has seen: this, and nothing else.
    Sight(&'static str),
}

const fn stopped(rule: &'static str, does: &'static str, barrier: Barrier, kind: &'static str, words: &'static str) -> Attack {
    Attack { rule, does, barrier, comes: Comes::Failure { kind, words } }
}

const fn harmless(rule: &'static str, does: &'static str, barrier: Barrier, sees: &'static str) -> Attack {
    Attack { rule, does, barrier, comes: Comes::Sight(sees) }
}

/// Every attack.
pub const ATTACKS: &[Attack] = &[
    harmless(
        "looks-around",
        "takes all that there is: environment, arguments, folders, input, terminal, clocks, sockets, names",
        Barrier::Nothing,
        "0 variables, 0 arguments, cwd None, 0 folders, input Err(\"closed\"), terminal false, time (0, 0, 0), \
         tcp Err(ErrorCode { code: 1, name: \"access-denied\", message: \"\" }), \
         udp Err(ErrorCode { code: 1, name: \"access-denied\", message: \"\" }), \
         name Err(ErrorCode { code: 1, name: \"access-denied\", message: \"\" })",
    ),
    harmless(
        "draws",
        "draws random bytes, to tell one call from another",
        Barrier::Nothing,
        "[108, 59, 154, 167] 13463722431525287783",
    ),
    harmless("sleeps", "sleeps for an hour, a thousand times", Barrier::Fixed("waits that are over at once"), "slept"),
    stopped(
        "waits-busily",
        "looks at the clock until an hour is over",
        Barrier::Limit("cpu_ms_per_record"),
        "time",
        "10 ms of CPU time",
    ),
    stopped("polls-nothing", "polls an empty list", Barrier::Contract, "system", "polled an empty list"),
    stopped(
        "polls-a-million",
        "polls a million handles in one call",
        Barrier::Limit("output_kib_per_batch"),
        "contract",
        "too much data",
    ),
    stopped(
        "polls-a-thousand",
        "lends one handle a thousand times in one call",
        Barrier::Limit("system_handles"),
        "contract",
        "handle limit",
    ),
    stopped(
        "draws-all-at-once",
        "asks for more random bytes than there are addresses",
        Barrier::Limit("random_kib_per_call"),
        "system",
        "more than 16384 random bytes",
    ),
    stopped(
        "draws-for-ever",
        "asks for random numbers without end",
        Barrier::Limit("random_kib_per_call"),
        "system",
        "more than 16384 random bytes",
    ),
    harmless(
        "prints-a-flood",
        "prints a line of a megabyte, a hundred thousand lines, and a terabyte of zeroes",
        Barrier::Limit("log_lines_per_call"),
        "printed true",
    ),
    stopped(
        "prints-all-at-once",
        "prints 8 MiB in one call",
        Barrier::Limit("output_kib_per_batch"),
        "contract",
        "too much data",
    ),
    stopped(
        "exits",
        "ends the process, as if all were done",
        Barrier::Contract,
        "trap",
        "ended itself by `exit`, as if all were done",
    ),
    stopped(
        "exits-badly",
        "ends the process with a failure",
        Barrier::Contract,
        "trap",
        "ended itself by `exit`, reporting a failure",
    ),
    stopped(
        "hoards-handles",
        "takes handles without end and gives none back",
        Barrier::Limit("system_handles"),
        "system",
        "more than 256 handles",
    ),
    harmless(
        "leaks-handles",
        "forgets a hundred handles at every record, so that an instance has too many some day",
        Barrier::Limit("system_handles"),
        "leaked",
    ),
];
