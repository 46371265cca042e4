//! A search on the terminal: a table that grows by a row with each trial that ends, and moving rows for those under way.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use console::Style;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use toile_lab::SearchEvent;
use toile_record::{Epoch, Metric, State};
use toile_study::{Plan, SearchPlan};
use toile_tune::{Choice, Condition, Distribution, Is, Param, Space};

use super::lines::{FREE, MovingLines};
use super::{count, duration, moving_lines, note, set_above};

/// Moving rows are drawn at most this often.
const FRAME: Duration = Duration::from_millis(100);

/// Shows the searches of a plan, from their events.
pub struct Searching {
    start: Instant,
    tables: Vec<TrialTable>,
    state: Mutex<SearchScreen>,
}

#[derive(Default)]
struct SearchScreen {
    active: BTreeMap<(usize, usize), ActiveTrial>,
    live: Option<TrialLines>,
    drawn: Option<Instant>,
    told_unreachable: Option<Instant>,
}

/// A trial under way.
struct ActiveTrial {
    params: Vec<(String, Choice)>,
    step: i64,
    steps: usize,
    value: Option<f64>,
    began: Instant,
}

/// The moving rows.
struct TrialLines {
    lines: MultiProgress,
    rows: BTreeMap<(usize, usize), ProgressBar>,
    bar: ProgressBar,
}

/// The columns of a search's table.
struct TrialTable {
    name: String,
    metrics: Vec<String>,
    columns: Vec<ParamColumn>,
    n_trials: usize,
}

/// One parameter's column, or that of several of which a trial has only one, such as each optimizer's learning rate.
struct ParamColumn {
    title: String,
    params: Vec<String>,
    width: usize,
}

impl ParamColumn {
    fn of(space: &Space) -> Vec<ParamColumn> {
        let mut columns: Vec<(Vec<&Param>, String)> = Vec::new();
        for param in &space.params {
            let last = param.name.rsplit('.').next().unwrap_or(&param.name);
            let fits = |(params, title): &&mut (Vec<&Param>, String)| {
                title == last && params.iter().all(|other| exclude_each_other(other, param))
            };
            match columns.iter_mut().find(fits) {
                Some((params, _)) => params.push(param),
                None => {
                    let title = if param.when.is_empty() { param.name.clone() } else { last.to_string() };
                    columns.push((vec![param], title));
                }
            }
        }
        let column = |(params, title): (Vec<&Param>, String)| {
            // A short name must not stand for several things.
            let title = if params.len() == 1 { params[0].name.clone() } else { title };
            let widest = params.iter().map(|param| widest(&param.distribution)).max().unwrap_or(0);
            let width = widest.max(title.chars().count()).min(36);
            ParamColumn { title, params: params.iter().map(|param| param.name.clone()).collect(), width }
        };
        columns.into_iter().map(column).collect()
    }

    fn value(&self, params: &[(String, Choice)]) -> String {
        let mine = |(name, _): &&(String, Choice)| self.params.contains(name);
        params.iter().find(mine).map_or("–".into(), |(_, value)| shown(value))
    }
}

/// Whether two parameters belong to different choices of the same one.
fn exclude_each_other(a: &Param, b: &Param) -> bool {
    let differ = |a: &Condition, b: &Condition| match (a.is, b.is) {
        (Is::Choice(x), Is::Choice(y)) => a.parent == b.parent && x != y,
        _ => false,
    };
    a.when.iter().any(|a| b.when.iter().any(|b| differ(a, b)))
}

fn widest(distribution: &Distribution) -> usize {
    match distribution {
        Distribution::Categorical { choices } => {
            choices.iter().map(|choice| shown(choice).chars().count()).max().unwrap_or(0)
        }
        _ => 9,
    }
}

impl TrialTable {
    fn new(plan: &SearchPlan) -> TrialTable {
        TrialTable {
            name: plan.name.clone(),
            metrics: plan.objectives.iter().map(|objective| objective.metric.name().to_string()).collect(),
            columns: ParamColumn::of(&plan.space),
            n_trials: plan.n_trials,
        }
    }

    fn header(&self) -> String {
        let mut line = format!("{:>5}  {:<9}", "trial", "state");
        for metric in &self.metrics {
            line += &format!("  {:>12}", metric);
        }
        line += &format!("  {:>16}  {:>7}", "best so far", "time");
        for ParamColumn { title, width, .. } in &self.columns {
            line += &format!("  {:>width$}", console::truncate_str(title, *width, "…"));
        }
        line
    }

