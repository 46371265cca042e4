//! What is new, told as events: each epoch once, each change of a state once.

use serde_json::{Map, Value};
use toile_record::{Epoch, RunRecord, TrialRecord};

use super::{MOST_EVENTS, Watching};
use crate::moment::rfc3339;
use crate::words::sentence_of;
use crate::{LiveKey, LiveState, LiveTraining, WatchEvent, seconds_since_1970};

impl Watching {
    /// Everything that was not told yet.
    pub(super) fn tell(&mut self, is_first: bool, now: f64) -> Vec<WatchEvent> {
        let mut told: Vec<(f64, WatchEvent)> = Vec::new();
        if is_first {
            told.push((now, self.study_event(now)));
        }
        self.tell_runs(&mut told, now);
        self.tell_trials(&mut told, now);
        self.tell_openings(&mut told, now);
        let state = self.state();
        if self.told_state != Some(state) {
            self.told_state = Some(state);
            let sentence = sentence_of(self.standing("`toile run`"));
            told.push((now, WatchEvent::State { time: rfc3339(now), state, sentence }));
        }
        if is_first {
            // What was there before somebody looked stands in the order in which it happened.
            let mut listed: Vec<_> =
                told.iter().filter(|(_, event)| event.line().is_some()).cloned().collect();
            listed.sort_by(|(a, _), (b, _)| a.total_cmp(b));
            self.events.extend(listed);
        } else {
            self.events.extend(told.iter().filter(|(_, event)| event.line().is_some()).cloned());
        }
        self.rewound.clear();
        while self.events.len() > MOST_EVENTS {
            self.events.pop_front();
        }
        told.into_iter().map(|(_, event)| event).collect()
    }

    fn study_event(&self, now: f64) -> WatchEvent {
        let study = &self.followed.records.study;
        let trials = self.searches.iter().zip(&self.trials);
        WatchEvent::Study {
            time: rfc3339(now),
            study: study.name.clone(),
            question: study.question.clone(),
            metric: self.metric().name().into(),
            runs: self.runs.len(),
            trials: trials.map(|(search, trials)| search.n_trials.max(trials.len())).sum(),
        }
    }

    /// How far everything is, as an event.
    pub fn progress_event(&self, now: f64) -> WatchEvent {
        let progress = self.progress();
        let best = self.best_ended();
        WatchEvent::Progress {
            time: rfc3339(now),
            fraction: progress.fraction,
            left_seconds: progress.left,
            runs_ended: progress.runs.0,
            trials_ended: progress.trials.0,
            failed: progress.failed,
            under_way: progress.under_way,
            best_run: best.map(|(place, _)| self.runs[place].name.clone()),
            best_value: best.map(|(_, value)| value),
        }
    }

    fn tell_runs(&mut self, told: &mut Vec<(f64, WatchEvent)>, now: f64) {
        let metric = self.metric();
        for (run, training) in self.followed.records.runs.iter().zip(&self.runs) {
            let value = run.kept_epoch().filter(|_| run.state.is_finished());
            let value = value.and_then(|epoch| metric.of(epoch)).filter(|value| value.is_finite());
            let new = self.news(training, run.epochs.len());
            self.told.insert(training.key.clone(), (training.state, run.epochs.len()));
            if new.has_ended {
                self.answer_version += 1;
            }
            let at = moment(training, now);
            let state = |state: Option<LiveState>| {
                (at, run_event(run, training, value, at, (state, new.epochs_before)))
            };
            let epochs = run.epochs[new.epochs_before.min(run.epochs.len())..].iter().enumerate();
            let epochs = epochs.map(|(i, epoch)| {
                epoch_event(&training.key, Some(&run.name), new.epochs_before + i + 1, epoch)
            });
            put(told, new, state, epochs, now);
        }
    }

    fn tell_trials(&mut self, told: &mut Vec<(f64, WatchEvent)>, now: f64) {
        for ((found, trials), live) in
            self.followed.records.searches.iter().zip(&self.trials).zip(&self.searches)
        {
            let mut is_new = false;
            for (trial, training) in found.trials.iter().zip(trials) {
                let side = trial.epochs();
                let new = self.news(training, side.len());
                if !new.is_anything {
                    continue;
                }
                self.told.insert(training.key.clone(), (training.state, side.len()));
                is_new |= new.has_ended;
                let at = moment(training, now);
                let state = |state: Option<LiveState>| {
                    (at, trial_event(trial, training, &found.search.name, at, (state, new.epochs_before)))
                };
                let epochs = side[new.epochs_before.min(side.len())..].iter().enumerate();
                let epochs = epochs
                    .map(|(i, epoch)| epoch_event(&training.key, None, new.epochs_before + i + 1, epoch));
                put(told, new, state, epochs, now);
            }
            if is_new {
                self.answer_version += 1;
                let ended = trials.iter().filter(|trial| trial.state.has_ended()).count();
                let event = WatchEvent::Search {
                    search: live.name.clone(),
                    ended,
                    trials: live.n_trials,
                    best_trial: live.best.map(|(number, _)| number),
                    best_value: live.best.map(|(_, value)| value),
                    stopped: live.stopped.clone(),
                };
                told.push((now, event));
            }
        }
    }

