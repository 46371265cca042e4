//! The promises about bits, scratch and what is refused.

use super::*;
use crate::isa::on_each_isa;

#[test]
fn every_instruction_set_gives_the_same_bits_also_with_garbage_in_the_scratch() {
    let shapes = [
        valid([9, 8], 17, 33, [3, 3]),
        same([7, 9], 50, 16, [3, 3], [1, 1]),
        valid([7, 7], 1, 32, [3, 3]),
        same([8, 8], 3, 20, [5, 5], [2, 2]),
        valid([6, 5], 40, 24, [1, 1]),
        valid([12, 12], 16, 48, [3, 3]),
    ];
    for shape in shapes {
        let three = shape.kernel == [3, 3];
        for algorithm in [ConvAlgorithm::Direct].into_iter().chain(WINOGRAD.into_iter().filter(|_| three)) {
            let case = ConvCase::new(shape, 5, true, true);
            let mut first = None;
            on_each_isa(|isa| {
                for garbage in [0.0, f32::NAN, 1e30] {
                    let results = case.run(algorithm, garbage);
                    let first = first.get_or_insert_with(|| results.clone());
                    assert_eq!(*first, results, "{isa:?} {algorithm:?} {shape:?}");
                }
            });
        }
    }
}

#[test]
fn the_other_gradients_do_not_depend_on_whether_d_x_and_d_bias_are_wanted() {
    for channels in [1, 20] {
        for algorithm in [ConvAlgorithm::Direct].into_iter().chain(WINOGRAD) {
            let case = ConvCase::new(same([9, 9], channels, 40, [3, 3], [1, 1]), 3, true, true);
            let all = case.run(algorithm, 7.0);
            let conv = case.conv(algorithm);
            let mut d_kernel = vec![0.0; case.kernel.len()];
            let (mut sums, mut scratch) = (vec![0.0; conv.sums_len()], vec![0.0; conv.scratch_len(3)]);
            conv.backward(ConvBackward {
                images: 3,
                piece: Piece::ALL,
                x: &case.x,
                y: &all.y,
                masks: &[],
                d_y: &case.d_y,
                derived: &[],
                d_x: None,
                sums: &mut sums,
                d_kernel: &mut d_kernel,
                d_bias: None,
                scratch: &mut scratch,
            });
            assert_eq!(d_kernel, all.d_kernel, "{algorithm:?}, {channels} channels");
        }
    }
}

fn last(values: &[f32], n: usize) -> &[f32] {
    &values[values.len() - n..]
}

#[test]
fn an_image_is_computed_alike_alone_and_among_others() {
    for algorithm in [ConvAlgorithm::Direct].into_iter().chain(WINOGRAD) {
        let shape = same([6, 7], 19, 21, [3, 3], [1, 1]);
        let many = ConvCase::new(shape, 40, true, true);
        let mut one = ConvCase::new(shape, 1, true, true);
        one.x = last(&many.x, one.x.len()).to_vec();
        one.d_y = last(&many.d_y, one.d_y.len()).to_vec();
        let (many, one) = (many.run(algorithm, 0.0), one.run(algorithm, 0.0));
        assert_eq!(last(&many.y, one.y.len()), one.y, "{algorithm:?}");
        assert_eq!(last(&many.d_x, one.d_x.len()), one.d_x, "{algorithm:?}");
    }
}

#[test]
fn scratch_for_many_images_is_enough_for_fewer() {
    for channels in [16, 64, 128] {
        for algorithm in [ConvAlgorithm::Direct].into_iter().chain(WINOGRAD) {
            let shape = same([9, 9], channels, 64, [3, 3], [1, 1]);
            let conv = Conv::with_algorithm(shape, Epilogue::default(), algorithm);
            let lens: Vec<usize> = (1..=64).map(|images| conv.scratch_len(images)).collect();
            assert!(lens.is_sorted(), "{algorithm:?} {lens:?}");
        }
    }
}

#[test]
fn no_images_give_no_output_and_zero_gradients() {
    for algorithm in [ConvAlgorithm::Direct].into_iter().chain(WINOGRAD) {
        let results =
            ConvCase::new(same([5, 5], 16, 16, [3, 3], [1, 1]), 0, true, true).run(algorithm, f32::NAN);
        assert_eq!(results.d_kernel, vec![0.0; 9 * 256]);
        assert_eq!(results.d_bias, vec![0.0; 16]);
    }
}

#[test]
fn the_algorithm_follows_from_the_shape() {
    let of = |shape: ConvShape| Conv::new(shape, Epilogue::default()).algorithm();
    assert_eq!(of(valid([28, 28], 1, 32, [3, 3])), ConvAlgorithm::Direct);
    assert_eq!(of(valid([26, 26], 32, 64, [3, 3])), ConvAlgorithm::Winograd { tile: 4 });
    assert_eq!(of(valid([12, 12], 64, 64, [3, 3])), ConvAlgorithm::Winograd { tile: 5 });
    assert_eq!(of(valid([10, 10], 64, 128, [3, 3])), ConvAlgorithm::Winograd { tile: 4 });
    assert_eq!(of(valid([4, 4], 128, 50, [3, 3])), ConvAlgorithm::Winograd { tile: 2 });
    assert_eq!(of(valid([3, 3], 64, 64, [3, 3])), ConvAlgorithm::Direct);
    assert_eq!(of(same([8, 8], 64, 64, [3, 3], [2, 2])), ConvAlgorithm::Direct);
    assert_eq!(of(same([8, 8], 64, 64, [5, 5], [1, 1])), ConvAlgorithm::Direct);
}

#[test]
fn a_nan_is_not_hidden_by_relu() {
    for algorithm in [ConvAlgorithm::Direct].into_iter().chain(WINOGRAD) {
        let mut case = ConvCase::new(valid([5, 5], 16, 16, [3, 3]), 1, true, true);
        case.biases[3] = f32::NAN;
        assert!(case.run(algorithm, 0.0).y[3].is_nan(), "{algorithm:?}");
    }
}

#[test]
#[should_panic(expected = "input: 12 elements, 9 expected")]
fn a_slice_of_the_wrong_length_is_refused() {
    let conv = Conv::new(valid([3, 3], 1, 1, [3, 3]), Epilogue::default());
    let mut scratch = vec![0.0; conv.scratch_len(1)];
    conv.forward(ConvForward {
        images: 1,
        x: &[0.0; 12],
        kernel: &[0.0; 9],
        derived: &[],
        bias: None,
        y: &mut [0.0],
        masks: &mut [],
        scratch: &mut scratch,
    });
}
