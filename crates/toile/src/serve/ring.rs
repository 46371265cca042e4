//! The last ticks: whoever was away for a moment takes up where it was.

use std::collections::VecDeque;
use std::sync::Arc;

/// What changed at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LiveTick {
    /// Counts the ticks of a generation, from 1.
    pub(crate) sequence: u64,
    /// What changed, as JSON on one line.
    pub(crate) json: String,
}

/// The last ticks of a generation, all clients' together: a client is a place in it.
#[derive(Debug)]
pub(crate) struct TickRing {
    ticks: VecDeque<Arc<LiveTick>>,
    bytes: usize,
    last: u64,
    most_ticks: usize,
    most_bytes: usize,
}

impl TickRing {
    /// An empty one that keeps so many ticks, of so many bytes together.
    pub(crate) fn new(most_ticks: usize, most_bytes: usize) -> Self {
        Self { ticks: VecDeque::new(), bytes: 0, last: 0, most_ticks, most_bytes }
    }

    /// The number of the last tick; 0 before the first.
    pub(crate) fn last(&self) -> u64 {
        self.last
    }

    /// Adds a tick, for which the oldest ones make room. One that is larger than the ring is kept alone.
    pub(crate) fn push(&mut self, json: String) {
        self.last += 1;
        self.bytes += json.len();
        self.ticks.push_back(Arc::new(LiveTick { sequence: self.last, json }));
        while self.ticks.len() > self.most_ticks.max(1)
            || (self.bytes > self.most_bytes && self.ticks.len() > 1)
        {
            let oldest = self.ticks.pop_front();
            self.bytes -= oldest.map_or(0, |tick| tick.json.len());
        }
    }

    /// Empties it: the ticks are counted from 1 again.
    pub(crate) fn restart(&mut self) {
        *self = Self::new(self.most_ticks, self.most_bytes);
    }

    /// All ticks after this one; `None` where some of them are gone, or it never was.
    pub(crate) fn after(&self, sequence: u64) -> Option<Vec<Arc<LiveTick>>> {
        let missed = usize::try_from(self.last.checked_sub(sequence)?).ok()?;
        let first = self.ticks.len().checked_sub(missed)?;
        Some(self.ticks.iter().skip(first).cloned().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sequences(ring: &TickRing, after: u64) -> Option<Vec<u64>> {
        ring.after(after).map(|ticks| ticks.iter().map(|tick| tick.sequence).collect())
    }

    #[test]
    fn what_is_in_the_ring_is_replayed_and_what_is_not_is_said() {
        let mut ring = TickRing::new(3, 1000);
        assert_eq!((sequences(&ring, 0), sequences(&ring, 1)), (Some(vec![]), None));
        (0..5).for_each(|i| ring.push(i.to_string()));
        assert_eq!(ring.last(), 5);
        assert_eq!(sequences(&ring, 5), Some(vec![]));
        assert_eq!(sequences(&ring, 2), Some(vec![3, 4, 5]));
        assert_eq!(
            (sequences(&ring, 1), sequences(&ring, 6), sequences(&ring, u64::MAX)),
            (None, None, None)
        );
    }

    #[test]
    fn bytes_have_a_limit_too_and_a_large_tick_stands_alone() {
        let mut ring = TickRing::new(100, 10);
        (0..4).for_each(|_| ring.push("xxxx".into()));
        assert_eq!((sequences(&ring, 2), sequences(&ring, 1)), (Some(vec![3, 4]), None));
        ring.push("x".repeat(50));
        assert_eq!((sequences(&ring, 4), sequences(&ring, 3)), (Some(vec![5]), None));
        ring.push("x".into());
        assert_eq!((sequences(&ring, 5), sequences(&ring, 4)), (Some(vec![6]), None));
    }
}
