//! What is to be seen in the weights: filters of first layers, and class maps of last convolutions with their check.

use toile_record::{ImageRecord, LastMaps, MappedImage, NetworkPictures};

use super::{CellImage, Section, SectionContext, SectionFigure, SectionTable, TableCell, TableColumn};
use crate::view::{FilterView, MapCorrelation, MapView, NAME_LENGTH, NetworkView, image_at};
use crate::{chart, format, image, text};

/// Images that are shown of a network.
const MOST_IMAGES: usize = 6;
/// Maps of no more cells than this say little about where.
const COARSE: usize = 16;

const WHICH: &str = "One network stands for each model: of its run with the highest validation accuracy, the mean over the seeds, \
                     the first seed whose weights are there.";

const SCALE: &str = "White is 0, vermilion is above, blue below; with three channels the colours are theirs and grey is 0. All \
                     filters of a layer by one scale.";

const HOW: &str = "Grad-CAM (Selvaraju et al. 2017): the channels of the last convolution, each weighted by how much the value \
                   of the class before the softmax grows with it. Each map is scaled by its own largest value. The check is that of \
                   Adebayo et al. (2018): maps must not look as they do where nothing was learned. They are compared by Spearman's \
                   correlation over their cells, with 95 % intervals over the images.";

/// The section; `None` where nobody had the weights.
pub(super) fn compute(context: &SectionContext) -> Option<Section> {
    let networks: Vec<(&NetworkPictures, &NetworkView)> =
        context.records.pictures.iter().zip(context.networks).collect();
    let parts: Vec<Section> =
        [filters(context, &networks), maps(context, &networks)].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| Section {
        notes: vec![WHICH.to_owned()],
        parts,
        ..Section::new("networks", "What the networks look at")
    })
}

fn filters(context: &SectionContext, networks: &[(&NetworkPictures, &NetworkView)]) -> Option<Section> {
    let figure = |(pictures, view): &(&NetworkPictures, &NetworkView)| {
        let (weights, found) = (&pictures.filters.as_ref()?.weights, view.filters.as_ref()?);
        let (address, shown) = chart::filter_sheet(weights, found.shape)?;
        let description = format!("{} of {}, seed {}", filters_of(found, shown), view.run, view.seed);
        let caption = format!("{}: {}.", name(view), sentence(found, shown));
        let link =
            context.groups.iter().find(|group| group.name == view.run).map(|group| group.anchor.clone());
        Some(SectionFigure { link, ..SectionFigure::png(address, description, caption) })
    };
    let figures: Vec<SectionFigure> = networks.iter().filter_map(figure).collect();
    (!figures.is_empty()).then(|| Section {
        figure_note: Some(SCALE.to_owned()),
        figures,
        ..Section::part("First-layer filters")
    })
}

/// `CNN, 23 epochs (model cnn, seed 7)`
fn name(view: &NetworkView) -> String {
    format!("{} (model {}, seed {})", view.run, view.model, view.seed)
}

/// `32 filters of 3 × 3`
fn filters_of(found: &FilterView, shown: usize) -> String {
    let [height, width, channels] = found.shape;
    let of = match channels {
        1 => format!("{height} × {width}"),
        n => format!("{height} × {width} × {n}"),
    };
    match shown == found.n {
        true => format!("{} of {of}", format::plural(found.n, "filter", "filters")),
        false => format!("the first {shown} of {} filters of {of}", found.n),
    }
}

/// `dense, 32 filters of 28 × 28, RMS 0.08 to 0.31; neighbouring weights correlate by 0.72 (by chance: 0)`
fn sentence(found: &FilterView, shown: usize) -> String {
    let [low, high] = found.rms.map(format::significant);
    let mut said = format!("{}, {}, RMS {low} to {high}", found.layer, filters_of(found, shown));
    if found.quiet > 0 {
        said += &format!("; {} below a tenth of the median", found.quiet);
    }
    if let Some(alike) = found.smoothness {
        said += &format!("; neighbouring weights correlate by {} (by chance: 0)", format::correlation(alike));
    }
    said
}

fn maps(context: &SectionContext, networks: &[(&NetworkPictures, &NetworkView)]) -> Option<Section> {
    let of = |(pictures, view): &(&NetworkPictures, &NetworkView)| {
        let (mapped, found) = (pictures.maps.as_ref()?, view.maps.as_ref()?);
        Some((said(view, found, context.records.study.data.shape), sheet(context, view, mapped)))
    };
    let (paragraphs, tables): (Vec<String>, Vec<Option<SectionTable>>) =
        networks.iter().filter_map(of).unzip();
    (!paragraphs.is_empty()).then(|| Section {
        paragraphs,
        tables: tables.into_iter().flatten().collect(),
        notes: vec![HOW.to_owned()],
        ..Section::part("Where the last convolution looks")
    })
}

