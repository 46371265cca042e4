//! A study as it is seen while it runs: changes of the store in, states, one time left, best so far and events out.
//!
//! ```text
//! Store::changes_since ──▶ Watching::fold(changes, now) ──▶ events            for programs, the list of events
//!                               └──▶ Watching::study(now) ──▶ LiveStudy       what every view draws
//! ```
//!
//! All of it is pure. The time is an argument: seconds since 1970. Whether something runs is told by the lock of the
//! study's folder or by a worker's lease, never by a state alone. Numbers are written by `toile_report::format`.

#![warn(unreachable_pub)]

mod answer;
mod event;
mod live_state;
mod moment;
mod pace;
mod points;
mod progress;
mod training;
mod watching;
mod words;

pub use answer::{LiveAnswer, PairSentence, RankedRun, SearchImportance, answer};
pub use event::WatchEvent;
pub use live_state::{LiveState, StudyState};
pub use moment::{clock, seconds_since_1970};
pub use points::{Axis, MetricNumbers, Point, SeedBand, numbers, points};
pub use progress::LiveProgress;
pub use training::{LiveKey, LiveTraining, differing_settings};
pub use watching::{LiveSearch, LiveStudy, Watching};
pub use words::sentence;

/// A worker of a server that was not heard of for so many seconds counts as dead: as `--lease` has it by default.
pub const LEASE_SECONDS: f64 = 60.0;
