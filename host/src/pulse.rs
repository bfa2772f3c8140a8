//! Signs of life of whatever goes round in the host, so that somebody can tell work that takes long from a standstill.

use std::time::Duration;

/// What a loop says of itself. It says either again and again while it moves; how often, whoever listens has set.
pub trait Pulse {
    /// It moves, and what it does next may take so long by its own limits, besides what any step may take.
    fn beat(&self, at_most: Duration);
    /// It waits, for work or for others, for as long as it takes.
    fn idle(&self);
}

/// Nobody listens.
impl Pulse for () {
    fn beat(&self, _: Duration) {}
    fn idle(&self) {}
}
