//! What keys do: they change what is seen, and nothing else.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use toile_live::{Axis, LiveKey, LiveTraining, Watching, numbers};
use toile_record::{Direction, Metric};

/// So many runs can be pinned.
pub(super) const MOST_PINS: usize = 6;

/// The screens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Screen {
    /// What happens now, with what came out so far.
    #[default]
    Now,
    /// All runs.
    Runs,
    /// Searches and their trials.
    Search,
    /// Pinned runs side by side.
    Compare,
    /// What happened.
    Events,
}

impl Screen {
    pub(super) const ALL: [Screen; 5] =
        [Screen::Now, Screen::Runs, Screen::Search, Screen::Compare, Screen::Events];

    pub(super) fn name(self) -> &'static str {
        match self {
            Screen::Now => "now",
            Screen::Runs => "runs",
            Screen::Search => "search",
            Screen::Compare => "compare",
            Screen::Events => "events",
        }
    }
}

/// By what the list of trainings is sorted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum SortBy {
    /// By the metric, the best first.
    #[default]
    Best,
    /// In the order of the plan.
    Plan,
    /// By time, the longest first.
    Time,
    /// By name.
    Name,
}

impl SortBy {
    const ALL: [SortBy; 4] = [SortBy::Best, SortBy::Plan, SortBy::Time, SortBy::Name];

    pub(super) fn name(self) -> &'static str {
        match self {
            SortBy::Best => "best",
            SortBy::Plan => "plan",
            SortBy::Time => "time",
            SortBy::Name => "name",
        }
    }
}

/// What is to happen after a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyEffect {
    /// It is drawn anew.
    Draw,
    /// The view ends; the study goes on.
    Leave,
    /// What the report says is asked for again, with or without the test.
    Answer,
    /// Where the page for the browser is, is said.
    Page,
    /// The study is stopped: at once, or after its current batch.
    Stop { at_once: bool },
}

/// What is seen of a study.
#[derive(Clone, Debug, Default)]
pub(super) struct Sight {
    pub screen: Screen,
    /// The training whose curve fills the screen.
    pub opened: Option<LiveKey>,
    pub selected: Option<LiveKey>,
    pub filter: String,
    pub is_filtering: bool,
    pub sort: SortBy,
    /// The metric; the study's own if none was chosen.
    pub metric: Option<Metric>,
    pub axis: Axis,
    pub is_log: bool,
    pub pins: Vec<LiveKey>,
    pub only_running: bool,
    pub with_test: bool,
    pub has_help: bool,
    /// All seeds of a run are one curve.
    pub by_seeds: bool,
    /// Whether the study runs in this very program, so that it can be stopped from here.
    pub is_own: bool,
    /// Whether it is asked how the study is to be stopped.
    pub asks_to_stop: bool,
    /// A word on the last key, until the next one.
    pub said: Option<String>,
    /// Lines that the list of events is scrolled back.
    pub scrolled: usize,
}

