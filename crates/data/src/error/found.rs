//! What was found where an IDX file was expected, and what is wrong with a gzip stream.

use std::fmt;

/// What a file is that should have been IDX.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FoundFormat {
    /// Nothing at all.
    Empty,
    /// Text: its first line.
    Text(String),
    /// The text that a git checkout has in place of a large file.
    LfsPointer,
    /// A web page, usually a server's error message.
    WebPage,
    /// Gzip once more, inside of gzip.
    Gzip,
    /// A packed file, by the name of its format.
    Archive(&'static str),
    /// Another format, by its name.
    Format(&'static str),
    /// An IDX file that does not hold unsigned bytes: the name of its type.
    IdxOf(&'static str),
    /// None of these: the first bytes.
    Bytes(Vec<u8>),
}

/// What is wrong with a gzip stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GzipFault {
    /// It breaks.
    Breaks {
        /// Unpacked bytes before the damage showed.
        found: u64,
        /// The decoder's words.
        cause: String,
    },
    /// It is whole, but other bytes follow in the file.
    GoesOn {
        /// Bytes of the file that belong to it.
        packed: u64,
        /// Bytes of the file.
        length: u64,
    },
}

impl GzipFault {
    /// As the end of a sentence about the file.
    pub(super) fn in_words(&self) -> String {
        match self {
            GzipFault::Breaks { found, cause } => {
                format!("has a gzip stream that breaks after {found} unpacked bytes ({cause})")
            }
            GzipFault::GoesOn { packed, length } => format!(
                "goes on after its gzip stream: the stream is whole and has {packed} of {length} bytes, the rest is not gzip"
            ),
        }
    }
}

impl fmt::Display for FoundFormat {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            FoundFormat::Empty => f.write_str("an empty file"),
            FoundFormat::Text(line) => write!(f, "text (`{line}`)"),
            FoundFormat::LfsPointer => f.write_str("a git-LFS pointer"),
            FoundFormat::WebPage => f.write_str("a web page"),
            FoundFormat::Gzip => f.write_str("gzip inside of gzip"),
            FoundFormat::Archive(name) | FoundFormat::Format(name) => write!(f, "{name}"),
            FoundFormat::IdxOf(name) => write!(f, "IDX of {name}"),
            FoundFormat::Bytes(bytes) => {
                f.write_str("a file that begins with the bytes")?;
                bytes.iter().take(4).try_for_each(|byte| write!(f, " {byte:02x}"))
            }
        }
    }
}
