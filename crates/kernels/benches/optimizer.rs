//! The optimizers' updates of a layer of 784 x 32 and of a block of it that stays in L1: elements are weights.
#![allow(missing_docs)]

mod common;

use common::{group, measure, numbers};
use criterion::{Criterion, criterion_group, criterion_main};
use toile_kernels::optimizer::{
    AdamMoments, AdamStep, NadamMoments, NadamStep, RmspropMoments, RmspropStep, adam, decay, nadam, rmsprop,
    sgd, sgd_momentum,
};

const ADAM: AdamStep =
    AdamStep { alpha: 1e-9, one_minus_beta_1: 0.1, one_minus_beta_2: 0.001, epsilon: 1e-7 };
const NADAM: NadamStep = NadamStep {
    learning_rate: 1e-9,
    one_minus_beta_1: 0.1,
    one_minus_beta_2: 0.001,
    m_factor: 0.9,
    g_factor: 0.1,
    v_divisor: 0.5,
    epsilon: 1e-7,
};
const RMSPROP: RmspropStep =
    RmspropStep { learning_rate: 1e-9, rho: 0.9, one_minus_rho: 0.1, momentum: 0.0, epsilon: 1e-7 };

fn updates(criterion: &mut Criterion) {
    let mut group = group(criterion, "optimizer");
    for n in [784 * 32, 64 * 32] {
        let (mut w, mut m, mut v, g) = (numbers(n, 1), numbers(n, 2), numbers(n, 3), numbers(n, 4));
        v.iter_mut().for_each(|v| *v = v.abs() + 0.1);
        measure(&mut group, &format!("sgd {n}"), n, || sgd(&mut w, &g, 1e-9));
        measure(&mut group, &format!("momentum {n}"), n, || {
            sgd_momentum(&mut w, &mut m, &g, 1e-9, 0.9, false);
        });
        measure(&mut group, &format!("adam {n}"), n, || {
            adam(&mut w, &g, AdamMoments { m: &mut m, v: &mut v, vhat: None }, ADAM);
        });
        measure(&mut group, &format!("nadam {n}"), n, || {
            nadam(&mut w, &g, NadamMoments { m: &mut m, v: &mut v }, NADAM);
        });
        measure(&mut group, &format!("rmsprop {n}"), n, || {
            rmsprop(&mut w, &g, RmspropMoments { square: &mut v, mean: None, speed: None }, RMSPROP);
        });
        measure(&mut group, &format!("decay {n}"), n, || decay(&mut w, 1e-9));
    }
    group.finish();
}

criterion_group!(benches, updates);
criterion_main!(benches);
