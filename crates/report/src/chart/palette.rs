//! Colours: eight that runs have, and eleven steps of the heat map with a text colour that can be read on each, all for
//! light and for dark pages.
//!
//! The hue of the steps is Okabe and Ito's blue; they differ in lightness, so that they read the same without colour
//! vision. The colours of runs are near those of Okabe and Ito, as dark or as light as words in them have to be.

/// The number of steps.
pub(super) const STEPS: usize = 11;

type Rgb = [f64; 3];

const LIGHT: (Rgb, Rgb) = ([255.0, 255.0, 255.0], [0.0, 74.0, 122.0]);
const DARK: (Rgb, Rgb) = ([22.0, 26.0, 33.0], [134.0, 205.0, 245.0]);

/// How many colours runs have.
pub(crate) const RUN_COLOURS: usize = 8;

/// The colours of runs: blue, vermilion, green, purple, ochre, grey-black, rose, turquoise.
const RUNS_LIGHT: [Rgb; RUN_COLOURS] = [
    [0.0, 84.0, 200.0],
    [184.0, 66.0, 0.0],
    [0.0, 112.0, 50.0],
    [124.0, 60.0, 150.0],
    [134.0, 104.0, 0.0],
    [26.0, 30.0, 36.0],
    [205.0, 30.0, 110.0],
    [0.0, 124.0, 140.0],
];
const RUNS_DARK: [Rgb; RUN_COLOURS] = [
    [86.0, 160.0, 245.0],
    [255.0, 138.0, 76.0],
    [60.0, 200.0, 110.0],
    [190.0, 140.0, 240.0],
    [235.0, 195.0, 60.0],
    [228.0, 232.0, 238.0],
    [255.0, 130.0, 185.0],
    [70.0, 220.0, 225.0],
];

/// What is added to the classes of an element to give it the colour of a run; nothing if it has none.
pub(super) fn run_class(colour: Option<usize>) -> String {
    colour.map_or_else(String::new, |colour| format!(" c{}", colour % RUN_COLOURS))
}

/// The step for a part of a row, from 0 to 1. The root spreads the small parts, where the confusions are.
pub(super) fn step(part: f64) -> usize {
    let root = part.clamp(0.0, 1.0).sqrt();
    if root == 0.0 { 0 } else { ((root * (STEPS - 1) as f64).round() as usize).clamp(1, STEPS - 1) }
}

/// The colour of a step on a light page, for images.
pub(super) fn rgb(step: usize) -> [u8; 3] {
    mix(LIGHT, step).map(|channel| channel.round() as u8)
}

/// The rules for `.h0` to `.h10` (fill), `.t0` to `.t10` (text), and the colours `.c0` to `.c7` of runs and `.l0` to
/// `.l7` of other lines, light and dark.
pub(crate) fn css() -> String {
    let rules = |theme, runs: &[Rgb]| {
        let steps = (0..STEPS).map(|i| {
            let fill = mix(theme, i);
            format!(".h{i}{{fill:{}}}.t{i}{{fill:{}}}", hex(fill), hex(ink(fill)))
        });
        let colours = runs.iter().enumerate().map(|(i, run)| format!(".c{i},.l{i}{{--c:{}}}", hex(*run)));
        steps.chain(colours).collect::<String>()
    };
    let (light, dark) = (rules(LIGHT, &RUNS_LIGHT), rules(DARK, &RUNS_DARK));
    format!("{light}\n@media (prefers-color-scheme:dark){{@media screen{{{dark}}}}}\n")
}

fn mix((from, to): (Rgb, Rgb), step: usize) -> Rgb {
    let part = step as f64 / (STEPS - 1) as f64;
    std::array::from_fn(|i| from[i] + part * (to[i] - from[i]))
}

/// Black or white, whichever can be read better.
fn ink(ground: Rgb) -> Rgb {
    let (black, white) = ([0.0; 3], [255.0; 3]);
    if contrast(black, ground) >= contrast(white, ground) { black } else { white }
}

/// Contrast after WCAG 2.2.
fn contrast(a: Rgb, b: Rgb) -> f64 {
    let (a, b) = (luminance(a) + 0.05, luminance(b) + 0.05);
    if a > b { a / b } else { b / a }
}

fn luminance(color: Rgb) -> f64 {
    let linear = color.map(|channel| {
        let c = channel / 255.0;
        if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
    });
    0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
}

fn hex(color: Rgb) -> String {
    let [r, g, b] = color.map(|channel| channel.round() as u8);
    format!("#{r:02x}{g:02x}{b:02x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The two ends by definition; #767676 on white is the well-known 4.54.
    #[test]
    fn contrast_is_that_of_wcag() {
        assert!((contrast([0.0; 3], [255.0; 3]) - 21.0).abs() < 1e-9);
        assert!((contrast([118.0; 3], [255.0; 3]) - 4.54).abs() < 0.01);
    }

    #[test]
    fn the_count_in_every_cell_can_be_read() {
        for theme in [LIGHT, DARK] {
            for i in 0..STEPS {
                let ground = mix(theme, i);
                assert!(contrast(ink(ground), ground) >= 4.5, "step {i}: {}", contrast(ink(ground), ground));
            }
        }
    }

    /// The paper of the style sheet, light and dark.
    const PAPER: [Rgb; 2] = [[255.0; 3], [18.0, 22.0, 27.0]];

    #[test]
    fn a_name_in_the_colour_of_a_run_can_be_read() {
        for (runs, paper) in [RUNS_LIGHT, RUNS_DARK].iter().zip(PAPER) {
            for run in runs {
                assert!(contrast(*run, paper) >= 4.5, "{run:?} on {paper:?}: {}", contrast(*run, paper));
            }
        }
    }

    /// "joint at random" and "Trial 1" were the same blue. The redmean distance runs from 0 to 765.
    #[test]
    fn no_two_runs_have_nearly_the_same_colour() {
        let distance = |a: Rgb, b: Rgb| {
            let (red, d) = (0.5 * (a[0] + b[0]), [a[0] - b[0], a[1] - b[1], a[2] - b[2]].map(|d| d * d));
            ((2.0 + red / 256.0) * d[0] + 4.0 * d[1] + (2.0 + (255.0 - red) / 256.0) * d[2]).sqrt()
        };
        for runs in [RUNS_LIGHT, RUNS_DARK] {
            for (i, a) in runs.iter().enumerate() {
                for b in &runs[..i] {
                    assert!(distance(*a, *b) > 80.0, "{a:?} and {b:?}: {}", distance(*a, *b));
                }
            }
        }
    }

    #[test]
    fn small_parts_have_steps_of_their_own_and_nothing_is_blank() {
        assert_eq!(
            [step(0.0), step(1e-6), step(0.01), step(0.1), step(0.25), step(1.0)],
            [0, 1, 1, 3, 5, 10]
        );
    }
}
