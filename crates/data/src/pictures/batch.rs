//! Many pictures on several threads, into one array: the same bytes for any number of threads, and no more memory than
//! the
//! array and one picture for each thread.

use super::{Facts, MAX_FILE, Picture, PictureFault, decode, fit};
use super::{GRAY_PALETTE, OPAQUE_ALPHA, SIXTEEN_BITS};
use crate::error::DataError;
use crate::idx::MAX_BYTES;
use crate::options::DataTable;
use crate::parallel::map_on;
use crate::source::Blob;
use std::path::Path;

/// Pictures that a thread takes at once.
const AT_ONCE: usize = 64;
/// More than these are of no use.
const MOST_THREADS: usize = 16;

/// A picture that was not decoded yet.
pub(crate) trait PictureFile: Sync {
    /// As it is named in messages.
    fn shown(&self) -> &Path;
    /// Its bytes, at most [`MAX_FILE`].
    fn bytes(&self) -> Result<Vec<u8>, DataError>;
}

impl PictureFile for Blob {
    fn shown(&self) -> &Path {
        Blob::shown(self)
    }

    fn bytes(&self) -> Result<Vec<u8>, DataError> {
        self.read(MAX_FILE)
    }
}

/// The pictures of a part.
pub(crate) struct Batch {
    /// Height, width, channels.
    pub shape: [usize; 3],
    pub pixels: Vec<u8>,
    pub counts: Counts,
}

/// How many pictures there were of each kind, in the order of [`Facts`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts([usize; 9]);

impl Counts {
    fn add(&mut self, facts: Facts) {
        let Facts { png, jpeg, turned, opaque_alpha, sixteen_bits, gray_palette, .. } = facts;
        let Facts { made_gray, made_colour, resized, .. } = facts;
        let all =
            [png, jpeg, turned, opaque_alpha, sixteen_bits, gray_palette, made_gray, made_colour, resized];
        self.0.iter_mut().zip(all).for_each(|(count, is_so)| *count += usize::from(is_so));
    }

    /// Those of two batches together.
    pub(crate) fn and(self, other: Counts) -> Counts {
        Counts(std::array::from_fn(|i| self.0[i] + other.0[i]))
    }

    pub(crate) fn png(&self) -> usize {
        self.0[0]
    }

    pub(crate) fn jpeg(&self) -> usize {
        self.0[1]
    }

    /// What was done to the pictures.
    pub(crate) fn notes(&self, shape: [usize; 3]) -> Vec<String> {
        let [height, width, _] = shape;
        let done = [
            (2, "turned upright, as their EXIF says".to_string()),
            (3, OPAQUE_ALPHA.into()),
            (4, SIXTEEN_BITS.into()),
            (5, GRAY_PALETTE.into()),
            (6, "colour became gray (0.299 red + 0.587 green + 0.114 blue)".into()),
            (7, "gray became three equal channels".into()),
            (8, format!("brought to {height} x {width} from other sizes")),
        ];
        let all: usize = self.0[0] + self.0[1];
        let said = done.into_iter().filter(|(i, _)| self.0[*i] > 0);
        said.map(|(i, what)| format!("{} of {all} pictures: {what}", self.0[i])).collect()
    }
}

/// Decodes all files. They have the shape that the table asks for, else that of `like`, else that of the first.
pub(crate) fn read_all<P: PictureFile>(
    files: &[P],
    table: &DataTable,
    like: Option<(&Path, [usize; 3])>,
) -> Result<Batch, DataError> {
    if files.is_empty() {
        let shape = like.map_or([0; 3], |(_, shape)| shape);
        return Ok(Batch { shape, pixels: Vec::new(), counts: Counts::default() });
    }
    let (like, own) = match like {
        Some(like) => like,
        None => first_shape(files)?,
    };
    let [height, width] = table.size.unwrap_or([own[0], own[1]]);
    let shape = [height, width, table.channels.unwrap_or(own[2])];
    let (len, bytes) = (shape.iter().product::<usize>(), shape.iter().product::<usize>() as u128);
    let bytes = bytes * files.len() as u128;
    if bytes > u128::from(MAX_BYTES) {
        let dims = std::iter::once(files.len()).chain(shape).map(|dim| dim as u32).collect();
        return Err(DataError::TooLarge { file: like.to_path_buf(), dims, bytes, limit: MAX_BYTES });
    }
    let wanted = WantedPictures { shape, table, like };
    let mut pixels = vec![0; len * files.len()];
    let work: Vec<_> = files.chunks(AT_ONCE).zip(pixels.chunks_mut(AT_ONCE * len)).collect();
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get().min(MOST_THREADS));
    let (mut counts, mut faults) = (Counts::default(), Vec::new());
    for (these, wrong) in map_on(threads, work, |(files, pixels)| wanted.read(files, pixels)) {
        counts = counts.and(these);
        faults.extend(wrong);
    }
    match faults.split_first() {
        None => Ok(Batch { shape, pixels, counts }),
        Some((Wrong::Picture(path, fault), others)) => Err(refused(path, fault.clone(), others)),
        Some((Wrong::Data(_), _)) => match faults.swap_remove(0) {
            Wrong::Data(error) => Err(error),
            Wrong::Picture(path, fault) => Err(refused(path, fault, &[])),
        },
    }
}

