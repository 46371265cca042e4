//! Plain records: results of any program as one JSON document, and the answer to it.

mod answer;
mod bytes;
mod numbers;
mod read;

pub use answer::{PlainAnswer, answer};
pub use read::{PlainFault, PlainRecords, read};
