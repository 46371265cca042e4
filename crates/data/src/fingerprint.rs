//! The fingerprint of a data set: the same for the same images, whatever their file format.

use crate::{ImageSlice, LabelledImages};
use sha2::{Digest, Sha256};

/// SHA-256, in hexadecimal, over everything that training can see.
///
/// ```text
/// "toile data 1\n"                                   the layout's name
/// height, width, channels                            u32, little-endian
/// "u8\n"                                             the type of a pixel
/// number of classes, then per class: length, name    u32, u32, UTF-8
/// train, then test: count, pixels, labels            u64, u8 (row by row, channels last), u16
/// validation: the same, where the data's own is used
/// ```
pub fn fingerprint(
    shape: [usize; 3],
    class_names: &[String],
    train: &LabelledImages,
    test: &LabelledImages,
) -> String {
    fingerprint_of_parts(shape, class_names, train, test, 0)
}

/// The same, where the last `own_validation` training images are the data's own validation part.
pub(crate) fn fingerprint_of_parts(
    shape: [usize; 3],
    class_names: &[String],
    train: &LabelledImages,
    test: &LabelledImages,
    own_validation: usize,
) -> String {
    let mut hash = Sha256::new();
    hash.update(b"toile data 1\n");
    shape.iter().for_each(|&side| hash.update((side as u32).to_le_bytes()));
    hash.update(b"u8\n");
    hash.update((class_names.len() as u32).to_le_bytes());
    for name in class_names {
        hash.update((name.len() as u32).to_le_bytes());
        hash.update(name.as_bytes());
    }
    let image_len = shape.iter().product();
    let [train, validation] = train.divided(train.len() - own_validation, image_len);
    let [test, _] = test.divided(test.len(), image_len);
    let validation = (own_validation > 0).then_some(validation);
    for ImageSlice { images, labels } in [train, test].into_iter().chain(validation) {
        hash.update((labels.len() as u64).to_le_bytes());
        hash.update(images);
        let wide: Vec<u8> = labels.iter().flat_map(|&label| [label, 0]).collect();
        hash.update(&wide);
    }
    hex(&hash.finalize())
}

/// Bytes as lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(images: &[u8], labels: &[u8]) -> LabelledImages {
        LabelledImages { images: images.to_vec(), labels: labels.to_vec() }
    }

    /// `python3 -c "import hashlib,struct as s; n=lambda *a: b''.join(s.pack('<I',i) for i in a);
    /// print(hashlib.sha256(b'toile data 1\n'+n(1,2,1)+b'u8\n'+n(2,1)+b'a'+n(1)+b'b'+s.pack('<Q',2)+bytes([1,2,3,4])
    /// +s.pack('<HH',0,1)+s.pack('<Q',1)+bytes([5,6])+s.pack('<H',1)).hexdigest())"`
    #[test]
    fn the_layout_is_the_documented_one() {
        let names = ["a".to_string(), "b".to_string()];
        let print = fingerprint([1, 2, 1], &names, &part(&[1, 2, 3, 4], &[0, 1]), &part(&[5, 6], &[1]));
        assert_eq!(print, "e4b87f1687b8d8d90048296fc4d1c1df330d96d6a909d131ac163eecac2e19cc");
    }

    #[test]
    fn every_part_of_a_data_set_moves_the_fingerprint() {
        let names = |a: &str, b: &str| vec![a.to_string(), b.to_string()];
        let (train, test) = (part(&[1, 2, 3, 4], &[0, 1]), part(&[5, 6], &[1]));
        let all = [
            fingerprint([1, 2, 1], &names("a", "b"), &train, &test),
            fingerprint([2, 1, 1], &names("a", "b"), &train, &test),
            fingerprint([1, 2, 1], &names("ab", ""), &train, &test),
            fingerprint([1, 2, 1], &names("a", "b"), &part(&[1, 2, 3, 5], &[0, 1]), &test),
            fingerprint([1, 2, 1], &names("a", "b"), &part(&[1, 2, 3, 4], &[1, 1]), &test),
            fingerprint([1, 2, 1], &names("a", "b"), &train, &part(&[5, 7], &[1])),
            fingerprint([1, 2, 1], &names("a", "b"), &train, &part(&[5, 6], &[0])),
            fingerprint([1, 2, 1], &names("a", "b"), &part(&[1, 2], &[0]), &part(&[3, 4, 5, 6], &[1, 1])),
        ];
        for i in 0..all.len() {
            assert!(!all[..i].contains(&all[i]), "variant {i} has the fingerprint of an earlier one");
        }
    }
}
