//! The columns of an epoch's numbers: one for each metric of an epoch, so that a new metric is a new column.

use std::sync::LazyLock;

use toile_record::{Epoch, Metric};

use crate::storage::db::{Cell, Db, DbRow, Result, cells};
use crate::storage::tables;

/// The tables that have them.
const TABLES: [&str; 2] = ["toile_epoch", "toile_trial_epoch"];

/// `loss, accuracy, …`
pub(crate) static NAMES: LazyLock<String> = LazyLock::new(|| joined(|metric| metric.name().to_string()));

/// `loss = excluded.loss, …`
pub(crate) static REPLACED: LazyLock<String> =
    LazyLock::new(|| joined(|metric| format!("{0} = excluded.{0}", metric.name())));

/// `$4, $5, …`, from the number of the first value on.
pub(crate) fn values(first: usize) -> String {
    let values = (first..).take(Metric::of_epoch().len()).map(|value| format!("${value}"));
    values.collect::<Vec<_>>().join(", ")
}

fn joined(part: impl Fn(Metric) -> String) -> String {
    Metric::of_epoch().map(part).collect::<Vec<_>>().join(", ")
}

/// The numbers of an epoch in the order of the columns: none in place of what is not finite.
pub(crate) fn cells_of<'v>(epoch: &Epoch) -> impl Iterator<Item = Cell<'v>> + use<'v> {
    let finite = epoch.finite();
    Metric::of_epoch().map(move |metric| Cell::from(metric.of(&finite)))
}

/// The metrics for which a table has columns: a file of an earlier version that is only read may lack some.
pub(crate) fn known(db: &mut Db<'_>, table: &str) -> Result<Vec<Metric>> {
    let sql = match db.is_postgres() {
        true => {
            "SELECT attname::text FROM pg_attribute WHERE attrelid = to_regclass($1::text)
                AND attnum > 0 AND NOT attisdropped"
        }
        false => "SELECT name FROM pragma_table_info($1)",
    };
    let names = db.query(sql, cells![table], |row| row.string(0))?;
    Ok(Metric::of_epoch().filter(|metric| names.iter().any(|name| name == metric.name())).collect())
}

/// Puts the numbers of these metrics into an epoch, the first from this column of the row.
pub(crate) fn read(metrics: &[Metric], row: &DbRow<'_>, first: usize, epoch: &mut Epoch) -> Result<()> {
    for (place, metric) in metrics.iter().enumerate() {
        metric.put(epoch, row.maybe_real(first + place)?);
    }
    Ok(())
}

/// Whether each metric has its column in every table that is there.
pub(crate) fn are_complete(db: &mut Db<'_>) -> Result<bool> {
    Ok(missing(db)?.is_empty())
}

/// Adds the columns that are missing.
pub(crate) fn add_missing(db: &mut Db<'_>) -> Result<()> {
    let double = if db.is_postgres() { "DOUBLE PRECISION" } else { "REAL" };
    for (table, metric) in missing(db)? {
        db.batch(&format!("ALTER TABLE {table} ADD COLUMN {} {double}", metric.name()))?;
    }
    Ok(())
}

fn missing(db: &mut Db<'_>) -> Result<Vec<(&'static str, Metric)>> {
    let mut all = Vec::new();
    for table in TABLES {
        if tables::table_exists(db, table)? {
            let known = known(db, table)?;
            all.extend(Metric::of_epoch().filter(|metric| !known.contains(metric)).map(|m| (table, m)));
        }
    }
    Ok(all)
}
