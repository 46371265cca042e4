//! The named sets that are published as one archive: CIFAR and EMNIST.

use super::{CatalogueEntry, Checksums};

/// The one file of a named set, as its publisher packed it. Several sets may be parts of one archive.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct PublishedArchive {
    /// Its name at the publisher, and on the disk.
    pub file: &'static str,
    /// SHA-256 of the whole file.
    pub sha256: &'static str,
    /// Its length.
    pub bytes: u64,
    /// Its folder in toile's cache.
    pub folder: &'static str,
    /// The beginning of the names that belong to the set; empty if all do.
    pub prefix: &'static str,
}

const CIFAR: &[&str] = &["https://www.cs.toronto.edu/~kriz"];

pub(super) const CIFAR_10: CatalogueEntry = CatalogueEntry {
    name: "cifar-10",
    title: "CIFAR-10",
    description: "small photographs of animals and vehicles, ten kinds",
    licence: "not stated by its authors (Krizhevsky, Nair, Hinton)",
    classes: &["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"],
    counts: [50_000, 10_000],
    shape: [32, 32, 3],
    procedural: false,
    torchvision: None,
    debian_package: None,
    mirrors: CIFAR,
    checksums: Checksums::Archive(PublishedArchive {
        file: "cifar-10-binary.tar.gz",
        sha256: "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
        bytes: 170_052_171,
        folder: "cifar-10",
        prefix: "",
    }),
};

pub(super) const CIFAR_100: CatalogueEntry = CatalogueEntry {
    name: "cifar-100",
    title: "CIFAR-100",
    description: "small photographs of a hundred kinds of things",
    classes: FINE,
    checksums: Checksums::Archive(PublishedArchive {
        file: "cifar-100-binary.tar.gz",
        sha256: "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec",
        bytes: 168_513_733,
        folder: "cifar-100",
        prefix: "",
    }),
    ..CIFAR_10
};

/// One of the splits of EMNIST, all of which are in one archive.
const fn emnist(
    [name, prefix, title, description]: [&'static str; 4],
    classes: &'static [&'static str],
    counts: [usize; 2],
) -> CatalogueEntry {
    CatalogueEntry {
        name,
        title,
        description,
        licence: "not stated by its authors (Cohen, Afshar, Tapson, van Schaik)",
        classes,
        counts,
        shape: [28, 28, 1],
        procedural: false,
        torchvision: Some("EMNIST"),
        debian_package: None,
        mirrors: &[
            "https://biometrics.nist.gov/cs_links/EMNIST",
            "https://www.itl.nist.gov/iaui/vip/cs_links/EMNIST",
        ],
        checksums: Checksums::Archive(PublishedArchive {
            file: "gzip.zip",
            sha256: "fb9bb67e33772a9cc0b895e4ecf36d2cf35be8b709693c3564cea2a019fcda8e",
            bytes: 561_753_746,
            folder: "emnist",
            prefix,
        }),
    }
}

pub(super) const LETTERS: CatalogueEntry = emnist(
    ["emnist-letters", "emnist-letters-", "EMNIST Letters", "handwritten letters, capital and small as one"],
    CHARACTERS.split_at(10).1.split_at(26).0,
    [124_800, 20_800],
);
pub(super) const DIGITS: CatalogueEntry = emnist(
    ["emnist-digits", "emnist-digits-", "EMNIST Digits", "handwritten digits"],
    CHARACTERS.split_at(10).0,
    [240_000, 40_000],
);
pub(super) const BALANCED: CatalogueEntry = emnist(
    [
        "emnist-balanced",
        "emnist-balanced-",
        "EMNIST Balanced",
        "handwritten digits and letters, as many of each",
    ],
    MERGED,
    [112_800, 18_800],
);
pub(super) const BY_MERGE: CatalogueEntry = emnist(
    [
        "emnist-bymerge",
        "emnist-bymerge-",
        "EMNIST ByMerge",
        "handwritten digits and letters, as often as found",
    ],
    MERGED,
    [697_932, 116_323],
);
pub(super) const BY_CLASS: CatalogueEntry = emnist(
    ["emnist-byclass", "emnist-byclass-", "EMNIST ByClass", "handwritten digits, capital and small letters"],
    CHARACTERS,
    [697_932, 116_323],
);

/// Digits, capital letters, small letters.
#[rustfmt::skip]
const CHARACTERS: &[&str] = &[
    "0", "1", "2", "3", "4", "5", "6", "7", "8", "9",
    "A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K", "L", "M",
    "N", "O", "P", "Q", "R", "S", "T", "U", "V", "W", "X", "Y", "Z",
    "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m",
    "n", "o", "p", "q", "r", "s", "t", "u", "v", "w", "x", "y", "z",
];

/// The same, where small letters that look like their capitals are one class with them.
#[rustfmt::skip]
const MERGED: &[&str] = &[
    "0", "1", "2", "3", "4", "5", "6", "7", "8", "9",
    "A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K", "L", "M",
    "N", "O", "P", "Q", "R", "S", "T", "U", "V", "W", "X", "Y", "Z",
    "a", "b", "d", "e", "f", "g", "h", "n", "q", "r", "t",
];

/// The fine classes of CIFAR-100.
#[rustfmt::skip]
const FINE: &[&str] = &[
    "apple", "aquarium_fish", "baby", "bear", "beaver", "bed", "bee", "beetle", "bicycle", "bottle",
    "bowl", "boy", "bridge", "bus", "butterfly", "camel", "can", "castle", "caterpillar", "cattle",
    "chair", "chimpanzee", "clock", "cloud", "cockroach", "couch", "crab", "crocodile", "cup", "dinosaur",
    "dolphin", "elephant", "flatfish", "forest", "fox", "girl", "hamster", "house", "kangaroo", "keyboard",
    "lamp", "lawn_mower", "leopard", "lion", "lizard", "lobster", "man", "maple_tree", "motorcycle", "mountain",
    "mouse", "mushroom", "oak_tree", "orange", "orchid", "otter", "palm_tree", "pear", "pickup_truck", "pine_tree",
    "plain", "plate", "poppy", "porcupine", "possum", "rabbit", "raccoon", "ray", "road", "rocket",
    "rose", "sea", "seal", "shark", "shrew", "skunk", "skyscraper", "snail", "snake", "spider",
    "squirrel", "streetcar", "sunflower", "sweet_pepper", "table", "tank", "telephone", "television", "tiger", "tractor",
    "train", "trout", "tulip", "turtle", "wardrobe", "whale", "willow_tree", "wolf", "woman", "worm",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_as_many_classes_as_the_publishers_say_and_each_once() {
        for (classes, n) in
            [(FINE, 100), (CHARACTERS, 62), (MERGED, 47), (LETTERS.classes, 26), (DIGITS.classes, 10)]
        {
            let mut names = classes.to_vec();
            names.sort();
            names.dedup();
            assert_eq!((classes.len(), names.len()), (n, n));
        }
        assert!(FINE.is_sorted());
        assert_eq!((LETTERS.classes[0], LETTERS.classes[25]), ("A", "Z"));
    }
}