/// The first file that is a picture, and its shape. One before it that is none is an error, which is told with all
/// others.
fn first_shape<P: PictureFile>(files: &[P]) -> Result<(&Path, [usize; 3]), DataError> {
    let mut first = None;
    for file in files {
        match decode(&file.bytes()?) {
            Ok(picture) => return Ok((file.shown(), [picture.height, picture.width, picture.channels])),
            Err(fault) => _ = first.get_or_insert_with(|| refused(file.shown(), fault, &[])),
        }
    }
    Err(first.expect("there is a file"))
}

/// Why a file gives no picture.
enum Wrong<'a> {
    Picture(&'a Path, PictureFault),
    Data(DataError),
}

/// What all pictures are to be.
struct WantedPictures<'a> {
    shape: [usize; 3],
    table: &'a DataTable,
    /// The file that has this shape.
    like: &'a Path,
}

impl WantedPictures<'_> {
    /// Some files, one after the other; what is wrong with one does not stop the others.
    fn read<'a, P: PictureFile>(&self, files: &'a [P], pixels: &mut [u8]) -> (Counts, Vec<Wrong<'a>>) {
        let (mut counts, mut wrong) = (Counts::default(), Vec::new());
        let len = pixels.len() / files.len();
        for (file, pixels) in files.iter().zip(pixels.chunks_mut(len)) {
            let picture = match file.bytes() {
                Ok(bytes) => decode(&bytes).and_then(|picture| self.fitted(picture)),
                Err(error) => {
                    wrong.push(Wrong::Data(error));
                    continue;
                }
            };
            match picture {
                Ok(picture) => {
                    counts.add(picture.facts);
                    pixels.copy_from_slice(&picture.pixels);
                }
                Err(fault) => wrong.push(Wrong::Picture(file.shown(), fault)),
            }
        }
        (counts, wrong)
    }

    fn fitted(&self, picture: Picture) -> Result<Picture, PictureFault> {
        let [height, width, channels] = self.shape;
        let (h, w, c) = (picture.height, picture.width, picture.channels);
        if c != channels && self.table.channels.is_none() {
            let kind = |c: usize| if c == 1 { "gray" } else { "in colour" };
            let fault = format!("is {}, but `{}` is {}", kind(c), self.like.display(), kind(channels));
            return Err(PictureFault::new(
                fault,
                "`channels = 1` makes all of them gray, `channels = 3` gives gray ones three equal channels",
            ));
        }
        fit(picture, self.shape, self.table.resize).ok_or_else(|| match self.table.size {
            Some(_) => PictureFault::new(
                format!("has {h} x {w} pixels, but `size` says {height} x {width}"),
                "`resize = \"area\"` brings all pictures to `size`",
            ),
            None => PictureFault::new(
                format!("has {h} x {w} pixels, but `{}` has {height} x {width}", self.like.display()),
                "`size = [28, 28]` with `resize = \"area\"` brings all pictures to one size",
            ),
        })
    }
}

/// The error about the first wrong picture, with the names of others.
fn refused(path: &Path, fault: PictureFault, others: &[Wrong]) -> DataError {
    const SHOWN: usize = 3;
    let names: Vec<String> = others
        .iter()
        .take(SHOWN)
        .map(|wrong| match wrong {
            Wrong::Picture(path, _) => format!("`{}`", path.display()),
            Wrong::Data(error) => error.to_string(),
        })
        .collect();
    let more = match others.len() {
        0 => String::new(),
        n => {
            format!("; {n} more cannot be taken: {}{}", names.join(", "), if n > SHOWN { ", …" } else { "" })
        }
    };
    DataError::refused(path, fault.fault + &more, fault.help)
}
