//! What a file is that should be IDX, by its first bytes.

use crate::error::FoundFormat;

/// How a gzip stream begins.
pub(crate) const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Packed files.
const ARCHIVES: [(&[u8], &str); 5] = [
    (b"PK\x03\x04", "a ZIP archive"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ", "xz"),
    (b"\x28\xb5\x2f\xfd", "Zstandard"),
    (b"7z\xbc\xaf", "a 7z archive"),
];

/// Files of other programs.
const FORMATS: [(&[u8], &str); 10] = [
    (b"\x93NUMPY", "a NumPy array"),
    (b"PAR1", "Parquet"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"\x89HDF", "HDF5"),
    (b"MATLAB 5.0", "a MATLAB file"),
    (b"\x80\x03", "a Python pickle"),
    (b"\x80\x04\x95", "a Python pickle"),
    (b"\x80\x05\x95", "a Python pickle"),
];

/// Characters of a text that a message shows.
const SHOWN: usize = 24;

/// What a file is, by its first bytes, if it is not IDX of unsigned bytes.
pub(crate) fn foreign(start: &[u8]) -> Option<FoundFormat> {
    let named = |formats: &[(&[u8], &'static str)]| {
        formats.iter().find(|(magic, _)| start.starts_with(magic)).map(|(_, name)| *name)
    };
    if let Some(name) = named(&ARCHIVES).or_else(|| is_tar(start).then_some("a tar archive")) {
        return Some(FoundFormat::Archive(name));
    }
    if let Some(name) = named(&FORMATS) {
        return Some(FoundFormat::Format(name));
    }
    match start {
        [] => Some(FoundFormat::Empty),
        _ if start.starts_with(&GZIP) => Some(FoundFormat::Gzip),
        [0, 0, kind, ..] => match kind {
            0x08 => None,
            0x09 => Some(FoundFormat::IdxOf("signed bytes (0x09)")),
            0x0b => Some(FoundFormat::IdxOf("16-bit integers (0x0b)")),
            0x0c => Some(FoundFormat::IdxOf("32-bit integers (0x0c)")),
            0x0d => Some(FoundFormat::IdxOf("32-bit floats (0x0d)")),
            0x0e => Some(FoundFormat::IdxOf("64-bit floats (0x0e)")),
            _ => Some(FoundFormat::Bytes(start[..start.len().min(4)].to_vec())),
        },
        _ if start.starts_with(b"version https://git-lfs") => Some(FoundFormat::LfsPointer),
        _ if start.trim_ascii_start().starts_with(b"<") => Some(FoundFormat::WebPage),
        // One or two bytes of what may have been a header.
        _ if [0, 0].starts_with(start) => None,
        _ => Some(text(start).unwrap_or_else(|| FoundFormat::Bytes(start[..start.len().min(4)].to_vec()))),
    }
}

/// Whether this is the beginning of a tar archive: its mark stands behind the first file's name and properties.
pub(crate) fn is_tar(start: &[u8]) -> bool {
    start.get(257..262) == Some(b"ustar")
}

/// Text, by its beginning: its first line.
fn text(start: &[u8]) -> Option<FoundFormat> {
    let start = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start);
    // A character may be cut at the end.
    let whole = match std::str::from_utf8(start) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&start[..error.valid_up_to()]).ok()?
        }
        Err(_) => return None,
    };
    let is_text = !whole.is_empty() && whole.chars().all(|c| !c.is_control() || c.is_whitespace());
    let line = whole.trim_start().lines().next().unwrap_or("").trim_end();
    let cut = if line.chars().count() > SHOWN { "…" } else { "" };
    is_text.then(|| FoundFormat::Text(line.chars().take(SHOWN).collect::<String>() + cut))
}
