//! The writer: brings to the disk what the training threads hand to it, so that none of them ever waits for a disk.
//!
//! One thread works off the orders as they came, as many at a time as are there: first the files of the runs that have
//! ended, then the records of all in one transaction, then the end of a run is told. So what is told as done is on the
//! disk, whole; what a run needs to be done is written before the record says that it is; and many small runs share
//! the syncs that each of them would wait for alone. The queue is short: where the disk is slower than the training,
//! the training waits, and memory does not grow with the number of runs.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use toile_record::{Epoch, Event, RunRecord, StudyRecord, TrainingEnd, TrainingKey};
use toile_store::{Change, StoreError, folder_inside, write_atomic};

use super::session::{QueuedRun, RunSession};
use crate::lease::{Lease, Leases};

/// Orders that may wait, and that are worked off at a time: some epochs of each of a few runs.
pub(super) const QUEUE: usize = 16;

/// A run and the right to write for it.
pub(super) struct HeldRun {
    pub run: Arc<QueuedRun>,
    pub lease: Arc<Lease>,
}

/// What a training thread has to say about a run.
pub(super) struct Order {
    pub held: Arc<HeldRun>,
    pub news: News,
}

/// What has happened to it.
pub(super) enum News {
    /// It begins.
    Begin(Box<RunRecord>),
    /// An epoch has ended.
    Epoch(Epoch),
    /// It has ended, with the bytes of its weights' file, if it has weights.
    Finish(Box<RunRecord>, Option<Vec<u8>>),
    /// It can be continued from here.
    Checkpoint(Vec<u8>),
    /// It waits again, and goes on from this checkpoint.
    PutBack(Option<Vec<u8>>),
    /// Another worker has it.
    Lost,
}

/// The queue between the training threads and the writer.
pub(super) fn queue() -> (SyncSender<Order>, Receiver<Order>) {
    sync_channel(QUEUE)
}

/// What the writer needs to know.
pub(super) struct Writer<'a> {
    pub session: &'a RunSession<'a>,
    pub leases: &'a Leases<'a>,
    pub study: &'a StudyRecord,
    pub error: Option<StoreError>,
}

impl Writer<'_> {
    /// Works until nobody can give orders any more.
    ///
    /// # Errors
    /// The first thing that could not be written. The study is stopped then, and the orders that are still given are
    /// carried out as far as that is possible.
    pub(super) fn work(mut self, orders: &Receiver<Order>) -> Result<(), StoreError> {
        while let Ok(first) = orders.recv() {
            let others = orders.try_iter().take(QUEUE - 1);
            self.carry_out(std::iter::once(first).chain(others).collect());
        }
        self.error.map_or(Ok(()), Err)
    }

    fn carry_out(&mut self, mut orders: Vec<Order>) {
        for order in &mut orders {
            if let Err(error) = self.write_files(order) {
                self.fail(error);
                order.news = News::PutBack(None);
            }
        }
        match self.record(&orders) {
            Ok(held) => orders.iter().zip(held).for_each(|(order, held)| self.recorded(order, held)),
            Err(error) => {
                self.fail(error);
                // They no longer run. Where even this cannot be written, the first error says why.
                for order in &orders {
                    let _ = self.session.store.save(&[Change::PutBack(&order.held.lease.claim, None)]);
                    self.leases.release(&order.held.lease);
                }
            }
        }
    }

    fn fail(&mut self, error: StoreError) {
        self.session.stop.breaks();
        self.error.get_or_insert(error);
    }

    fn write_files(&self, order: &Order) -> Result<(), StoreError> {
        let (Some(dir), News::Finish(record, weights)) = (self.session.options.dir, &order.news) else {
            return Ok(());
        };
        let folder = folder_inside(dir, &record.folder)?;
        if let Some(bytes) = weights {
            write_atomic(&folder.join("weights.safetensors"), bytes)?;
        }
        let history = (self.session.options.history)(self.study, record);
        write_atomic(&folder.join("history.csv"), history.as_bytes())
    }

    /// Writes all in one transaction; for each order, whether its run was still held.
    fn record(&self, orders: &[Order]) -> Result<Vec<bool>, StoreError> {
        let changes: Vec<Change<'_>> = orders.iter().map(|order| self.change(order)).collect();
        self.leases.patiently(|| self.session.store.save(&changes))
    }

    fn change<'b>(&self, order: &'b Order) -> Change<'b> {
        let claim = &order.held.lease.claim;
        let is_server = self.session.store.is_server();
        match &order.news {
            News::Begin(record) => Change::Begin(claim, record),
            News::Epoch(epoch) => Change::Epoch(claim, epoch),
            News::Finish(record, weights) => {
                Change::Finish(claim, record, weights.as_deref().filter(|_| is_server))
            }
            News::Checkpoint(bytes) => Change::Checkpoint(claim, bytes),
            News::PutBack(checkpoint) => Change::PutBack(claim, checkpoint.as_deref()),
            // Its claim holds no more: nothing is written.
            News::Lost => Change::PutBack(claim, None),
        }
    }

    /// What was written is made known. A fault of whoever draws this must not keep the rest from the disk; the fault
    /// itself has been shown by then.
    fn recorded(&self, order: &Order, is_held: bool) {
        let (run, lease) = (&order.held.run, &order.held.lease);
        let event = match &order.news {
            News::Begin(_) | News::Epoch(_) | News::Checkpoint(_) => {
                if !is_held {
                    lease.lose();
                }
                return;
            }
            News::Finish(record, _) if is_held => {
                self.session.has_ended(run.place);
                Event::TrainingEnded(Box::new(ended(run.place, record)))
            }
            News::PutBack(_) if is_held => Event::TrainingSuspended { training: run.key() },
            News::Finish(..) | News::PutBack(_) | News::Lost => Event::TrainingLost { training: run.key() },
        };
        self.leases.release(lease);
        let _ = catch_unwind(AssertUnwindSafe(|| (self.session.events)(event)));
    }
}

/// The end of a run, for everyone who follows the study.
pub(super) fn ended(place: usize, record: &RunRecord) -> TrainingEnd {
    let validation = record.validation.as_ref();
    TrainingEnd {
        training: TrainingKey::Run(place),
        state: record.state,
        reason: record.reason(),
        epochs: record.trained_epochs().len(),
        seconds: record.provenance.wall_seconds,
        values: Vec::new(),
        val_accuracy: validation.map(|validation| validation.accuracy),
        val_loss: validation.and_then(|validation| validation.loss),
        published: record.published,
        best: None,
        finished: 0,
    }
}
