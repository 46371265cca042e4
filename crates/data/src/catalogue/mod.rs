//! The data sets that toile knows by name: what they hold, how they are recognised, where they can be downloaded.

mod archives;

pub(crate) use archives::PublishedArchive;

/// One named data set.
#[derive(Debug, PartialEq, Eq)]
pub struct CatalogueEntry {
    /// The name in study files.
    pub name: &'static str,
    /// The title of the checked data.
    pub title: &'static str,
    /// What the pictures show.
    pub description: &'static str,
    /// Terms of use.
    pub licence: &'static str,
    /// Names of the classes, in label order.
    pub classes: &'static [&'static str],
    /// Images in the training and in the test part.
    pub counts: [usize; 2],
    /// Height, width, channels.
    pub shape: [usize; 3],
    /// Drawn by our own code, not found anywhere.
    pub procedural: bool,
    /// The folder name in torchvision's layout, `<root>/<folder>/raw`.
    pub torchvision: Option<&'static str>,
    /// The Debian package that holds it.
    pub debian_package: Option<&'static str>,
    /// Folders on the web that hold the files, best first.
    pub mirrors: &'static [&'static str],
    /// How the files are recognised.
    pub(crate) checksums: Checksums,
}

/// What is known of the right files. Those of IDX are in the order of [`FILES`](crate::folder::FILES): train images,
/// train labels, test images, test labels.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Checksums {
    /// SHA-256 of the decompressed files: good for every copy.
    Payload([&'static str; 4]),
    /// SHA-256 of the publisher's gzip files only: a copy that was compressed again cannot be checked, and is called
    /// unverified.
    Gzip([&'static str; 4]),
    /// One archive holds everything.
    Archive(PublishedArchive),
    /// There are no files.
    None,
}

/// All data sets with a name, in the order in which they are listed.
pub fn catalogue() -> &'static [CatalogueEntry] {
    CATALOGUE
}

/// The data set of this name.
pub fn entry(name: &str) -> Option<&'static CatalogueEntry> {
    CATALOGUE.iter().find(|entry| entry.name == name)
}

const GARMENTS: &[&str] = &[
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
];

const CATALOGUE: &[CatalogueEntry] = &[
    CatalogueEntry {
        name: "fashion-mnist",
        title: "Fashion-MNIST (official, 2017-08-31)",
        description: "photographs of garments from Zalando's shop, ten kinds",
        licence: "MIT, (c) 2017 Zalando SE",
        classes: GARMENTS,
        counts: [60_000, 10_000],
        shape: [28, 28, 1],
        procedural: false,
        torchvision: Some("FashionMNIST"),
        debian_package: Some("dataset-fashion-mnist"),
        mirrors: &[
            "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion",
            "https://storage.googleapis.com/tensorflow/tf-keras-datasets",
            "https://fashion-mnist.s3.eu-central-1.amazonaws.com",
        ],
        checksums: Checksums::Payload([
            "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
            "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
            "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
            "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
        ]),
    },
    CatalogueEntry {
        name: "mnist",
        title: "MNIST",
        description: "handwritten digits",
        licence: "not stated by its authors (LeCun, Cortes, Burges)",
        classes: &["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
        counts: [60_000, 10_000],
        shape: [28, 28, 1],
        procedural: false,
        torchvision: Some("MNIST"),
        debian_package: None,
        mirrors: &[
            "https://ossci-datasets.s3.amazonaws.com/mnist",
            "https://storage.googleapis.com/cvdf-datasets/mnist",
        ],
        checksums: Checksums::Payload([
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        ]),
    },
    CatalogueEntry {
        name: "kmnist",
        title: "Kuzushiji-MNIST",
        description: "cursive Japanese characters, ten of the hiragana",
        licence: "CC BY-SA 4.0, ROIS-DS Center for Open Data in the Humanities",
        classes: &["o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"],
        counts: [60_000, 10_000],
        shape: [28, 28, 1],
        procedural: false,
        torchvision: Some("KMNIST"),
        debian_package: None,
        mirrors: &["https://codh.rois.ac.jp/kmnist/dataset/kmnist"],
        checksums: Checksums::Gzip([
            "51467d22d8cc72929e2a028a0428f2086b092bb31cfb79c69cc0a90ce135fde4",
            "e38f9ebcd0f3ebcdec7fc8eabdcdaef93bb0df8ea12bee65224341c8183d8e17",
            "edd7a857845ad6bb1d0ba43fe7e794d164fe2dce499a1694695a792adfac43c5",
            "20bb9a0ef54c7db3efc55a92eef5582c109615df22683c380526788f98e42a1c",
        ]),
    },
    archives::LETTERS,
    archives::DIGITS,
    archives::BALANCED,
    archives::BY_MERGE,
    archives::BY_CLASS,
    archives::CIFAR_10,
    archives::CIFAR_100,
    CatalogueEntry {
        name: "drawn-garments",
        title: "Drawn garments (procedural data, not comparable)",
        description: "garments drawn by toile's own code, for tests and machines without the real set",
        licence: "MIT OR Apache-2.0",
        classes: GARMENTS,
        counts: [60_000, 10_000],
        shape: [28, 28, 1],
        procedural: true,
        torchvision: None,
        debian_package: None,
        mirrors: &[],
        checksums: Checksums::None,
    },
];

impl CatalogueEntry {
    /// The class names as owned strings.
    pub fn class_names(&self) -> Vec<String> {
        self.classes.iter().map(|name| name.to_string()).collect()
    }

    /// The archive that holds the set, if it is published as one.
    pub(crate) fn archive(&self) -> Option<&PublishedArchive> {
        match &self.checksums {
            Checksums::Archive(archive) => Some(archive),
            Checksums::Payload(_) | Checksums::Gzip(_) | Checksums::None => None,
        }
    }

    /// The name of its folder in toile's cache: sets of one archive share it.
    pub(crate) fn cache_folder(&self) -> &'static str {
        self.archive().map_or(self.name, |archive| archive.folder)
    }
}

/// The catalogue's entry of the file with this SHA-256 (payload, gzip or archive), whichever data set it belongs to.
pub(crate) fn recognise(sha256: &str) -> Option<&'static CatalogueEntry> {
    CATALOGUE.iter().find(|entry| match &entry.checksums {
        Checksums::Payload(sums) | Checksums::Gzip(sums) => sums.contains(&sha256),
        Checksums::Archive(archive) => archive.sha256 == sha256,
        Checksums::None => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_is_complete_and_its_name_is_its_own() {
        for (i, entry) in CATALOGUE.iter().enumerate() {
            assert!(CATALOGUE[..i].iter().all(|other| other.name != entry.name));
            assert!(!entry.title.is_empty() && !entry.licence.is_empty() && !entry.description.is_empty());
            assert!((2..=256).contains(&entry.classes.len()));
            assert_eq!(entry.procedural, entry.checksums == Checksums::None);
            assert!(entry.mirrors.iter().all(|url| url.starts_with("https://") && !url.ends_with('/')));
        }
    }

    #[test]
    fn a_checksum_tells_which_set_a_file_belongs_to() {
        let digits = "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db";
        assert_eq!(recognise(digits).unwrap().name, "mnist");
        assert!(recognise("00").is_none());
    }
}
