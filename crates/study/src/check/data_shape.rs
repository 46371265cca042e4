//! What is known of the data sets of the catalogue before they are loaded.

use super::DataShape;

/// The shape of a data set of the catalogue, by its name in study files.
pub fn known_shape(data: &str) -> Option<DataShape> {
    let entry = toile_data::entry(data)?;
    let image = entry.shape.into();
    let (classes, images) = (entry.classes.len(), entry.counts[0]);
    Some(DataShape { image, classes, images, first_label: 0, own_validation: 0 })
}

/// The names of the catalogue.
pub(crate) fn known_names() -> Vec<&'static str> {
    toile_data::catalogue().iter().map(|entry| entry.name).collect()
}
