//! Signs of life of whatever goes round in the host, so that somebody can tell work that takes long from a standstill.

/// What a loop says of itself. It says either again and again while it moves; how often, whoever listens has set.
pub trait Pulse {
    /// It moves.
    fn beat(&self);
    /// It waits, for work or for others, for as long as it takes.
    fn idle(&self);
}

/// Nobody listens.
impl Pulse for () {
    fn beat(&self) {}
    fn idle(&self) {}
}