    fn row(
        &self,
        number: usize,
        state: &str,
        values: &[String],
        best: &str,
        time: &str,
        params: &[(String, Choice)],
    ) -> String {
        let mut line = format!("{number:>5}  {state:<9}");
        for place in 0..self.metrics.len() {
            line += &format!("  {:>12}", values.get(place).map_or("", String::as_str));
        }
        line += &format!("  {best:>16}  {time:>7}");
        for column in &self.columns {
            let width = column.width;
            line += &format!("  {:>width$}", console::truncate_str(&column.value(params), width, "…"));
        }
        line
    }
}

impl Searching {
    /// Before the searches.
    pub fn new(plan: &Plan) -> Searching {
        let tables = plan.searches.iter().map(TrialTable::new).collect();
        Searching { start: Instant::now(), tables, state: Mutex::default() }
    }

    /// What happens.
    pub fn tell(&self, event: &SearchEvent<'_>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let state = &mut *state;
        match event {
            SearchEvent::SearchStarted { search, finished, n_trials, best } => {
                let table = &self.tables[*search];
                let bold = Style::new().for_stderr().bold();
                let done = match finished {
                    0 => String::new(),
                    n => format!(", {} done before{}", count(*n as u64), best_text(*best)),
                };
                note(&format!("\n{}, {} trials{done}", bold.apply_to(&table.name), count(*n_trials as u64)));
                if finished < n_trials {
                    note(&Style::new().for_stderr().dim().apply_to(table.header()).to_string());
                    state.live = moving_lines().then(|| TrialLines::new(table));
                }
            }
            SearchEvent::TrialStarted { search, number, params, attempt } => {
                if *attempt > 1 {
                    note(&format!("{number:>5}  taken over from another worker, attempt {attempt}"));
                }
                let active = ActiveTrial {
                    params: params.to_vec(),
                    step: 0,
                    steps: 0,
                    value: None,
                    began: Instant::now(),
                };
                state.active.insert((*search, *number), active);
            }
            SearchEvent::TrialEpoch { search, number, step, steps, epoch } => {
                let metric = self.tables[*search].metrics.first().map_or("", String::as_str);
                if let Some(active) = state.active.get_mut(&(*search, *number)) {
                    (active.step, active.steps, active.value) = (*step, *steps, of(metric, epoch));
                }
            }
            SearchEvent::TrialEnded {
                search,
                number,
                state: end,
                values,
                reason,
                seconds,
                best,
                finished,
            } => {
                let active = state.active.remove(&(*search, *number));
                let params = active.map(|active| active.params).unwrap_or_default();
                let table = &self.tables[*search];
                let values: Vec<String> = values.iter().map(|value| number_text(*value)).collect();
                let best_text = best.map_or(String::new(), |(n, v)| format!("{} ({n})", number_text(v)));
                let time = time_text(*seconds);
                let word = end.name();
                let row = table.row(*number, word, &values, &best_text, &time, &params);
                note(&coloured(*end, best.is_some_and(|(n, _)| n == *number), word, &row));
                if let Some(reason) = reason.filter(|_| *end == State::Failed) {
                    note(&format!("       {reason}"));
                }
                if let Some(live) = &state.live {
                    live.bar.set_position(*finished as u64);
                }
            }
            SearchEvent::TrialSuspended { search, number } => {
                state.active.remove(&(*search, *number));
                note(&format!("{number:>5}  waiting    interrupted: it goes on where it stopped"));
            }
            SearchEvent::TrialLost { search, number } => {
                state.active.remove(&(*search, *number));
                note(&format!(
                    "{number:>5}  lost       another worker has taken it over; what was trained here is dropped"
                ));
            }
            SearchEvent::ForeignAwaited { number, .. } => note(&format!(
                "waiting for trial {number}, which another program has under way; if that is dead, end the trial there: `study.tell({number}, state=TrialState.FAIL)`"
            )),
            SearchEvent::Unreachable { error } => {
                // Once in a while: the worker asks far more often.
                let often = Duration::from_secs(30);
                if state.told_unreachable.is_none_or(|told| told.elapsed() >= often) {
                    note(&format!("waiting: {error}"));
                    state.told_unreachable = Some(Instant::now());
                }
            }
            SearchEvent::SearchEnded { reason, .. } => {
                if let Some(reason) = reason {
                    note(&format!("no further trials: {reason}"));
                }
            }
        }
        self.draw(state, matches!(event, SearchEvent::TrialEpoch { .. }));
    }

    fn draw(&self, state: &mut SearchScreen, may_wait: bool) {
        if may_wait && state.drawn.is_some_and(|drawn| drawn.elapsed() < FRAME) {
            return;
        }
        state.drawn = Some(Instant::now());
        if let Some(live) = &mut state.live {
            live.draw(&self.tables, &state.active);
        }
    }

