//! What the keys do.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use toile_record::{Evidence, Metric};

use super::studies::{records, watched};
use crate::terminal::dashboard::keys::{KeyEffect, MOST_PINS, Screen, Sight};

fn key(code: KeyCode) -> KeyEvent {
    KeyEvent::new(code, KeyModifiers::NONE)
}

fn typed(sight: &mut Sight, keys: &str) -> Vec<KeyEffect> {
    let watching = watched(records(), true);
    keys.chars().map(|c| sight.press(key(KeyCode::Char(c)), &watching)).collect()
}

/// In another program of this kind, `q` in the filter ended the view.
#[test]
fn keys_typed_into_the_filter_do_nothing_else() {
    let mut sight = Sight::default();
    let effects = typed(&mut sight, "/q5t");
    assert!(effects.iter().all(|effect| *effect == KeyEffect::Draw));
    assert_eq!((sight.filter.as_str(), sight.screen, sight.is_filtering), ("q5t", Screen::Now, true));
    let watching = watched(records(), true);
    sight.press(key(KeyCode::Backspace), &watching);
    sight.press(key(KeyCode::Enter), &watching);
    assert_eq!((sight.filter.as_str(), sight.is_filtering), ("q5", false));
    sight.press(key(KeyCode::Esc), &watching);
    assert_eq!(sight.filter, "", "and Esc drops it");
}

#[test]
fn q_and_ctrl_c_leave_from_everywhere() {
    let watching = watched(records(), true);
    let control_c = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
    for keys in ["", "3", "?", "2j", "jp"] {
        let mut sight = Sight::default();
        typed(&mut sight, keys);
        assert_eq!(sight.clone().press(control_c, &watching), KeyEffect::Leave, "{keys}");
        assert_eq!(sight.press(key(KeyCode::Char('q')), &watching), KeyEffect::Leave, "{keys}");
    }
    let mut sight = Sight { is_filtering: true, ..Sight::default() };
    assert_eq!(sight.press(control_c, &watching), KeyEffect::Leave);
}

/// Beside a training, Ctrl-C asks; leaving the view never ends the study.
#[test]
fn a_study_of_this_program_is_stopped_only_when_that_was_chosen() {
    let watching = watched(records(), true);
    let control_c = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
    let asked = || {
        let mut sight = Sight { is_own: true, is_filtering: true, ..Sight::default() };
        assert_eq!(sight.press(control_c, &watching), KeyEffect::Draw);
        assert!(sight.asks_to_stop && !sight.is_filtering);
        sight
    };
    let chosen = [
        (key(KeyCode::Char('s')), KeyEffect::Stop { at_once: false }),
        (control_c, KeyEffect::Stop { at_once: false }),
        (key(KeyCode::Char('n')), KeyEffect::Stop { at_once: true }),
        (key(KeyCode::Char('q')), KeyEffect::Leave),
        (key(KeyCode::Esc), KeyEffect::Draw),
    ];
    for (pressed, effect) in chosen {
        let mut sight = asked();
        assert_eq!(
            sight.press(key(KeyCode::Char('x')), &watching),
            KeyEffect::Draw,
            "other keys choose nothing"
        );
        assert!(sight.asks_to_stop);
        assert_eq!(sight.press(pressed, &watching), effect);
        assert!(!sight.asks_to_stop);
    }
}

#[test]
fn the_test_part_stays_sealed_until_it_was_opened() {
    let mut sight = Sight::default();
    assert_eq!(typed(&mut sight, "t"), [KeyEffect::Draw]);
    assert!(!sight.with_test && sight.said.as_deref().is_some_and(|said| said.contains("sealed")));
    let mut opened = records();
    opened.runs[0].test = Some(Evidence {
        loss: None,
        accuracy: 0.85,
        predictions: vec![],
        confidences: vec![],
        losses: vec![],
    });
    let watching = watched(opened, true);
    assert_eq!(sight.press(key(KeyCode::Char('t')), &watching), KeyEffect::Answer);
    assert!(sight.with_test);
}

#[test]
fn screens_are_reached_by_number_and_by_tab() {
    let watching = watched(records(), true);
    let mut sight = Sight::default();
    let mut seen = vec![sight.screen];
    for _ in 0..5 {
        sight.press(key(KeyCode::Tab), &watching);
        seen.push(sight.screen);
    }
    assert_eq!(seen[..5], Screen::ALL);
    assert_eq!(seen[5], Screen::Now);
    sight.press(key(KeyCode::BackTab), &watching);
    assert_eq!(sight.screen, Screen::Events);
    typed(&mut sight, "3");
    assert_eq!(sight.screen, Screen::Search);
}

#[test]
fn a_run_is_chosen_opened_and_left() {
    let watching = watched(records(), true);
    let mut sight = Sight::default();
    typed(&mut sight, "2");
    sight.press(key(KeyCode::Down), &watching);
    let first = sight.selected.clone();
    assert_eq!(first, Some(sight.listed(&watching)[0].key.clone()));
    sight.press(key(KeyCode::Enter), &watching);
    assert_eq!(sight.opened, first);
    typed(&mut sight, "j");
    assert!(sight.opened == sight.selected && sight.opened != first, "the next one is opened");
    sight.press(key(KeyCode::Esc), &watching);
    assert_eq!((sight.opened.is_none(), sight.screen), (true, Screen::Runs));
    (0..99).for_each(|_| drop(typed(&mut sight, "j")));
    assert_eq!(sight.selected, sight.listed(&watching).last().map(|run| run.key.clone()));
}

#[test]
fn six_runs_can_be_pinned_and_let_go() {
    let watching = watched(records(), true);
    let mut sight = Sight::default();
    typed(&mut sight, "jpjpjpjpjpjp");
    assert_eq!(sight.pins.len(), MOST_PINS);
    typed(&mut sight, "jp");
    assert!(sight.pins.len() == MOST_PINS && sight.said.is_some(), "and it is said why not");
    sight.selected = Some(sight.pins[0].clone());
    typed(&mut sight, "p");
    assert_eq!(sight.pins.len(), MOST_PINS - 1);
    assert!(sight.listed(&watching).len() >= MOST_PINS);
}

#[test]
fn what_is_listed_follows_the_filter_the_order_and_what_runs() {
    let watching = watched(records(), true);
    let names = |sight: &Sight| {
        sight.listed(&watching).iter().map(|run| run.name.clone()).collect::<Vec<_>>().join("|")
    };
    let mut sight = Sight { screen: Screen::Runs, ..Sight::default() };
    assert!(names(&sight).starts_with("Model 2|Deeper"), "{}", names(&sight));
    typed(&mut sight, "h");
    assert_eq!(names(&sight), "Deeper, with a name that is longer than any column|CNN");
    typed(&mut sight, "hs");
    assert!(names(&sight).starts_with("Model 1|Model 2|Model 3|CNN"), "the plan's order");
    sight.filter = "ADAM 50".into();
    assert_eq!(names(&sight), "Model 2|Model 6");
    let metric = |sight: &Sight| sight.metric(&watching);
    assert_eq!(metric(&sight), Metric::ValAccuracy);
    typed(&mut sight, "m");
    assert!(metric(&sight) != Metric::ValAccuracy, "another one that epochs have");
}
