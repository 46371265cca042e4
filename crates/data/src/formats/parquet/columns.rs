//! Which columns of a table are pictures and labels, and what the file says of the classes.

use super::super::words;
use crate::source::shown;
use parquet::basic::Type;
use parquet::file::metadata::FileMetaData;
use parquet::schema::types::ColumnDescriptor;
use serde::Deserialize;
use std::collections::HashMap;

/// Names of the column with the pictures, the first one before the others.
const IMAGES: [&str; 6] = ["image", "img", "images", "picture", "jpg", "png"];
/// Names of the column with the labels.
const LABELS: [&str; 8] = ["label", "labels", "fine_label", "class", "target", "y", "category", "cls"];
/// The most columns that a message names.
const SHOWN: usize = 8;

/// The columns that are read.
pub(super) struct PictureColumns {
    /// The leaf with the bytes of the pictures.
    pub image: PictureColumn,
    /// None in a table without labels.
    pub label: Option<PictureColumn>,
    /// The names of the classes, where the file has them.
    pub class_names: Option<Vec<String>>,
    /// Columns that may be labels too, and are left out.
    pub other_labels: Vec<String>,
}

/// A column, and its place among the leaves.
#[derive(Clone)]
pub(super) struct PictureColumn {
    pub name: String,
    pub leaf: usize,
}

/// What the property `huggingface` says of the columns.
#[derive(Default, Deserialize)]
struct HubProperty {
    #[serde(default)]
    info: HubInfo,
}

#[derive(Default, Deserialize)]
struct HubInfo {
    #[serde(default)]
    features: HashMap<String, serde_json::Value>,
}

impl HubInfo {
    /// Nothing, if the file says nothing that is understood: the columns' own names decide then.
    fn of(file: &FileMetaData) -> HubInfo {
        let properties = file.key_value_metadata().into_iter().flatten();
        let text = properties.filter(|p| p.key == "huggingface").find_map(|p| p.value.as_deref());
        text.and_then(|text| serde_json::from_str::<HubProperty>(text).ok()).unwrap_or_default().info
    }

    fn is(&self, column: &str, kind: &str) -> bool {
        self.features.get(column).is_some_and(|feature| feature["_type"] == *kind)
    }

    /// The classes of a column of labels.
    fn classes(&self, column: &str) -> Option<Vec<String>> {
        let names = self.features.get(column)?.get("names")?.as_array()?;
        names.iter().map(|name| Some(name.as_str()?.to_string())).collect()
    }
}

impl PictureColumns {
    /// The columns, or what is wrong with those that are there.
    pub(super) fn of(file: &FileMetaData) -> Result<PictureColumns, String> {
        let (hub, schema) = (HubInfo::of(file), file.schema_descr());
        let leaves = || schema.columns().iter().enumerate().map(|(leaf, column)| (leaf, &**column));
        let flat = || leaves().filter(|(_, column)| column.max_rep_level() == 0);
        let images: Vec<PictureColumn> =
            flat().filter_map(|(leaf, column)| picture(leaf, column, &hub)).collect();
        let image = preferred(&images, &IMAGES).or_else(|| (images.len() == 1).then(|| images[0].clone()));
        let Some(image) = image else {
            let found: Vec<String> = leaves().take(SHOWN).map(|(_, column)| described(column)).collect();
            let more = if leaves().count() > SHOWN { ", …" } else { "" };
            let fault = if images.is_empty() { "no column" } else { "no single column" };
            return Err(format!("has {fault} of encoded pictures: found {}{more}", found.join(", ")));
        };
        let labels: Vec<PictureColumn> =
            flat().filter_map(|(leaf, column)| label(leaf, column, &hub)).collect();
        let chosen = preferred(&labels, &LABELS).or_else(|| labels.first().cloned());
        let class_names = chosen.as_ref().and_then(|label| hub.classes(&label.name));
        if let Some(odd) = class_names.iter().flatten().find(|name| words::label(name).is_err()) {
            return Err(format!("has a class whose name is no text: `{}`", shown(odd)));
        }
        let others = labels.iter().filter(|label| chosen.as_ref().is_some_and(|c| c.leaf != label.leaf));
        let other_labels = others.map(|label| shown(&label.name)).collect();
        Ok(PictureColumns { image, label: chosen, class_names, other_labels })
    }
}

/// The first of some columns that has one of the names.
fn preferred(columns: &[PictureColumn], names: &[&str]) -> Option<PictureColumn> {
    names.iter().find_map(|name| columns.iter().find(|column| column.name == *name)).cloned()
}

/// A leaf with encoded pictures: `bytes` of a structure, or bytes under a known name.
fn picture(leaf: usize, column: &ColumnDescriptor, hub: &HubInfo) -> Option<PictureColumn> {
    let known = |name: &str| hub.is(name, "Image") || IMAGES.contains(&name);
    let name = match column.path().parts() {
        [name, inner] if inner == "bytes" => name,
        [name] if known(name) => name,
        _ => return None,
    };
    (column.physical_type() == Type::BYTE_ARRAY).then(|| PictureColumn { name: name.clone(), leaf })
}

/// A leaf with labels: what the file calls classes, else what is called so.
fn label(leaf: usize, column: &ColumnDescriptor, hub: &HubInfo) -> Option<PictureColumn> {
    let [name] = column.path().parts() else { return None };
    let is_label = hub.is(name, "ClassLabel") || LABELS.contains(&name.as_str());
    let kinds = [Type::INT32, Type::INT64, Type::BYTE_ARRAY];
    (is_label && kinds.contains(&column.physical_type())).then(|| PictureColumn { name: name.clone(), leaf })
}

/// A leaf in a message.
fn described(column: &ColumnDescriptor) -> String {
    let list = if column.max_rep_level() > 0 { "list of " } else { "" };
    format!("`{}` ({list}{})", shown(&column.path().string()), column.physical_type())
}
