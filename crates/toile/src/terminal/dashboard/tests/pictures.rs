//! Pictures at several sizes, kept as text: `UPDATE_SNAPSHOTS=1 cargo test -p toile dashboard` writes them anew, to be
//! read before they are committed.

use std::path::Path;

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::style::Color;
use toile_live::{PairSentence, SearchImportance};
use toile_record::State;
use toile_report::view::Share;

use super::studies::{NOW, records, watched, with_scene};
use crate::terminal::dashboard::draw;
use crate::terminal::dashboard::ink::Ink;
use crate::terminal::dashboard::keys::Sight;

const FULL: Ink = Ink { utf8: true, colour: true };

fn drawn((width, height): (u16, u16), scene: &draw::Scene<'_>, sight: &Sight, ink: Ink) -> Buffer {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| draw::draw(frame.buffer_mut(), scene, sight, ink)).unwrap();
    terminal.backend().buffer().clone()
}

fn text(buffer: &Buffer) -> String {
    let width = buffer.area.width as usize;
    let row = |cells: &[ratatui::buffer::Cell]| {
        let line: String = cells.iter().map(|cell| cell.symbol()).collect();
        format!("{}\n", line.trim_end())
    };
    buffer.content.chunks(width).map(row).collect()
}

fn compare(name: &str, picture: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("src/terminal/dashboard/tests/snapshots")
        .join(format!("{name}.txt"));
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(&path, picture).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == picture, "{name} is drawn otherwise; UPDATE_SNAPSHOTS=1 writes it anew:\n{picture}");
}

/// Presses keys, then compares the picture.
fn picture(name: &str, size: (u16, u16), keys: &str) {
    let watching = watched(records(), true);
    let mut sight = Sight::default();
    press(&mut sight, &watching, keys);
    with_scene(&watching, NOW, |scene| compare(name, &text(&drawn(size, scene, &sight, FULL))));
}

fn press(sight: &mut Sight, watching: &toile_live::Watching, keys: &str) {
    for key in keys.chars() {
        let code = if key == '\n' { KeyCode::Enter } else { KeyCode::Char(key) };
        sight.press(KeyEvent::new(code, KeyModifiers::NONE), watching);
    }
}

#[test]
fn the_first_screen_fits_every_size() {
    picture("now-80x24", (80, 24), "");
    picture("now-200x60", (200, 60), "jpjp");
    picture("now-40x12", (40, 12), "");
    picture("now-120x40", (120, 40), "jj");
}

#[test]
fn the_other_screens() {
    picture("runs-80x24", (80, 24), "2s");
    picture("runs-filtered-80x24", (80, 24), "2/adam\n");
    picture("search-80x24", (80, 24), "3jj");
    picture("compare-80x24", (80, 24), "2jpjpjpc");
    picture("events-80x24", (80, 24), "5");
    picture("run-80x24", (80, 24), "2j\nl");
    picture("failed-80x24", (80, 24), "2sjjj\n");
    picture("help-80x24", (80, 24), "?");
}

#[test]
fn states_have_their_words_on_the_screen() {
    let at = |records, is_held, now: f64| {
        let mut watching = watched(records, is_held);
        watching.tick(now);
        with_scene(&watching, now, |scene| text(&drawn((80, 24), scene, &Sight::default(), FULL)))
    };
    compare("stalled-80x24", &at(records(), true, NOW + 130.0));
    let mut killed = records();
    let running = killed.runs.iter_mut().filter(|run| run.state == State::Running);
    running.for_each(|run| run.state = State::Waiting);
    compare("stopped-80x24", &at(killed, false, NOW));
    let mut fresh = records();
    fresh.searches.clear();
    fresh.runs.truncate(1);
    fresh.runs[0].state = State::Running;
    fresh.runs[0].epochs.clear();
    compare("beginning-80x24", &at(fresh.clone(), true, NOW));
    fresh.runs.clear();
    compare("empty-80x24", &at(fresh, true, NOW));
    let mut done = records();
    done.searches.clear();
    done.runs.truncate(3);
    compare("finished-80x24", &at(done, false, NOW));
}

#[test]
fn a_look_that_failed_leaves_the_last_picture_with_its_reason() {
    let watching = watched(records(), true);
    with_scene(&watching, NOW, |scene| {
        let trouble = Some("the disk is full".into());
        let scene = draw::Scene { trouble, sentence: scene.sentence.clone(), said: None, ..*scene };
        let picture = text(&drawn((80, 24), &scene, &Sight::default(), FULL));
        assert!(picture.contains("as of 08:00:00, trying again: the disk is full"), "{picture}");
        assert!(picture.contains("CNN"), "{picture}");
    });
}

#[test]
fn on_a_tiny_terminal_there_is_a_sentence() {
    let watching = watched(records(), true);
    for size in [(39, 24), (80, 9), (1, 1), (12, 4)] {
        with_scene(&watching, NOW, |scene| {
            let picture = text(&drawn(size, scene, &Sight::default(), FULL));
            assert!(size.0 < 12 || picture.starts_with("fashion-mni"), "{picture}");
        });
    }
}

/// Three runs of one name: one curve, between the lowest and the highest.
#[test]
fn all_seeds_of_a_run_are_one_curve() {
    let mut seeds = records();
    seeds.searches.clear();
    for (place, run) in seeds.runs.iter_mut().take(2).enumerate() {
        (run.name, run.seed) = ("Model 1".into(), 7 + place as u64);
    }
    let watching = watched(seeds, true);
    let mut sight = Sight::default();
    press(&mut sight, &watching, "2jpg");
    with_scene(&watching, NOW, |scene| {
        let picture = text(&drawn((80, 24), scene, &sight, FULL));
        assert!(picture.contains("all seeds"), "{picture}");
        assert!(picture.contains("1 Model 1 (2 seeds)"), "{picture}");
        compare("seeds-80x24", &picture);
    });
}

