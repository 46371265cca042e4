//! Epochs in their table, which has a column for each metric of an epoch: a new metric is a new column.

use std::sync::LazyLock;

use toile_record::{Epoch, Metric};

use crate::db::{Cell, Db, DbRow, Result, cells};
use crate::tables;

/// Writes an epoch, in the place of the one that is there.
static PUT: LazyLock<String> = LazyLock::new(|| {
    let names: Vec<&str> = Metric::of_epoch().map(Metric::name).collect();
    let values: Vec<String> = (6..6 + names.len()).map(|value| format!("${value}")).collect();
    let replaced: Vec<String> = names.iter().map(|name| format!("{name} = excluded.{name}")).collect();
    format!(
        "INSERT INTO toile_epoch (trial_id, repetition, epoch, learning_rate, seconds, {})
         VALUES ($1, $2, $3, $4, $5, {}) ON CONFLICT (trial_id, repetition, epoch) DO UPDATE SET
            learning_rate = excluded.learning_rate, seconds = excluded.seconds, {}",
        names.join(", "),
        values.join(", "),
        replaced.join(", ")
    )
});

/// Writes an epoch of a training. What is not finite is kept as "none", never as a number that a chart would draw.
pub(crate) fn put(db: &mut Db<'_>, trial_id: i64, repetition: usize, epoch: &Epoch) -> Result<()> {
    db.execute(&PUT, &row(trial_id, repetition, epoch)).map(drop)
}

fn row(trial_id: i64, repetition: usize, epoch: &Epoch) -> Vec<Cell<'static>> {
    let finite = epoch.finite();
    let mut values =
        cells![trial_id, repetition, epoch.epoch, some(epoch.learning_rate), some(epoch.seconds)].to_vec();
    values.extend(Metric::of_epoch().map(|metric| Cell::from(metric.of(&finite))));
    values
}

fn some(value: f64) -> Option<f64> {
    Some(value).filter(|value| !value.is_nan())
}

/// Writes the epochs of all trainings of a trial in the place of what is there: each training begins with epoch 1.
pub(crate) fn replace(db: &mut Db<'_>, trial_id: i64, epochs: &[Epoch]) -> Result<()> {
    forget(db, trial_id)?;
    let (mut repetition, mut rows) = (0, Vec::with_capacity(epochs.len()));
    for (place, epoch) in epochs.iter().enumerate() {
        repetition += usize::from(place > 0 && epoch.epoch <= epochs[place - 1].epoch);
        rows.push(row(trial_id, repetition, epoch));
    }
    db.execute_many(&PUT, &rows).map(drop)
}

pub(crate) fn forget(db: &mut Db<'_>, trial_id: i64) -> Result<()> {
    db.execute("DELETE FROM toile_epoch WHERE trial_id = $1", cells![trial_id]).map(drop)
}

/// What a query of epochs asks for. A file of an earlier version, which is only read, may lack a metric.
pub(crate) struct EpochColumns {
    metrics: Vec<Metric>,
}

impl EpochColumns {
    /// All of this version: what is written into has them.
    pub(crate) fn all() -> EpochColumns {
        EpochColumns { metrics: Metric::of_epoch().collect() }
    }

    /// Those that the database has.
    pub(crate) fn of(db: &mut Db<'_>) -> Result<EpochColumns> {
        let names = tables::columns(db, "toile_epoch")?;
        let has = |metric: &Metric| names.iter().any(|name| name == metric.name());
        Ok(EpochColumns { metrics: Metric::of_epoch().filter(has).collect() })
    }

    /// Their names in the table `x`.
    pub(crate) fn names(&self) -> String {
        let metrics = self.metrics.iter().map(|metric| format!(", x.{}", metric.name()));
        format!("x.epoch, x.learning_rate, x.seconds{}", metrics.collect::<String>())
    }

    /// The epoch in a row whose column `at` is the first of them.
    pub(crate) fn read(&self, row: &DbRow<'_>, at: usize) -> Result<Epoch> {
        let mut epoch = Epoch {
            epoch: row.count(at)?,
            learning_rate: row.maybe_real(at + 1)?.unwrap_or(f64::NAN),
            seconds: row.maybe_real(at + 2)?.unwrap_or(f64::NAN),
            ..Epoch::default()
        };
        for (place, metric) in self.metrics.iter().enumerate() {
            metric.put(&mut epoch, row.maybe_real(at + 3 + place)?);
        }
        Ok(epoch)
    }
}
