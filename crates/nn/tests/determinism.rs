//! The same plan and data give the same bits: for any number of threads, changed in the middle or not, alone or beside
//! other trainings, on every instruction set, and as they were stored.

use crate::nets;

use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use nets::{Given, config, measured, measured_on, nets, optimizers, train, train_on};
use toile_kernels::Isa;
use toile_nn::{CategoricalFocalCrossentropy, FitConfig, Layer, Loss, Optimizer};

fn on_threads(layers: &[Layer], optimizer: &Optimizer, epochs: usize, threads: usize) -> Vec<u64> {
    train(layers, &config(optimizer, epochs), &AtomicUsize::new(threads), &|_| {})
}

#[test]
fn measuring_the_layers_moves_no_bit_of_a_training_and_is_the_same_on_any_number_of_threads() {
    for (name, layers) in nets() {
        for (_, optimizer) in optimizers().iter().step_by(3) {
            let plain = config(optimizer, 3);
            let measuring = FitConfig { measures_layers: true, ..plain.clone() };
            let [bits, same] =
                [&plain, &measuring].map(|config| train(&layers, config, &AtomicUsize::new(2), &|_| {}));
            assert!(bits == same, "{name}, {optimizer:?}");
            let alone = measured(&layers, &measuring, 1);
            assert_eq!(alone.lines().count(), 1, "few images are measured once: {alone}");
            for threads in [2, 3, 7] {
                assert_eq!(measured(&layers, &measuring, threads), alone, "{name} on {threads} threads");
            }
        }
    }
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    for (name, layers) in nets() {
        for (_, optimizer) in optimizers().iter().step_by(3) {
            let alone = on_threads(&layers, optimizer, 1, 1);
            for threads in [2, 3, 4, 7, 16] {
                let bits = on_threads(&layers, optimizer, 1, threads);
                assert!(alone == bits, "{name} on {threads} threads, {optimizer:?}");
            }
        }
    }
}

#[test]
fn threads_may_come_and_go_while_a_model_trains() {
    for (name, layers) in nets() {
        let config = config(&optimizers()[2].1, 2);
        let count = AtomicUsize::new(1);
        let changing = train(&layers, &config, &count, &|step| count.store(1 + step % 4, Ordering::Relaxed));
        assert!(changing == train(&layers, &config, &AtomicUsize::new(1), &|_| {}), "{name}");
    }
}

#[test]
fn four_trainings_side_by_side_do_as_one_alone() {
    for (name, layers) in nets() {
        let optimizer = &optimizers()[2].1;
        let alone = on_threads(&layers, optimizer, 1, 1);
        std::thread::scope(|scope| {
            let runs = [1, 2, 3, 1].map(|threads| {
                let layers = &layers;
                scope.spawn(move || on_threads(layers, optimizer, 1, threads))
            });
            for run in runs {
                assert!(run.join().expect("the training ends") == alone, "{name}");
            }
        });
    }
}

#[test]
fn a_training_moves_the_weights_and_lowers_the_loss() {
    for (name, layers) in nets() {
        let bits = on_threads(&layers, &optimizers()[5].1, 6, 2);
        let (first, last) = (f64::from_bits(bits[0]), f64::from_bits(bits[20]));
        assert!(last < first, "{name}: loss {first} then {last}");
    }
}

/// Floats that no byte becomes, and those that bytes become.
#[test]
fn floats_give_the_same_bits_on_any_number_of_threads() {
    for (name, layers) in nets() {
        let optimizer = &optimizers()[5].1;
        let of = |given, threads| {
            train_on(given, &layers, &config(optimizer, 1), &AtomicUsize::new(threads), &|_| {})
        };
        let (bytes, normal) = (of(Given::Bytes, 1), of(Given::Normal, 1));
        assert!(bytes != normal, "{name}");
        for threads in [1, 2, 3, 5, 16] {
            assert!(of(Given::Floats, threads) == bytes, "{name} on {threads} threads");
            assert!(of(Given::Normal, threads) == normal, "{name} on {threads} threads");
        }
    }
}

