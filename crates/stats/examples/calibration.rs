//! How often the crossed comparison errs, on made-up runs of recipes of equal accuracy: `cargo run --release -p
//! toile-stats --example calibration -- [REPETITIONS] [TABLES] [WORLD]`, by default 20,000, 500 and all.
//!
//! On 10,000 images, at an accuracy of .876, two runs of one recipe differ on 5 % of the images: a tenth of them is
//! right or wrong by chance. A level of 5 % is kept if at most 5 % of the comparisons are called better.
#![allow(clippy::print_stdout)]

use toile_rng::{Seed, Stream};
use toile_stats::{Crossed, Pairing, RunScores, Verdict, verdicts, welch};

const IMAGES: usize = 10_000;
/// Images that are right by chance, with probability ½ for a run that does not move.
const UNSURE: usize = 1_000;
const SURELY_RIGHT: usize = 8_260;
const SEEDS: [usize; 4] = [2, 3, 5, 10];

/// A world in which no recipe is better than another. Where whole runs move, recipes differ on 7 % of the images too.
struct World {
    name: &'static str,
    /// The share of images on which recipes differ for good, each right on half of them.
    functions: f64,
    /// By how much a whole run of A and of B moves, in accuracy.
    shift: [fn(&mut Stream) -> f64; 2],
    /// How much of the move is common to the runs of one seed.
    shared: f64,
}

fn none(_: &mut Stream) -> f64 {
    0.0
}

fn normal(stream: &mut Stream) -> f64 {
    0.008 * stream.normal_f64()
}

/// Student's t with 3 degrees of freedom, scaled to a standard deviation of half a point.
fn heavy(stream: &mut Stream) -> f64 {
    let squares: f64 = (0..3).map(|_| stream.normal_f64().powi(2)).sum();
    0.005 / 3f64.sqrt() * stream.normal_f64() / (squares / 3.0).sqrt()
}

const WORLDS: [World; 8] = [
    World { name: "copies of one recipe", functions: 0.0, shift: [none, none], shared: 0.0 },
    World { name: "functions, 5.7 %", functions: 0.007, shift: [none, none], shared: 0.0 },
    World { name: "functions, 7 %", functions: 0.02, shift: [none, none], shared: 0.0 },
    World { name: "functions, 10 %", functions: 0.05, shift: [none, none], shared: 0.0 },
    World { name: "shift .8 points", functions: 0.02, shift: [normal, normal], shared: 0.0 },
    World { name: "shift in one of the two", functions: 0.02, shift: [normal, none], shared: 0.0 },
    World { name: "heavy tails (t3, .5 points)", functions: 0.02, shift: [heavy, heavy], shared: 0.0 },
    World { name: "shared shifts, correlation .8", functions: 0.02, shift: [normal, normal], shared: 0.8 },
];

/// The images on which A and B differ for good: whether A is the one that is right.
fn own_images(world: &World, stream: &mut Stream) -> Vec<Option<bool>> {
    // Each image is one of these with that probability, so that their number varies as it does in a sample of images.
    (0..IMAGES)
        .map(|_| stream.uniform_f64())
        .map(|u| (u < world.functions).then_some(u < 0.5 * world.functions))
        .collect()
}

/// Right or wrong of a recipe, A (`side` true) or B, where it does not vary: `own` where they differ for good.
fn template(own: &[Option<bool>], side: bool) -> Vec<bool> {
    (0..IMAGES).map(|i| own[i].map_or(i < UNSURE + SURELY_RIGHT, |right| right == side)).collect()
}

/// One run of it: chance on the unsure images.
fn run(template: &[bool], own: &[Option<bool>], shift: f64, stream: &mut Stream) -> Vec<bool> {
    let q = (0.5 + shift * IMAGES as f64 / UNSURE as f64).clamp(0.0, 1.0);
    let threshold = (q * 4_294_967_296.0) as u64;
    let mut run = template.to_vec();
    for i in (0..UNSURE).filter(|i| own[*i].is_none()) {
        run[i] = u64::from(stream.next_u32()) < threshold;
    }
    run
}

/// The runs of A and of B, as many as the last of the numbers of seeds.
fn recipes(world: &World, stream: &mut Stream) -> [Vec<Vec<bool>>; 2] {
    let seeds = SEEDS[SEEDS.len() - 1];
    let own = if world.functions > 0.0 { own_images(world, stream) } else { vec![None; IMAGES] };
    let common: Vec<f64> = (0..seeds).map(|_| normal(stream)).collect();
    [0, 1].map(|side| {
        let template = template(&own, side == 0);
        let one = |s: usize| {
            let alone = (world.shift[side])(stream);
            let shift = (1.0 - world.shared).sqrt() * alone + world.shared.sqrt() * common[s];
            run(&template, &own, shift, stream)
        };
        (0..seeds).map(one).collect()
    })
}

