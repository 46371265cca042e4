//! A search on the terminal: a table that grows by a row with each trial that ends, and moving rows for those under
//! way.

mod lines;
mod table;

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use console::Style;
use toile_lab::StudyProgress;
use toile_record::{Epoch, Event, Metric, State, TrainingEnd, TrainingKey};
use toile_report::format::terminal::{metric, short_duration};
use toile_study::Plan;
use toile_tune::Choice;

use super::{count, moving_lines, note, plural, resumed};
use lines::TrialLines;
use table::TrialTable;

/// Moving rows are drawn at most this often.
const FRAME: Duration = Duration::from_millis(100);

/// Shows the searches of a plan, from their events.
pub(super) struct Searching {
    tables: Vec<TrialTable>,
    state: Mutex<SearchScreen>,
}

#[derive(Default)]
struct SearchScreen {
    active: BTreeMap<(usize, usize), ActiveTrial>,
    live: Option<TrialLines>,
    drawn: Option<Instant>,
    noted_unreachable: Option<Instant>,
    /// The search whose headings were printed last.
    has_table: Option<usize>,
}

/// A trial under way.
struct ActiveTrial {
    params: Vec<(String, Choice)>,
    step: usize,
    steps: usize,
    value: Option<f64>,
    began: Instant,
}

impl ActiveTrial {
    fn new(params: &[(String, serde_json::Value)]) -> ActiveTrial {
        let choice = |value: &serde_json::Value| {
            serde_json::from_value(value.clone()).unwrap_or_else(|_| Choice::Text(value.to_string()))
        };
        let params = params.iter().map(|(name, value)| (name.clone(), choice(value))).collect();
        ActiveTrial { params, step: 0, steps: 0, value: None, began: Instant::now() }
    }
}

impl Searching {
    /// Before the searches.
    pub(super) fn new(plan: &Plan) -> Searching {
        let tables = plan.searches.iter().map(TrialTable::new).collect();
        Searching { tables, state: Mutex::default() }
    }

