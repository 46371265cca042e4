//! Files of networks that are damaged in every way that a generator can think of: no input makes a reader
//! panic, or take more than it is worth. 100,000 of them, the same in every run; `TOILE_MUTATIONS` takes
//! another number.

#[path = "../../data/tests/damage/mod.rs"]
mod damage;
use crate::networks;

use damage::{damage, inputs};
use networks::{facts, networks};
use toile_exchange::InputKind;
use toile_exchange::c::{to_c, weights_of_c};
use toile_exchange::hdf5::read_hdf5;
use toile_exchange::keras::{from_keras, from_weights_h5};
use toile_exchange::onnx::{from_onnx, to_onnx};
use toile_exchange::pytorch::to_pytorch;
use toile_exchange::safetensors::from_safetensors;
use toile_rng::Seed;

/// Reads so many damaged forms of the files; gives how many were networks all the same.
fn read_damaged(name: &str, files: &[Vec<u8>], inputs: usize, read: &dyn Fn(&[u8], usize) -> bool) -> usize {
    let damaged = (0..inputs).map(|i| {
        let random = &mut Seed::new(1).stream(name, i as u64);
        let which = i % files.len();
        let other = &files[random.below(files.len() as u32) as usize];
        read(&damage(random, files[which].clone(), other), which)
    });
    damaged.filter(|is_read| *is_read).count()
}

#[test]
fn damaged_keras_files_are_refused_or_read() {
    let whole: [&[u8]; 2] =
        [include_bytes!("fixtures/keras.keras"), include_bytes!("fixtures/functional.keras")];
    let files = whole.map(<[u8]>::to_vec);
    let read = read_damaged("keras", &files, inputs() / 10, &|bytes, _| from_keras(bytes).is_ok());
    assert!(read > 0, "some damage does no harm");
}

#[test]
fn damaged_hdf5_files_are_refused_or_read() {
    let whole: [&[u8]; 4] = [
        include_bytes!("fixtures/functional.weights.h5"),
        include_bytes!("fixtures/h5py.h5"),
        include_bytes!("fixtures/h5py_small.h5"),
        include_bytes!("fixtures/h5py_chunks.h5"),
    ];
    let files = whole.map(<[u8]>::to_vec);
    let read = read_damaged("hdf5", &files, inputs() / 10 * 4, &|bytes, _| read_hdf5(bytes).is_ok());
    assert!(read > 0);
    let chain = from_keras(include_bytes!("fixtures/functional.keras")).expect("the chain");
    let into_layers = |bytes: &[u8], _| from_weights_h5(bytes, &chain.layers, chain.image).is_ok();
    assert!(read_damaged("weights.h5", &files[..1], inputs() / 10, &into_layers) > 0);
}

#[test]
fn damaged_exports_are_refused_or_read() {
    let networks = networks();
    let described: Vec<_> = networks.iter().map(|network| network.model.describe()).collect();
    let layers: Vec<Vec<_>> =
        described.iter().map(|of| of.layers.iter().map(|layer| layer.layer.clone()).collect()).collect();
    let share = inputs() / 10;
    let of_each = |make: &dyn Fn(usize) -> Vec<u8>| (0..networks.len()).map(make).collect::<Vec<_>>();
    let model_facts = |i: usize| facts(&networks[i].model);
    let onnx =
        of_each(&|i| to_onnx(&described[i], &model_facts(i), InputKind::Uint8).expect("a small network"));
    assert!(read_damaged("onnx", &onnx, share * 2, &|bytes, _| from_onnx(bytes).is_ok()) > 0);
    let torch = of_each(&|i| to_pytorch(&described[i], &model_facts(i), InputKind::Float, "net").weights);
    let into_layers =
        |bytes: &[u8], i: usize| from_safetensors(bytes, &layers[i], described[i].image).is_ok();
    assert!(read_damaged("safetensors", &torch, share, &into_layers) > 0);
    let c = of_each(&|i| {
        to_c(&described[i], &model_facts(i), InputKind::Uint8, "net")
            .map_or_else(|_| b"//".to_vec(), String::into_bytes)
    });
    let text = |bytes: &[u8], _| weights_of_c(&String::from_utf8_lossy(bytes)).is_ok();
    assert!(read_damaged("c", &c, share, &text) > 0);
}
