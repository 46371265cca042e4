//! What a folder holds in place of the four files: files that are probably meant, under other names.

use std::path::{Path, PathBuf};

use crate::folder::FILES;
use crate::source::Source;

/// Entries of a folder that are looked at; a folder with more is no data set's.
const MOST: usize = 2000;

/// Names that a message shows.
const SHOWN: usize = 8;

/// Endings of files that are certainly something else.
const FOREIGN: [&str; 14] =
    ["csv", "npy", "npz", "mat", "png", "jpg", "jpeg", "json", "md", "py", "zip", "tar", "tgz", "parquet"];

/// What a folder holds that lacks files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FolderContent {
    /// Names in the folder, sorted: a folder ends with `/`.
    pub names: Vec<String>,
    /// Files that may be one of the four: which of `FILES`, and its path from the folder.
    pub lookalikes: Vec<(usize, String)>,
    /// A folder in it that holds all four under their usual names.
    pub below: Option<String>,
}

impl FolderContent {
    /// Looks into a folder, and into the folders in it.
    pub(crate) fn of(folder: &Path) -> FolderContent {
        let mut files = Vec::new();
        let mut folders = Vec::new();
        for path in entries(folder) {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if !path.is_dir() {
                files.push(name);
                continue;
            }
            let inner = entries(&path).into_iter().filter(|inner| inner.is_file());
            let inner = inner.filter_map(|inner| Some(inner.file_name()?.to_string_lossy().into_owned()));
            files.extend(inner.map(|inner| format!("{name}/{inner}")));
            folders.push(name);
        }
        FolderContent::of_names(files, folders)
    }

    /// Looks at the names of a source.
    pub(crate) fn of_source(source: &Source) -> FolderContent {
        let near = |name: &&String| name.matches('/').count() < 2;
        let files = source.files.keys().filter(near).take(MOST).cloned().collect();
        let folders = source.folders.iter().filter(|name| !name.contains('/')).take(MOST).cloned().collect();
        FolderContent::of_names(files, folders)
    }

    /// Files are named from the folder, those of a folder in it with `/`.
    fn of_names(mut files: Vec<String>, folders: Vec<String>) -> FolderContent {
        files.sort();
        let top = files.iter().filter(|name| !name.contains('/')).cloned();
        let mut names: Vec<String> = top.chain(folders.iter().map(|name| name.clone() + "/")).collect();
        names.sort();
        let is_there = |folder: &str, name: &str| {
            let mut names = crate::folder::variants(name).into_iter();
            names.any(|name| files.binary_search(&format!("{folder}/{name}")).is_ok())
        };
        let has_all = |folder: &&String| FILES.iter().all(|name| is_there(folder, name));
        let below = folders.iter().filter(has_all).min().cloned();
        let last = |name: &str| name.rsplit('/').next().map(role);
        let known = files.into_iter().filter_map(|name| Some((last(&name)??, name)));
        FolderContent { names, lookalikes: known.collect(), below }
    }

    /// `a, b, c and 12 more`
    pub(crate) fn in_words(&self) -> String {
        match self.names.len() {
            0 => "nothing".into(),
            n if n > SHOWN => format!("{} and {} more", self.names[..SHOWN].join(", "), n - SHOWN),
            _ => self.names.join(", "),
        }
    }

    /// How the files that are there become those that are lacking.
    pub(crate) fn help(&self, lacking: &[String]) -> String {
        let usual = format!("the four files are {}, each with or without .gz", FILES.join(", "));
        if let Some(below) = &self.below {
            return format!("all four are in `{below}`: name that folder");
        }
        let wanted = (0..4).filter(|&role| lacking.iter().any(|name| name == FILES[role]));
        let found: Vec<(usize, Vec<&str>)> = wanted
            .map(|role| (role, self.of_role(role)))
            .filter(|(_, candidates)| !candidates.is_empty())
            .collect();
        if found.is_empty() {
            return usual;
        }
        if found.iter().any(|(_, candidates)| candidates.len() > 1) {
            let (role, several) =
                found.iter().max_by_key(|(_, several)| several.len()).expect("it is not empty");
            let shown = several[..several.len().min(4)].join(", ");
            let more = if several.len() > 4 { ", …" } else { "" };
            return format!(
                "several files may be {} ({shown}{more}): put those of one set into a folder of their own; {usual}",
                FILES[*role]
            );
        }
        let renames = found.iter().map(|(role, candidates)| rename(candidates[0], FILES[*role]));
        format!("{}; {usual}", renames.collect::<Vec<_>>().join(", "))
    }

    fn of_role(&self, role: usize) -> Vec<&str> {
        self.lookalikes.iter().filter(|(other, _)| *other == role).map(|(_, name)| name.as_str()).collect()
    }
}

/// The entries of a folder, sorted; none if it cannot be read.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries.take(MOST).map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

/// Which of the four a file may be, by what its name says in any spelling: `test` stands for `t10k`, and what comes
/// before or after does not count.
fn role(name: &str) -> Option<usize> {
    let name = name.to_lowercase();
    let is_foreign = FOREIGN.iter().any(|ending| name.ends_with(&format!(".{ending}")));
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    let (train, test) = (has(&["train"]), has(&["t10k", "test"]));
    let (images, labels) = (has(&["image", "idx3"]), has(&["label", "idx1"]));
    let one_of_each = train != test && images != labels;
    (one_of_each && !is_foreign).then_some(usize::from(test) * 2 + usize::from(labels))
}

/// ``rename `x.gz` to `train-images-idx3-ubyte.gz` ``
fn rename(found: &str, usual: &str) -> String {
    let gzip = if found.to_lowercase().ends_with(".gz") { ".gz" } else { "" };
    let verb = if found.contains('/') { "move" } else { "rename" };
    format!("{verb} `{found}` to `{usual}{gzip}`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_known_by_what_its_name_says() {
        for (name, expected) in [
            ("emnist-digits-train-images-idx3-ubyte.gz", Some(0)),
            ("train-labels-idx1-ubyte (1).gz", Some(1)),
            ("test-images-idx3-ubyte", Some(2)),
            ("T10K-LABELS-IDX1-UBYTE.TXT", Some(3)),
            ("train-images.idx3-ubyte", Some(0)),
            ("train_images", Some(0)),
            ("train.idx1", Some(1)),
            ("emnist-digits-mapping.txt", None),
            ("train-images.csv", None),
            ("train-test-images", None),
        ] {
            assert_eq!(role(name), expected, "{name}");
        }
    }
}
