//! Where data sets are searched, and what is reported on the way.

use std::path::PathBuf;

/// The folders to search. The program fills it from its arguments and environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Locations {
    /// The user's own folder (`--data-dir`, `TOILE_DATA_DIR`): searched first, and a fault found there is final.
    pub data_dir: Option<PathBuf>,
    /// toile's cache: downloads have a folder of their own per data set.
    pub cache_dir: PathBuf,
    /// The user's home, under which Keras and torchvision have their files.
    pub home: Option<PathBuf>,
    /// Further roots: `<root>/<name>`, and torchvision's `<root>/<Name>/raw`.
    pub system_dirs: Vec<PathBuf>,
    /// Never use the network, nor a package manager.
    pub offline: bool,
}

impl Locations {
    /// The usual folders and this cache: Debian's `/usr/share/datasets`, and `data` in the current folder.
    pub fn new(cache_dir: PathBuf) -> Locations {
        let system_dirs = vec!["/usr/share/datasets".into(), "data".into()];
        Locations { data_dir: None, cache_dir, home: None, system_dirs, offline: false }
    }
}

/// What is happening, for a progress bar or a line of text.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LoadProgress<'a> {
    /// A place is tried.
    Trying {
        /// The folder or the address, in words for the user.
        place: &'a str,
    },
    /// A place failed.
    Failed {
        /// The folder or the address, in words for the user.
        place: &'a str,
        /// Why.
        reason: &'a str,
    },
    /// Another process fetches the same data set; this one waits for it.
    Waiting {
        /// The data set.
        name: &'a str,
    },
    /// Bytes have arrived.
    Download {
        /// The address.
        url: &'a str,
        /// Bytes so far, those of an earlier attempt included.
        bytes: u64,
        /// Bytes when complete, if the server gave it.
        total: Option<u64>,
    },
    /// A step of the package manager runs.
    Package {
        /// The step, in words for the user.
        step: &'a str,
    },
    /// A file is decompressed and checked.
    Unpacking {
        /// Its name.
        file: &'a str,
    },
    /// Pictures are decoded.
    Decoding {
        /// How many.
        pictures: usize,
    },
    /// The procedural set is drawn.
    Drawing {
        /// How many images.
        images: usize,
    },
    /// The data set is here.
    Found {
        /// The folder, in words for the user.
        place: &'a str,
    },
}
