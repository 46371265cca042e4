//! Gathering against a loop over pixels.

use super::{numbers, same_everywhere, shifted};
use crate::bf16::{halves, round};
use crate::dropout::dropout_apply;
use crate::gather::*;
use crate::isa::on_each_isa;

#[test]
fn every_byte_becomes_the_quotient_by_255_rounded_once() {
    let bytes: Vec<u8> = (0..=255).collect();
    let out = same_everywhere(|| {
        let mut out = vec![7.0; 256];
        gather_images(ImageValues::Bytes(&bytes), 256, &[0], &mut out);
        out
    });
    for (byte, x) in out.iter().enumerate() {
        assert_eq!(*x, byte as f32 / 255.0);
    }
}

/// Zeros of both signs, the smallest and the largest numbers, infinities and NaNs with their payload.
#[test]
fn every_float_keeps_its_bits() {
    let bits = |x: &f32| x.to_bits();
    let marked = f32::from_bits(0x7fc1_2345);
    let of_one_sign = [0.0, 1e-45, f32::MIN_POSITIVE, 0.1, 1.0, 255.0, f32::MAX, f32::INFINITY, marked];
    let floats: Vec<f32> = of_one_sign.into_iter().flat_map(|x| [x, -x]).collect();
    let size = floats.len();
    on_each_isa(|isa| {
        for start in 0..size {
            for end in start..=size {
                let mut out = vec![7.0; end - start];
                let values = ImageValues::Floats(&floats);
                gather_columns(values, size, &[0], 1, start..end, &mut out, end - start);
                assert!(
                    out.iter().map(bits).eq(floats[start..end].iter().map(bits)),
                    "{isa:?}, {start}..{end}"
                );
            }
        }
    });
}

/// The same images as bytes and as the floats that these become.
fn bytes_and_floats(n: usize) -> (Vec<u8>, Vec<f32>) {
    let bytes: Vec<u8> = (0..n).map(|i| (i * 37 % 251) as u8).collect();
    let floats = bytes.iter().map(|&byte| f32::from(byte) / 255.0).collect();
    (bytes, floats)
}

#[test]
fn images_of_every_size_come_in_the_order_of_the_indices() {
    let indices = [3, 0, 3, 1];
    for size in 0..70 {
        let (bytes, floats) = bytes_and_floats(4 * size);
        for images in [ImageValues::Bytes(&bytes), ImageValues::Floats(&floats)] {
            let out = same_everywhere(|| {
                let mut out = vec![7.0; 4 * size];
                gather_images(images, size, &indices, &mut out);
                out
            });
            let naive: Vec<f32> =
                indices.iter().flat_map(|&i| &floats[i as usize * size..][..size]).copied().collect();
            assert_eq!(out, naive);
        }
    }
    let mut labels = [0; 4];
    gather_labels(&[5, 6, 7, 8], &indices, &mut labels);
    assert_eq!(labels, [8, 5, 8, 6]);
}

/// Every range of columns within some images, the last image ending with the data; rows in two parts; what lies beyond
/// the columns left alone.
#[test]
fn columns_are_those_of_the_whole_images_and_the_padding_is_left_alone() {
    let indices = [3, 0, 3, 1, 2];
    for size in [1, 5, 16, 33, 50, 196] {
        let (bytes, floats) = bytes_and_floats(4 * size);
        let mut whole = vec![0.0; 5 * size];
        gather_images(ImageValues::Bytes(&bytes), size, &indices, &mut whole);
        for columns in (0..=size).step_by(7).flat_map(|a| [a..size, a..size.min(a + 9), 0..a]) {
            let row = columns.len() + 3;
            let padded = |r: usize| whole[r * size..][columns.clone()].iter().copied().chain([7.0; 3]);
            let expected: Vec<f32> = (0..5).flat_map(padded).collect();
            for images in [ImageValues::Bytes(&bytes), ImageValues::Floats(&floats)] {
                let out = same_everywhere(|| {
                    let mut out = vec![7.0; 5 * row];
                    let (head, tail) = out.split_at_mut(2 * row);
                    gather_columns(images, size, &indices, 2, columns.clone(), head, row);
                    gather_columns(images, size, &indices[2..], 3, columns.clone(), tail, row);
                    out
                });
                assert_eq!(out, expected, "{columns:?} of {size}");
            }
        }
    }
}

#[test]
#[should_panic(expected = "3..5 of 4 columns")]
fn columns_beyond_the_image_are_refused() {
    gather_columns(ImageValues::Bytes(&[0; 8]), 4, &[1], 1, 3..5, &mut [0.0; 4], 4);
}

#[test]
#[should_panic(expected = "room for 2 rows of 4")]
fn too_little_room_for_the_columns_is_refused() {
    gather_columns(ImageValues::Floats(&[0.0; 8]), 4, &[1, 0], 2, 0..4, &mut [0.0; 7], 4);
}

#[test]
#[should_panic(expected = "out of range")]
fn an_index_outside_the_data_set_is_refused() {
    gather_images(ImageValues::Bytes(&[0; 8]), 4, &[2], &mut [0.0; 4]);
}

#[test]
#[should_panic(expected = "out of range")]
fn an_index_outside_a_data_set_of_floats_is_refused() {
    gather_images(ImageValues::Floats(&[0.0; 8]), 4, &[2], &mut [0.0; 4]);
}

#[test]
fn dropout_keeps_where_the_word_reaches_the_threshold_and_divides_by_the_probability() {
    for threshold in [0, 1, 1 << 31, u32::MAX] {
        for n in 0..70 {
            let words: Vec<u32> = (0..n as u32)
                .map(|i| if i % 7 == 3 { threshold } else { i.wrapping_mul(2_654_435_761) })
                .collect();
            let x = shifted(&numbers(n, 1));
            let naive: Vec<f32> =
                (0..n).map(|i| if words[i] >= threshold { x[i + 1] / 0.7 } else { 0.0 }).collect();
            let y = same_everywhere(|| {
                let mut y = vec![7.0; n];
                dropout_apply(&x[1..], &words, threshold, 0.7, &mut y);
                y
            });
            assert_eq!(y, naive);
        }
    }
}

#[test]
fn plates_hold_the_rounded_values_of_each_image_and_zeros_beyond() {
    let bytes: Vec<u8> = (0..70 * 101).map(|i| (i * 37 % 256) as u8).collect();
    let floats: Vec<f32> = bytes.iter().map(|byte| f32::from(*byte) / 255.0 - 0.25).collect();
    for size in [1, 7, 31, 32, 33, 64, 101] {
        for n in [1, 32, 35] {
            let indices: Vec<u32> = (0..n).map(|i| (i * 29 + 3) % 70).collect();
            for values in [ImageValues::Bytes(&bytes), ImageValues::Floats(&floats)] {
                let mut rows = vec![0.0; indices.len() * size];
                gather_images(values, size, &indices, &mut rows);
                let blocks = size.div_ceil(32);
                let found = same_everywhere(|| {
                    let mut plates = vec![f32::NAN; indices.len().div_ceil(32) * blocks * 512];
                    gather_plates(values, size, &indices, &mut plates);
                    plates
                });
                for (at, &found) in halves(&found).iter().enumerate() {
                    let (plate, image, value) = (at / 1024, at / 32 % 32, at % 32);
                    let (image, value) = (plate / blocks * 32 + image, plate % blocks * 32 + value);
                    let exists = image < indices.len() && value < size;
                    let expected = if exists { round(rows[image * size + value]) } else { 0 };
                    assert_eq!(found, expected, "image {image}, value {value} of {size}");
                }
            }
        }
    }
}
