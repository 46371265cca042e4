//! The pictures as text, and what the keys do to them.

mod pictures;
mod pressing;
mod studies;
