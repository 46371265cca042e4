//! The writer: brings to the disk what the training threads hand to it, so that none of them ever waits for a disk.
//!
//! One thread works off the orders as they came, as many at a time as are there: first the files of the runs that have
//! ended, then the records of all in one transaction, then the end of a run is told. So what is told as done is on the
//! disk, whole; what a run needs to be done is written before the record says that it is; and many small runs share
//! the syncs that each of them would wait for alone. The queue is short: where the disk is slower than the training,
//! the training waits, and memory does not grow with the number of runs.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use toile_data::DataSet;
use toile_record::{Epoch, Event, ImageRecord, RunRecord, StudyRecord, TrainingEnd, TrainingKey};
use toile_store::{Change, Store, StoreError, create_folder, write_atomic};

use super::RunOptions;
use toile_study::Plan;

/// Orders that may wait, and that are worked off at a time: some epochs of each of a few runs.
pub(super) const QUEUE: usize = 16;

/// What a training thread has to say about a run, which is named by its place in the plan.
pub(super) enum Order {
    /// It begins.
    Begin { run: usize, record: Box<RunRecord> },
    /// An epoch has ended.
    Epoch { run: usize, epoch: Epoch },
    /// It has ended.
    Finish { run: usize, record: Box<RunRecord>, artifacts: Artifacts },
    /// It can be continued from here.
    Checkpoint { run: usize, bytes: Vec<u8> },
    /// It waits again, and goes on from this checkpoint.
    Suspend { run: usize, checkpoint: Option<Vec<u8>> },
}

/// What a run leaves beside its record.
#[derive(Default)]
pub(super) struct Artifacts {
    /// The bytes of the weights' file.
    pub weights: Option<Vec<u8>>,
    /// Test images that the model got wrong.
    pub wrong: Vec<usize>,
}

impl Order {
    fn run(&self) -> usize {
        match self {
            Order::Begin { run, .. }
            | Order::Epoch { run, .. }
            | Order::Finish { run, .. }
            | Order::Checkpoint { run, .. }
            | Order::Suspend { run, .. } => *run,
        }
    }
}

/// The queue between the training threads and the writer.
pub(super) fn queue() -> (SyncSender<Order>, Receiver<Order>) {
    sync_channel(QUEUE)
}

/// What the writer needs to know, and what it keeps in mind.
pub(super) struct Writer<'a> {
    pub data: &'a DataSet,
    pub plan: &'a Plan,
    pub study: &'a StudyRecord,
    pub records: &'a [RunRecord],
    pub store: &'a Store,
    pub options: &'a RunOptions<'a>,
    pub events: &'a (dyn Fn(Event) + Sync),
    pub abort: &'a AtomicBool,
    /// The test images that the store has already.
    pub kept: Vec<bool>,
    pub error: Option<StoreError>,
}