    /// What happens.
    pub(super) fn show(&self, event: &Event, progress: &mut StudyProgress, now: Duration) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let state = &mut *state;
        match event {
            Event::SearchStarted { search, finished, n_trials, best, others } => {
                let table = &self.tables[*search];
                let bold = Style::new().for_stderr().bold();
                let done = match finished {
                    0 => String::new(),
                    n => format!(", {} done before{}", count(*n as u64), best_text(*best)),
                };
                let trials = plural(*n_trials, "trial", "trials");
                note(&format!("\n{}, {trials}{done}", bold.apply_to(&table.name)));
                if *others > 0 {
                    let do_not = if *others == 1 { "does not" } else { "do not" };
                    note(&format!(
                        "{} of this name {do_not} lie in its ranges as they are now, and {do_not} count",
                        plural(*others, "trial", "trials"),
                    ));
                }
                if finished < n_trials {
                    self.begin_table(state, *search);
                }
            }
            Event::TrainingStarted {
                training: TrainingKey::Trial { search, number },
                attempt,
                lost,
                params,
            } => {
                // A finished search has further trials where somebody queued some.
                self.begin_table(state, *search);
                if let Some(how) = resumed(*attempt, *lost) {
                    note(&format!("{number:>5}  {how}"));
                }
                state.active.insert((*search, *number), ActiveTrial::new(params));
            }
            Event::EpochEnded { training: TrainingKey::Trial { search, number }, step, steps, epoch } => {
                let metric = self.tables[*search].metrics.first().map_or("", String::as_str);
                if let Some(active) = state.active.get_mut(&(*search, *number)) {
                    (active.step, active.steps, active.value) = (*step, *steps, of(metric, epoch));
                }
            }
            Event::TrainingEnded(end) => {
                if let TrainingKey::Trial { search, number } = end.training {
                    self.trial_ended(state, search, number, end);
                }
            }
            Event::TrainingSuspended { training: TrainingKey::Trial { search, number } } => {
                state.active.remove(&(*search, *number));
                note(&format!("{number:>5}  waiting    interrupted: it goes on where it stopped"));
            }
            Event::TrainingLost { training: TrainingKey::Trial { search, number } } => {
                state.active.remove(&(*search, *number));
                note(&format!(
                    "{number:>5}  lost       another worker has taken it over; what was trained here is dropped"
                ));
            }
            Event::CheckpointRefused { training } => {
                let whose = match training {
                    TrainingKey::Run(_) => "of a run".to_owned(),
                    TrainingKey::Trial { number, .. } => format!("of trial {number}"),
                };
                note(&format!(
                    "the checkpoint {whose} is damaged, gone or another training's: it begins at its start"
                ));
            }
            Event::ForeignAwaited { number, .. } => note(&format!(
                "waiting for trial {number}, which another program has under way; if that is dead, end the trial there: `study.tell({number}, state=TrialState.FAIL)`"
            )),
            Event::Unreachable { error } => {
                // Once in a while: the worker asks far more often.
                let often = Duration::from_secs(30);
                if state.noted_unreachable.is_none_or(|noted| noted.elapsed() >= often) {
                    note(&format!("waiting: {error}"));
                    state.noted_unreachable = Some(Instant::now());
                }
            }
            Event::SearchEnded { reason: Some(reason), .. } => note(&format!("no further trials: {reason}")),
            // What happens in runs is shown elsewhere.
            _ => {}
        }
        if matches!(event, Event::SearchLeft { .. }) {
            return self.search_ended_in(state);
        }
        let may_wait = matches!(event, Event::EpochEnded { .. });
        if may_wait && state.drawn.is_some_and(|drawn| drawn.elapsed() < FRAME) {
            return;
        }
        state.drawn = Some(Instant::now());
        progress.tick(now);
        if let Some(live) = &mut state.live {
            live.draw(&self.tables, &state.active, progress.left());
        }
    }

    /// The headings of a search's table, once, and its moving rows.
    fn begin_table(&self, state: &mut SearchScreen, search: usize) {
        if state.has_table.replace(search) != Some(search) {
            let table = &self.tables[search];
            note(&Style::new().for_stderr().dim().apply_to(table.header()).to_string());
            state.live = moving_lines().then(|| TrialLines::new(table));
        }
    }

    fn trial_ended(&self, state: &mut SearchScreen, search: usize, number: usize, end: &TrainingEnd) {
        let active = state.active.remove(&(search, number));
        let params = active.map(|active| active.params).unwrap_or_default();
        let values: Vec<String> = end.values.iter().map(|value| metric(*value)).collect();
        let best = end.best.map_or(String::new(), |(n, v)| format!("{} ({n})", metric(v)));
        let (word, time) = (end.state.name(), short_duration(end.seconds));
        let row = self.tables[search].row(number, word, &values, &best, &time, &params);
        note(&coloured(end.state, end.best.is_some_and(|(n, _)| n == number), word, &row));
        if let Some(reason) = end.reason.as_ref().filter(|_| end.state != State::Pruned) {
            note(&format!("       {reason}"));
        }
        if let Some(live) = &state.live {
            live.bar.set_position(end.finished as u64);
        }
    }

    /// After the searches: the moving rows are gone, the tables stay.
    pub(super) fn search_ended(&self) {
        self.search_ended_in(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn search_ended_in(&self, state: &mut SearchScreen) {
        state.active.clear();
        state.has_table = None;
        if let Some(live) = state.live.take() {
            live.end();
        }
    }
}

fn of(metric: &str, epoch: &Epoch) -> Option<f64> {
    match Metric::from_name(metric).filter(|metric| metric.is_per_epoch()) {
        Some(metric) => metric.of(epoch),
        None => epoch.val_accuracy.or(epoch.accuracy),
    }
}

/// The state in its colour, and the whole row bold where the trial is the best so far.
fn coloured(state: State, is_best: bool, word: &str, row: &str) -> String {
    let style = Style::new().for_stderr();
    if is_best {
        return style.bold().apply_to(row).to_string();
    }
    let style = match state {
        State::Failed => style.red(),
        State::Pruned => style.dim(),
        _ => return row.to_string(),
    };
    row.replacen(word, &style.apply_to(word).to_string(), 1)
}

fn best_text(best: Option<(usize, f64)>) -> String {
    best.map_or(String::new(), |(number, value)| format!(", best {} (trial {number})", metric(value)))
}
