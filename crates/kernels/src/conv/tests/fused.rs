//! Pooling in the same pass, and gradients piece by piece, against the same things one after the other: the same bits.

use super::*;
use crate::isa::on_each_isa;
use crate::pooling::{PoolShape, max_pool, max_pool_backward};

const POOLED: Epilogue = Epilogue { relu: true, max_pool: true };

fn pool_shape(s: &ConvShape) -> PoolShape {
    PoolShape {
        height: s.out_height,
        width: s.out_width,
        channels: s.filters,
        pool: [2, 2],
        strides: [2, 2],
        pad_top: 0,
        pad_left: 0,
        out_height: s.out_height / 2,
        out_width: s.out_width / 2,
    }
}

/// Sets the gradient of the outputs for a layer with this epilogue.
fn with_gradient(mut case: ConvCase, epilogue: Epilogue) -> ConvCase {
    case.d_y = numbers(case.images * case.shape.lens(epilogue)[1], 5);
    case
}

/// The convolution, the pooling and their gradients as four passes.
fn one_after_the_other(case: &ConvCase, algorithm: ConvAlgorithm, pooled_d_y: &[f32]) -> ConvResults {
    let (pool, plain) = (pool_shape(&case.shape), case.run(algorithm, 0.0));
    let mut y = vec![0.0; pooled_d_y.len()];
    max_pool(&pool, case.images, &plain.y, &mut y);
    let mut d_y = vec![0.0; plain.y.len()];
    max_pool_backward(&pool, case.images, &plain.y, &y, pooled_d_y, &mut d_y);
    let case = ConvCase {
        shape: case.shape,
        images: case.images,
        bias: case.bias,
        relu: case.relu,
        x: case.x.clone(),
        kernel: case.kernel.clone(),
        biases: case.biases.clone(),
        d_y,
    };
    ConvResults { y, ..case.run(algorithm, 0.0) }
}

/// Equal, or both NaN.
fn assert_same(found: &ConvResults, expected: &ConvResults, what: &str) {
    let pairs = [
        ("y", &found.y, &expected.y),
        ("d_x", &found.d_x, &expected.d_x),
        ("d_kernel", &found.d_kernel, &expected.d_kernel),
        ("d_bias", &found.d_bias, &expected.d_bias),
    ];
    for (tensor, found, expected) in pairs {
        assert_eq!(found.len(), expected.len(), "{tensor}: {what}");
        for (i, (f, e)) in found.iter().zip(expected).enumerate() {
            assert!(f == e || (f.is_nan() && e.is_nan()), "{tensor}[{i}]: {f}, {e} expected: {what}");
        }
    }
}

fn check_pooled(case: ConvCase, tile: usize) {
    let algorithm = ConvAlgorithm::Winograd { tile };
    let epilogue = Epilogue { relu: case.relu, max_pool: true };
    let d_y = numbers(case.images * case.shape.lens(epilogue)[1], 5);
    let mut expected: Option<ConvResults> = None;
    on_each_isa(|isa| {
        let expected = expected.get_or_insert_with(|| one_after_the_other(&case, algorithm, &d_y)).clone();
        let fused =
            ConvCase { d_y: d_y.clone(), ..ConvCase::new(case.shape, case.images, case.bias, case.relu) };
        let fused = ConvCase { x: case.x.clone(), biases: case.biases.clone(), ..fused };
        let conv = Conv::with_algorithm(case.shape, epilogue, algorithm);
        for garbage in [0.0, f32::NAN] {
            let found = fused.run_pieces(&conv, &[case.images], garbage);
            assert_same(&found, &expected, &format!("{isa:?}, tiles of {tile}, {:?}", case.shape));
        }
    });
}

#[test]
fn pooling_in_the_pass_gives_the_bits_of_pooling_after_it() {
    let mut mix = ShapeMix(0);
    for tile in [2, 4] {
        for height in 2..=9 {
            for width in 2..=9 {
                let (c, f, images, bias, relu) = mix.next();
                check_pooled(
                    ConvCase::new(same([height, width], c, f, [3, 3], [1, 1]), images, bias, relu),
                    tile,
                );
                let (c, f, images, bias, relu) = mix.next();
                let shape = valid([height + 2, width + 2], c, f, [3, 3]);
                check_pooled(ConvCase::new(shape, images, bias, relu), tile);
            }
        }
    }
}

#[test]
fn pooling_in_the_pass_gives_the_same_bits_over_many_blocks_of_tiles() {
    for tile in [2, 4] {
        check_pooled(ConvCase::new(valid([13, 12], 32, 48, [3, 3]), 30, true, true), tile);
    }
}

/// Zeros everywhere, so that every window is one tie: of zeros, or of what the bias leaves.
#[test]
fn equal_maxima_dead_windows_and_nans_go_the_same_way_in_the_pass() {
    for tile in [2, 4] {
        for relu in [true, false] {
            let mut case = ConvCase::new(same([7, 6], 16, 20, [3, 3], [1, 1]), 3, true, relu);
            let image = case.x.len() / 3;
            case.x[image..2 * image].fill(0.0);
            case.x[2 * image + 200] = f32::NAN;
            case.biases[..6].copy_from_slice(&[0.0, -0.0, 1.0, -1.0, f32::NAN, f32::INFINITY]);
            check_pooled(case, tile);
        }
    }
}

