//! A study as it is read: only what changed, and everything again where that is not possible.

use std::path::{Path, PathBuf};

use toile_live::Watching;
use toile_report::LiveStrip;
use toile_store::{STORE_FILE, Store, StoreError, StudyLooks};

use super::rendering::RenderJob;
use super::{StudyAddress, strip};
use crate::failure::Failure;
use crate::{machine, places, study_folder};

/// What is known of a study, and up to where.
pub(super) struct StudyReader {
    address: StudyAddress,
    /// Where it is read; nothing before it can be, and after its file was moved or replaced.
    looks: Option<StudyLooks>,
    watching: Option<Watching>,
    /// Whether another file has come into the place of the one that was read.
    is_another: bool,
}

impl StudyReader {
    pub(super) fn new(address: StudyAddress) -> Self {
        Self { address, looks: None, watching: None, is_another: false }
    }

    /// How the study stands.
    pub(super) fn strip(&self) -> LiveStrip {
        match &self.watching {
            Some(watching) => strip::strip(watching, &self.address.again),
            None => strip::not_begun(),
        }
    }

    /// Whether what is known has become another study since this was asked last: nothing goes on from what was
    /// rendered.
    pub(super) fn take_another(&mut self) -> bool {
        std::mem::take(&mut self.is_another)
    }

    /// Reads what is new; whether anything is. That there is no study yet is no fault. Where it `is_over`, whoever
    /// holds the folder works on the study no more.
    pub(super) fn look(&mut self, is_over: bool) -> Result<bool, Failure> {
        let read = match (&mut self.looks, &mut self.watching) {
            (Some(looks), Some(watching)) => read(looks, watching, is_over),
            _ => self.begin().map(|()| true),
        };
        match read {
            Err(error) if has_not_begun(&error) => Ok(false),
            Err(error) => {
                // A file that was moved or replaced is opened again.
                if matches!(error, StoreError::Gone { .. }) {
                    self.looks = None;
                }
                Err(error.into())
            }
            Ok(is_new) => Ok(is_new),
        }
    }

    /// The first look; of a file in the place of another one, from which nothing that is known can be gone on from.
    fn begin(&mut self) -> Result<(), StoreError> {
        let store = self.address.open()?;
        self.is_another |= self.watching.take().is_some();
        let (looks, followed) = StudyLooks::begin(store, self.address.study.as_deref())?;
        self.watching = Some(Watching::new(followed, machine::seconds_since_1970()).0);
        self.looks = Some(looks);
        Ok(())
    }

    /// What is to be rendered of what is known.
    pub(super) fn job(&self) -> Option<RenderJob> {
        let records = self.watching.as_ref()?.records();
        // Networks are computed with, which takes time: only once nothing trains any more.
        let is_training = records.runs.iter().any(|run| !run.state.is_finished());
        let has_weights = !is_training && !places::is_address(&self.address.storage);
        let weights_in = has_weights.then(|| PathBuf::from(&self.address.storage));
        Some(RenderJob { records: records.clone(), weights_in })
    }
}

/// Reads what is new; whether anything is.
fn read(looks: &mut StudyLooks, watching: &mut Watching, is_over: bool) -> Result<bool, StoreError> {
    let now = machine::seconds_since_1970();
    // On a server leases run out without a write.
    let Some(mut news) = looks.look(is_over || looks.is_on_server())? else {
        watching.tick(now);
        return Ok(false);
    };
    if is_over && !looks.is_on_server() {
        news.changes.at_work.is_held = Some(false);
    }
    // Whether a folder is held is seen in the states of its runs.
    let is_new = news.was_written || !news.changes.is_empty();
    watching.fold(news.changes, now);
    Ok(is_new)
}

/// Refuses a place where there is nothing to be served, and will be nothing.
pub(crate) fn check(address: &StudyAddress) -> Result<StudyAddress, Failure> {
    if places::is_address(&address.storage) {
        let server = places::server_to_look(&address.storage)?;
        let study = places::study_in(&server, address.study.as_deref())?;
        return Ok(StudyAddress { study: Some(study), ..address.clone() });
    }
    let folder = Path::new(&address.storage);
    if !folder.join(STORE_FILE).is_file() {
        // What is there in its place.
        study_folder::open(folder, "watch")?;
    }
    match Store::open_read_only(folder).and_then(|store| store.follow(address.study.as_deref())) {
        Err(error) if !has_not_begun(&error) || address.study.is_some() => Err(error.into()),
        // A study may begin at this moment.
        Ok(_) | Err(_) => Ok(address.clone()),
    }
}

/// Whether nothing was recorded yet.
fn has_not_begun(error: &StoreError) -> bool {
    matches!(error, StoreError::NoStore { .. } | StoreError::NoStudy { .. })
}
