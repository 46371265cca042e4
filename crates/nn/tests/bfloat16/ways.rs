//! Every way of multiplying, any number of threads: the same bits, and those that are stored.

use std::process::Command;

use toile_kernels::bf16::{ProductWay, select_product_way};
use toile_nn::FitConfig;

use super::{config, nets, train, train_on};
use crate::nets::{Given, optimizers};

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    for (name, layers) in nets() {
        let config = FitConfig { measures_layers: true, ..config(&optimizers()[2].1, 1) };
        let alone = train(&layers, &config, 1);
        for threads in [2, 3, 7] {
            assert!(train(&layers, &config, threads) == alone, "{name} on {threads} threads");
        }
    }
}

/// Floats that bytes become have the bytes' bits; others have bits of their own, on any number of threads.
#[test]
fn floats_give_the_same_bits_as_the_bytes_that_they_were() {
    for (name, layers) in nets() {
        let config = config(&optimizers()[5].1, 1);
        let of = |given, threads| train_on(given, &layers, &config, threads);
        assert!(of(Given::Floats, 1) == of(Given::Bytes, 2), "{name}");
        assert!(of(Given::Normal, 1) == of(Given::Normal, 3), "{name}");
    }
}

/// A step of a batch is computed in chunks of 32 images and more; what an image gives depends on none of the others.
#[test]
fn a_prediction_does_not_depend_on_the_images_beside_it() {
    let noise = crate::nets::Noise::new(70);
    for (name, layers) in nets() {
        let model = super::model(&layers, 3);
        let bits = |floats: Vec<f32>| floats.into_iter().map(f32::to_bits).collect::<Vec<_>>();
        let all = bits(toile_nn::predict(&model, &noise.images[..], 2));
        let size = crate::nets::SHAPE.values();
        for image in [0, 31, 32, 69] {
            let alone = bits(toile_nn::predict(&model, &noise.images[image * size..][..size], 1));
            assert_eq!(alone, all[image * 5..][..5], "{name}, image {image}");
        }
    }
}

const STORED: &str = include_str!("../golden/hashes.txt");
/// What the lines of this policy begin with.
const PREFIX: &str = "mixed_bfloat16 ";
/// Set by this file for itself, to tell the way to the process that it starts.
const WAY: &str = "TOILE_TEST_PRODUCT_WAY";

/// A release that changes a bit of such a training must say so: by a new `NUMERICS_BF16`, which these runs' ids
/// contain. The stored bits were made by the portable way.
#[test]
#[allow(clippy::print_stderr)]
fn trainings_end_with_the_stored_bits_by_every_way_that_this_machine_has() {
    let stored: Vec<_> = STORED.lines().filter_map(|line| line.strip_prefix(PREFIX)).collect();
    assert_eq!(stored.len(), nets().len() * 3, "a line for each net and three optimizers");
    let (here, missing): (Vec<_>, Vec<_>) = ProductWay::ALL.into_iter().partition(|way| way.available());
    eprintln!("not on this machine, so not held to the stored bits: {missing:?}");
    let children = here.iter().map(|way| {
        let this = std::env::current_exe().expect("a test has a file");
        let arguments = ["--exact", "bfloat16::ways::child", "--ignored", "--nocapture"];
        let output = Command::new(this).args(arguments).env(WAY, way.name()).output();
        (way, output.expect("the test starts itself"))
    });
    for (way, output) in children {
        let text = String::from_utf8_lossy(&output.stdout);
        let name = way.name();
        assert!(output.status.success(), "{name}: {text}{}", String::from_utf8_lossy(&output.stderr));
        let found: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("hash: ")).collect();
        assert_eq!(found, stored, "{name}; if meant: raise NUMERICS_BF16 and store the new ones");
    }
}

/// Not a test by itself: prints the hashes by the way that it is told. To store new ones:
/// `TOILE_TEST_PRODUCT_WAY=portable cargo test -p toile-nn --test all bfloat16::ways::child -- --ignored --nocapture |
/// sed -n 's/^hash: /mixed_bfloat16 /p'`.
#[test]
#[ignore = "started by the test before"]
#[allow(clippy::print_stdout)]
fn child() {
    if let Some(way) = std::env::var(WAY).ok().and_then(|name| ProductWay::from_name(&name)) {
        toile_kernels::select(way.isa()).expect("nothing has run yet");
        select_product_way(way).expect("nothing has run yet");
        assert_eq!(toile_kernels::bf16::product_way(), way);
    }
    for (net, layers) in nets() {
        for (name, optimizer) in optimizers().into_iter().step_by(3) {
            let config = FitConfig { measures_layers: true, ..config(&optimizer, 1) };
            println!("hash: {net} {name} {:016x}", crate::determinism::hash(&train(&layers, &config, 2)));
        }
    }
}
