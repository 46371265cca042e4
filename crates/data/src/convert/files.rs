//! The files of each form.

use super::{OutputForm, class_list, written};
use crate::error::DataError;
use crate::folder::FILES;
use crate::{DataSet, ImageSlice};
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// The parts that there are, by their names.
fn parts(data: &DataSet) -> impl Iterator<Item = (&'static str, ImageSlice<'_>)> {
    let all = ["train", "val", "test"].into_iter().zip(data.parts());
    all.filter(|(name, _)| *name != "val" || data.own_validation > 0)
}

/// Writes a form; gives notes on how it is to be read.
pub(super) fn write(data: &DataSet, form: OutputForm, out: &Path) -> Result<Vec<String>, DataError> {
    match form {
        OutputForm::Idx => idx(data, out)?,
        OutputForm::Npz => npz(data, out)?,
        OutputForm::Folders => folders(data, out)?,
        OutputForm::Csv => return csv(data, out),
    }
    Ok(Vec::new())
}

fn make(folder: &Path) -> Result<(), DataError> {
    fs::create_dir_all(folder).map_err(written(folder))
}

fn put(path: &Path, bytes: &[u8]) -> Result<(), DataError> {
    fs::write(path, bytes).map_err(written(path))
}

fn idx(data: &DataSet, out: &Path) -> Result<(), DataError> {
    make(out)?;
    let [height, width, channels] = data.shape;
    for ((_, ImageSlice { images, labels }), names) in parts(data).zip(FILES.chunks_exact(2)) {
        let mut dims = vec![labels.len(), height, width];
        dims.extend((channels > 1).then_some(channels));
        put(&out.join(names[0]), &idx_file(&dims, images))?;
        put(&out.join(names[1]), &idx_file(&dims[..1], labels))?;
    }
    let (name, list) = class_list(data);
    put(&out.join(name), list.as_bytes())
}

fn idx_file(dims: &[usize], bytes: &[u8]) -> Vec<u8> {
    let mut file = vec![0, 0, 8, dims.len() as u8];
    dims.iter().for_each(|dim| file.extend((*dim as u32).to_be_bytes()));
    file.extend(bytes);
    file
}

fn npz(data: &DataSet, out: &Path) -> Result<(), DataError> {
    let fail = |cause: zip::result::ZipError| written(out)(std::io::Error::other(cause));
    let mut archive = ZipWriter::new(BufWriter::new(File::create_new(out).map_err(written(out))?));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    let mut add = |name: String, head: &[u8], bytes: &[u8]| {
        archive.start_file(name, options).map_err(fail)?;
        archive.write_all(head).and_then(|()| archive.write_all(bytes)).map_err(written(out))
    };
    let [height, width, channels] = data.shape;
    for (part, ImageSlice { images, labels }) in parts(data) {
        let n = labels.len();
        let last = if channels > 1 { format!(", {channels}") } else { String::new() };
        add(format!("x_{part}.npy"), &npy_head(&format!("({n}, {height}, {width}{last})")), images)?;
        add(format!("y_{part}.npy"), &npy_head(&format!("({n},)")), labels)?;
    }
    let (name, list) = class_list(data);
    add(name.into(), &[], list.as_bytes())?;
    let mut file = archive.finish().map_err(fail)?;
    file.flush().map_err(written(out))
}

/// The header of an array of bytes, padded as NumPy does.
fn npy_head(shape: &str) -> Vec<u8> {
    let mut dict = format!("{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}");
    while (10 + dict.len() + 1) % 64 != 0 {
        dict.push(' ');
    }
    dict.push('\n');
    [b"\x93NUMPY\x01\x00", &(dict.len() as u16).to_le_bytes()[..], dict.as_bytes()].concat()
}

fn folders(data: &DataSet, out: &Path) -> Result<(), DataError> {
    make(out)?;
    let names = folder_names(&data.class_names);
    let [height, width, channels] = data.shape;
    let kind = match channels {
        1 => png::ColorType::Grayscale,
        3 => png::ColorType::Rgb,
        _ => {
            let fault = format!("cannot be pictures: the images have {channels} channels");
            return Err(DataError::refused(out, fault, "write `npz`, `idx` or `csv`"));
        }
    };
    for (part, ImageSlice { images, labels }) in parts(data) {
        for name in &names {
            make(&out.join(part).join(name))?;
        }
        for (i, (image, label)) in images.chunks_exact(data.image_len()).zip(labels).enumerate() {
            let mut bytes = Vec::new();
            let mut encoder = png::Encoder::new(&mut bytes, width as u32, height as u32);
            encoder.set_color(kind);
            let path = out.join(part).join(&names[usize::from(*label)]).join(format!("{i:07}.png"));
            let fail = |cause: png::EncodingError| written(&path)(std::io::Error::other(cause));
            let mut writer = encoder.write_header().map_err(fail)?;
            writer.write_image_data(image).and_then(|()| writer.finish()).map_err(fail)?;
            put(&path, &bytes)?;
        }
    }
    put(&out.join(crate::class_names::FILE), (names.join("\n") + "\n").as_bytes())
}

/// Class names as names of folders: what no folder can be called becomes `-`, and what is the same then gets its
/// number.
fn folder_names(classes: &[String]) -> Vec<String> {
    let plain = |name: &String| -> String {
        let kept = name.chars().map(|c| if c.is_control() || "/\\:*?\"<>|".contains(c) { '-' } else { c });
        kept.take(100).collect::<String>().trim().trim_start_matches('.').to_string()
    };
    let mut names: Vec<String> = Vec::new();
    for (i, class) in classes.iter().enumerate() {
        let name = plain(class);
        let is_taken = names.iter().any(|other| other.eq_ignore_ascii_case(&name));
        names.push(if name.is_empty() || is_taken { format!("{name}-{i}") } else { name });
    }
    names
}

fn csv(data: &DataSet, out: &Path) -> Result<Vec<String>, DataError> {
    make(out)?;
    let len = data.image_len();
    for (part, ImageSlice { images, labels }) in parts(data) {
        let path = out.join(format!("{part}.csv"));
        let mut file = BufWriter::new(File::create_new(&path).map_err(written(&path))?);
        let mut line = String::from("label");
        (1..=len).for_each(|i| _ = write!(line, ",pixel{i}"));
        for (image, label) in images.chunks_exact(len).zip(labels) {
            writeln!(file, "{line}").map_err(written(&path))?;
            line = label.to_string();
            image.iter().for_each(|pixel| _ = write!(line, ",{pixel}"));
        }
        writeln!(file, "{line}").and_then(|()| file.flush()).map_err(written(&path))?;
    }
    let (name, list) = class_list(data);
    put(&out.join(name), list.as_bytes())?;
    let [height, width, _] = data.shape;
    let is_square = height == width;
    Ok((!is_square)
        .then(|| format!("a table does not say its shape: read it with `size = [{height}, {width}]`"))
        .into_iter()
        .collect())
}
