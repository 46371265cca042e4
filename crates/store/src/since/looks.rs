//! A study that is looked at again and again, each time only for what has changed.

use super::{Followed, StoreVersion, StudyChanges, StudyCursor};
use crate::{Store, StoreError};

/// Where somebody stands who looks at a study.
pub struct StudyLooks {
    store: Store,
    cursor: StudyCursor,
    version: StoreVersion,
}

/// What a look has found.
pub struct StudyNews {
    /// What has changed.
    pub changes: StudyChanges,
    /// Whether somebody had written, or has begun or ended to work in the study's folder.
    pub was_written: bool,
}

impl StudyLooks {
    /// The first look at a study, the only one if none is named.
    ///
    /// # Errors
    /// If it cannot be read, or there is none yet.
    pub fn begin(store: Store, study: Option<&str>) -> Result<(StudyLooks, Followed), StoreError> {
        // Before the look: what is written in between is looked at once more.
        let version = store.version()?;
        let (followed, cursor) = store.follow(study)?;
        Ok((StudyLooks { store, cursor, version }, followed))
    }

    /// Whether the study is on a server, where leases run out without a write.
    pub fn is_on_server(&self) -> bool {
        self.store.is_server()
    }

    /// What has changed, if somebody has written since the last look, or `always`.
    ///
    /// # Errors
    /// If it cannot be read; the next look begins where this one did.
    pub fn look(&mut self, always: bool) -> Result<Option<StudyNews>, StoreError> {
        let version = self.store.version()?;
        let was_written = self.version != version;
        if !was_written && !always {
            return Ok(None);
        }
        let changes = self.store.changes_since(&mut self.cursor)?;
        self.version = version;
        Ok(Some(StudyNews { changes, was_written }))
    }
}
