//! The commands, one file each.

mod batch;
pub mod bench;
pub mod data;
pub mod init;
pub mod list;
pub mod plan;
pub mod report;
pub mod run;
pub mod schema;
pub mod studying;
pub mod summary;
pub mod trials;
pub mod verify;
pub mod worker;
