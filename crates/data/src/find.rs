//! Finding a data set: the user's folder, the cache, the folders of other tools, and then the network.

use crate::DataSet;
use crate::catalogue::{CatalogueEntry, catalogue, entry};
use crate::drawn::drawn_garments;
use crate::error::{Attempt, DataError};
use crate::fetch::fetch_into_cache;
use crate::folder::load_named;
use crate::locations::{LoadProgress, Locations};
use crate::options::DataTable;
use crate::own::load_own;
use crate::path_form::PathFault;
use std::path::{Path, PathBuf};

/// Loads a data set: a name of the [`catalogue`], or the path of data of the user's own; see [`load_table`].
pub fn load(
    name: &str,
    base: Option<&Path>,
    locations: &Locations,
    progress: &mut dyn FnMut(LoadProgress),
) -> Result<DataSet, DataError> {
    load_table(&DataTable::at(name), base, locations, progress)
}

/// Loads a data set: one of the [`catalogue`] by its name, or data of the user's own.
///
/// A relative path starts at `base`, the folder of the study file. A named set is looked for in
/// [`Locations::data_dir`], the cache, the folders of Debian, Keras and torchvision, and then fetched. Data that is
/// not the official one is refused, never replaced by something else.
pub fn load_table(
    table: &DataTable,
    base: Option<&Path>,
    locations: &Locations,
    progress: &mut dyn FnMut(LoadProgress),
) -> Result<DataSet, DataError> {
    let name = &table.path;
    let settings = table.settings();
    if entry(name).is_some() && !settings.is_empty() {
        let fault = format!(
            "is a data set that toile knows, and is read as it was published, without {}",
            settings.join(", ")
        );
        let help =
            "leave them out; or write the set into a folder (`toile data convert`) and name that folder";
        return Err(DataError::refused(name.as_ref(), fault, help));
    }
    match entry(name) {
        Some(entry) if entry.procedural => {
            progress(LoadProgress::Drawing { images: entry.counts.iter().sum() });
            Ok(drawn_garments(entry.counts[0], entry.counts[1]))
        }
        Some(entry) => find(entry, locations, progress),
        None => {
            let path = base.unwrap_or(Path::new("")).join(name);
            let is_path = name.contains(['/', '\\']) || name.starts_with('.');
            if !is_path && !path.exists() {
                return Err(unknown(name));
            }
            load_own(table, &path, Some(&locations.cache_dir), progress)
                .map_err(|error| explained(error, name))
        }
    }
}

/// A folder that is not there, with the reason that shows in how it was written.
fn explained(error: DataError, written: &str) -> DataError {
    match error {
        DataError::NoFolder { folder, .. } => {
            let reason = PathFault::of(written, &folder);
            DataError::NoFolder { folder, reason }
        }
        other => other,
    }
}

/// Makes sure that a named set is on this machine, fetching it where necessary, and gives the folder or the archive
/// that holds it.
pub fn fetch(
    name: &str,
    locations: &Locations,
    progress: &mut dyn FnMut(LoadProgress),
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
    progress: &mut dyn FnMut(LoadProgress),
) -> Result<DataSet, DataError> {
    let (mut tried, cache_dir) = (Vec::new(), &locations.cache_dir);
    let (own, others) = places(entry, locations);
    if let Some(dir) = &locations.data_dir {
        is_a_folder(dir)?;
    }
    let mut refused = None;
    for place in &own {
        match try_folder(entry, place, cache_dir, &mut tried, progress) {
            Ok(data) => return Ok(data),
            Err(error) if error.is_absence() => (),
            Err(error) => _ = refused.get_or_insert(error),
        }
    }
    // A fault in the user's own folder is final: other data must not replace what the user asked for.
    if let Some(error) = refused {
        return Err(error);
    }
    for place in &others {
        if let Ok(data) = try_folder(entry, place, cache_dir, &mut tried, progress) {
            return Ok(data);
        }
    }
    if let Some(folder) = fetch_into_cache(entry, locations, &mut tried, progress) {
        let place = DataFolder { folder, what: "toile's cache" };
        if let Ok(data) = try_folder(entry, &place, cache_dir, &mut tried, progress) {
            return Ok(data);
        }
    }
    Err(DataError::NotFound { name: entry.name, title: entry.title, tried })
}

