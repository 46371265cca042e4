//! How a training ended.

use serde::{Deserialize, Serialize};

use crate::run::RESTORED;

/// How a training ended: of a run and of a trial alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// After its last epoch.
    Finished,
    /// A callback stopped it after an epoch.
    Stopped {
        /// The callback, as the study file names it.
        by: String,
        /// Counted from 1.
        epoch: usize,
    },
    /// A pruner stopped it.
    Pruned {
        /// The step at which it was compared, from 1 over all repetitions.
        step: i64,
    },
    /// The loss was not a finite number any more.
    Diverged {
        /// Counted from 1; 0 if it was that of the starting weights.
        epoch: usize,
        /// Counted from 1; 0 if it was that of the starting weights.
        batch: usize,
    },
    /// Trained to its end, but what the search optimises is not a finite number.
    Undefined,
    /// The settings cannot be trained.
    Refused {
        /// What does not fit.
        why: String,
    },
    /// It needs more memory than there was: it was not begun.
    TooLarge {
        /// Bytes that it takes, by all that is known before.
        needed: u64,
        /// Bytes that there were.
        available: u64,
    },
    /// toile itself failed.
    Broke {
        /// The words of the panic.
        panic: String,
    },
    /// Recorded by another program, or in words that this one does not know.
    Other {
        /// The words.
        words: String,
    },
}

/// What stands before the words of a panic.
const BROKE: &str = "toile itself broke: ";

/// What stands around the epoch and the batch of a divergence.
const DIVERGED: [&str; 2] = ["the loss was no longer a finite number in epoch ", ", batch "];

/// What stands around the epochs of a training that a callback stopped.
const STOPPED: [&str; 2] = ["a callback stopped it after epoch ", " of "];

const STARTS_INFINITE: &str = "the loss of its starting weights is not a finite number";
const PRUNED: &str = "worse than the others at this step";
const UNDEFINED: &str = "the metric is no finite number";

impl End {
    /// The same without what differs from one training to the next: to count how many ended so. None of one that ended
    /// well.
    pub fn kind(&self) -> Option<String> {
        match self {
            End::Diverged { .. } => Some("the loss was no longer a finite number".into()),
            End::Stopped { .. } => None,
            end => end.reason(0),
        }
    }

    /// Why the training has no result, or ended before its last epoch; `None` if it went through. `epochs` is how many
    /// it was to have.
    pub fn reason(&self, epochs: usize) -> Option<String> {
        Some(match self {
            End::Finished => return None,
            End::Stopped { epoch, .. } => format!("{}{epoch}{}{epochs}", STOPPED[0], STOPPED[1]),
            End::Pruned { .. } => PRUNED.into(),
            End::Diverged { epoch: 0, .. } => STARTS_INFINITE.into(),
            End::Diverged { epoch, batch } => format!("{}{epoch}{}{batch}", DIVERGED[0], DIVERGED[1]),
            End::Undefined => UNDEFINED.into(),
            End::Refused { why } => why.clone(),
            End::TooLarge { needed, available } => {
                let mega = |bytes: u64| bytes.div_ceil(1_000_000);
                format!(
                    "it needs about {} MB of memory, and there are {} MB",
                    mega(*needed),
                    mega(*available)
                )
            }
            End::Broke { panic } => format!("{BROKE}{panic}"),
            End::Other { words } => words.clone(),
        })
    }

    /// Whether another attempt may end differently: the next version may have mended what broke here, but a training
    /// whose numbers diverged would diverge again, bit for bit.
    pub fn may_be_repeated(&self) -> bool {
        match self {
            // With more memory it may fit.
            End::Broke { .. } | End::TooLarge { .. } => true,
            End::Finished
            | End::Stopped { .. }
            | End::Pruned { .. }
            | End::Diverged { .. }
            | End::Undefined
            | End::Refused { .. }
            | End::Other { .. } => false,
        }
    }

    /// Reads the words in which earlier versions recorded the end of a run, and of which epoch its weights are.
    pub fn from_words_of_run(words: &str) -> (Option<End>, Option<usize>) {
        let (end, restored) = match words.rsplit_once(RESTORED) {
            Some((end, epoch)) => (end.trim_end_matches("; "), epoch.parse().ok()),
            None => (words, None),
        };
        ((!end.is_empty()).then(|| End::from_words(end, 0)), restored)
    }

    /// Reads the words in which earlier versions recorded the end of a trial. `last_step` is the last step that it
    /// reported.
    pub fn from_words(words: &str, last_step: i64) -> End {
        let two = |[before, between]: [&str; 2]| {
            let (a, b) = words.strip_prefix(before)?.split_once(between)?;
            Some((a.parse().ok()?, b.parse().ok()?))
        };
        if let Some(panic) = words.strip_prefix(BROKE) {
            return End::Broke { panic: panic.into() };
        }
        if let Some((epoch, batch)) = two(DIVERGED) {
            return End::Diverged { epoch, batch };
        }
        if let Some((epoch, _)) = two(STOPPED) {
            let _: usize = epoch;
            return End::Stopped { by: "early_stopping".into(), epoch };
        }
        match words {
            PRUNED => End::Pruned { step: last_step },
            UNDEFINED => End::Undefined,
            STARTS_INFINITE => End::Diverged { epoch: 0, batch: 0 },
            words => End::Other { words: words.into() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_earlier_versions_are_read_as_what_they_meant() {
        let ends = [
            End::Broke { panic: "on purpose: twice".into() },
            End::Diverged { epoch: 3, batch: 12 },
            End::Diverged { epoch: 0, batch: 0 },
            End::Stopped { by: "early_stopping".into(), epoch: 2 },
            End::Pruned { step: 7 },
            End::Undefined,
            End::Other { words: "the worker was switched off".into() },
        ];
        for end in ends {
            let words = end.reason(5).expect("it ended early");
            assert_eq!(End::from_words(&words, 7), end);
        }
        assert_eq!(End::Finished.reason(5), None);
    }

    #[test]
    fn the_epoch_of_restored_weights_stood_behind_the_end() {
        let stopped = End::Stopped { by: "early_stopping".into(), epoch: 4 };
        let words = format!("{}; {RESTORED}2", stopped.reason(9).expect("it was stopped"));
        assert_eq!(End::from_words_of_run(&words), (Some(stopped), Some(2)));
        assert_eq!(End::from_words_of_run(&format!("{RESTORED}2")), (None, Some(2)));
        assert_eq!(End::from_words_of_run("broken"), (Some(End::Other { words: "broken".into() }), None));
    }

    #[test]
    fn only_what_was_toiles_own_fault_is_tried_again() {
        assert!(End::Broke { panic: String::new() }.may_be_repeated());
        assert!(!End::Diverged { epoch: 1, batch: 1 }.may_be_repeated());
        assert!(!End::Refused { why: String::new() }.may_be_repeated());
    }
}
