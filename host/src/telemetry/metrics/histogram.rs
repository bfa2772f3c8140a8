//! Observations sorted into buckets, as Prometheus has them.

/// How many observations there were up to each of several bounds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Histogram {
    /// Bounds, ascending, each with the observations between the one before and itself. The last bound is everything.
    buckets: Vec<(f64, u64)>,
    sum: f64,
}

impl Histogram {
    /// A histogram with these bounds, which ascend.
    pub(crate) fn new(bounds: &[f64]) -> Self {
        // The encoder writes the greatest number as infinity.
        Self { buckets: bounds.iter().copied().chain([f64::MAX]).map(|bound| (bound, 0)).collect(), sum: 0.0 }
    }

    /// Counts so many observations that are this much each.
    pub(crate) fn observe(&mut self, each: f64, times: u64) {
        self.sum += each * times as f64;
        if let Some((_, count)) = self.buckets.iter_mut().find(|(bound, _)| *bound >= each) {
            *count += times;
        }
    }

    pub(super) fn sum(&self) -> f64 {
        self.sum
    }

    pub(super) fn count(&self) -> u64 {
        self.buckets.iter().map(|(_, count)| count).sum()
    }

    /// The bounds, each with what is in its bucket alone.
    pub(super) fn buckets(&self) -> &[(f64, u64)] {
        &self.buckets
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_observation_is_in_the_first_bucket_that_holds_it() {
        let mut histogram = Histogram::new(&[1.0, 2.0]);
        for (each, times) in [(0.0, 1), (1.0, 2), (1.5, 3), (9.0, 4)] {
            histogram.observe(each, times);
        }
        assert_eq!(histogram.buckets(), [(1.0, 3), (2.0, 3), (f64::MAX, 4)]);
        assert_eq!((histogram.count(), histogram.sum()), (10, 2.0 + 4.5 + 36.0));
    }
}
