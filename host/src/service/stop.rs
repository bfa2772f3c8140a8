//! When the service is to end: asked for from outside, heard by every part that waits.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A wish that the service ends, shared by its parts.
#[derive(Clone, Default)]
pub struct Stop(Arc<Wish>);

#[derive(Default)]
struct Wish {
    state: Mutex<State>,
    moved: Condvar,
}

#[derive(Default)]
struct State {
    is_wished: bool,
    on_wish: Vec<Box<dyn FnOnce() + Send>>,
}

impl Stop {
    /// Asks every part to finish what it has in hand, and to begin nothing else.
    pub fn finish(&self) {
        let mut state = self.lock();
        state.is_wished = true;
        let on_wish = std::mem::take(&mut state.on_wish);
        drop(state);
        self.0.moved.notify_all();
        on_wish.into_iter().for_each(|call| call());
    }

    /// Whether the end was asked for.
    pub fn is_wished(&self) -> bool {
        self.lock().is_wished
    }

    /// Waits, at most so long. Returns whether the end was asked for.
    pub fn wait(&self, at_most: Duration) -> bool {
        let waited = self.0.moved.wait_timeout_while(self.lock(), at_most, |state| !state.is_wished);
        waited.unwrap_or_else(PoisonError::into_inner).0.is_wished
    }

    /// Calls this once the end is asked for; at once where it has been.
    pub fn when_wished(&self, call: impl FnOnce() + Send + 'static) {
        let mut state = self.lock();
        if !state.is_wished {
            state.on_wish.push(Box::new(call));
            return;
        }
        drop(state);
        call();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[test]
    fn every_part_hears_of_it_once() {
        let (stop, calls) = (Stop::default(), Arc::new(AtomicU32::new(0)));
        let call = || {
            let calls = Arc::clone(&calls);
            move || {
                calls.fetch_add(1, Ordering::Relaxed);
            }
        };
        stop.when_wished(call());
        assert!(!stop.wait(Duration::from_millis(1)) && !stop.is_wished());
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| stop.wait(Duration::from_secs(60)));
            stop.finish();
            assert!(waiting.join().unwrap());
        });
        stop.finish();
        stop.when_wished(call());
        assert_eq!(calls.load(Ordering::Relaxed), 2);
    }
}
