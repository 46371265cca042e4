//! Tests that need files: a tiny data set in all the states that files can be in.

mod archives;
mod convert;
mod decoded;
mod downloads;
mod files;
mod find_order;
mod forms;
mod more_forms;
mod own_copies;
mod own_folders;
mod parquet;
mod picture_folders;
mod pictures;
mod published;
mod rules;

use crate::catalogue::{CatalogueEntry, Checksums};
use crate::fingerprint::hex;
use crate::folder::FILES;
use flate2::{Compression, write::GzEncoder};
use sha2::{Digest, Sha256};
use std::io::Write;
use std::path::Path;

/// An IDX file of unsigned bytes.
fn idx(dims: &[u32], data: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, 8, dims.len() as u8];
    dims.iter().for_each(|dim| bytes.extend(dim.to_be_bytes()));
    bytes.extend(data);
    bytes
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Three training and two test images of 2 x 2 pixels, two classes.
fn tiny() -> [Vec<u8>; 4] {
    [
        idx(&[3, 2, 2], &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]),
        idx(&[3], &[0, 1, 0]),
        idx(&[2, 2, 2], &[20, 21, 22, 23, 24, 25, 26, 27]),
        idx(&[2], &[1, 0]),
    ]
}

/// The catalogue's entry for the tiny set, as if it were an official one. Leaked, as tests may.
fn tiny_entry(mirrors: &[String]) -> &'static CatalogueEntry {
    let sums = tiny().map(|file| &*hex(&Sha256::digest(&file)).leak());
    let mirrors: Vec<&'static str> = mirrors.iter().map(|url| &*url.clone().leak()).collect();
    Box::leak(Box::new(CatalogueEntry {
        name: "tiny",
        title: "Tiny",
        description: "two kinds of four pixels",
        licence: "none",
        classes: &["low", "high"],
        counts: [3, 2],
        shape: [2, 2, 1],
        procedural: false,
        torchvision: Some("TINY"),
        debian_package: None,
        mirrors: mirrors.leak(),
        checksums: Checksums::Payload(sums),
    }))
}

/// Writes the four files, gzipped, into a folder.
fn write_files(folder: &Path, files: &[Vec<u8>; 4]) {
    std::fs::create_dir_all(folder).unwrap();
    for (name, bytes) in FILES.iter().zip(files) {
        std::fs::write(folder.join(format!("{name}.gz")), gzip(bytes)).unwrap();
    }
}