/// What is said of a run that has not ended had moved its number away from those above and below.
#[test]
fn numbers_of_the_ranking_stand_below_each_other() {
    let mut seeds = records();
    seeds.searches.clear();
    let mut more = seeds.runs[..2].to_vec();
    more.iter_mut().for_each(|run| (run.seed, run.id) = (8, format!("{}, seed 8", run.id)));
    (more[1].state, more[1].end) = (State::Running, None);
    let mut third = more[1].clone();
    (third.id, third.seed, third.state, third.epochs) = ("third".into(), 9, State::Waiting, vec![]);
    let mut second = seeds.runs[1].clone();
    (second.id, second.seed) = ("second".into(), 6);
    seeds.runs.extend(more.into_iter().chain([second, third]));
    seeds.runs.sort_by_key(|run| (run.position, run.seed));
    let watching = watched(seeds, true);
    for (size, state) in [((80, 24), "2 of 4 seeds"), ((120, 40), "2 of 4 seeds complete")] {
        with_scene(&watching, NOW, |scene| {
            let picture = text(&drawn(size, scene, &Sight::default(), FULL));
            assert!(picture.contains(state), "{picture}");
            let at = |line: &str| line.chars().position(|letter| letter == '±');
            let places: Vec<usize> = picture.lines().filter_map(at).collect();
            assert!(places.len() == 2 && places[0] == places[1], "{places:?}\n{picture}");
        });
    }
}

/// What the report knows of two runs and of the parameters of a search stands beside their numbers.
#[test]
fn what_the_report_says_stands_beside_the_numbers() {
    let watching = watched(records(), true);
    with_scene(&watching, NOW, |scene| {
        let sentence = "No order between Model 1 and Model 2 is established.".to_owned();
        let share = |name: &str, value, interval| Share { name: name.into(), value, interval };
        let shares =
            vec![share("learning_rate", 0.712, (0.59, 0.83)), share("optimizer", 0.288, (0.17, 0.41))];
        let mut answer = scene.answer.clone();
        answer.verdicts =
            vec![PairSentence { names: ["Model 1".into(), "Model 2".into()], sentence: sentence.clone() }];
        answer.importances = vec![SearchImportance { search: "joint".into(), shares }];
        let (said, trouble) = (None, None);
        let scene =
            draw::Scene { answer: &answer, sentence: scene.sentence.clone(), said, trouble, ..*scene };
        let mut sight = Sight::default();
        press(&mut sight, &watching, "2sjpjpc");
        let picture = text(&drawn((80, 24), &scene, &sight, FULL));
        assert!(picture.contains(&sentence), "{picture}");
        press(&mut sight, &watching, "3");
        compare("importance-80x40", &text(&drawn((80, 40), &scene, &sight, FULL)));
    });
}

/// What this program says meanwhile stands in the last row, and a study of its own is asked for before it is stopped.
#[test]
fn a_study_of_this_program_can_be_stopped_from_here() {
    let watching = watched(records(), true);
    with_scene(&watching, NOW, |scene| {
        let (said, trouble) = (Some("warning the data: all images are black".into()), None);
        let scene = draw::Scene { sentence: scene.sentence.clone(), said, trouble, ..*scene };
        let mut sight = Sight { is_own: true, ..Sight::default() };
        let picture = text(&drawn((80, 24), &scene, &sight, FULL));
        assert!(picture.trim_end().ends_with("all images are black"), "{picture}");
        sight.press(KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL), &watching);
        compare("stopping-80x24", &text(&drawn((80, 24), &scene, &sight, FULL)));
    });
}

/// Nothing is drawn outside of the screen, whatever its size: ratatui would panic.
#[test]
fn every_size_and_screen_can_be_drawn() {
    let watching = watched(records(), true);
    with_scene(&watching, NOW, |scene| {
        for keys in ["", "2", "3", "jpjpc", "5", "2j\n", "?", "/a", "2jpjpg"] {
            let mut sight = Sight::default();
            press(&mut sight, &watching, keys);
            for width in (40..90).step_by(7).chain([149, 150, 201, 400]) {
                for height in (10..30).step_by(3).chain([60, 120]) {
                    drawn((width, height), scene, &sight, FULL);
                }
            }
        }
    });
}

#[test]
fn without_colours_and_without_utf8_the_words_are_the_same() {
    let watching = watched(records(), true);
    with_scene(&watching, NOW, |scene| {
        for keys in ["", "3", "2jpjpc", "?"] {
            let mut sight = Sight::default();
            press(&mut sight, &watching, keys);
            let plain = drawn((80, 24), scene, &sight, Ink { utf8: false, colour: false });
            let full = drawn((80, 24), scene, &sight, FULL);
            for (plain, full) in plain.content.iter().zip(&full.content) {
                assert!(plain.symbol().is_ascii(), "`{}` became `{}`", full.symbol(), plain.symbol());
                assert_eq!((plain.fg, plain.bg), (Color::Reset, Color::Reset));
                if full.symbol().is_ascii() {
                    assert_eq!(plain.symbol(), full.symbol());
                }
            }
            if keys.is_empty() {
                compare("ascii-80x24", &text(&plain));
            }
        }
    });
}