    /// After a search: the moving rows are gone, the table stays.
    pub fn search_ended(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.active.clear();
        if let Some(live) = state.live.take() {
            live.end();
        }
    }

    /// Time since the beginning.
    pub fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }
}

impl TrialLines {
    fn new(table: &TrialTable) -> TrialLines {
        let lines = MultiProgress::with_draw_target(MovingLines::target());
        let bar = lines.add(ProgressBar::new(table.n_trials as u64));
        let style =
            ProgressStyle::with_template("{prefix} {bar:20.bold/dim} {pos} of {len} trials  {elapsed}");
        bar.set_style(style.expect("the template is right").progress_chars("━╸─"));
        bar.set_prefix(console::truncate_str(&table.name, 28, "…").into_owned());
        set_above(Some(lines.clone()));
        TrialLines { lines, rows: BTreeMap::new(), bar }
    }

    fn draw(&mut self, tables: &[TrialTable], active: &BTreeMap<(usize, usize), ActiveTrial>) {
        self.rows.retain(|key, row| {
            let stays = active.contains_key(key);
            if !stays {
                row.finish_and_clear();
                self.lines.remove(row);
            }
            stays
        });
        let columns = usize::from(console::Term::stderr().size().1).saturating_sub(FREE);
        for (key, trial) in active {
            let row = self.rows.entry(*key).or_insert_with(|| {
                let row = self.lines.insert_before(&self.bar, ProgressBar::new(1));
                row.set_style(ProgressStyle::with_template("{msg}").expect("the template is right"));
                row
            });
            let value = trial.value.map(number_text).unwrap_or_default();
            let (step, steps) = (trial.step, trial.steps);
            let epoch = if steps > 0 { format!("epoch {step}/{steps}") } else { String::new() };
            let time = time_text(trial.began.elapsed().as_secs_f64());
            let text = tables[key.0].row(key.1, "running", &[value], &epoch, &time, &trial.params);
            row.set_message(console::truncate_str(&text, columns, "…").into_owned());
        }
    }

    fn end(self) {
        self.rows.values().for_each(ProgressBar::finish_and_clear);
        self.bar.finish_and_clear();
        set_above(None);
        let _ = self.lines.clear();
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
    best.map_or(String::new(), |(number, value)| format!(", best {} (trial {number})", number_text(value)))
}

/// `0.4 s`, `9.8 s`, then `0:10` and on.
fn time_text(seconds: f64) -> String {
    match seconds {
        s if s < 9.95 => format!("{s:.1} s"),
        s => duration(Duration::try_from_secs_f64(s).unwrap_or_default()),
    }
}

/// Four decimals for what lies around 1; else five significant digits.
pub fn number_text(value: f64) -> String {
    match value.abs() {
        a if a == 0.0 || (0.01..100.0).contains(&a) => format!("{value:.4}"),
        a if (100.0..1e9).contains(&a) && value.fract() == 0.0 => format!("{value}"),
        _ => format!("{value:.4e}"),
    }
}

/// A value as short as it can be told apart: `0.00123`, `64`, `adam`.
pub fn shown(choice: &Choice) -> String {
    match choice {
        Choice::Float(value) if *value == 0.0 || (1e-4..1e5).contains(&value.abs()) => {
            let digits = (3 - value.abs().max(1e-9).log10().floor() as i32).clamp(0, 8) as usize;
            let text = format!("{value:.digits$}");
            match text.contains('.') {
                true => text.trim_end_matches('0').trim_end_matches('.').to_string(),
                false => text,
            }
        }
        Choice::Float(value) => {
            let text = format!("{value:.3e}");
            let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
            format!("{}e{exponent}", digits.trim_end_matches('0').trim_end_matches('.'))
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_as_short_as_they_can_be_told_apart() {
        let texts = [
            (0.00123456, "0.001235"),
            (0.5, "0.5"),
            (12.0, "12"),
            (3.2e-6, "3.2e-6"),
            (1e-5, "1e-5"),
            (1.2346e-7, "1.235e-7"),
            (0.0, "0"),
        ];
        for (value, text) in texts {
            assert_eq!(shown(&Choice::Float(value)), text);
        }
        assert_eq!(shown(&Choice::Text("adam".into())), "adam");
        assert_eq!(number_text(0.87654321), "0.8765");
        assert_eq!(number_text(25450.0), "25450");
        assert_eq!(number_text(3.1e-5), "3.1000e-5");
    }
}