/// The folder that the user named is there, whether or not the set is in it: a slip must not lead to other data.
fn is_a_folder(dir: &Path) -> Result<(), DataError> {
    if dir.is_file() {
        return Err(DataError::NotAFolder { path: dir.into() });
    }
    if !dir.exists() {
        let reason = PathFault::of(&dir.to_string_lossy(), dir);
        return Err(DataError::NoFolder { folder: dir.into(), reason });
    }
    Ok(())
}

fn try_folder(
    entry: &'static CatalogueEntry,
    place: &DataFolder,
    cache_dir: &Path,
    tried: &mut Vec<Attempt>,
    progress: &mut dyn FnMut(LoadProgress),
) -> Result<DataSet, DataError> {
    let description = place.description();
    progress(LoadProgress::Trying { place: &description });
    let result = load_named(entry, &place.folder, Some(cache_dir), progress);
    match &result {
        Ok(_) => progress(LoadProgress::Found { place: &description }),
        Err(error) => {
            let reason = match error {
                DataError::NoFolder { .. } => "there is no such folder".to_string(),
                DataError::Missing { names, .. } => format!("lacks {}", names.join(", ")),
                other => other.to_string(),
            };
            progress(LoadProgress::Failed { place: &description, reason: &reason });
            tried.push(Attempt { place: description, reason });
        }
    }
    result
}

/// A folder in which a data set may be.
struct DataFolder {
    folder: PathBuf,
    what: &'static str,
}

impl DataFolder {
    fn description(&self) -> String {
        format!("{} `{}`", self.what, self.folder.display())
    }
}

/// All folders where a named set may be, in the order of the search: those of the user, and the others.
fn places(entry: &CatalogueEntry, locations: &Locations) -> (Vec<DataFolder>, Vec<DataFolder>) {
    let place = |what| move |folder| DataFolder { folder, what };
    let torchvision = |root: &Path| entry.torchvision.map(|name| root.join(name).join("raw"));
    // Sets of one archive have its folder, too.
    let shared = Some(entry.cache_folder()).filter(|folder| *folder != entry.name);
    let named =
        |root: &Path| [entry.name].into_iter().chain(shared).map(|name| root.join(name)).collect::<Vec<_>>();
    let mut own = Vec::new();
    if let Some(root) = &locations.data_dir {
        let folders = [root.clone()].into_iter().chain(named(root)).chain(torchvision(root));
        own.extend(folders.map(place("data folder")));
    }
    let mut others = vec![place("toile's cache")(locations.cache_dir.join(entry.cache_folder()))];
    for root in &locations.system_dirs {
        others.extend(named(root).into_iter().map(place("system folder")));
        others.extend(torchvision(root).map(place("torchvision's folder")));
    }
    if let Some(home) = &locations.home {
        // Keras has other archives: pickles.
        if entry.archive().is_none() {
            others.push(place("Keras' cache")(home.join(".keras/datasets").join(entry.name)));
        }
        let roots = ["data", ".cache", ".cache/torch", ".torch"].map(|root| home.join(root));
        others.extend(roots.iter().filter_map(|root| torchvision(root)).map(place("torchvision's folder")));
    }
    (own, others)
}

fn unknown(name: &str) -> DataError {
    let known: Vec<&'static str> = catalogue().iter().map(|entry| entry.name).collect();
    let nearest = known.iter().copied().min_by_key(|known| distance(known, name));
    let near = nearest.filter(|nearest| distance(nearest, name) <= nearest.len() / 3);
    // `emnist` is nearer to `mnist`, and means one of EMNIST's sets.
    let begun = format!("{}-", name.to_lowercase());
    let suggestion = known.iter().copied().find(|known| known.starts_with(&begun)).or(near);
    DataError::UnknownName { name: name.to_string(), known, suggestion }
}

/// The edit distance of two names (insertions, deletions, replacements, swaps of neighbours), without regard to case
/// and to `-`, `_` and blanks.
fn distance(a: &str, b: &str) -> usize {
    let plain = |s: &str| s.to_lowercase().chars().filter(|c| !"-_ ".contains(*c)).collect::<String>();
    strsim::osa_distance(&plain(a), &plain(b))
}
