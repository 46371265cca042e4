//! ZIP archives: members side by side, stored as they are. The same members give the same bytes: no time is written.

use std::io::{Cursor, Read, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

use crate::ExchangeError;

/// The most members that are looked at.
const MOST_MEMBERS: usize = 1000;

fn fault(what: impl std::fmt::Display) -> ExchangeError {
    ExchangeError::new(format!("the ZIP archive is broken: {what}"))
}

/// An archive of these members, in their order.
pub(crate) fn pack(members: &[(&str, Vec<u8>)]) -> Result<Vec<u8>, ExchangeError> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(DateTime::default())
        .unix_permissions(0o644);
    for (name, bytes) in members {
        let options = options.large_file(bytes.len() >= u32::MAX as usize);
        archive.start_file(*name, options).map_err(fault)?;
        archive.write_all(bytes).map_err(fault)?;
    }
    Ok(archive.finish().map_err(fault)?.into_inner())
}

/// Whether one of the members is a pickle, as in PyTorch's own files.
pub(crate) fn has_pickle(bytes: &[u8]) -> bool {
    let archive = ZipArchive::new(Cursor::new(bytes));
    archive.is_ok_and(|archive| archive.file_names().any(|name| name.ends_with(".pkl")))
}

/// The member of this name, if there is one: no more bytes than the archive has, for members are stored as they are.
pub(crate) fn member(bytes: &[u8], name: &str) -> Result<Option<Vec<u8>>, ExchangeError> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(fault)?;
    if archive.len() > MOST_MEMBERS {
        return Err(fault(format!("it has {} members", archive.len())));
    }
    let Some(place) = archive.index_for_name(name) else { return Ok(None) };
    let member = archive.by_index(place).map_err(|error| match error {
        zip::result::ZipError::UnsupportedArchive(_) => {
            ExchangeError::new(format!("`{name}` is compressed or encrypted in the archive"))
                .help("Keras stores its members as they are: pack them again without compression (`zip -0`)")
        }
        other => fault(other),
    })?;
    let mut content = Vec::new();
    let most = bytes.len() as u64;
    member.take(most.saturating_add(1)).read_to_end(&mut content).map_err(fault)?;
    match content.len() as u64 > most {
        true => Err(fault(format!("`{name}` is larger than the archive"))),
        false => Ok(Some(content)),
    }
}