/// What a training of each net with each optimizer, or each third one, ends with, one line each; and one by the focal
/// loss.
fn hashes(given: Given, step: usize) -> String {
    let mut lines = String::new();
    let mut train = |net: &str, name: &str, layers: &[Layer], config: &FitConfig| {
        let bits = train_on(given, layers, config, &AtomicUsize::new(2), &|_| {});
        lines += &format!("{net} {name} {:016x}\n", hash(&bits));
    };
    for (net, layers) in nets() {
        for (name, optimizer) in optimizers().into_iter().step_by(step) {
            train(net, name, &layers, &config(&optimizer, 1));
        }
    }
    let loss = Loss::CategoricalFocalCrossentropy(CategoricalFocalCrossentropy::default());
    let focal = FitConfig { loss, label_smoothing: 0.1, ..config(&optimizers()[2].1, 1) };
    train("dense", "focal", &nets()[0].1, &focal);
    lines
}

/// FNV-1a, over the bits of the epoch's numbers, the weights and an evaluation.
pub(crate) fn hash(bits: &[u64]) -> u64 {
    bits.iter()
        .flat_map(|word| word.to_le_bytes())
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

const STORED: &str = include_str!("golden/hashes.txt");

/// The other lines are comments, and those of `bfloat16/ways.rs`.
fn is_of_floats(line: &&str) -> bool {
    !line.starts_with('#') && !line.starts_with("mixed_bfloat16")
}

/// Set by this file for itself, to tell the instruction set to the process that it starts.
const ISA: &str = "TOILE_TEST_ISA";

/// A release that changes a bit of any result must say so: by a new `NUMERICS`, which runs' ids contain. The bytes k
/// and the floats k / 255 end with the same bits.
#[test]
fn trainings_end_with_the_stored_bits_on_every_instruction_set() {
    let wanted: Vec<_> = Isa::ALL.into_iter().filter(|isa| isa.available()).collect();
    let (mut of_layers, mut of_normal) = (None, None);
    for isa in wanted {
        let this = std::env::current_exe().expect("a test has a file");
        let arguments = ["--exact", "determinism::child", "--ignored", "--nocapture"];
        let output = Command::new(this).args(arguments).env(ISA, isa.name()).output();
        let output = output.expect("the test starts itself");
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{}: {text}{}", isa.name(), String::from_utf8_lossy(&output.stderr));
        let found_of = |prefix: &str| text.lines().filter_map(|l| l.strip_prefix(prefix)).collect::<Vec<_>>();
        let stored: Vec<_> = STORED.lines().filter(is_of_floats).collect();
        let layers: Vec<String> = found_of("layers: ").into_iter().map(String::from).collect();
        assert!(layers.len() == nets().len() && *of_layers.get_or_insert(layers.clone()) == layers, "{text}");
        let found = found_of("hash: ");
        assert_eq!(found, stored, "{}, if meant: raise NUMERICS and store the new ones", isa.name());
        let floats = found_of("floats: ");
        assert!(
            floats.len() == 13 && floats.iter().all(|line| stored.contains(line)),
            "{}: {text}",
            isa.name()
        );
        let normal: Vec<String> = found_of("normal: ").into_iter().map(String::from).collect();
        assert!(normal.len() == 13 && normal.iter().all(|line| !stored.contains(&&line[..])), "{text}");
        assert_eq!(*of_normal.get_or_insert(normal.clone()), normal, "{}, no bytes", isa.name());
    }
}

/// Not a test by itself: prints the hashes on the instruction set that it is told. To store new ones: `cargo test -p
/// toile-nn --test all determinism::child -- --ignored --nocapture | sed -n 's/^hash: //p'`.
#[test]
#[ignore = "started by the test before"]
#[allow(clippy::print_stdout)]
fn child() {
    if let Some(isa) = std::env::var(ISA).ok().and_then(|name| Isa::from_name(&name)) {
        toile_kernels::select(isa).expect("nothing has run yet");
    }
    for (prefix, given, step) in
        [("hash", Given::Bytes, 1), ("floats", Given::Floats, 3), ("normal", Given::Normal, 3)]
    {
        for line in hashes(given, step).lines() {
            println!("{prefix}: {line}");
        }
    }
    for (_, layers) in nets() {
        let config = FitConfig { measures_layers: true, ..config(&optimizers()[2].1, 1) };
        let layers_of = |given| measured_on(given, &layers, &config, 2);
        assert_eq!(layers_of(Given::Bytes), layers_of(Given::Floats));
        print!("layers: {}", layers_of(Given::Bytes));
    }
}
