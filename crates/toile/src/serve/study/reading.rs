//! A study as it is read: only what changed, and everything again where that is not possible.

use std::path::Path;

use toile_live::Watching;
use toile_record::{NetworkPictures, Records};
use toile_report::{LiveStrip, PageParts, view};
use toile_store::{STORE_FILE, Store, StoreError, StoreVersion, StudyCursor};

use super::{StudyAddress, strip};
use crate::failure::Failure;
use crate::{machine, places, study_folder};

/// What is known of a study, and up to where.
pub(super) struct StudyReader {
    address: StudyAddress,
    store: Option<Store>,
    version: Option<StoreVersion>,
    known: Option<(Watching, StudyCursor)>,
    /// Whether what is known is another study than what was rendered last.
    is_another: bool,
    /// What is to be seen in the weights, and of which.
    pictures: (Vec<Option<String>>, Vec<NetworkPictures>),
}

impl StudyReader {
    pub(super) fn new(address: StudyAddress) -> Self {
        let pictures = Default::default();
        Self { address, store: None, version: None, known: None, is_another: false, pictures }
    }

    /// How the study stands.
    pub(super) fn strip(&self) -> LiveStrip {
        match &self.known {
            Some((watching, _)) => strip::strip(watching, &self.address.again),
            None => strip::not_begun(),
        }
    }

    /// Whether what was rendered last is of another study than what was rendered before.
    pub(super) fn is_another(&self) -> bool {
        self.is_another
    }

    /// What was rendered is what pages go on from.
    pub(super) fn settle(&mut self) {
        self.is_another = false;
    }

    /// Reads what is new; whether anything is. That there is no study yet is no fault. Where it `is_over`, whoever
    /// holds the folder works on the study no more.
    pub(super) fn look(&mut self, is_over: bool) -> Result<bool, Failure> {
        let store = match self.store.take() {
            Some(store) => store,
            None => match self.open() {
                Err(error) if has_not_begun(&error) => return Ok(false),
                store => store?,
            },
        };
        let read = self.read_from(&store, is_over);
        self.store = Some(store);
        match read {
            Err(error) if has_not_begun(&error) => Ok(false),
            Err(error) => {
                // A file that was moved or replaced is opened again.
                if matches!(error, StoreError::Gone { .. }) {
                    (self.store, self.version) = (None, None);
                }
                Err(error.into())
            }
            Ok(is_new) => Ok(is_new),
        }
    }

    fn read_from(&mut self, store: &Store, is_over: bool) -> Result<bool, StoreError> {
        let (version, now) = (store.version()?, machine::seconds_since_1970());
        // Another file: nothing that is known of the one before can be gone on from.
        if self.version.is_none() && self.known.take().is_some() {
            self.is_another = true;
        }
        let is_same = self.version.as_ref() == Some(&version);
        let Some((watching, cursor)) = &mut self.known else {
            let (followed, cursor) = store.follow(self.address.study.as_deref())?;
            self.known = Some((Watching::new(followed, now).0, cursor));
            self.version = Some(version);
            return Ok(true);
        };
        // On a server leases run out without a write.
        if is_same && !is_over && !store.is_server() {
            watching.tick(now);
            return Ok(false);
        }
        let mut changes = store.changes_since(cursor)?;
        if is_over && !store.is_server() {
            changes.at_work.is_held = Some(false);
        }
        // Whether a folder is held is seen in the states of its runs.
        let is_new = !is_same || !changes.is_empty();
        watching.fold(changes, now);
        self.version = Some(version);
        Ok(is_new)
    }

    fn open(&self) -> Result<Store, StoreError> {
        let address = &self.address.storage;
        match places::is_address(address) {
            true => Store::postgres_to_look(address, places::patience()),
            false => Store::open_read_only(Path::new(address)),
        }
    }

    /// The report of what is known.
    pub(super) fn parts(&mut self) -> Option<PageParts> {
        let (watching, _) = self.known.as_ref()?;
        let records = watching.records();
        // Networks are computed with, which takes time: only once nothing trains any more.
        let is_training = records.runs.iter().any(|run| !run.state.is_finished());
        if is_training || places::is_address(&self.address.storage) {
            return Some(PageParts::of(&view(records)));
        }
        let weights: Vec<_> = records.runs.iter().map(|run| run.weights_sha256.clone()).collect();
        if weights != self.pictures.0 {
            self.pictures = (weights, toile_lab::pictures(records, Path::new(&self.address.storage)));
        }
        let records = Records { pictures: self.pictures.1.clone(), ..records.clone() };
        Some(PageParts::of(&view(&records)))
    }
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
