//! The range test: where a rate lies, what is suggested, and what is drawn, on curves made by a formula.

use toile_record::{RangeTestRecord, SweepEnd, SweepRecord};
use toile_report::{RangeTestView, RateStanding, range_test, range_test_html, range_test_svg};

const BATCHES: usize = 300;

/// Falls from 2.3 around the rate `at`, and rises beyond the rate `end`.
fn sweep(seed: u64, at: f64, end: f64) -> SweepRecord {
    let rates: Vec<f64> = (0..BATCHES).map(|i| 1e-6 * 1e7f64.powf(i as f64 / 299.0)).collect();
    let loss = |rate: &f64| 0.5 + 1.8 / (1.0 + (rate / at).powi(2)) + (rate / end).powi(3);
    SweepRecord { seed, losses: rates.iter().map(loss).collect(), rates, end: SweepEnd::Whole }
}

fn record(learning_rate: f64, sweeps: Vec<SweepRecord>) -> RangeTestRecord {
    RangeTestRecord {
        study: "a <study>".into(),
        run: "Run & \"one\"".into(),
        model: "dense".into(),
        optimizer: "adam".into(),
        learning_rate,
        schedule: None,
        batch_size: 128,
        batches: BATCHES,
        procedural: true,
        sweeps,
    }
}

/// Three seeds, of which the first begins to fall at a third of 1e-3, the others at twice and half of that.
fn seeds() -> Vec<SweepRecord> {
    vec![sweep(7, 1e-3, 0.5), sweep(8, 2e-3, 0.6), sweep(9, 5e-4, 0.4)]
}

fn view(learning_rate: f64) -> RangeTestView {
    range_test(&record(learning_rate, seeds()))
}

#[test]
fn a_rate_stands_below_at_an_end_inside_or_above() {
    use RateStanding::{Above, Below, Inside, LowerEnd, UpperEnd};
    let found = view(1e-3);
    let (spread, [low, high]) = (found.spread.unwrap(), found.interval.unwrap());
    assert_eq!([low, high], [spread.low[1], spread.high[0]], "what holds for every seed");
    assert!(spread.low[0] < low && high < spread.high[1], "{spread:?}");
    for (rate, standing, words) in [
        (spread.low[0] * 0.9, Below, "lies below"),
        (low * 0.95, LowerEnd, "lies at the lower end, below it for 1 of 3 seeds"),
        (1e-2, Inside, "learning_rate = 0.01 lies inside."),
        (high * 1.02, UpperEnd, "lies at the upper end, above it for 1 of 3 seeds"),
        (spread.high[1] * 1.1, Above, "lies above: at such rates the loss rises; try "),
    ] {
        let view = view(rate);
        assert_eq!(view.standing, standing, "{rate}");
        assert!(view.sentences[1].contains(words), "{:?}", view.sentences);
    }
    let suggested = found.try_rate.unwrap();
    assert!((low..=high).contains(&suggested), "{suggested}");
}

#[test]
fn curves_without_a_valley_suggest_nothing() {
    let flat = |seed| sweep(seed, 1e9, 1e9);
    let found = range_test(&record(0.1, vec![flat(1), flat(2)]));
    assert_eq!((found.interval, found.try_rate, found.standing), (None, None, RateStanding::Unknown));
    assert_eq!(found.sentences.len(), 1);
    assert!(found.sentences[0].contains("the curves have no valley"), "{:?}", found.sentences);
    // One flat seed among others counts for nothing, and is named.
    let mixed = range_test(&record(0.01, vec![sweep(1, 1e-3, 0.5), flat(2)]));
    assert!(mixed.sentences.iter().any(|said| said.contains("The curve of seed 2 has no valley")));
    // Seeds that contradict each other leave no interval.
    let apart = range_test(&record(0.01, vec![sweep(1, 1e-5, 1e-3), sweep(2, 0.3, 3.0)]));
    assert_eq!((apart.interval, apart.try_rate), (None, None));
    assert!(apart.sentences[0].contains("no learning rate at which training works for every seed"));
}

#[test]
fn a_sweep_that_broke_off_at_once_is_named() {
    let mut broken = sweep(8, 1e-3, 0.5);
    broken.rates.truncate(5);
    broken.losses.truncate(5);
    broken.end = SweepEnd::NotFinite;
    let found = range_test(&record(0.01, vec![sweep(7, 1e-3, 0.5), broken.clone()]));
    assert!(found.sentences.iter().any(|said| said.contains("8 (its loss was no number after 5 batches)")));
    let alone = range_test(&record(0.01, vec![broken.clone()]));
    assert_eq!(alone.sentences, ["The loss was no number before any sweep could show something."]);
    for view in [found, range_test(&record(0.01, vec![broken])), range_test(&record(0.01, Vec::new()))] {
        assert!(range_test_html(&view, "1").contains("</svg>") && !range_test_svg(&view).contains("NaN"));
    }
}

/// It said that the loss rises above a rate beyond which nothing was tried.
#[test]
fn a_loss_that_still_falls_at_the_end_of_the_sweep_is_not_said_to_rise() {
    let open = range_test(&record(0.01, vec![sweep(1, 1e-3, 1e9)]));
    let said = open.sentences.join(" ");
    assert!(open.is_open && said.contains("it still falls at the largest rate of the sweep"), "{said}");
    assert!(!said.contains("it rises"), "{said}");
}

#[test]
fn the_schedule_that_is_left_out_is_named() {
    let scheduled = RangeTestRecord { schedule: Some("cosine".into()), ..record(0.01, seeds()) };
    let said = range_test(&scheduled).sentences.join(" ");
    assert!(said.contains("The run's schedule, cosine, is left out"), "{said}");
}

/// Names of users are escaped, procedural data are called so, and the picture stands alone.
#[test]
fn the_page_and_the_picture_are_safe_and_whole() {
    let view = view(1e-3);
    let (page, picture) = (range_test_html(&view, "1.2.3"), range_test_svg(&view));
    for text in [&page, &picture] {
        assert!(!text.contains("a <study>") && !text.contains("Run & \"one\""), "{text}");
        assert!(text.contains(toile_report::PROCEDURAL_NOTICE) && text.contains("seed 9"));
        assert!(!text.contains("NaN") && !text.contains("inf"), "{text}");
        // The curves were drawn without a colour, and in the picture not at all.
        assert!(
            text.contains("svg.range-test .line{stroke:var(--c)") && text.contains(".l0{--c:#"),
            "{text}"
        );
    }
    assert!(
        page.contains("toile 1.2.3") && page.contains("a &#60;study&#62;")
            || page.contains("a &lt;study&gt;")
    );
    assert!(
        picture.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\"") && picture.ends_with("</svg>\n")
    );
    assert_eq!(picture.matches("<style>").count(), 1);
    assert_eq!(range_test_svg(&view), picture, "the same bytes");
}
