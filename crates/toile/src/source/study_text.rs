//! The text of a study file, or why there is none.

use std::path::Path;

use toile_study::{LARGEST_FILE, built_in_names, nearest};

use crate::failure::Failure;
use crate::terminal::count;

/// Reads a study file, and not much more if it is something else (a disk, a pipe without end).
pub(super) fn read(path: &Path) -> Result<String, Failure> {
    let (bytes, length) = read_bounded(path).map_err(|error| not_found(path, &error))?;
    if let Some(encoding) = other_encoding(&bytes) {
        return Err(Failure::new(format!("`{}` is {encoding}, expected UTF-8", path.display())).help(format!(
            "save it as UTF-8 in your editor, or `iconv -f {encoding} -t UTF-8 FILE > NEW` (in PowerShell, \
             `Get-Content FILE | Set-Content -Encoding utf8 NEW`)"
        )));
    }
    if bytes.len() as u64 > LARGEST_FILE {
        return Err(too_large(path, length));
    }
    String::from_utf8(bytes)
        .map_err(|error| not_utf8(path, error.as_bytes(), error.utf8_error().valid_up_to()))
}

/// Its bytes up to a little more than a study file may have, and its length if it has one.
fn read_bounded(path: &Path) -> std::io::Result<(Vec<u8>, Option<u64>)> {
    use std::io::Read;
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path)?;
    let length = file.metadata().ok().filter(std::fs::Metadata::is_file).map(|about| about.len());
    file.take(LARGEST_FILE + 1).read_to_end(&mut bytes)?;
    Ok((bytes, length))
}

fn too_large(path: &Path, length: Option<u64>) -> Failure {
    let most = count(LARGEST_FILE);
    let found = length.map_or(format!("more than {most}"), count);
    Failure::new(format!("`{}` has {found} bytes, and a study file has at most {most}", path.display()))
        .help("is it really a study file?")
}

/// Text of two or four bytes a character, by its mark or by the zeros in it.
fn other_encoding(bytes: &[u8]) -> Option<&'static str> {
    let head = &bytes[..bytes.len().min(64) / 4 * 4];
    let zeros = |of: usize, at: &[usize]| {
        let mut all = head.iter().enumerate().filter(|(place, _)| at.contains(&(place % of)));
        head.len() >= 8 && all.all(|(_, byte)| *byte == 0)
    };
    match bytes {
        [0xff, 0xfe, 0, 0, ..] => Some("UTF-32LE"),
        [0, 0, 0xfe, 0xff, ..] => Some("UTF-32BE"),
        [0xff, 0xfe, ..] => Some("UTF-16LE"),
        [0xfe, 0xff, ..] => Some("UTF-16BE"),
        _ if zeros(1, &[0]) => None,
        _ if zeros(4, &[1, 2, 3]) => Some("UTF-32LE"),
        _ if zeros(4, &[0, 1, 2]) => Some("UTF-32BE"),
        _ if zeros(2, &[1]) => Some("UTF-16LE"),
        _ if zeros(2, &[0]) => Some("UTF-16BE"),
        _ => None,
    }
}

/// Where it stops being UTF-8. Text of one byte a character is told from what is no text.
fn not_utf8(path: &Path, bytes: &[u8], at: usize) -> Failure {
    let line = bytes[..at].iter().filter(|byte| **byte == b'\n').count() + 1;
    let failure =
        Failure::new(format!("`{}` is not text: line {line}, byte {at} is not UTF-8", path.display()));
    let control = |byte: &u8| *byte < 0x20 && !matches!(byte, b'\n' | b'\r' | b'\t');
    match bytes.iter().any(control) {
        true => failure.help("a study file is TOML; `toile init` writes one to start from"),
        false => {
            failure.help("save it as UTF-8 in your editor; in Latin-1, `iconv -f LATIN1 -t UTF-8 FILE > NEW`")
        }
    }
}

fn not_found(path: &Path, error: &std::io::Error) -> Failure {
    let shown = path.display().to_string();
    let names = built_in_names();
    let looks_like_a_path = shown.contains(['/', '\\', '.']);
    let failure = Failure::new(match error.kind() {
        std::io::ErrorKind::NotFound if !looks_like_a_path => {
            format!("no study is named `{shown}`, and no file either")
        }
        _ => format!("cannot read the study file `{shown}`: {error}"),
    });
    if path.is_dir() {
        let inside = path.join("study.toml");
        let file =
            if inside.is_file() { inside.display().to_string() } else { format!("{shown}/STUDY.toml") };
        return failure.help(format!("it is a folder: name the file, `{file}`"));
    }
    if let Some(help) = toile_data::path_help(&shown) {
        return failure.help(help);
    }
    let with_ending = format!("{shown}.toml");
    let near = match Path::new(&with_ending).is_file() {
        true => Some(with_ending.as_str()),
        false => nearest(&shown, names.iter().copied()),
    };
    match near {
        Some(near) => failure.help(format!("did you mean `{near}`? (built in: {})", names.join(", "))),
        None => failure.help(format!("name a file, or a built-in study: {}", names.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::other_encoding;

    #[test]
    fn an_encoding_is_known_by_its_mark_or_its_zeros() {
        let text = "[study]\nname = \"s\"";
        let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        let wide: Vec<u8> = text.chars().flat_map(|c| u32::from(c).to_le_bytes()).collect();
        let marked = |mark: &[u8], text: &[u8]| other_encoding(&[mark, text].concat());
        assert_eq!(
            (other_encoding(&little), marked(&[0xff, 0xfe], &little)),
            (Some("UTF-16LE"), Some("UTF-16LE"))
        );
        assert_eq!((other_encoding(&big), marked(&[0xfe, 0xff], &big)), (Some("UTF-16BE"), Some("UTF-16BE")));
        assert_eq!(other_encoding(&wide), Some("UTF-32LE"));
        for other in [text.as_bytes(), b"", &[0; 64]] {
            assert_eq!(other_encoding(other), None);
        }
    }
}