impl Sight {
    /// A key was pressed.
    pub(super) fn press(&mut self, key: KeyEvent, watching: &Watching) -> KeyEffect {
        self.said = None;
        let is_control = key.modifiers.contains(KeyModifiers::CONTROL);
        let is_interrupt = is_control && matches!(key.code, KeyCode::Char('c'));
        if self.asks_to_stop {
            return self.press_stopping(key.code, is_interrupt);
        }
        if is_interrupt && self.is_own {
            (self.asks_to_stop, self.is_filtering) = (true, false);
            return KeyEffect::Draw;
        }
        if is_interrupt {
            return KeyEffect::Leave;
        }
        // Keys typed into the filter do nothing else.
        if self.is_filtering {
            self.type_filter(key.code);
            return KeyEffect::Draw;
        }
        if self.has_help {
            self.has_help = false;
            return if key.code == KeyCode::Char('q') { KeyEffect::Leave } else { KeyEffect::Draw };
        }
        match key.code {
            KeyCode::Char('q') => return KeyEffect::Leave,
            KeyCode::Char('t') => return self.press_test(watching),
            KeyCode::Up | KeyCode::Char('k') => self.step(-1, watching),
            KeyCode::Down | KeyCode::Char('j') => self.step(1, watching),
            KeyCode::PageUp => self.step(-10, watching),
            KeyCode::PageDown => self.step(10, watching),
            KeyCode::Enter => self.opened = self.selected.clone(),
            KeyCode::Esc => self.back(),
            KeyCode::Tab => self.turn(1),
            KeyCode::BackTab => self.turn(Screen::ALL.len() - 1),
            KeyCode::Char(digit @ '1'..='5') => {
                self.show(Screen::ALL[digit as usize - '1' as usize]);
            }
            KeyCode::Char('/') => self.is_filtering = true,
            KeyCode::Char('s') => self.sort = next_of(&SortBy::ALL, self.sort),
            KeyCode::Char('m') => self.metric = Some(self.next_metric(watching)),
            KeyCode::Char('x') => self.axis = next_of(&Axis::ALL, self.axis),
            KeyCode::Char('l') => self.is_log = !self.is_log,
            KeyCode::Char('p') => self.pin(),
            KeyCode::Char('c') => self.show(Screen::Compare),
            KeyCode::Char('h') => self.only_running = !self.only_running,
            KeyCode::Char('g') => self.by_seeds = !self.by_seeds,
            KeyCode::Char('w') => return KeyEffect::Page,
            KeyCode::Char('?') => self.has_help = true,
            _ => {}
        }
        KeyEffect::Draw
    }

    /// The study runs in this very program, and the user wants to stop it, or does not after all.
    fn press_stopping(&mut self, key: KeyCode, is_interrupt: bool) -> KeyEffect {
        self.asks_to_stop = false;
        match key {
            _ if is_interrupt => KeyEffect::Stop { at_once: false },
            KeyCode::Char('s') => KeyEffect::Stop { at_once: false },
            KeyCode::Char('n') => KeyEffect::Stop { at_once: true },
            KeyCode::Char('q') => KeyEffect::Leave,
            KeyCode::Esc => KeyEffect::Draw,
            _ => {
                self.asks_to_stop = true;
                KeyEffect::Draw
            }
        }
    }

    fn type_filter(&mut self, key: KeyCode) {
        match key {
            KeyCode::Esc => {
                self.filter.clear();
                self.is_filtering = false;
            }
            KeyCode::Enter => self.is_filtering = false,
            KeyCode::Backspace => drop(self.filter.pop()),
            KeyCode::Char(c) => self.filter.push(c),
            _ => {}
        }
    }

    fn press_test(&mut self, watching: &Watching) -> KeyEffect {
        if !watching.is_test_open() {
            self.said = Some("the test part is sealed until all trainings have ended".into());
            return KeyEffect::Draw;
        }
        self.with_test = !self.with_test;
        KeyEffect::Answer
    }

    fn back(&mut self) {
        match &self.opened {
            Some(_) => self.opened = None,
            None if !self.filter.is_empty() => self.filter.clear(),
            None => self.show(Screen::Now),
        }
    }

    fn show(&mut self, screen: Screen) {
        (self.screen, self.opened, self.scrolled) = (screen, None, 0);
    }

    fn turn(&mut self, by: usize) {
        let at = Screen::ALL.iter().position(|screen| *screen == self.screen).unwrap_or(0);
        self.show(Screen::ALL[(at + by) % Screen::ALL.len()]);
    }

    fn pin(&mut self) {
        let Some(key) = self.selected.clone() else { return };
        match self.pins.iter().position(|pinned| *pinned == key) {
            Some(place) => drop(self.pins.remove(place)),
            None if self.pins.len() == MOST_PINS => {
                self.said = Some(format!("{MOST_PINS} are pinned already: p on one of them lets it go"));
            }
            None => self.pins.push(key),
        }
    }

