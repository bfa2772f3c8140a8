//! Results in the order of their chunks, whoever is done first.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, PoisonError};

/// Hands numbered results to a receiver in the order of their numbers. A worker that is far ahead waits, so that what is
/// held back stays small.
pub(super) struct Ordered<T, R> {
    state: Mutex<State<T, R>>,
    moved: Condvar,
    window: u64,
}

struct State<T, R> {
    next: u64,
    waiting: BTreeMap<u64, T>,
    receiver: R,
    is_stopped: bool,
}

impl<T, R: FnMut(T) -> Result<(), E>, E> Ordered<T, R>
where
    R: FnMut(T) -> Result<(), E>,
{
    /// Results numbered from 0, of which at most `window` may be held back.
    pub(super) fn new(window: u64, receiver: R) -> Self {
        let state = State { next: 0, waiting: BTreeMap::new(), receiver, is_stopped: false };
        Self { state: Mutex::new(state), moved: Condvar::new(), window }
    }

    /// Gives result number `sequence`. Returns whether to go on: not after a receiver has failed.
    ///
    /// # Errors
    /// What the receiver fails with, to the one who was handing results over when it did.
    pub(super) fn give(&self, sequence: u64, result: T) -> Result<bool, E> {
        // A poisoned lock means that a receiver panicked; that panic is on its way to the caller of the scan.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        while !state.is_stopped && sequence >= state.next + self.window {
            state = self.moved.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if state.is_stopped {
            return Ok(false);
        }
        state.waiting.insert(sequence, result);
        let mut outcome = Ok(true);
        while let Some(result) = {
            let next = state.next;
            state.waiting.remove(&next)
        } {
            state.next += 1;
            if let Err(error) = (state.receiver)(result) {
                state.is_stopped = true;
                outcome = Err(error);
                break;
            }
        }
        drop(state);
        self.moved.notify_all();
        outcome
    }

    /// Lets every waiting worker go: nothing more will be handed over.
    pub(super) fn stop(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).is_stopped = true;
        self.moved.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn results_come_in_order_from_any_number_of_threads() {
        let mut received = Vec::new();
        let ordered = Ordered::new(4, |n: u64| {
            received.push(n);
            Ok::<(), ()>(())
        });
        let next = Mutex::new(0..1000_u64);
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    while let Some(n) = { next.lock().unwrap().next() } {
                        assert_eq!(ordered.give(n, n), Ok(true));
                    }
                });
            }
        });
        drop(ordered);
        assert!(received.iter().copied().eq(0..1000));
    }

    #[test]
    fn a_failing_receiver_stops_everyone() {
        let ordered = Ordered::new(1, |n: u64| if n == 1 { Err("full") } else { Ok(()) });
        thread::scope(|scope| {
            let waiting = scope.spawn(|| ordered.give(2, 2));
            assert_eq!(ordered.give(0, 0), Ok(true));
            assert_eq!(ordered.give(1, 1), Err("full"));
            assert_eq!(waiting.join().unwrap(), Ok(false));
        });
    }
}
