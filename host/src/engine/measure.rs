//! Calls made one by one, for who measures what they cost: without second tries, and without what a worker does around them.

use super::batch::Batch;
use super::error::CallError;
use super::guest::Guest;
use super::instance::Instance;

/// An instance that is ready, for calls that are measured; another one takes over where a host would take one.
pub struct Probe<'g> {
    guest: &'g Guest,
    instance: Instance,
}

/// What one call gave, and what it cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// How many answers there were.
    pub answers: usize,
    /// Fuel that it used; none where the engine does not count it.
    pub fuel: Option<u64>,
}

impl Guest {
    /// A fresh instance for measured calls.
    ///
    /// # Errors
    /// None can be made ready.
    pub fn probe(&self) -> Result<Probe<'_>, CallError> {
        self.start().0.map(|instance| Probe { guest: self, instance })
    }
}

impl Probe<'_> {
    /// Makes one call with a batch. Its answers are taken over as ever, and not checked.
    ///
    /// # Errors
    /// The call fails; the instance is of no use any more then.
    pub fn call(&mut self, batch: &Batch) -> Result<Cost, CallError> {
        if self.instance.is_worn_out() {
            self.instance = self.guest.start().0?;
        }
        let before = self.instance.fuel_left();
        let answers = self.instance.evaluate(batch).0?.len();
        let fuel = before.zip(self.instance.fuel_left()).map(|(before, after)| before.saturating_sub(after));
        Ok(Cost { answers, fuel })
    }
}