    fn next_metric(&self, watching: &Watching) -> Metric {
        let has = |metric: &Metric| {
            let runs = watching.records().runs.iter().flat_map(|run| &run.epochs);
            let trials = watching.records().searches.iter().flat_map(|search| &search.trials);
            let trials = trials.flat_map(|trial| trial.epochs());
            runs.chain(trials).any(|epoch| metric.of(epoch).is_some())
        };
        let known: Vec<Metric> = Metric::of_epoch().filter(has).collect();
        let now = self.metric(watching);
        if known.is_empty() { now } else { next_of(&known, now) }
    }

    fn step(&mut self, by: isize, watching: &Watching) {
        if self.screen == Screen::Events && self.opened.is_none() {
            self.scrolled = self.scrolled.saturating_add_signed(-by).min(watching.events().len());
            return;
        }
        let listed = self.listed(watching);
        let at = listed.iter().position(|training| Some(&training.key) == self.selected.as_ref());
        let last = listed.len().saturating_sub(1);
        let next = match at {
            Some(at) => at.saturating_add_signed(by).min(last),
            None => 0,
        };
        self.selected = listed.get(next).map(|training| training.key.clone());
        if self.opened.is_some() {
            self.opened = self.selected.clone();
        }
    }

    /// The metric that is shown.
    pub(super) fn metric(&self, watching: &Watching) -> Metric {
        self.metric.unwrap_or_else(|| watching.metric())
    }

    /// The trainings that the keys walk through: runs, or on the screen of searches trials.
    pub(super) fn listed<'w>(&self, watching: &'w Watching) -> Vec<&'w LiveTraining> {
        let trials = watching.all_trials();
        let mut listed: Vec<&LiveTraining> = match self.screen {
            Screen::Now => {
                let running = trials.filter(|trial| trial.state.is_under_way());
                running.chain(watching.runs()).collect()
            }
            Screen::Search => trials.collect(),
            Screen::Runs | Screen::Compare | Screen::Events => watching.runs().iter().collect(),
        };
        listed.retain(|training| self.is_shown(training));
        self.sort(&mut listed, watching);
        listed
    }

    fn is_shown(&self, training: &LiveTraining) -> bool {
        let text =
            format!("{} {} {}", training.name, training.settings, training.state.name()).to_lowercase();
        let has_all = self.filter.to_lowercase().split_whitespace().all(|word| text.contains(word));
        has_all && (!self.only_running || training.state.is_under_way())
    }

    fn sort(&self, listed: &mut Vec<&LiveTraining>, watching: &Watching) {
        match self.sort {
            SortBy::Best => self.sort_by_metric(listed, watching),
            SortBy::Plan => {}
            SortBy::Time => listed.sort_by(|a, b| b.seconds.total_cmp(&a.seconds)),
            SortBy::Name => listed.sort_by(|a, b| a.name.cmp(&b.name)),
        }
    }

    /// The best first; on the first screen what is under way before that.
    fn sort_by_metric(&self, listed: &mut Vec<&LiveTraining>, watching: &Watching) {
        let metric = self.metric(watching);
        let key = |training: &LiveTraining| {
            let found = numbers(watching.epochs(&training.key), metric);
            let worse = found.map_or(f64::INFINITY, |found| match metric.direction() {
                Direction::Maximize => -found.best,
                Direction::Minimize => found.best,
            });
            (self.screen == Screen::Now && !training.state.is_under_way(), worse)
        };
        // Each key once: there may be ten thousand trials.
        let mut keyed: Vec<_> = listed.iter().map(|training| (key(training), *training)).collect();
        keyed.sort_by(|((a, x), _), ((b, y), _)| a.cmp(b).then(x.total_cmp(y)));
        *listed = keyed.into_iter().map(|(_, training)| training).collect();
    }
}

/// The one after this, and after the last the first.
fn next_of<T: Copy + PartialEq>(all: &[T], now: T) -> T {
    let at = all.iter().position(|one| *one == now);
    all[at.map_or(0, |at| (at + 1) % all.len())]
}