/// Of so many comparisons, by seeds: per cent called better, equivalent within half a point, better by Welch's test.
fn single(world: &World, repetitions: u64) -> [[f64; 3]; 4] {
    let mut counts = [[0u32; 3]; 4];
    for repetition in 0..repetitions {
        let all = recipes(world, &mut Seed::new(repetition).stream(world.name, 0));
        for (count, seeds) in counts.iter_mut().zip(SEEDS) {
            let [a, b] = [0, 1].map(|k| scores(&all[k][..seeds]));
            let found = Crossed::new(&a, &b).expect("two recipes");
            let over_seeds = welch(&a.run_means(), &b.run_means(), 0.95).expect("runs").p;
            // The same as p ≤ .05 and p_eq ≤ .05, without solving for p.
            let d = found.difference.abs();
            count[0] += u32::from(d >= found.reach(0.025) && d > 0.0);
            count[1] += u32::from(d + found.reach(0.05) <= 0.005);
            count[2] += u32::from(over_seeds <= 0.05);
        }
    }
    counts.map(|cell| cell.map(|count| 100.0 * f64::from(count) / repetitions as f64))
}

fn scores(runs: &[Vec<bool>]) -> RunScores {
    RunScores::of_correct(runs.iter().map(|run| run.iter().copied())).expect("runs")
}

/// Ten recipes of equal accuracy: in how many tables of 45 pairs any is called better, by Holm's correction.
fn any_of_ten(world: &World, seeds: usize, tables: u64) -> f64 {
    let mut wrong = 0;
    // Two recipes that are each right on a random half of them differ on half of them.
    let dividing = 2.0 * world.functions * IMAGES as f64;
    for table in 0..tables {
        let mut stream = Seed::new(table).stream(world.name, 1_000 + seeds as u64);
        let all: Vec<RunScores> = (0..10)
            .map(|recipe| {
                let own: Vec<Option<bool>> = (0..IMAGES)
                    .map(|i| i >= UNSURE && ((i - UNSURE) as f64) < dividing)
                    .map(|divides| divides.then(|| stream.next_u32() & 1 == 1))
                    .collect();
                let shift = world.shift[usize::from(recipe > 0)];
                let template = template(&own, true);
                let one = |_| {
                    let by = shift(&mut stream);
                    run(&template, &own, by, &mut stream)
                };
                scores(&(0..seeds).map(one).collect::<Vec<_>>())
            })
            .collect();
        let pairs = (0..10).flat_map(|a| (a + 1..10).map(move |b| (a, b)));
        let pairings: Vec<Pairing> =
            pairs.map(|(a, b)| Pairing::new(Crossed::new(&all[a], &all[b]).expect("runs"))).collect();
        let judged = verdicts(&pairings);
        wrong += u32::from(judged.iter().any(|j| matches!(j.verdict, Verdict::Better { .. })));
    }
    100.0 * f64::from(wrong) / tables as f64
}

fn main() {
    let number = |i: usize, default: u64| {
        std::env::args().nth(i).and_then(|argument| argument.parse().ok()).unwrap_or(default)
    };
    let (repetitions, tables) = (number(1, 20_000), number(2, 500));
    let named = std::env::args().nth(3).unwrap_or_default();
    let worlds = || WORLDS.iter().filter(|world| world.name.contains(&named));
    println!("Per cent of {repetitions} comparisons, by seeds {SEEDS:?}");
    for world in worlds() {
        let cells = single(world, repetitions);
        for (k, what) in
            ["better (false)", "equivalent within .5", "Welch over seeds (false)"].iter().enumerate()
        {
            let row = cells.map(|cell| format!("{:5.1}", cell[k])).join(" ");
            println!("{:30} {what:25} {row}", world.name);
        }
    }
    println!("Per cent of {tables} tables of ten recipes with any false better, by seeds [3, 5, 10]");
    for world in worlds().filter(|world| world.shared == 0.0) {
        let row = [3, 5, 10].map(|seeds| format!("{:5.1}", any_of_ten(world, seeds, tables))).join(" ");
        println!("{:30} {row}", world.name);
    }
}
