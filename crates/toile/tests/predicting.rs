//! Trained networks answer questions: what they make of pictures.

use crate::common;

use std::fs;

use common::{Place, STUDY};
use serde_json::Value;

/// A place in which the study has been trained.
fn trained() -> Place {
    let place = Place::with_study(&STUDY.replace("seed = 7", "seed = 7\nseeds = 2"));
    place.run(&["run", "study.toml", "--out", "out"]).ok();
    place
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// A PNG of 8 x 8 or other pixels.
fn png(color: png::ColorType, depth: png::BitDepth, [height, width]: [u32; 2], data: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(color);
    encoder.set_depth(depth);
    encoder.write_header().unwrap().write_image_data(data).unwrap();
    bytes
}

fn grey(pixels: &[u8]) -> Vec<u8> {
    png(png::ColorType::Grayscale, png::BitDepth::Eight, [8, 8], pixels)
}

/// The pixels of the test images, from the IDX file.
fn test_images(place: &Place) -> Vec<Vec<u8>> {
    let bytes = fs::read(place.path("data/t10k-images-idx3-ubyte")).unwrap();
    bytes[16..].chunks(64).map(<[u8]>::to_vec).collect()
}

/// The same pixels as PNG files: the class and the bits of its probability are those of the record.
#[test]
fn predictions_have_the_bits_of_the_recorded_ones() {
    let place = trained();
    fs::create_dir_all(place.path("pictures/deeper")).unwrap();
    for (i, pixels) in test_images(&place).iter().enumerate() {
        let folder = if i < 40 { "pictures" } else { "pictures/deeper" };
        fs::write(place.path(folder).join(format!("{i:03}.png")), grey(pixels)).unwrap();
    }
    fs::write(place.path("pictures/.hidden.png"), "no picture").unwrap();
    fs::write(place.path("pictures/notes.txt"), "no picture").unwrap();
    let said = place.run(&["predict", "out", "--run", "Conv", "--seed", "8", "--json", "pictures"]).ok();
    assert!(
        said.err.contains("left out of `pictures`: 1 file, neither PNG nor JPEG (pictures/notes.txt)"),
        "{}",
        said.err
    );
    let found = json(&said.out);
    let records = place.records("out");
    let run = records.runs.iter().find(|run| run.name == "Conv" && run.seed == 8).unwrap();
    let test = run.test.as_ref().expect("the test part is open");
    let images = found["images"].as_array().unwrap();
    assert_eq!(images.len(), 80);
    for (i, image) in images.iter().enumerate() {
        assert!(image["file"].as_str().unwrap().ends_with(&format!("{i:03}.png")));
        assert_eq!(image["class"], test.predictions[i]);
        let bits = (image["probability"].as_f64().unwrap() as f32).to_bits();
        assert_eq!(bits, test.confidences[i].to_bits(), "image {i}");
        assert_eq!(image["probabilities"].as_array().unwrap().len(), 4);
    }
    assert_eq!(found["weights_sha256"], run.weights_sha256.clone().unwrap());
}

#[test]
fn predictions_are_a_table_or_lines() {
    let place = trained();
    let pixels = &test_images(&place)[0];
    fs::write(place.path("a.png"), grey(pixels)).unwrap();
    let table = place.run(&["predict", "out", "--run", "Dense", "a.png", "--top", "2"]).ok().out;
    assert!(table.starts_with("picture  class") && table.lines().count() == 2, "{table}");
    let csv =
        place.run(&["predict", "out", "--run", "Dense", "a.png", "a.png", "--csv", "--top", "9"]).ok().out;
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!((lines[0], lines.len()), ("file,rank,class,class_name,probability", 1 + 2 * 4));
    assert!(lines[1].starts_with("a.png,1,") && lines[4].starts_with("a.png,4,"), "{csv}");
}

#[test]
fn pictures_that_do_not_fit_are_refused_all_at_once_and_changes_are_said() {
    use png::{BitDepth::*, ColorType::*};
    let place = trained();
    let pixels = &test_images(&place)[0];
    let rgb: Vec<u8> = pixels.iter().flat_map(|p| [*p; 3]).collect();
    let rgba: Vec<u8> = pixels.iter().flat_map(|p| [*p, *p, *p, 255]).collect();
    let clear: Vec<u8> = pixels.iter().flat_map(|p| [*p, *p, *p, 7]).collect();
    let wide: Vec<u8> = pixels.iter().flat_map(|p| [*p, 99]).collect();
    let mut red = rgb.clone();
    red[0] = red[1].wrapping_add(100);
    for (name, bytes) in [
        ("large.png", png(Grayscale, Eight, [9, 8], &[0; 72])),
        ("red.png", png(Rgb, Eight, [8, 8], &red)),
        ("clear.png", png(Rgba, Eight, [8, 8], &clear)),
        ("photo.jpg", b"\xff\xd8\xff\xe0rest".to_vec()),
        ("cut.png", grey(pixels)[..60].to_vec()),
        ("empty.png", Vec::new()),
        ("rgb.png", png(Rgb, Eight, [8, 8], &rgb)),
        ("rgba.png", png(Rgba, Eight, [8, 8], &rgba)),
        ("wide.png", png(Grayscale, Sixteen, [8, 8], &wide)),
        ("grey.png", grey(pixels)),
    ] {
        fs::write(place.path(name), bytes).unwrap();
    }
    let predict =
        |files: &[&str]| place.run(&[&["predict", "out", "--run", "Dense", "--csv"], files].concat());
    predict(&["large.png", "red.png", "clear.png", "photo.jpg", "cut.png", "empty.png", "grey.png"]).refused(
        &[
            "6 pictures cannot be taken",
            "large.png: it has 9 x 8 pixels (height x width), the training images 8 x 8",
            "red.png: it is in colour, the training images are grey",
            "clear.png: it has transparent pixels",
            "photo.jpg: it is a JPEG image that breaks",
            "cut.png: it is a PNG image that breaks",
            "empty.png: it is no picture that toile reads",
            "the network takes PNG and JPEG pictures of 8 x 8 pixels (height x width), grey",
        ],
    );
    let plain = predict(&["grey.png"]).ok();
    assert_eq!(plain.err, "");
    for (file, what) in [
        ("rgb.png", "rgb.png: it is grey but stored in colour: taken as grey"),
        ("rgba.png", "rgba.png: it is grey but stored in colour"),
        ("wide.png", "wide.png: of 16 bits a value, the high byte was kept"),
    ] {
        let said = predict(&[file]).ok();
        assert!(said.err.contains(what), "{}", said.err);
        assert_eq!(said.out.replace(file, "grey.png"), plain.out);
    }
    predict(&["gone.png"]).refused(&["cannot find `gone.png`"]);
    predict(&["data"]).refused(&["the folder `data` holds no PNG or JPEG files"]);
}

/// A data set that is written as pictures: the bits of the record, whatever the form.
#[test]
fn pictures_of_a_converted_data_set_have_the_recorded_bits() {
    let place = trained();
    place.run(&["data", "convert", "./data", "--to", "folders", "--out", "pictures"]).ok();
    let found = json(&place.run(&["predict", "out", "--run", "Conv", "--json", "pictures/test"]).ok().out);
    let records = place.records("out");
    let run = records.runs.iter().find(|run| run.name == "Conv").unwrap();
    let test = run.test.as_ref().expect("the test part is open");
    let images = found["images"].as_array().unwrap();
    assert_eq!(images.len(), 80);
    for image in images {
        let stem = image["file"].as_str().unwrap().rsplit('/').next().unwrap();
        let i: usize = stem.trim_end_matches(".png").parse().unwrap();
        let bits = (image["probability"].as_f64().unwrap() as f32).to_bits();
        assert_eq!((&image["class"], bits), (&test.predictions[i].into(), test.confidences[i].to_bits()));
    }
}

/// A JPEG gives the pixels that training would have had: turned upright by EXIF, and as a PNG of the same pixels.
#[test]
fn a_jpeg_is_decoded_as_in_a_folder_of_data() {
    let place = Place::new();
    let noise = |n: usize| (0..n).map(|i| (i * 7919 % 251) as u8).collect::<Vec<u8>>();
    for (part, n) in [("train", 60_u32), ("t10k", 20)] {
        let head =
            [[0, 0, 8, 4], n.to_be_bytes(), 24_u32.to_be_bytes(), 16_u32.to_be_bytes(), 3_u32.to_be_bytes()];
        let images = [head.concat(), noise(n as usize * 24 * 16 * 3)].concat();
        fs::write(place.path(&format!("data/{part}-images-idx3-ubyte")), images).unwrap();
        let labels = [vec![0, 0, 8, 1], n.to_be_bytes().to_vec(), (0..n).map(|i| (i % 4) as u8).collect()];
        fs::write(place.path(&format!("data/{part}-labels-idx1-ubyte")), labels.concat()).unwrap();
    }
    place.run(&["run", "study.toml", "--out", "out"]).ok();
    let upright = include_bytes!("../../data/tests/pictures/turned.jpg");
    let pixels = toile_data::decode_picture(upright).unwrap();
    assert_eq!(pixels.shape, [24, 16, 3], "stored as 16 x 24");
    let same = png(png::ColorType::Rgb, png::BitDepth::Eight, [24, 16], &pixels.pixels);
    fs::create_dir(place.path("pictures")).unwrap();
    fs::write(place.path("pictures/a.jpg"), upright).unwrap();
    fs::write(place.path("pictures/b.png"), same).unwrap();
    let said = place.run(&["predict", "out", "--run", "Conv", "--json", "pictures"]).ok();
    assert!(said.err.contains("pictures/a.jpg: turned upright, as EXIF says"), "{}", said.err);
    let found = json(&said.out);
    assert_eq!(found["images"][0]["probabilities"], found["images"][1]["probabilities"]);
    fs::write(place.path("sideways.jpg"), include_bytes!("../../data/tests/pictures/colour.jpg")).unwrap();
    fs::write(place.path("print.jpg"), include_bytes!("../../data/tests/pictures/cmyk.jpg")).unwrap();
    place.run(&["predict", "out", "--run", "Conv", "sideways.jpg", "print.jpg"]).refused(&[
        "2 pictures cannot be taken",
        "sideways.jpg: it has 16 x 24 pixels (height x width), the training images 24 x 16",
        "print.jpg: it is a JPEG image of other colours",
    ]);
}
