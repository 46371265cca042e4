//! Every algorithm against the naive twin in f64, for all small shapes.

use super::*;

#[test]
fn direct_equals_the_naive_twin_for_all_small_shapes() {
    let mut mix = ShapeMix(0);
    for kernel in [[1, 1], [2, 3], [3, 3], [5, 5], [7, 7]] {
        for strides in [[1, 1], [2, 2], [3, 3], [1, 2], [3, 1]] {
            for size in 1..=9 {
                for size in [[size, size], [size, 10 - size]] {
                    let (c, f, images, bias, relu) = mix.next();
                    ConvCase::new(same(size, c, f, kernel, strides), images, bias, relu)
                        .check(ConvAlgorithm::Direct, bound(ConvAlgorithm::Direct));
                    if size[0] >= kernel[0] && size[1] >= kernel[1] {
                        let (c, f, images, bias, relu) = mix.next();
                        ConvCase::new(strided(size, c, f, kernel, strides), images, bias, relu)
                            .check(ConvAlgorithm::Direct, bound(ConvAlgorithm::Direct));
                    }
                }
            }
        }
    }
}

#[test]
fn direct_equals_the_naive_twin_for_all_pairs_of_channel_counts() {
    for c in CHANNELS {
        for f in CHANNELS {
            ConvCase::new(valid([6, 7], c, f, [3, 3]), 2, true, true).check(ConvAlgorithm::Direct, 1e-6);
            ConvCase::new(same([5, 4], c, f, [1, 1], [1, 1]), 2, false, false)
                .check(ConvAlgorithm::Direct, 1e-6);
        }
    }
}

/// Nine terms, whose rows of the kernel stay in registers where there are enough of those.
#[test]
fn windows_of_nine_values_equal_the_naive_twin_for_all_rests_of_a_row() {
    for (channels, kernel) in [(1, [3, 3]), (1, [1, 9]), (3, [1, 3]), (9, [1, 1])] {
        for outputs in 1..=9 {
            for (filters, bias, relu) in
                [(32, true, true), (33, false, true), (64, true, false), (47, false, false)]
            {
                let size = [kernel[0] + 1, kernel[1] + outputs - 1];
                ConvCase::new(valid(size, channels, filters, kernel), 2, bias, relu)
                    .check(ConvAlgorithm::Direct, bound(ConvAlgorithm::Direct));
            }
        }
    }
    for strides in [[1, 2], [2, 1], [2, 3]] {
        ConvCase::new(strided([8, 9], 1, 32, [3, 3], strides), 2, true, true)
            .check(ConvAlgorithm::Direct, bound(ConvAlgorithm::Direct));
    }
}

#[test]
fn winograd_equals_the_naive_twin_for_all_small_shapes() {
    let mut mix = ShapeMix(0);
    for algorithm in WINOGRAD {
        for height in 1..=9 {
            for width in 1..=9 {
                let (c, f, images, bias, relu) = mix.next();
                ConvCase::new(same([height, width], c, f, [3, 3], [1, 1]), images, bias, relu)
                    .check(algorithm, bound(algorithm));
                if height >= 3 && width >= 3 {
                    let (c, f, images, bias, relu) = mix.next();
                    ConvCase::new(valid([height, width], c, f, [3, 3]), images, bias, relu)
                        .check(algorithm, bound(algorithm));
                }
            }
        }
    }
}

#[test]
fn winograd_equals_the_naive_twin_for_all_pairs_of_channel_counts() {
    for algorithm in WINOGRAD {
        for c in CHANNELS {
            for f in CHANNELS {
                ConvCase::new(valid([8, 7], c, f, [3, 3]), 2, true, true).check(algorithm, bound(algorithm));
            }
        }
    }
}

#[test]
fn the_blocks_of_a_large_call_add_up() {
    for algorithm in WINOGRAD {
        ConvCase::new(valid([12, 12], 32, 32, [3, 3]), 30, true, true).check(algorithm, bound(algorithm));
    }
    for shape in [valid([40, 40], 16, 16, [3, 3]), same([40, 40], 16, 16, [3, 3], [1, 1])] {
        // Sums of 8000 terms in one chain.
        ConvCase::new(shape, 5, true, true).check(ConvAlgorithm::Direct, 2e-6);
    }
}

#[test]
fn padding_may_be_wider_than_the_kernel() {
    let shape =
        ConvShape { pad_top: 4, pad_left: 3, out_height: 11, out_width: 12, ..valid([5, 5], 17, 18, [3, 3]) };
    for algorithm in [ConvAlgorithm::Direct].into_iter().chain(WINOGRAD) {
        ConvCase::new(shape, 2, true, false).check(algorithm, bound(algorithm));
    }
}

#[test]
fn an_output_may_leave_the_last_pixels_unused() {
    let shape = ConvShape { out_height: 3, out_width: 4, ..valid([9, 9], 17, 18, [3, 3]) };
    for algorithm in [ConvAlgorithm::Direct].into_iter().chain(WINOGRAD) {
        ConvCase::new(shape, 2, true, false).check(algorithm, bound(algorithm));
    }
}

/// The measured errors are 3e-7 for direct, 3e-7 for tiles of 2, 1e-6 for 4 and 2e-6 for 5.
#[test]
fn many_channels_keep_the_error_of_the_transforms_small() {
    let shapes = [valid([14, 14], 64, 64, [3, 3]), same([11, 11], 128, 64, [3, 3], [1, 1])];
    for shape in shapes {
        for (algorithm, bound) in
            [(ConvAlgorithm::Direct, 6e-7)].into_iter().chain(WINOGRAD.into_iter().zip([6e-7, 2e-6, 5e-6]))
        {
            ConvCase::new(shape, 2, true, false).check(algorithm, bound);
        }
    }
}