/// What the check of a network's maps came to, and how coarse they are.
fn said(view: &NetworkView, found: &MapView, [height, width, _]: [usize; 3]) -> String {
    let [rows, columns] = found.size;
    let check = &found.check;
    let mut said = format!(
        "{}, layer {}: maps of {rows} × {columns} cells of {}.",
        name(view),
        found.layer,
        match found.images {
            1 => "the test image that it takes for another class".to_owned(),
            n => format!("the {n} test images that it takes for another class with the highest confidence"),
        }
    );
    if found.empty > 0 {
        said += &format!(" {} of them are empty: nothing in the layer speaks for that class.", found.empty);
    }
    let with = |of: &MapCorrelation| {
        let [mean, low, high] = [of.mean, of.low, of.high].map(format::correlation);
        format!("{mean} ({low} to {high})")
    };
    let mut alike = Vec::new();
    alike.extend(check.untrained.as_ref().map(|of| format!("those of untrained networks by {}", with(of))));
    let other = check.other_seed.as_ref().zip(found.other_seed);
    alike.extend(other.map(|(of, seed)| format!("those of seed {seed} by {}", with(of))));
    if !alike.is_empty() {
        said += &format!(" They correlate with {}.", text::listed(&alike));
    }
    said += match check.passed {
        Some(true) => " They pass the check: they show something that was learned.",
        Some(false) => {
            " They do not pass the check: that they show anything that was learned is not established."
        }
        None => " Too few of them differ from cell to cell for the check: take them for nothing.",
    };
    if rows * columns <= COARSE {
        let (tall, wide) = (height.div_ceil(rows.max(1)), width.div_ceil(columns.max(1)));
        said += &format!(" A cell stands for about {tall} × {wide} pixels: they say little about where.");
    }
    said
}

/// The images of a network, each with its map for either class.
fn sheet(context: &SectionContext, view: &NetworkView, mapped: &LastMaps) -> Option<SectionTable> {
    let data = &context.records.study.data;
    let class = |class: u8| {
        let name = data.class_names.get(usize::from(class));
        text::name(name.map_or("?", String::as_str), NAME_LENGTH)
    };
    let row = |one: &MappedImage| {
        let known = image_at(&context.records.images, one.index)?;
        let names = one.classes.map(class);
        let images = pictures(known, data.shape, one, mapped.size, &names)?;
        let [called, label] = names;
        let index = TableCell { images, ..TableCell::count(Some(one.index as u64)) };
        Some(vec![index, TableCell::text(label), TableCell::text(called)])
    };
    let columns = vec![
        TableColumn::row_name("Test image"),
        TableColumn::words("Label"),
        TableColumn::words("Taken for"),
    ];
    let rows: Vec<Vec<TableCell>> = mapped.images.iter().filter_map(row).take(MOST_IMAGES).collect();
    (!rows.is_empty()).then(|| SectionTable {
        image_note: Some(
            "The image, what speaks for the class that it is taken for, and what speaks for its label."
                .to_owned(),
        ),
        is_narrow: true,
        ..SectionTable::new(format!("Where {} looks.", name(view)), columns, rows)
    })
}

/// The image alone, then with its map for the class that it is taken for, and for its label.
fn pictures(
    known: &ImageRecord,
    shape: [usize; 3],
    one: &MappedImage,
    size: [usize; 2],
    names: &[String; 2],
) -> Option<Vec<CellImage>> {
    let picture = |png: String, description: String, text: &str| CellImage {
        png,
        description,
        text: text.to_owned(),
        value: None,
    };
    let mut all =
        vec![picture(image::data_uri(&known.pixels, shape)?, format!("Test image {}", one.index), "image")];
    for (map, class) in one.maps.iter().zip(names) {
        let description = match map.iter().any(|cell| *cell > 0.0) {
            true => format!("Test image {}: what speaks for {class}", one.index),
            false => format!("Test image {}: nothing speaks for {class}", one.index),
        };
        all.push(picture(chart::mapped_image(&known.pixels, shape, map, size)?, description, class));
    }
    Some(all)
}
