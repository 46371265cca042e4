//! CIFAR, pickles, EMNIST, and damaged arrays and tables.

use super::archives::{Tree, own, read, tarred, zipped};
use super::forms::*;
use super::gzip;
use super::picture_folders::write;
use crate::DataSet;
use zip::CompressionMethod::Stored;

fn cifar(coarse: bool, labels: &[u8]) -> Vec<u8> {
    let record = |&label: &u8| {
        let planes = [label, 100, 200].map(|value| vec![value; 1024]).concat();
        [if coarse { vec![9] } else { vec![] }, vec![label], planes].concat()
    };
    labels.iter().flat_map(record).collect()
}

#[test]
fn cifar_s_planes_become_pixels_and_its_fine_labels_classes() {
    let files: Tree = vec![
        ("data_batch_1.bin".into(), cifar(false, &[0, 1])),
        ("data_batch_2.bin".into(), cifar(false, &[2])),
        ("test_batch.bin".into(), cifar(false, &[1])),
        ("batches.meta.txt".into(), b"airplane\nautomobile\nbird\n\n".to_vec()),
    ];
    let wrapped: Tree =
        files.iter().map(|(name, bytes)| (format!("cifar-10-batches-bin/{name}"), bytes.clone())).collect();
    let data = own(write(&files).path()).unwrap();
    assert_eq!((data.shape, data.train.labels.as_slice()), ([32, 32, 3], &[0, 1, 2][..]));
    assert_eq!(data.class_names, ["airplane", "automobile", "bird"]);
    assert_eq!(&data.train.image(2, 3072)[..6], [2, 100, 200, 2, 100, 200]);
    let archive = one("cifar-10-binary.tar.gz", gzip(&tarred(&wrapped)));
    assert_eq!(
        own(&write(&archive).path().join("cifar-10-binary.tar.gz")).unwrap().fingerprint,
        data.fingerprint
    );
    let hundred: Tree =
        vec![("train.bin".into(), cifar(true, &[0, 3])), ("test.bin".into(), cifar(true, &[3]))];
    assert_eq!(own(write(&hundred).path()).unwrap().train.labels, [0, 3]);
    let mut cut = files;
    cut[0].1.pop();
    assert!(refused(&cut, "").contains("no whole number of records"));
}

#[test]
fn pickles_are_never_read_and_the_way_out_is_named() {
    let pickle = [b"\x80\x02}q\x00(".to_vec(), vec![0; 40]].concat();
    for (files, path) in [
        (one("data_batch_1", pickle.clone()), ""),
        (one("set.pkl", pickle.clone()), "set.pkl"),
        (
            one(
                "set.pt",
                zipped(
                    &vec![("archive/data.pkl".into(), pickle.clone()), ("archive/version".into(), vec![1])],
                    Stored,
                ),
            ),
            "set.pt",
        ),
    ] {
        let error = own(&write(&files).path().join(path)).unwrap_err();
        assert!(error.to_string().contains("is a Python pickle"), "{error}");
        assert!(
            error.help().contains("savez") && error.help().contains("cifar-10-binary"),
            "{}",
            error.help()
        );
    }
}

#[test]
fn emnist_is_put_right_and_that_is_said() {
    let data = own(write(&emnist_files()).path()).unwrap();
    assert_eq!(data.reading.notes.len(), 2);
    assert!(data.reading.notes[0].contains("transposed") && data.reading.notes[1].contains("from 0 now"));
    let mut files = emnist_files();
    files.extend(emnist_files().into_iter().map(|(name, bytes)| (name.replace("letters", "digits"), bytes)));
    assert!(refused(&files, "").ends_with("holds several sets of EMNIST: digits, letters"));
    let mut files = emnist_files();
    files.remove(3);
    assert!(refused(&files, "").contains("lacks emnist-letters-test-labels-idx1-ubyte"));
    let mut files = emnist_files();
    files[4].1 = b"1 48\n3 49\n".to_vec();
    assert!(refused(&files, "").contains("mapping.txt`, line 2"));
}

/// Every truncation and every flipped bit of an array and of a table, and some thousand random changes: an error or a
/// data set, never a panic.
#[test]
fn damaged_arrays_and_tables_are_errors_or_data() {
    let whole = npy("<f4", "False", "(2, 2, 2)", &[0; 32]);
    let mut read = 0;
    let mut parse = |bytes: &[u8]| read += usize::from(crate::formats::array_is_read(bytes));
    (0..whole.len()).for_each(|length| parse(&whole[..length]));
    for bit in 0..whole.len() * 8 {
        let mut flipped = whole.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        parse(&flipped);
    }
    let mut stream = toile_rng::Seed::new(5).stream("damage", 0);
    for _ in 0..20_000 {
        let mut bytes = whole.clone();
        for _ in 0..=stream.below(4) {
            let at = stream.below(bytes.len() as u32) as usize;
            bytes[at] = stream.below(256) as u8;
        }
        parse(&bytes);
    }
    assert!(read > 0);
    let text = b"label,a,b,c,d\n0,1,2,3,4\n1,\"5\",6,7,8.0\n".to_vec();
    for case in 0..text.len() * 9 {
        let mut bytes = text.clone();
        match case % 9 {
            8 => bytes.truncate(case / 9),
            bit => bytes[case / 9] ^= 1 << bit,
        }
        let tree = crate::source::Blob::in_memory(bytes.into(), "train.csv".into());
        let _ = crate::formats::table_is_read(&tree);
    }
}

