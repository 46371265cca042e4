//! What the report shows of the weights of networks, and what it says of it.

use crate::common;

use serde_json::Value;
use toile_record::{FirstFilters, ImageRecord, LastMaps, MappedImage, NetworkPictures, Records};
use toile_report::{ExportInput, Exporter};
use toile_report::{LatexExporter, html, markdown, results_json, view};

const UP: [f32; 4] = [0.0, 1.0, 2.0, 3.0];
const DOWN: [f32; 4] = [3.0, 2.0, 1.0, 0.0];

fn maps(other: Option<[f32; 4]>, untrained: [f32; 4], images: &[ImageRecord]) -> LastMaps {
    let image = |image: &ImageRecord| MappedImage {
        index: image.index,
        classes: [3, 6],
        maps: [UP.to_vec(), vec![0.0; 4]],
        by_other_seed: other.map(|map| map.to_vec()),
        by_untrained: vec![untrained.to_vec(); 3],
    };
    LastMaps {
        layer: "conv2d_4".into(),
        size: [2, 2],
        other_seed: other.map(|_| 8),
        images: images.iter().take(7).map(image).collect(),
    }
}

/// The made-up study, with what is to be seen in the networks of two models.
fn looked_at(other: Option<[f32; 4]>, untrained: [f32; 4]) -> Records {
    let mut records = common::records(1);
    let pixels = vec![90; records.study.data.shape.iter().product()];
    records.images = (0..9).map(|i| ImageRecord { index: i * 11, pixels: pixels.clone() }).collect();
    let filters = |layer: &str, shape: [usize; 3], n: usize| {
        let size: usize = shape.iter().product();
        let weights = (0..n * size).map(|i| (i % size) as f32 / size as f32 - 0.4).collect();
        Some(FirstFilters { layer: layer.into(), shape, weights })
    };
    let dense = NetworkPictures {
        model: "dense".into(),
        run: "Model 5".into(),
        seed: 7,
        filters: filters("dense", [28, 28, 1], 32),
        maps: None,
    };
    let cnn = NetworkPictures {
        model: "cnn".into(),
        run: "CNN, 23 epochs".into(),
        filters: filters("conv2d", [3, 3, 1], 32),
        maps: Some(maps(other, untrained, &records.images)),
        ..dense.clone()
    };
    records.pictures = vec![dense, cnn];
    records
}

fn text(records: &Records) -> String {
    markdown(&view(records))
}

#[test]
fn first_filters_are_shown_with_their_numbers() {
    let page = html(&view(&looked_at(Some(UP), DOWN)));
    assert!(
        page.contains(r#"<section id="networks""#) && page.contains("<bdi>First-layer filters</bdi></h3>")
    );
    let caption = "Model 5 (model dense, seed 7): dense, 32 filters of 28 × 28, RMS 0.3053 to 0.3053; neighbouring weights \
                   correlate by";
    assert!(page.contains(caption), "{}", text(&looked_at(Some(UP), DOWN)));
    assert!(page.contains(r#"alt="32 filters of 3 × 3 of CNN, 23 epochs, seed 7""#));
}

#[test]
fn maps_that_another_seed_repeats_pass_the_check_and_coarse_ones_are_called_so() {
    let text = text(&looked_at(Some(UP), DOWN));
    let said = "CNN, 23 epochs (model cnn, seed 7), layer conv2d\\_4: maps of 2 × 2 cells of the 7 test images that it takes \
                for another class with the highest confidence. They correlate with those of untrained networks by −1.00 \
                (−1.00 to −1.00) and those of seed 8 by 1.00 (1.00 to 1.00). They pass the check: they show something that \
                was learned. A cell stands for about 14 × 14 pixels: they say little about where.";
    assert!(text.contains(said), "{text}");
}

#[test]
fn maps_that_untrained_networks_make_as_well_do_not_pass_the_check() {
    for other in [Some(DOWN), None] {
        let text = text(&looked_at(other, UP));
        assert!(text.contains(
            "They do not pass the check: that they show anything that was learned is not established."
        ));
    }
}

#[test]
fn each_image_stands_beside_its_map_for_either_class() {
    let page = html(&view(&looked_at(Some(UP), DOWN)));
    for alt in
        ["Test image 11", "Test image 11: what speaks for Dress", "Test image 11: nothing speaks for Shirt"]
    {
        assert!(page.contains(&format!(r#"alt="{alt}""#)), "{alt}");
    }
}

#[test]
fn a_report_without_the_weights_has_no_such_section() {
    let records = common::records(1);
    assert!(!html(&view(&records)).contains("What the networks look at"));
    let json: Value = serde_json::from_str(&results_json(&records, &view(&records))).expect("JSON");
    assert_eq!(json["networks"], Value::Array(Vec::new()));
}

#[test]
fn results_json_documents_every_key_of_a_network() {
    let documented = include_str!("../../../docs/results-json.md");
    let records = looked_at(Some(UP), DOWN);
    let json: Value = serde_json::from_str(&results_json(&records, &view(&records))).expect("JSON");
    let network = &json["networks"][1];
    assert_eq!((&network["maps"]["check"]["passed"], &network["filters"]["n"]), (&true.into(), &32.into()));
    let mut open = vec![network];
    while let Some(Value::Object(map)) = open.pop() {
        for (key, value) in map {
            assert!(documented.contains(&format!("`{key}`")), "docs/results-json.md does not name `{key}`");
            open.extend(Some(value).filter(|value| value.is_object()));
        }
    }
}

#[test]
fn the_pictures_are_files_of_the_latex_document() {
    let records = looked_at(Some(UP), DOWN);
    let view = view(&records);
    let files = LatexExporter.files(ExportInput { records: &records, view: &view });
    let pngs = files.filter(|file| file.path.ends_with(".png") && file.path.contains("networks")).count();
    assert_eq!(pngs, 2 + 6 * 3, "two sheets of filters, six images with two maps each");
}

/// Pictures are made by whoever has the weights: nothing about their sizes is taken for granted.
#[test]
fn pictures_of_wrong_sizes_are_left_out() {
    let mut records = looked_at(Some(UP), DOWN);
    for pictures in &mut records.pictures {
        let filters = pictures.filters.as_mut().expect("filters");
        filters.shape = [usize::MAX, 2, 3];
        if let Some(maps) = &mut pictures.maps {
            maps.size = [0, 5];
            maps.images[0].index = usize::MAX;
            maps.images[1].classes = [255, 255];
            maps.images[2].maps = [vec![f32::NAN; 3], Vec::new()];
        }
    }
    let page = html(&view(&records));
    assert!(!page.contains("First-layer filters") && !page.contains("Where CNN, 23 epochs"));
}
