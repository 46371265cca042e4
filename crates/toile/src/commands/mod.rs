//! The commands, one file each.

mod batch;
pub(crate) mod bench;
pub(crate) mod capacity;
pub(crate) mod compare;
pub(crate) mod data;
pub(crate) mod export;
pub(crate) mod findings;
pub(crate) mod import;
pub(crate) mod init;
pub(crate) mod judge;
mod judged_report;
pub(crate) mod list;
pub(crate) mod lr_find;
pub(crate) mod manual;
pub(crate) mod plan;
pub(crate) mod predict;
pub(crate) mod report;
pub(crate) mod run;
pub(crate) mod schema;
mod studied;
pub(crate) mod studying;
pub(crate) mod summary;
mod trained;
pub(crate) mod trials;
pub(crate) mod verify;
pub(crate) mod worker;
mod written;