/// What every truncation and every flipped bit of these files gives: an error, or a whole data set whose labels have
/// classes. `bits` are those of a file that are flipped.
fn damaged(files: &Tree, bits: impl Fn(&str, usize) -> bool) -> Vec<(String, usize, DataSet)> {
    let mut taken = Vec::new();
    let mut parse = |files: &Tree, name: &str, at: usize| {
        if let Ok(data) = read(&zipped(files, Stored)) {
            for part in [&data.train, &data.test] {
                assert!(
                    part.images.len() == part.len() * data.image_len() && !part.is_empty(),
                    "{name} {at}"
                );
                let has_class = |label: &u8| usize::from(*label) < data.class_names.len();
                assert!(part.labels.iter().all(has_class), "{name} {at}");
            }
            taken.push((name.to_string(), at, data));
        }
    };
    for (i, (name, bytes)) in files.iter().enumerate() {
        let mut files = files.clone();
        for length in (0..bytes.len()).filter(|length| bits(name, *length)) {
            files[i].1 = bytes[..length].to_vec();
            parse(&files, name, length);
        }
        files[i].1 = bytes.clone();
        for bit in (0..bytes.len() * 8).filter(|bit| bits(name, bit / 8)) {
            files[i].1[bit / 8] ^= 1 << (bit % 8);
            parse(&files, name, bytes.len() + bit);
            files[i].1[bit / 8] = bytes[bit / 8];
        }
    }
    taken
}

#[test]
fn damaged_files_of_cifar_are_errors_or_data() {
    const RECORD: usize = 3073;
    let files: Tree = vec![
        ("data_batch_1.bin".into(), cifar(false, &[0, 1])),
        ("test_batch.bin".into(), cifar(false, &[1, 0])),
        ("batches.meta.txt".into(), b"airplane\nautomobile\n".to_vec()),
    ];
    let near_an_edge =
        |_: &str, at: usize| at % RECORD < 5 || at % RECORD > RECORD - 3 || at.is_multiple_of(97);
    let taken = damaged(&files, near_an_edge);
    let cut = |length: &usize| *length < 2 * RECORD;
    let whole: Vec<usize> = taken
        .iter()
        .filter(|(name, at, _)| name.ends_with(".bin") && cut(at))
        .map(|(_, at, _)| *at)
        .collect();
    assert_eq!(whole, [RECORD, RECORD], "cut elsewhere than between records");
    // The label of CIFAR-100's group is not looked at, that of its class is.
    let hundred: Tree =
        vec![("train.bin".into(), cifar(true, &[0, 1])), ("test.bin".into(), cifar(true, &[1, 0]))];
    let taken = damaged(&hundred, |_, at| at % (RECORD + 1) < 3 || at.is_multiple_of(97));
    let of_group = taken.iter().filter(|(_, at, _)| (2 * RECORD + 2..2 * RECORD + 10).contains(at));
    assert_eq!(
        of_group.map(|(_, _, data)| data.train.labels.clone()).collect::<Vec<_>>(),
        vec![vec![0, 1]; 16]
    );
}

#[test]
fn damaged_files_of_emnist_are_errors_or_data() {
    let files = emnist_files();
    let right = own(write(&files).path()).unwrap().fingerprint;
    let taken = damaged(&files, |_, _| true);
    let cut = |name: &str, at: usize| at < files.iter().find(|(other, _)| other == name).unwrap().1.len();
    let same: Vec<_> = taken.iter().filter(|(_, _, data)| data.fingerprint == right).collect();
    // Of the mapping the second code of a line and blanks at the end mean nothing; without it the classes are numbered.
    assert!(same.iter().all(|(name, ..)| name.ends_with("mapping.txt")), "{same:?}");
    let idx_cut = taken.iter().filter(|(name, at, _)| name.contains("-idx") && cut(name, *at)).count();
    assert_eq!(idx_cut, 0, "a file that is cut short was taken");
    let pixels = taken.iter().filter(|(name, at, _)| name.contains("-images-") && !cut(name, *at));
    assert_eq!(pixels.count(), (80 + 48) * 8, "each flipped bit of a pixel is another image");
}
