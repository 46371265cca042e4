//! Plain records: results of any program as one JSON document, and the answer to it.

mod answer;
mod bytes;
mod fault;
mod limits;
mod numbers;
mod read;
mod run;

pub use answer::{PlainAnswer, answer};
pub use fault::PlainFault;
pub use read::{PlainRecords, read};
