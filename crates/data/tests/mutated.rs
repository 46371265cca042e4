//! Files that are damaged in every way that a generator can think of: no input makes the reader panic, or take
//! more than it is worth. 100,000 of them, the same in every run; `TOILE_MUTATIONS` takes another number.

use crate::damage;

use std::fs;
use std::io::Write;
use std::path::Path;

use damage::{damage, inputs};
use flate2::Compression;
use flate2::write::GzEncoder;
use toile_data::{
    DataSet, DataTable, LabelledImages, Locations, OutputForm, Reading, Resize, convert, fingerprint,
    load_table,
};
use toile_rng::{Seed, Stream};

/// Files that are read, by the name under which they lie.
type Seeds = Vec<(&'static str, Vec<u8>)>;

/// Six training and four test images of 6 x 5.
fn small(channels: usize) -> DataSet {
    let part = |n: usize, from: usize| LabelledImages {
        images: (0..n * 30 * channels).map(|i| ((from + i * 37) % 251) as u8).collect(),
        labels: (0..n).map(|i| (i % 2) as u8).collect(),
    };
    let (train, test, class_names) = (part(6, 3), part(4, 99), vec!["a".to_owned(), "b".to_owned()]);
    let shape = [6, 5, channels];
    DataSet {
        name: "small".into(),
        title: "small".into(),
        fingerprint: fingerprint(shape, &class_names, &train, &test),
        shape,
        class_names,
        train,
        test,
        source: "small".into(),
        procedural: false,
        own_validation: 0,
        reading: Reading::default(),
    }
}

/// The set in a form: the bytes of a file, or of a tar archive of a folder.
fn form(data: &DataSet, form: OutputForm) -> Vec<u8> {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    convert(data, form, &out).unwrap();
    if out.is_file() {
        return fs::read(out).unwrap();
    }
    let mut archive = tar::Builder::new(Vec::new());
    archive.mode(tar::HeaderMode::Deterministic);
    archive.append_dir_all(".", &out).unwrap();
    archive.into_inner().unwrap()
}

fn tarred(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, name, *bytes).unwrap();
    }
    archive.into_inner().unwrap()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// How the input is read: now and then with sizes, channels and parts.
fn table(random: &mut Stream, name: &str) -> DataTable {
    let mut table = DataTable::at(format!("./{name}"));
    if random.below(3) == 0 {
        table.test_fraction = Some(0.5);
    }
    if random.below(4) == 0 {
        table.size = Some([1 + random.below(9) as usize, 1 + random.below(9) as usize]);
        table.resize = [None, Some(Resize::Area), Some(Resize::Nearest)][random.below(3) as usize];
    }
    if random.below(4) == 0 {
        table.channels = Some([1, 3][random.below(2) as usize]);
    }
    table
}

/// Reads so many damaged forms of the seeds; gives how many were data all the same.
fn read_damaged(name: &str, seeds: &Seeds, inputs: usize) -> usize {
    let dir = tempfile::tempdir().unwrap();
    let locations = Locations::new(dir.path().join("cache"));
    let mut read = 0;
    for i in 0..inputs {
        let random = &mut Seed::new(1).stream(name, i as u64);
        let (file, bytes) = &seeds[i % seeds.len()];
        let other = &seeds[random.below(seeds.len() as u32) as usize].1;
        let bytes = damage(random, bytes.clone(), other);
        let table = table(random, file);
        let path: &Path = dir.path();
        fs::write(path.join(file), &bytes).unwrap();
        match load_table(&table, Some(path), &locations, &mut |_| {}) {
            Ok(data) => {
                let images = data.train.len() * data.image_len();
                assert_eq!(data.train.images.len(), images, "input {i} of {name}");
                assert!(data.train.labels.iter().all(|label| usize::from(*label) < data.class_names.len()));
                read += 1;
            }
            Err(error) => assert!(!error.to_string().is_empty(), "{error:?}"),
        }
        // A form that another one finds beside itself must not be there.
        fs::remove_file(path.join(file)).unwrap();
    }
    read
}

#[test]
fn damaged_arrays_and_archives_are_refused_or_read() {
    let [gray, colour] = [1, 3].map(small);
    let arrays = form(&gray, OutputForm::Npz);
    let npy = |name: &str, n: usize| {
        let head = format!("{{'descr': '|u1', 'fortran_order': False, 'shape': ({name}), }}\n");
        let bytes: Vec<u8> = (0..n).map(|i| (i % 2) as u8).collect();
        [b"\x93NUMPY\x01\x00", &(head.len() as u16).to_le_bytes()[..], head.as_bytes(), &bytes].concat()
    };
    let [x, y] = [npy("6, 4, 4", 96), npy("6,", 6)];
    let seeds: Seeds = vec![
        ("set.npz", arrays),
        ("colour.npz", form(&colour, OutputForm::Npz)),
        // An archive without checksums of its files: what is damaged comes to the reader of arrays.
        (
            "arrays.tar",
            tarred(&[("x_train.npy", &x), ("y_train.npy", &y), ("x_test.npy", &x), ("y_test.npy", &y)]),
        ),
        ("arrays.tar.gz", gzip(&tarred(&[("images.npy", &x), ("labels.npy", &y)]))),
    ];
    let read = read_damaged("arrays", &seeds, inputs() / 4);
    assert!(read > 0, "some damage does no harm");
}

