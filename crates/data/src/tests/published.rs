//! Named sets that are published as one archive: CIFAR's form and EMNIST's, with archives made here.

use super::archives::{own, tarred, zipped};
use super::downloads::{MirrorServer, ServerBehaviour};
use super::{gzip, idx, tiny_entry};
use crate::catalogue::{CatalogueEntry, Checksums, PublishedArchive};
use crate::error::DataError;
use crate::find::find;
use crate::fingerprint::hex;
use crate::locations::{LoadProgress, Locations};
use sha2::{Digest, Sha256};
use std::fs;
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;
use zip::CompressionMethod;

const FILE: &str = "tiny-binary.tar.gz";

/// A record of CIFAR-10: the label, then a red, a green and a blue plane.
fn record(label: u8) -> Vec<u8> {
    let plane = |value: u8| [value; 32 * 32];
    [&[label][..], &plane(10 + label), &plane(20 + label), &plane(30 + label)].concat()
}

/// CIFAR's archive with three training images and two test images.
fn cifar() -> Vec<u8> {
    let files = [
        ("data_batch_1.bin", [record(0), record(1)].concat()),
        ("data_batch_2.bin", record(1)),
        ("test_batch.bin", [record(1), record(0)].concat()),
        ("batches.meta.txt", b"low\nhigh\n\n".to_vec()),
    ];
    let named = |(name, bytes)| (format!("tiny-batches-bin/{name}"), bytes);
    gzip(&tarred(&files.map(named).to_vec()))
}

/// EMNIST's archive with two sets of two training images and one test image each; the letters count from 1.
fn emnist() -> Vec<u8> {
    let set = |set: &str, first: u8, pixel: u8, mapping: &str| {
        let part = |part: &str, n: u8| {
            let name = |end: &str| format!("gzip/emnist-{set}-{part}-{end}-ubyte.gz");
            let pixels: Vec<u8> = (0..n * 4).map(|i| pixel + i).collect();
            let labels: Vec<u8> = (0..n).map(|i| first + i).collect();
            let n = u32::from(n);
            [
                (name("images-idx3"), gzip(&idx(&[n, 2, 2], &pixels))),
                (name("labels-idx1"), gzip(&idx(&[n], &labels))),
            ]
        };
        let mapping = (format!("gzip/emnist-{set}-mapping.txt"), mapping.as_bytes().to_vec());
        [&part("train", 2)[..], &part("test", 1), &[mapping]].concat()
    };
    let sets = [set("digits", 0, 100, "0 48\n1 49\n"), set("letters", 1, 200, "1 65 97\n2 66 98\n")];
    zipped(&sets.concat(), CompressionMethod::Deflated)
}

fn leaked(text: String) -> &'static str {
    text.leak()
}

/// The catalogue's entry of an archive, as if it were an official one.
fn entry_of(
    archive: &[u8],
    [name, file, prefix]: [&'static str; 3],
    mirror: Option<&str>,
) -> &'static CatalogueEntry {
    let published = PublishedArchive {
        file,
        sha256: leaked(hex(&Sha256::digest(archive))),
        bytes: archive.len() as u64,
        folder: "shared",
        prefix,
    };
    let mirrors: Vec<String> = mirror.into_iter().map(str::to_string).collect();
    let checksums = Checksums::Archive(published);
    Box::leak(Box::new(CatalogueEntry { name, checksums, ..entry_like(tiny_entry(&mirrors)) }))
}

fn entry_like(entry: &CatalogueEntry) -> CatalogueEntry {
    CatalogueEntry { checksums: Checksums::None, ..*entry }
}

fn cifar_entry(mirror: Option<&str>) -> &'static CatalogueEntry {
    let entry = entry_of(&cifar(), ["tiny-cifar", FILE, ""], mirror);
    let checksums = Checksums::Archive(PublishedArchive { ..*entry.archive().unwrap() });
    Box::leak(Box::new(CatalogueEntry { shape: [32, 32, 3], checksums, ..entry_like(entry) }))
}

fn emnist_entry(
    name: &'static str,
    prefix: &'static str,
    classes: &'static [&'static str],
) -> CatalogueEntry {
    let entry = entry_of(&emnist(), [name, "gzip.zip", prefix], None);
    let checksums = Checksums::Archive(PublishedArchive { ..*entry.archive().unwrap() });
    CatalogueEntry { counts: [2, 1], classes, checksums, ..entry_like(entry) }
}