    fn tell_openings(&mut self, told: &mut Vec<(f64, WatchEvent)>, now: f64) {
        let records = &self.followed.records;
        for opening in records.test_openings.iter().skip(self.told_openings) {
            let run = records.runs.iter().find(|run| run.id == opening.run_id);
            let event = WatchEvent::Opening {
                time: opening.time.clone(),
                id: opening.run_id.clone(),
                run: run.map(|run| toile_report::shown_name(&run.name)).unwrap_or_default(),
                why: toile_report::shown_name(&opening.why),
            };
            told.push((seconds_since_1970(&opening.time).unwrap_or(now), event));
        }
        if self.told_openings != records.test_openings.len() {
            self.told_openings = records.test_openings.len();
            self.answer_version += 1;
        }
    }
}

/// What is new of a training.
#[derive(Clone, Copy, Debug)]
struct TrainingNews {
    is_anything: bool,
    is_state: bool,
    /// It was begun anew: of what was told, the last epochs do not count any more.
    is_anew: bool,
    has_ended: bool,
    /// Epochs that were told before and still count.
    epochs_before: usize,
}

impl Watching {
    fn news(&self, training: &LiveTraining, epochs: usize) -> TrainingNews {
        let known = self.told.get(&training.key);
        let told = known.map_or(0, |(_, told)| *told);
        let kept = self.rewound.get(&training.key).copied().unwrap_or(told).min(epochs);
        let is_anew = told > kept;
        let is_state = known.is_none_or(|(state, _)| *state != training.state) || is_anew;
        TrainingNews {
            is_anything: is_state || told != epochs,
            is_state,
            is_anew,
            has_ended: is_state && training.state.has_ended(),
            epochs_before: told.min(kept),
        }
    }
}

/// Of what has ended the end comes last, of everything else the state comes first.
fn put(
    told: &mut Vec<(f64, WatchEvent)>,
    new: TrainingNews,
    state: impl Fn(Option<LiveState>) -> (f64, WatchEvent),
    epochs: impl Iterator<Item = WatchEvent>,
    now: f64,
) {
    if new.has_ended && new.is_anew {
        told.push(state(Some(LiveState::Running)));
    }
    if new.is_state && !new.has_ended {
        told.push(state(None));
    }
    told.extend(epochs.map(|event| (now, event)));
    if new.has_ended {
        told.push(state(None));
    }
}

/// When a training came to stand as it does, as far as it is recorded.
fn moment(training: &LiveTraining, now: f64) -> f64 {
    match training.state {
        LiveState::Running | LiveState::Waiting => training.began.unwrap_or(now),
        LiveState::Complete | LiveState::Pruned | LiveState::Failed => training.ended.unwrap_or(now),
        LiveState::Stalled | LiveState::Stopped => now,
    }
    .min(now)
}

fn run_event(
    run: &RunRecord,
    training: &LiveTraining,
    value: Option<f64>,
    at: f64,
    (state, told): (Option<LiveState>, usize),
) -> WatchEvent {
    let state = state.unwrap_or(training.state);
    WatchEvent::Run {
        time: rfc3339(at),
        id: run.id.clone(),
        run: training.name.clone(),
        seed: run.seed,
        state,
        epoch: if state.has_ended() { training.epoch } else { told },
        epochs: training.epochs,
        seconds: training.seconds,
        value,
        reason: training.reason.clone(),
    }
}

fn trial_event(
    trial: &TrialRecord,
    training: &LiveTraining,
    search: &str,
    at: f64,
    (state, told): (Option<LiveState>, usize),
) -> WatchEvent {
    let state = state.unwrap_or(training.state);
    let params = toile_report::parameters_in_words(trial);
    WatchEvent::Trial {
        time: rfc3339(at),
        search: search.to_owned(),
        trial: trial.number,
        state,
        epoch: if state.has_ended() { training.epoch } else { told },
        epochs: training.epochs,
        seconds: training.seconds,
        values: trial.values.clone(),
        params: params.into_iter().map(|(name, value)| (name, Value::String(value))).collect::<Map<_, _>>(),
        reason: training.reason.clone(),
    }
}

fn epoch_event(key: &LiveKey, run: Option<&str>, step: usize, numbers: &Epoch) -> WatchEvent {
    let (id, search, trial) = match key {
        LiveKey::Run(id) => (Some(id.clone()), None, None),
        LiveKey::Trial { search, number } => (None, Some(search.clone()), Some(*number)),
    };
    WatchEvent::Epoch { id, run: run.map(str::to_owned), search, trial, step, numbers: *numbers }
}