impl Writer<'_> {
    /// Works until nobody can give orders any more.
    ///
    /// # Errors
    /// The first thing that could not be written. The study is stopped then, and the orders that are still given are
    /// carried out as far as that is possible.
    pub fn work(mut self, orders: &Receiver<Order>) -> Result<(), StoreError> {
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
                *order = Order::Suspend { run: order.run(), checkpoint: None };
            }
        }
        match self.record(&orders) {
            Ok(()) => orders.iter().for_each(|order| self.tell(order)),
            Err(error) => {
                self.fail(error);
                // They no longer run. Where even this cannot be written, the first error tells why.
                orders.iter().for_each(|order| _ = self.store.suspend_run(self.id(order.run())));
            }
        }
    }

    fn fail(&mut self, error: StoreError) {
        self.abort.store(true, Ordering::Relaxed);
        self.error.get_or_insert(error);
    }

    fn id(&self, run: usize) -> &str {
        &self.records[run].id
    }

    fn write_files(&self, order: &Order) -> Result<(), StoreError> {
        let Order::Finish { record, artifacts, .. } = order else { return Ok(()) };
        let folder = self.options.dir.join(&record.folder);
        create_folder(&folder)?;
        if let Some(bytes) = &artifacts.weights {
            write_atomic(&folder.join("weights.safetensors"), bytes)?;
        }
        let history = (self.options.history)(self.study, record);
        write_atomic(&folder.join("history.csv"), history.as_bytes())
    }

    fn record(&mut self, orders: &[Order]) -> Result<(), StoreError> {
        let images = self.new_images(orders);
        let openings = self.openings(orders);
        let mut changes: Vec<Change<'_>> = orders.iter().map(|order| self.change(order)).collect();
        let opening = |(run_id, time, why)| Change::Opening { run_id, time, why };
        changes.extend(openings.iter().map(|(id, time, why)| (&id[..], &time[..], &why[..])).map(opening));
        changes.push(Change::Images(&images));
        self.store.save(&changes)?;
        images.iter().for_each(|image| self.kept[image.index] = true);
        Ok(())
    }

    fn change<'b>(&'b self, order: &'b Order) -> Change<'b> {
        match order {
            Order::Begin { record, .. } if record.epochs.is_empty() => Change::Begin(record),
            Order::Begin { record, .. } => Change::Continue(record),
            Order::Epoch { run, epoch } => Change::Epoch(self.id(*run), epoch),
            Order::Finish { record, .. } => Change::Finish(record),
            Order::Checkpoint { run, bytes } => Change::Checkpoint(self.id(*run), bytes),
            Order::Suspend { run, checkpoint } => Change::Suspend(self.id(*run), checkpoint.as_deref()),
        }
    }

    /// Who opened the test set, when and why.
    fn openings(&self, orders: &[Order]) -> Vec<(String, String, String)> {
        let opening = |order: &Order| match order {
            Order::Finish { run, record, .. } if record.test.is_some() => {
                let why = match &self.plan.runs[*run].chosen_by {
                    Some(search) => format!("chosen by the search `{search}`"),
                    None => "declared run".to_string(),
                };
                Some((record.id.clone(), self.options.clock.timestamp(), why))
            }
            _ => None,
        };
        orders.iter().filter_map(opening).collect()
    }

    fn new_images(&self, orders: &[Order]) -> Vec<ImageRecord> {
        let wrong = orders.iter().flat_map(|order| match order {
            Order::Finish { artifacts, .. } => &artifacts.wrong[..],
            _ => &[],
        });
        let mut new: Vec<usize> = wrong.copied().filter(|&index| !self.kept[index]).collect();
        new.sort_unstable();
        new.dedup();
        let (test, image_len) = (&self.data.test, self.data.image_len());
        let image = |index| ImageRecord { index, pixels: test.image(index, image_len).to_vec() };
        new.into_iter().map(image).collect()
    }

    /// A fault of whoever draws this must not keep the rest from the disk; the fault itself has been told by then.
    fn tell(&self, order: &Order) {
        let event = match order {
            Order::Finish { run, record, .. } => Event::TrainingEnded(Box::new(ended(*run, record))),
            Order::Suspend { run, .. } => Event::TrainingSuspended { training: TrainingKey::Run(*run) },
            Order::Begin { .. } | Order::Epoch { .. } | Order::Checkpoint { .. } => return,
        };
        let _ = catch_unwind(AssertUnwindSafe(|| (self.events)(event)));
    }
}

fn ended(run: usize, record: &RunRecord) -> TrainingEnd {
    let test = record.test.as_ref();
    TrainingEnd {
        training: TrainingKey::Run(run),
        state: record.state,
        reason: record.reason(),
        epochs: record.epochs.len(),
        seconds: record.provenance.wall_seconds,
        values: Vec::new(),
        test_accuracy: test.map(|test| test.accuracy),
        test_loss: test.and_then(|test| test.loss),
        published: record.published,
        best: None,
        finished: 0,
    }
}
