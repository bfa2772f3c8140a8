//! Memory limits: what all memories and tables of one store hold together, and what all stores hold together.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use wasmtime::ResourceLimiter;

use super::error::Stop;
use crate::limits::{CORE_INSTANCES, MEMORIES, TABLES};

/// Bytes that a table's element is counted as: a pointer and what the runtime keeps beside it.
const TABLE_ELEMENT_BYTES: usize = 16;

/// Memory that all instances of all policies may hold together.
#[derive(Debug)]
pub struct MemoryBudget {
    limit: usize,
    used: AtomicUsize,
}

impl MemoryBudget {
    /// A budget of so many bytes.
    pub fn new(limit: usize) -> Self {
        Self { limit, used: AtomicUsize::new(0) }
    }

    /// How many bytes are held now.
    pub fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }

    fn take(&self, bytes: usize) -> Result<(), Stop> {
        let grown = |used: usize| used.checked_add(bytes).filter(|total| *total <= self.limit);
        match self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, grown) {
            Ok(_) => Ok(()),
            Err(_) => Err(Stop::MemoryBudget { limit: self.limit }),
        }
    }

    fn give_back(&self, bytes: usize) {
        self.used.fetch_sub(bytes, Ordering::Relaxed);
    }
}

/// What one store holds.
#[derive(Debug)]
pub struct MemoryMeter {
    limit: usize,
    used: usize,
    budget: Arc<MemoryBudget>,
}

impl MemoryMeter {
    /// A meter of a store that holds nothing yet.
    pub fn new(limit: usize, budget: Arc<MemoryBudget>) -> Self {
        Self { limit, used: 0, budget }
    }

    /// How many bytes the store holds.
    pub fn used(&self) -> usize {
        self.used
    }

    fn grow(&mut self, current: usize, desired: usize) -> wasmtime::Result<bool> {
        let more = desired.saturating_sub(current);
        let total = self.used.saturating_add(more);
        if total > self.limit {
            return Err(Stop::Memory { limit: self.limit }.into());
        }
        self.budget.take(more)?;
        self.used = total;
        Ok(true)
    }
}

impl Drop for MemoryMeter {
    fn drop(&mut self) {
        self.budget.give_back(self.used);
    }
}

impl ResourceLimiter for MemoryMeter {
    fn memory_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        self.grow(current, desired)
    }

    fn table_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        self.grow(current.saturating_mul(TABLE_ELEMENT_BYTES), desired.saturating_mul(TABLE_ELEMENT_BYTES))
    }

    fn instances(&self) -> usize {
        CORE_INSTANCES
    }

    fn tables(&self) -> usize {
        TABLES
    }

    fn memories(&self) -> usize {
        MEMORIES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stop(result: wasmtime::Result<bool>) -> Stop {
        result.unwrap_err().downcast::<Stop>().unwrap()
    }

    #[test]
    fn memories_and_tables_are_summed() {
        let budget = Arc::new(MemoryBudget::new(10_000));
        let mut meter = MemoryMeter::new(1000, Arc::clone(&budget));
        assert!(meter.memory_growing(0, 600, None).unwrap());
        assert!(meter.table_growing(0, 20, None).unwrap());
        assert_eq!(budget.used(), 920);
        assert_eq!(stop(meter.memory_growing(0, 100, None)), Stop::Memory { limit: 1000 });
        assert_eq!(stop(meter.table_growing(0, usize::MAX, None)), Stop::Memory { limit: 1000 });
    }

    #[test]
    fn all_stores_share_a_budget_and_give_it_back() {
        let budget = Arc::new(MemoryBudget::new(1000));
        let mut first = MemoryMeter::new(1000, Arc::clone(&budget));
        let mut second = MemoryMeter::new(1000, Arc::clone(&budget));
        assert!(first.memory_growing(0, 700, None).unwrap());
        assert_eq!(stop(second.memory_growing(0, 700, None)), Stop::MemoryBudget { limit: 1000 });
        drop(first);
        assert!(second.memory_growing(0, 700, None).unwrap());
        assert_eq!(budget.used(), 700);
    }
}