#[test]
fn damaged_idx_cifar_and_emnist_files_are_refused_or_read() {
    let [gray, colour] = [1, 3].map(small);
    let record = |label: u8| [vec![label], (0..3072).map(|i| i as u8).collect()].concat();
    let cifar = [record(0), record(1), record(1)].concat();
    let idx = |dims: &[u32]| {
        let n: u32 = dims.iter().product();
        let dims: Vec<u8> = dims.iter().flat_map(|dim| dim.to_be_bytes()).collect();
        let values = (0..n).map(|i| 1 + (i % 3) as u8).collect::<Vec<u8>>();
        [vec![0, 0, 8, (dims.len() / 4) as u8], dims, values].concat()
    };
    let (images, labels) = (idx(&[5, 4, 6]), idx(&[5]));
    let emnist: Vec<(String, &[u8])> = ["train", "test"]
        .iter()
        .flat_map(|part| {
            let name = |kind: &str| format!("emnist-letters-{part}-{kind}-ubyte");
            [(name("images-idx3"), images.as_slice()), (name("labels-idx1"), labels.as_slice())]
        })
        .collect();
    let emnist: Vec<(&str, &[u8])> = emnist.iter().map(|(name, bytes)| (name.as_str(), *bytes)).collect();
    let seeds: Seeds = vec![
        ("idx.tar", form(&gray, OutputForm::Idx)),
        ("colour.tar", form(&colour, OutputForm::Idx)),
        (
            "cifar.tar",
            tarred(&[
                ("data_batch_1.bin", &cifar),
                ("test_batch.bin", &cifar),
                ("batches.meta.txt", b"a\nb\n"),
            ]),
        ),
        ("emnist.tar", tarred(&emnist)),
    ];
    assert!(read_damaged("bytes", &seeds, inputs() / 4) > 0);
}

#[test]
fn damaged_tables_are_refused_or_read() {
    let table = form(&small(1), OutputForm::Csv);
    let text = b"label;1x1;1x2;2x1;2x2\ncat;0;255;1,5;\"7\"\ndog;1;2;3;4\ncat;9;9;9;9\n".to_vec();
    let seeds: Seeds = vec![
        (
            "plain.csv",
            b"label,pixel1,pixel2,pixel3,pixel4\n0,1,2,3,4\n1,5,6,7,8\n0,9,10,11,12\n1,0,0,0,255\n".to_vec(),
        ),
        ("words.csv", text),
        ("shares.csv", b"0.0,1.0,0.5019607843137255,0.2,1\n1,0,0,0,0\n0,1,1,1,1\n".to_vec()),
        ("packed.csv.gz", gzip(b"label,pixel1\n0,1\n1,2\n")),
        ("tables.tar", table),
    ];
    assert!(read_damaged("tables", &seeds, inputs() / 4) > 0);
}

#[test]
fn damaged_pictures_are_refused_or_read() {
    let [gray, colour] = [1, 3].map(small);
    let jpeg = include_bytes!("pictures/gray.jpg");
    let jpegs = tarred(&[("a/1.jpg", jpeg), ("a/2.jpg", jpeg), ("b/1.jpg", jpeg), ("b/2.jpg", jpeg)]);
    let seeds: Seeds = vec![
        ("gray.tar", form(&gray, OutputForm::Folders)),
        ("colour.tar", form(&colour, OutputForm::Folders)),
        ("jpeg.tar", jpegs),
    ];
    assert!(read_damaged("pictures", &seeds, inputs() - inputs() / 4 * 3) > 0);
}

/// What the library that reads Parquet is given comes from strangers too. Pages are not compressed in some seeds, so
/// that damage comes to the decoders.
#[cfg(feature = "parquet")]
#[test]
fn damaged_parquet_tables_are_refused_or_read() {
    let piece = |i: usize| match i {
        0 => &include_bytes!("parquet/hub/train-00000-of-00002.parquet")[..],
        1 => include_bytes!("parquet/hub/train-00001-of-00002.parquet"),
        _ => include_bytes!("parquet/hub/test-00000-of-00001.parquet"),
    };
    let hub = tarred(&[
        ("train-00000-of-00002.parquet", piece(0)),
        ("train-00001-of-00002.parquet", piece(1)),
        ("test-00000-of-00001.parquet", piece(2)),
    ]);
    let seeds: Seeds = vec![
        ("hub.tar", hub),
        ("piece.parquet", piece(0).to_vec()),
        ("plain.parquet", include_bytes!("parquet/plain.parquet").to_vec()),
        ("words.parquet", include_bytes!("parquet/words.parquet").to_vec()),
    ];
    assert!(read_damaged("parquet", &seeds, inputs() / 4) > 0);
}