/// Searches in `mine` and `cache` of this folder only.
fn locations(root: &TempDir) -> Locations {
    let path = |name: &str| root.path().join(name);
    fs::create_dir_all(path("mine")).unwrap();
    let (data_dir, cache_dir) = (Some(path("mine")), path("cache"));
    Locations { data_dir, cache_dir, home: None, system_dirs: Vec::new(), offline: true }
}

fn put(root: &TempDir, name: &str, bytes: &[u8]) {
    let path = root.path().join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

#[test]
fn an_archive_is_found_in_the_data_folder_and_in_the_cache() {
    for place in ["mine", "mine/tiny-cifar", "mine/shared", "mine/TINY/raw", "cache/shared"] {
        let root = tempfile::tempdir().unwrap();
        let path = format!("{place}/{FILE}");
        put(&root, &path, &cifar());
        let data = find(cifar_entry(None), &locations(&root), &mut |_| {}).unwrap();
        assert_eq!(Path::new(&data.source), root.path().join(&path));
        assert_eq!((data.name.as_str(), data.title.as_str()), ("tiny-cifar", "Tiny"));
        assert_eq!((data.shape, data.train.len(), data.test.len()), ([32, 32, 3], 3, 2));
        assert_eq!(
            (data.train.labels.as_slice(), data.test.labels.as_slice()),
            (&[0, 1, 1][..], &[1, 0][..])
        );
        assert_eq!(&data.train.images[..6], [10, 20, 30, 10, 20, 30]);
        assert_eq!(data.class_names, ["low", "high"]);
        // The same data, named by the archive's path, are the same.
        assert_eq!(own(&root.path().join(path)).unwrap().fingerprint, data.fingerprint);
    }
}

#[test]
fn a_set_that_is_nowhere_is_said_to_lack_its_archive() {
    let root = tempfile::tempdir().unwrap();
    put(&root, "mine/tiny-python.tar.gz", b"a pickle");
    let error = find(cifar_entry(None), &locations(&root), &mut |_| {}).unwrap_err();
    let DataError::NotFound { tried, .. } = error else { panic!("{error}") };
    assert_eq!(tried[0].reason, format!("lacks {FILE}"));
    assert!(tried.last().unwrap().reason.contains("offline"));
    let error = DataError::NotFound { name: "cifar-10", title: "CIFAR-10", tried };
    assert!(
        error.help().starts_with("put the archive `cifar-10-binary.tar.gz` into a folder"),
        "{}",
        error.help()
    );
}

#[test]
fn another_archive_under_the_name_is_refused_although_the_cache_has_the_right_one() {
    let root = tempfile::tempdir().unwrap();
    put(&root, &format!("cache/shared/{FILE}"), &cifar());
    let mut changed = cifar();
    changed[20] ^= 1;
    let path = format!("mine/{FILE}");
    put(&root, &path, &changed);
    let error = find(cifar_entry(None), &locations(&root), &mut |_| {}).unwrap_err();
    let DataError::WrongData { expected, found, .. } = &error else { panic!("{error}") };
    assert_eq!(*expected, hex(&Sha256::digest(cifar())));
    assert_eq!(*found, hex(&Sha256::digest(&changed)));
    put(&root, &path, &cifar()[..30]);
    let error = find(cifar_entry(None), &locations(&root), &mut |_| {}).unwrap_err();
    assert!(error.to_string().ends_with(&format!("expected {} bytes, found 30", cifar().len())), "{error}");
    assert!(error.help().contains("toile data fetch tiny-cifar"), "{}", error.help());
}

#[test]
fn an_archive_is_downloaded_once_in_pieces_and_then_found_in_the_cache() {
    for behaviour in [ServerBehaviour::Good, ServerBehaviour::BreaksAfter(40)] {
        let root = tempfile::tempdir().unwrap();
        let server = MirrorServer::of(vec![(FILE.into(), cifar())], behaviour);
        let entry = cifar_entry(Some(&server.url));
        let online = Locations { offline: false, ..locations(&root) };
        // What an earlier attempt left, so that few pieces are enough.
        let have = cifar().len() - 100;
        put(&root, &format!("cache/shared/{FILE}.part"), &cifar()[..have]);
        let data = find(entry, &online, &mut |_| {}).unwrap();
        let asked = server.requests();
        assert_eq!(asked[0], (FILE.to_string(), Some(have as u64)));
        assert_eq!(fs::read(root.path().join("cache/shared").join(FILE)).unwrap(), cifar());
        assert_eq!(fs::read_dir(root.path().join("cache/shared")).unwrap().count(), 1);
        assert_eq!(find(entry, &online, &mut |_| {}).unwrap(), data);
        assert_eq!(server.requests(), asked);
    }
}

#[test]
fn what_a_server_sends_in_place_of_the_archive_is_not_kept() {
    for (file, behaviour, reason) in [
        (cifar(), ServerBehaviour::Page, "bytes, found 26"),
        (cifar(), ServerBehaviour::Missing, "the server answered 404 Not Found"),
        ([cifar(), vec![0]].concat(), ServerBehaviour::Good, "the server offers"),
        (vec![1; cifar().len()], ServerBehaviour::Good, "expected SHA-256"),
    ] {
        let root = tempfile::tempdir().unwrap();
        let server = MirrorServer::of(vec![(FILE.into(), file)], behaviour);
        let online = Locations { offline: false, ..locations(&root) };
        let error = find(cifar_entry(Some(&server.url)), &online, &mut |_| {}).unwrap_err();
        let DataError::NotFound { tried, .. } = error else { panic!("{error}") };
        assert!(tried.last().unwrap().reason.contains(reason), "{}", tried.last().unwrap().reason);
        assert_eq!(fs::read_dir(root.path().join("cache/shared")).unwrap().count(), 0);
    }
}

#[test]
fn the_second_start_takes_the_decoded_copy_until_the_archive_changes() {
    let root = tempfile::tempdir().unwrap();
    let path = format!("mine/{FILE}");
    put(&root, &path, &cifar());
    // Longer than the test's tick.
    std::thread::sleep(Duration::from_millis(60));
    let load = || {
        let mut unpacked = false;
        let mut see = |at: LoadProgress<'_>| unpacked |= matches!(at, LoadProgress::Unpacking { .. });
        find(cifar_entry(None), &locations(&root), &mut see).map(|data| (data, unpacked))
    };
    let (first, unpacked) = load().unwrap();
    assert!(unpacked && root.path().join("cache/decoded/tiny-cifar").is_file());
    assert_eq!(load().unwrap(), (first, false));
    put(&root, &path, b"changed");
    assert!(load().is_err());
}

#[test]
fn each_set_of_emnist_is_taken_out_of_the_one_archive() {
    let root = tempfile::tempdir().unwrap();
    put(&root, "mine/gzip.zip", &emnist());
    let load =
        |entry: CatalogueEntry| find(Box::leak(Box::new(entry)), &locations(&root), &mut |_| {}).unwrap();
    let letters = load(emnist_entry("tiny-letters", "emnist-letters-", &["A", "B"]));
    let digits = load(emnist_entry("tiny-digits", "emnist-digits-", &["0", "1"]));
    // Transposed, and the letters counted from 0.
    assert_eq!(letters.train.images, [200, 202, 201, 203, 204, 206, 205, 207]);
    assert_eq!(digits.train.images, [100, 102, 101, 103, 104, 106, 105, 107]);
    assert_eq!((&letters.train.labels, &letters.test.labels), (&vec![0, 1], &vec![0]));
    assert_eq!((&digits.train.labels, &digits.test.labels), (&vec![0, 1], &vec![0]));
    assert_eq!((letters.class_names.concat(), digits.class_names.concat()), ("AB".into(), "01".into()));
    assert_eq!((letters.name.as_str(), digits.name.as_str()), ("tiny-letters", "tiny-digits"));
}

#[test]
fn an_archive_that_is_not_as_the_catalogue_says_is_a_fault_of_the_catalogue() {
    let root = tempfile::tempdir().unwrap();
    put(&root, "mine/gzip.zip", &emnist());
    let entry = emnist_entry("tiny-letters", "emnist-letters-", &["A", "B", "C"]);
    let error = find(Box::leak(Box::new(entry)), &locations(&root), &mut |_| {}).unwrap_err();
    assert!(error.help().contains("please report it"), "{error}");
}
