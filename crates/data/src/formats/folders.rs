//! Folders of pictures: a folder for each class, in `train`, `test` and `validation`, or all in one place.
//!
//! A class is a folder; its number is its place in the order of the names as text, as in Keras and torchvision, or in
//! `classes.txt`. The pictures of a part come class by class, each in the order of their names.

use super::{Format, RawData, RawPart, WantedReading, part_names};
use crate::LabelledImages;
use crate::class_names;
use crate::error::DataError;
use crate::locations::LoadProgress;
use crate::pictures::{self, Counts, read_all};
use crate::source::{Blob, Source};
use std::collections::BTreeSet;

/// The format.
pub(super) struct PictureFolders;

/// Endings of files that are meant to be pictures.
const ENDINGS: [&str; 11] =
    ["png", "jpg", "jpeg", "jpe", "gif", "bmp", "webp", "tif", "tiff", "heic", "avif"];
/// Files of other names that are looked into to see whether they are pictures.
const LOOKED_INTO: usize = 50;

impl Format for PictureFolders {
    fn name(&self) -> &'static str {
        "folders of pictures"
    }

    fn decodes(&self) -> bool {
        true
    }

    fn recognises(&self, source: &Source) -> Result<bool, DataError> {
        if source.asked.is_some() {
            return Ok(false);
        }
        if source.files.keys().any(|name| is_named_picture(name)) {
            return Ok(true);
        }
        let inner = source.files.iter().filter(|(name, _)| name.contains('/')).take(LOOKED_INTO);
        for (_, blob) in inner {
            if blob.start(16).is_ok_and(|start| pictures::begins(&start)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn read(
        &self,
        source: &Source,
        wanted: &WantedReading,
        progress: &mut dyn FnMut(LoadProgress),
    ) -> Result<RawData, DataError> {
        let layout = Layout::of(source, wanted.listed)?;
        progress(LoadProgress::Decoding {
            pictures: layout.parts.iter().flatten().map(|p| p.files.len()).sum(),
        });
        let mut notes = layout.notes;
        let (mut counts, mut like) = (Counts::default(), None);
        let mut parts = [None, None, None];
        for (place, part) in layout.parts.into_iter().enumerate() {
            let Some(part) = part else { continue };
            let batch = read_all(
                &part.files,
                wanted.table,
                like.as_ref().map(|(blob, shape): &(Blob, _)| (blob.shown(), *shape)),
            )?;
            if let (None, Some(first)) = (&like, part.files.first()) {
                like = Some((first.clone(), batch.shape));
            }
            counts = counts.and(batch.counts);
            let images = LabelledImages { images: batch.pixels, labels: part.labels };
            let labels_from = source.place.join(part.prefix);
            parts[place] = Some(RawPart { images, labels_from });
        }
        let shape = like.map_or([0; 3], |(_, shape)| shape);
        notes.extend(counts.notes(shape));
        let [train, validation, test] = parts;
        let train = train.ok_or_else(|| no_classes(source, &source.place))?;
        Ok(RawData {
            train,
            validation,
            test,
            shape,
            class_names: Some(layout.classes),
            title: None,
            notes,
            decoders: pictures::decoders(counts.png() > 0, counts.jpeg() > 0),
        })
    }
}

/// Which files belong to which part and class.
struct Layout {
    parts: [Option<PictureList>; 3],
    classes: Vec<String>,
    notes: Vec<String>,
}

/// The pictures of a part.
struct PictureList {
    /// Its folder, with `/` at the end; nothing if everything is one part.
    prefix: String,
    files: Vec<Blob>,
    labels: Vec<u8>,
}

impl Layout {
    fn of(source: &Source, listed: Option<&[String]>) -> Result<Layout, DataError> {
        let mut prefixes = prefixes(source)?;
        let whole = prefixes.iter().all(Option::is_none);
        if whole {
            prefixes[0] = Some(String::new());
        }
        let folders = |prefix: &String| class_folders(source, prefix);
        let Some(train) = &prefixes[0] else { return Err(no_training(source)) };
        let found = folders(train);
        if found.is_empty() {
            return Err(no_classes(source, &source.place.join(train)));
        }
        for prefix in prefixes.iter().flatten() {
            agree(source, train, prefix, &found, &folders(prefix), listed)?;
        }
        let classes = listed.map_or_else(|| found.into_iter().collect(), <[String]>::to_vec);
        class_names::check_count(&source.place.join(train), classes.len())?;
        let mut notes = if listed.is_none() { order_note(&classes) } else { Vec::new() };
        notes.extend(left_aside(source, &prefixes, whole));
        let mut others = Vec::new();
        let mut list = |prefix| PictureList::of(source, prefix, &classes, &mut others);
        let [a, b, c] = prefixes;
        let mut part = |prefix: Option<String>| prefix.map(&mut list).transpose();
        let parts = [part(a)?, part(b)?, part(c)?];
        if listed.is_none() {
            parts.iter().flatten().try_for_each(|part| no_class_is_empty(source, part, &classes))?;
        }
        notes.extend(others_note(&others));
        Ok(Layout { parts, classes, notes })
    }
}

impl PictureList {
    /// The pictures below a folder; files that are none go to `others`.
    fn of(
        source: &Source,
        prefix: String,
        classes: &[String],
        others: &mut Vec<String>,
    ) -> Result<PictureList, DataError> {
        let (mut files, mut labels) = (Vec::new(), Vec::new());
        for (label, class) in classes.iter().enumerate() {
            let folder = format!("{prefix}{class}/");
            let within = source.files.range(folder.clone()..);
            for (name, blob) in within.take_while(|(name, _)| name.starts_with(&folder)) {
                if is_named_picture(name) || pictures::begins(&blob.start(16)?) {
                    files.push(blob.clone());
                    labels.push(label as u8);
                } else {
                    others.push(name.clone());
                }
            }
        }
        let direct = source.files.range(prefix.clone()..).take_while(|(name, _)| name.starts_with(&prefix));
        for (name, _) in direct.filter(|(name, _)| !name[prefix.len()..].contains('/')) {
            if is_named_picture(name) {
                let help = "put it into the folder of its class, or remove it";
                return Err(DataError::refused(&source.place.join(name), "lies in no class folder", help));
            }
            if name != class_names::FILE {
                others.push(name.clone());
            }
        }
        Ok(PictureList { prefix, files, labels })
    }
}

/// The folders of the three parts, with `/`; none of them if the folders at the top are classes.
fn prefixes(source: &Source) -> Result<[Option<String>; 3], DataError> {
    let mut prefixes: [Option<String>; 3] = [None, None, None];
    for name in source.folders.iter().filter(|name| !name.contains('/')) {
        let Some(part) = part_names::of_word(name) else { continue };
        if let Some(first) = prefixes[part].replace(format!("{name}/")) {
            let fault =
                format!("has two folders for one part, `{}` and `{name}`", first.trim_end_matches('/'));
            return Err(DataError::refused(
                &source.place,
                fault,
                "put the pictures of a part into one folder",
            ));
        }
    }
    Ok(prefixes)
}

/// The folders right below a prefix.
fn class_folders(source: &Source, prefix: &str) -> BTreeSet<String> {
    let inner = source.folders.iter().filter_map(|name| name.strip_prefix(prefix));
    inner.filter(|name| !name.is_empty() && !name.contains('/')).map(str::to_string).collect()
}

/// All parts have the same classes, and only those of `classes.txt`, if there is one.
fn agree(
    source: &Source,
    train: &str,
    prefix: &str,
    expected: &BTreeSet<String>,
    found: &BTreeSet<String>,
    listed: Option<&[String]>,
) -> Result<(), DataError> {
    let part = source.place.join(prefix);
    if let Some(listed) = listed {
        let Some(unknown) = found.iter().find(|name| !listed.contains(name)) else { return Ok(()) };
        let fault = format!("has the class folder `{unknown}`, which `classes.txt` does not name");
        return Err(DataError::refused(&part, fault, "give it a line there, or remove the folder"));
    }
    let names = |names: Vec<&String>| {
        let shown: Vec<String> = names.iter().take(5).map(|name| format!("`{name}`")).collect();
        shown.join(", ") + if names.len() > 5 { ", …" } else { "" }
    };
    let (lacks, more): (Vec<_>, Vec<_>) =
        (expected.difference(found).collect(), found.difference(expected).collect());
    let fault = match (lacks.is_empty(), more.is_empty()) {
        (true, true) => return Ok(()),
        (false, true) => format!("lacks {}", names(lacks)),
        (true, false) => format!("has also {}", names(more)),
        (false, false) => format!("lacks {} and has {} in their place", names(lacks), names(more)),
    };
    Err(DataError::refused(
        &part,
        format!("has other class folders than `{train}`: it {fault}"),
        "each part has the same classes; a class that a part is to lack needs a `classes.txt` at the top, with one name \
         per line",
    ))
}

/// A folder without a picture is no class, unless `classes.txt` says so.
fn no_class_is_empty(source: &Source, part: &PictureList, classes: &[String]) -> Result<(), DataError> {
    let is_empty = |label: &usize| !part.labels.contains(&(*label as u8));
    let Some(empty) = (0..classes.len()).find(is_empty) else { return Ok(()) };
    let folder = source.place.join(format!("{}{}", part.prefix, classes[empty]));
    let help = "remove the folder (in all parts), or write a `classes.txt` at the top that names all classes, one per line";
    Err(DataError::refused(&folder, "is the folder of a class, and has no picture", help))
}

fn no_training(source: &Source) -> DataError {
    let help = "training pictures lie in `train`, in a folder for each class";
    DataError::refused(&source.place, "has no folder `train` beside those of other parts", help)
}

fn no_classes(source: &Source, folder: &std::path::Path) -> DataError {
    let fault = match source.folders.is_empty() {
        true => "has pictures, but no class folders",
        false => "has no class folders with pictures",
    };
    DataError::refused(folder, fault, "put the pictures of each class into a folder with its name")
}

/// "10" comes before "2": who numbered the classes wants to know.
fn order_note(classes: &[String]) -> Vec<String> {
    let numbers: Option<Vec<u64>> = classes.iter().map(|name| name.parse().ok()).collect();
    let Some(numbers) = numbers.filter(|numbers| !numbers.is_sorted()) else { return Vec::new() };
    let at = numbers.windows(2).position(|pair| pair[0] > pair[1]).unwrap_or(0);
    vec![format!(
        "classes are in the order of their names as text, as in Keras and torchvision: `{}` comes before `{}`; a \
         `classes.txt` gives another order",
        classes[at],
        classes[at + 1]
    )]
}

/// Folders beside those of the parts.
fn left_aside(source: &Source, prefixes: &[Option<String>; 3], whole: bool) -> Option<String> {
    let is_part =
        |name: &String| prefixes.iter().flatten().any(|prefix| prefix.trim_end_matches('/') == name);
    let top = source.folders.iter().filter(|name| !name.contains('/') && !is_part(name));
    let names: Vec<String> = top.map(|name| format!("`{name}`")).collect();
    (!whole && !names.is_empty()).then(|| format!("folders left out, no parts: {}", names.join(", ")))
}

fn others_note(others: &[String]) -> Option<String> {
    const SHOWN: usize = 5;
    let shown: Vec<String> = others.iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
    let more = if others.len() > SHOWN { ", …" } else { "" };
    (!others.is_empty())
        .then(|| format!("{} files left out, no pictures: {}{more}", others.len(), shown.join(", ")))
}

fn is_named_picture(name: &str) -> bool {
    let ending = name.rsplit('/').next().and_then(|file| file.rsplit_once('.')).map(|(_, ending)| ending);
    ending.is_some_and(|ending| ENDINGS.iter().any(|known| ending.eq_ignore_ascii_case(known)))
}
