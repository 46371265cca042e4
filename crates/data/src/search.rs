//! Where a data set is looked for: the user's folder, the cache, the places of other tools, and then the network.

use crate::DataSet;
use crate::catalogue::{CatalogueEntry, catalogue, entry};
use crate::error::{Attempt, DataError};
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
        Some(entry) => find(entry, locations, progress),
        None => {
            let folder = base.unwrap_or(Path::new("")).join(name);
            if !folder.is_dir() {
                return Err(unknown(name, folder));
            }
            load_own(name, &folder, progress)
        }
    }
}

fn find(
    entry: &'static CatalogueEntry,
    locations: &Locations,
    progress: &mut dyn FnMut(Progress),
) -> Result<DataSet, DataError> {
    let mut tried = Vec::new();
    let mut refused = None;
    let places = places(entry, locations);
    for (i, place) in places.iter().enumerate() {
        let words = place.words();
        progress(Progress::Trying { place: &words });
        match load_named(entry, &place.folder, progress) {
            Ok(data) => {
                progress(Progress::Found { place: &words });
                return Ok(data);
            }
            Err(error) => {
                let reason = error.to_string();
                progress(Progress::Failed { place: &words, reason: &reason });
                tried.push(Attempt { place: words, reason });
                if place.own && !error.is_absence() {
                    refused.get_or_insert(error);
                }
            }
        }
        // A fault in the user's own folder is final: other data must not step in for what the user pointed at.
        let last_own = place.own && !places.get(i + 1).is_some_and(|next| next.own);
        if last_own && let Some(error) = refused.take() {
            return Err(error);
        }
    }
    Err(DataError::NotFound { name: entry.name, title: entry.title, tried })
}

/// A folder to look in.
struct Place {
    folder: PathBuf,
    what: &'static str,
    /// The user pointed at it.
    own: bool,
}

impl Place {
    fn words(&self) -> String {
        format!("{} `{}`", self.what, self.folder.display())
    }
}

/// All folders where a named set may lie, in the order of the search.
fn places(entry: &CatalogueEntry, locations: &Locations) -> Vec<Place> {
    let mut places = Vec::new();
    let mut add = |folder: PathBuf, what, own| places.push(Place { folder, what, own });
    let torchvision = |root: &Path| entry.torchvision.map(|name| root.join(name).join("raw"));
    if let Some(root) = &locations.data_dir {
        add(root.clone(), "data folder", true);
        add(root.join(entry.name), "data folder", true);
        torchvision(root).into_iter().for_each(|folder| add(folder, "data folder", true));
    }
    add(locations.cache_dir.join(entry.name), "toile's cache", false);
    for root in &locations.system_dirs {
        add(root.join(entry.name), "system folder", false);
        torchvision(root).into_iter().for_each(|folder| add(folder, "torchvision's folder", false));
    }
    if let Some(home) = &locations.home {
        add(home.join(".keras/datasets").join(entry.name), "Keras' cache", false);
        for root in ["data", ".cache", ".cache/torch", ".torch"] {
            let folder = torchvision(&home.join(root));
            folder.into_iter().for_each(|folder| add(folder, "torchvision's folder", false));
        }
    }
    places
}

fn unknown(name: &str, folder: PathBuf) -> DataError {
    if name.contains(['/', '\\']) || name.starts_with('.') {
        return DataError::NoFolder { folder };
    }
    let known: Vec<&'static str> = catalogue().iter().map(|entry| entry.name).collect();
    let near = known.iter().copied().min_by_key(|known| distance(known, name));
    let near = near.filter(|near| distance(near, name) <= near.len() / 3);
    DataError::UnknownName { name: name.to_string(), known, near }
}

/// Levenshtein's distance of two names, without regard to case and to `-`, `_` and blanks.
fn distance(a: &str, b: &str) -> usize {
    let plain = |s: &str| s.to_lowercase().chars().filter(|c| !"-_ ".contains(*c)).collect::<Vec<_>>();
    let (a, b) = (plain(a), plain(b));
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + (x != y) as usize;
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}
