//! HDF5: the small part of it in which Keras keeps weights. Groups and arrays of numbers; nothing compressed, nothing
//! in chunks, no links but the plain ones.
//!
//! What is written is the new form (superblock 2, links as messages); what is read is that and the old one, which h5py
//! writes for Keras.

mod checksum;
mod numbers;
mod old;
mod read;
mod write;

use std::collections::BTreeMap;

pub use read::read_hdf5;
pub use write::write_hdf5;

/// What a name of a group leads to.
#[derive(Clone, Debug, PartialEq)]
pub enum Hdf5Item {
    /// More names.
    Group(Hdf5Group),
    /// Numbers.
    Array(Hdf5Array),
}

/// Names and what they lead to; in the file by the order of their bytes.
pub type Hdf5Group = BTreeMap<String, Hdf5Item>;

/// Numbers in a shape, row-major; an empty shape is a single number.
#[derive(Clone, Debug, PartialEq)]
pub struct Hdf5Array {
    /// Sizes of the axes.
    pub shape: Vec<usize>,
    /// The numbers.
    pub numbers: Hdf5Numbers,
}

/// The numbers of an array.
#[derive(Clone, Debug, PartialEq)]
pub enum Hdf5Numbers {
    /// 32-bit floats.
    Floats(Vec<f32>),
    /// Whole numbers of any width; written as 32 bits.
    Ints(Vec<i64>),
}

/// The address of nothing.
const UNDEFINED: u64 = u64::MAX;

const SIGNATURE: &[u8; 8] = b"\x89HDF\r\n\x1a\n";

/// Kinds of messages in the header of an object.
mod kind {
    pub(super) const DATASPACE: u8 = 1;
    pub(super) const LINK_INFO: u8 = 2;
    pub(super) const DATATYPE: u8 = 3;
    pub(super) const FILL_VALUE: u8 = 5;
    pub(super) const LINK: u8 = 6;
    pub(super) const EXTERNAL: u8 = 7;
    pub(super) const LAYOUT: u8 = 8;
    pub(super) const GROUP_INFO: u8 = 10;
    pub(super) const FILTERS: u8 = 11;
    pub(super) const CONTINUATION: u8 = 16;
    pub(super) const SYMBOL_TABLE: u8 = 17;
}
