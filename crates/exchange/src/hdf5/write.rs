//! Groups and arrays as the bytes of an HDF5 file: superblock 2, object headers 2, links as messages. The same content
//! gives the same bytes.

use super::checksum::lookup3;
use super::{Hdf5Array, Hdf5Group, Hdf5Item, Hdf5Numbers, SIGNATURE, UNDEFINED, kind};

/// Where the first object lies.
const SUPERBLOCK: usize = 48;

/// A file with this content.
///
/// # Panics
/// If the numbers of an array do not fill its shape, or a name has more than 255 bytes: our own code would be wrong.
pub fn write_hdf5(root: &Hdf5Group) -> Vec<u8> {
    let mut bytes = vec![0; SUPERBLOCK];
    let root = group(&mut bytes, root);
    let mut superblock = SIGNATURE.to_vec();
    superblock.extend([2, 8, 8, 0]);
    for address in [0, UNDEFINED, bytes.len() as u64, root] {
        superblock.extend(address.to_le_bytes());
    }
    superblock.extend(lookup3(&superblock).to_le_bytes());
    bytes[..SUPERBLOCK].copy_from_slice(&superblock);
    bytes
}

fn aligned(bytes: &mut Vec<u8>) -> u64 {
    bytes.resize(bytes.len().next_multiple_of(8), 0);
    bytes.len() as u64
}

fn message(messages: &mut Vec<u8>, kind: u8, body: &[u8]) {
    messages.push(kind);
    let size = u16::try_from(body.len()).expect("a message of at most 65,535 bytes");
    messages.extend(size.to_le_bytes());
    messages.push(0);
    messages.extend_from_slice(body);
}

/// Puts an object's header at the end; gives its address.
fn header(bytes: &mut Vec<u8>, messages: &[u8]) -> u64 {
    let address = aligned(bytes);
    let mut header = b"OHDR\x02\x02".to_vec();
    header.extend((messages.len() as u32).to_le_bytes());
    header.extend_from_slice(messages);
    header.extend(lookup3(&header).to_le_bytes());
    bytes.extend(header);
    address
}

fn group(bytes: &mut Vec<u8>, group: &Hdf5Group) -> u64 {
    let mut messages = Vec::new();
    let mut info = vec![0, 0];
    info.extend([UNDEFINED.to_le_bytes(), UNDEFINED.to_le_bytes()].concat());
    message(&mut messages, kind::LINK_INFO, &info);
    message(&mut messages, kind::GROUP_INFO, &[0, 0]);
    for (name, item) in group {
        let address = match item {
            Hdf5Item::Group(inner) => self::group(bytes, inner),
            Hdf5Item::Array(values) => array(bytes, values),
        };
        let length = u8::try_from(name.len()).expect("a name of at most 255 bytes");
        let mut link = vec![1, 0, length];
        link.extend(name.as_bytes());
        link.extend(address.to_le_bytes());
        message(&mut messages, kind::LINK, &link);
    }
    header(bytes, &messages)
}

fn array(bytes: &mut Vec<u8>, array: &Hdf5Array) -> u64 {
    let address = aligned(bytes);
    let (datatype, n, data) = match &array.numbers {
        Hdf5Numbers::Floats(values) => {
            let data: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
            (FLOAT, values.len(), data)
        }
        Hdf5Numbers::Ints(values) => {
            let narrow =
                |value: &i64| i32::try_from(*value).expect("a whole number of 32 bits").to_le_bytes();
            (INT, values.len(), values.iter().flat_map(narrow).collect())
        }
    };
    assert_eq!(array.shape.iter().product::<usize>(), n, "the numbers fill the shape");
    bytes.extend_from_slice(&data);
    let mut messages = Vec::new();
    let is_simple = u8::from(!array.shape.is_empty());
    let mut dataspace = vec![2, array.shape.len() as u8, 0, is_simple];
    array.shape.iter().for_each(|size| dataspace.extend((*size as u64).to_le_bytes()));
    message(&mut messages, kind::DATASPACE, &dataspace);
    message(&mut messages, kind::DATATYPE, datatype);
    message(&mut messages, kind::FILL_VALUE, &[3, 0x0a]);
    let mut layout = vec![3, 1];
    layout.extend(address.to_le_bytes());
    layout.extend((data.len() as u64).to_le_bytes());
    message(&mut messages, kind::LAYOUT, &layout);
    header(bytes, &messages)
}

/// 32-bit float, little-endian: class 1, version 1.
const FLOAT: &[u8] = &[0x11, 0x20, 0x1f, 0, 4, 0, 0, 0, 0, 0, 32, 0, 23, 8, 0, 23, 127, 0, 0, 0];

/// 32-bit integer with a sign, little-endian: class 0, version 1.
const INT: &[u8] = &[0x10, 0x08, 0, 0, 4, 0, 0, 0, 0, 0, 32, 0];

#[cfg(test)]
mod tests {
    use super::*;

    /// A whole file, which h5py opens: one array `a` = f32 [1, 2].
    const KNOWN: &str = "894844460d0a1a0a020808000000000000000000ffffffffffffffffca0000000000000090000000000000004660d534\
                         0000803f000000404f484452020244000000010c0000020100010200000000000000\
                         0314000011201f000400000000002000170800177f00000005020000030a08120000030130000000000000000800\
                         0000000000006dc6675e0000000000004f48445202022c000000021200000000ffffffffffffffffffffffffffff\
                         ffff0a0200000000060c0000010001613800000000000000b7ba8ace";

    #[test]
    fn a_file_has_the_known_bytes() {
        let array = Hdf5Array { shape: vec![2], numbers: Hdf5Numbers::Floats(vec![1.0, 2.0]) };
        let bytes = write_hdf5(&Hdf5Group::from([("a".into(), Hdf5Item::Array(array))]));
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, KNOWN);
        assert_eq!(bytes.len(), 202);
    }
}
