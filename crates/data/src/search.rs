//! Where a data set is looked for: the user's folder, the cache, the places of other tools, and then the network.

use crate::DataSet;
use crate::catalogue::{CatalogueEntry, catalogue, entry};
use crate::drawn::drawn_garments;
use crate::error::{Attempt, DataError};
use crate::fetch::fetch_into_cache;
use crate::folder::{load_named, load_own};
use crate::locations::{Locations, Progress};
use std::path::{Path, PathBuf};

/// Loads a data set: a name of the [`catalogue`], or the path of a folder with four IDX files.
///
/// A relative path starts at `base`, the folder of the study file. A named set is looked for in
/// [`Locations::data_dir`], the cache, the places of Debian, Keras and torchvision, and then fetched. What is not the
/// official data is refused; nothing is ever put in its place.
pub fn load(
    name: &str,
    base: Option<&Path>,
    locations: &Locations,
    progress: &mut dyn FnMut(Progress),
) -> Result<DataSet, DataError> {
    match entry(name) {
        Some(entry) if entry.procedural => {
            progress(Progress::Drawing { images: entry.counts.iter().sum() });
            Ok(drawn_garments(entry.counts[0], entry.counts[1]))
        }
        Some(entry) => find(entry, locations, progress),
        None => {
            let folder = base.unwrap_or(Path::new("")).join(name);
            let is_path = name.contains(['/', '\\']) || name.starts_with('.');
            if !is_path && !folder.exists() {
                return Err(unknown(name));
            }
            load_own(name, &folder, progress)
        }
    }
}

/// Makes sure that a named set is on this machine, fetching it if it must, and gives the folder that holds it.
pub fn fetch(
    name: &str,
    locations: &Locations,
    progress: &mut dyn FnMut(Progress),
) -> Result<PathBuf, DataError> {
    match entry(name) {
        None => Err(unknown(name)),
        Some(entry) if entry.procedural => Err(DataError::NothingToFetch { name: entry.name }),
        Some(entry) => find(entry, locations, progress).map(|data| data.source.into()),
    }
}

/// Loads a named set from the first place that has it.
pub(crate) fn find(
    entry: &'static CatalogueEntry,
    locations: &Locations,
    progress: &mut dyn FnMut(Progress),
) -> Result<DataSet, DataError> {
    let (mut tried, cache_dir) = (Vec::new(), &locations.cache_dir);
    let (own, others) = places(entry, locations);
    let mut refused = None;
    for place in &own {
        match look(entry, place, cache_dir, &mut tried, progress) {
            Ok(data) => return Ok(data),
            Err(error) if error.is_absence() => (),
            Err(error) => _ = refused.get_or_insert(error),
        }
    }
    // A fault in the user's own folder is final: other data must not step in for what the user pointed at.
    if let Some(error) = refused {
        return Err(error);
    }
    for place in &others {
        if let Ok(data) = look(entry, place, cache_dir, &mut tried, progress) {
            return Ok(data);
        }
    }
    if let Some(folder) = fetch_into_cache(entry, locations, &mut tried, progress) {
        let place = Place { folder, what: "toile's cache" };
        if let Ok(data) = look(entry, &place, cache_dir, &mut tried, progress) {
            return Ok(data);
        }
    }
    Err(DataError::NotFound { name: entry.name, title: entry.title, tried })
}

fn look(
    entry: &'static CatalogueEntry,
    place: &Place,
    cache_dir: &Path,
    tried: &mut Vec<Attempt>,
    progress: &mut dyn FnMut(Progress),
) -> Result<DataSet, DataError> {
    let words = place.words();
    progress(Progress::Trying { place: &words });
    let result = load_named(entry, &place.folder, Some(cache_dir), progress);
    match &result {
        Ok(_) => progress(Progress::Found { place: &words }),
        Err(error) => {
            let reason = match error {
                DataError::NoFolder { .. } => "there is no such folder".to_string(),
                DataError::Missing { names, .. } => format!("lacks {}", names.join(", ")),
                other => other.to_string(),
            };
            progress(Progress::Failed { place: &words, reason: &reason });
            tried.push(Attempt { place: words, reason });
        }
    }
    result
}

/// A folder to look in.
struct Place {
    folder: PathBuf,
    what: &'static str,
}

impl Place {
    fn words(&self) -> String {
        format!("{} `{}`", self.what, self.folder.display())
    }
}

/// All folders where a named set may lie, in the order of the search: those of the user's own, and the others.
fn places(entry: &CatalogueEntry, locations: &Locations) -> (Vec<Place>, Vec<Place>) {
    let place = |what| move |folder| Place { folder, what };
    let torchvision = |root: &Path| entry.torchvision.map(|name| root.join(name).join("raw"));
    let mut own = Vec::new();
    if let Some(root) = &locations.data_dir {
        let folders = [root.clone(), root.join(entry.name)].into_iter().chain(torchvision(root));
        own.extend(folders.map(place("data folder")));
    }
    let mut others = vec![place("toile's cache")(locations.cache_dir.join(entry.name))];
    for root in &locations.system_dirs {
        others.push(place("system folder")(root.join(entry.name)));
        others.extend(torchvision(root).map(place("torchvision's folder")));
    }
    if let Some(home) = &locations.home {
        others.push(place("Keras' cache")(home.join(".keras/datasets").join(entry.name)));
        let roots = ["data", ".cache", ".cache/torch", ".torch"].map(|root| home.join(root));
        others.extend(roots.iter().filter_map(|root| torchvision(root)).map(place("torchvision's folder")));
    }
    (own, others)
}

fn unknown(name: &str) -> DataError {
    let known: Vec<&'static str> = catalogue().iter().map(|entry| entry.name).collect();
    let near = known.iter().copied().min_by_key(|known| distance(known, name));
    let near = near.filter(|near| distance(near, name) <= near.len() / 3);
    DataError::UnknownName { name: name.to_string(), known, near }
}

/// How far two names are from each other, without regard to case and to `-`, `_` and blanks.
fn distance(a: &str, b: &str) -> usize {
    let plain = |s: &str| s.to_lowercase().chars().filter(|c| !"-_ ".contains(*c)).collect::<String>();
    edits(&plain(a), &plain(b))
}

/// Insertions, deletions, replacements and swaps of neighbours that lead from `a` to `b`.
pub fn edits(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            rows[i][j] = if i == 0 || j == 0 {
                i + j
            } else {
                let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
                let swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
                let swap = if swapped { rows[i - 2][j - 2] + 1 } else { usize::MAX };
                replaced.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1).min(swap)
            };
        }
    }
    rows[a.len()][b.len()]
}