#[test]
fn forward_without_masks_gives_the_same_output() {
    for tile in [2, 4] {
        let case = ConvCase::new(same([9, 8], 20, 40, [3, 3], [1, 1]), 2, true, true);
        let conv = Conv::with_algorithm(case.shape, POOLED, ConvAlgorithm::Winograd { tile });
        let [mut derived, _] = conv.derived_lens().map(|len| vec![0.0; len]);
        conv.derive_forward(&case.kernel, &mut derived);
        let mut scratch = vec![0.0; conv.scratch_len(2)];
        let len = 2 * case.shape.lens(POOLED)[1];
        let (mut with, mut without) = (vec![0.0; len], vec![1.0; len]);
        let mut masks = vec![0; 2 * conv.masks_len()];
        for (y, masks) in [(&mut with, &mut masks[..]), (&mut without, &mut [])] {
            conv.forward(ConvForward {
                images: 2,
                x: &case.x,
                kernel: &case.kernel,
                derived: &derived,
                bias: case.bias(),
                y,
                masks,
                scratch: &mut scratch,
            });
        }
        assert_eq!(with, without, "tiles of {tile}");
    }
}

#[test]
fn cutting_the_images_into_pieces_changes_no_bit() {
    let shapes = [
        valid([12, 12], 16, 48, [3, 3]),
        same([7, 9], 50, 17, [3, 3], [1, 1]),
        valid([8, 7], 3, 33, [3, 3]),
        same([9, 8], 7, 20, [5, 5], [2, 2]),
        valid([6, 6], 24, 16, [1, 1]),
        valid([40, 26], 16, 16, [3, 3]),
    ];
    for shape in shapes {
        let three = shape.kernel == [3, 3];
        for algorithm in [ConvAlgorithm::Direct].into_iter().chain(WINOGRAD.into_iter().filter(|_| three)) {
            for max_pool in [false, true] {
                if !max_pool || algorithm.pools() {
                    check_pieces(shape, Epilogue { relu: true, max_pool }, algorithm);
                }
            }
        }
    }
}

fn check_pieces(shape: ConvShape, epilogue: Epilogue, algorithm: ConvAlgorithm) {
    let case = with_gradient(ConvCase::new(shape, 9, true, true), epilogue);
    let conv = Conv::with_algorithm(shape, epilogue, algorithm);
    on_each_isa(|isa| {
        let whole = case.run_pieces(&conv, &[9], f32::NAN);
        for pieces in [&[1, 3, 5][..], &[0, 8, 1, 0]] {
            let found = case.run_pieces(&conv, pieces, f32::NAN);
            let bits = |values: &[f32]| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
            for (found, whole) in
                [(&found.d_kernel, &whole.d_kernel), (&found.d_bias, &whole.d_bias), (&found.d_x, &whole.d_x)]
            {
                assert!(
                    bits(found) == bits(whole),
                    "{isa:?} {algorithm:?} {epilogue:?} {pieces:?} {shape:?}"
                );
            }
        }
    });
}

#[test]
fn only_shapes_that_suit_an_even_tile_pool_in_the_pass() {
    assert!(Conv::can_pool(&valid([26, 26], 32, 64, [3, 3])));
    assert!(Conv::can_pool(&valid([4, 4], 128, 50, [3, 3])));
    assert!(Conv::can_pool(&same([16, 16], 64, 64, [3, 3], [1, 1])));
    assert!(!Conv::can_pool(&valid([28, 28], 1, 32, [3, 3])), "few channels");
    assert!(!Conv::can_pool(&valid([16, 16], 32, 32, [5, 5])), "another kernel");
    assert!(!Conv::can_pool(&valid([3, 8], 32, 32, [3, 3])), "no whole window");
    assert!(!Conv::can_pool(&same([8, 8], 64, 64, [3, 3], [2, 2])), "strides");
}

#[test]
#[should_panic(expected = "pooling needs a pass of its own")]
fn a_plan_that_cannot_pool_is_refused() {
    Conv::new(valid([28, 28], 1, 32, [3, 3]), POOLED);
}

#[test]
fn small_images_want_more_of_them_per_call() {
    let of = |shape: ConvShape| Conv::new(shape, Epilogue::default()).suitable_images();
    assert_eq!(of(valid([26, 26], 32, 64, [3, 3])), 1, "36 tiles");
    assert_eq!(of(valid([10, 10], 64, 128, [3, 3])), 6, "4 tiles");
    assert_eq!(of(valid([4, 4], 128, 50, [3, 3])), 24, "1 tile");
    assert_eq!(of(valid([28, 28], 1, 32, [3, 3])), 1, "no tiles");
}
