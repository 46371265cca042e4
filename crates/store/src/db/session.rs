//! A connection to a server, with the statements that it has prepared. Every answer is waited for with a time limit.

use std::collections::HashMap;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::Stream;
use tokio::runtime::Runtime;
use tokio::time::timeout;
use tokio_postgres::{Client, Connection, Error, Row, Statement};

use super::connect::Link;
use super::dialect::to_postgres;
use super::patience::{AnswerWait, Patience};
use super::wire::MessageWire;
use super::{Cell, Result};

/// So many statements are on their way at once.
const BUNCH: usize = 256;

/// A connection to a server, with the statements that it has prepared.
pub(crate) struct Session {
    // In the order in which they must go: the driver says goodbye once nothing needs it any more.
    prepared: HashMap<String, Statement>,
    client: Client,
    line: ServerLine,
}

/// What moves the messages of a session.
struct ServerLine {
    runtime: Runtime,
    connection: Connection<MessageWire, MessageWire>,
    moved: Arc<AtomicU64>,
    patience: Patience,
    place: String,
    /// An answer did not come: nothing more is said on it.
    is_broken: bool,
}

/// Lets the connection work until the answer is there.
pub(super) async fn with_connection<T>(
    connection: &mut Connection<MessageWire, MessageWire>,
    answer: impl Future<Output = std::result::Result<T, Error>>,
) -> std::result::Result<T, Error> {
    let mut answer = pin!(answer);
    poll_fn(|context| {
        loop {
            match connection.poll_message(context) {
                // Notices; nobody asked for them.
                Poll::Ready(Some(Ok(_))) => {}
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Err(error)),
                Poll::Ready(None) | Poll::Pending => break,
            }
        }
        answer.as_mut().poll(context)
    })
    .await
}

impl ServerLine {
    fn wait<T>(&mut self, answer: impl Future<Output = std::result::Result<T, Error>>) -> Result<T> {
        let ServerLine { runtime, connection, moved, patience, place, .. } = self;
        let (silence, whole) = (patience.silence, patience.answer);
        let wait = AnswerWait { patience, place, moved, silence, whole };
        let in_time = runtime.block_on(wait.wait_for(with_connection(connection, answer)));
        self.is_broken |= in_time.is_err();
        Ok(in_time??)
    }
}

impl Drop for ServerLine {
    /// Says goodbye, which a server writes into its log otherwise.
    fn drop(&mut self) {
        if !self.is_broken {
            let rest = poll_fn(|context| match self.connection.poll_message(context) {
                Poll::Ready(Some(Ok(_))) => {
                    context.waker().wake_by_ref();
                    Poll::Pending
                }
                Poll::Ready(_) => Poll::Ready(()),
                Poll::Pending => Poll::Pending,
            });
            let _ = self.runtime.block_on(async { timeout(Duration::from_millis(500), rest).await });
        }
    }
}

impl Session {
    pub(super) fn new(
        runtime: Runtime,
        (client, connection): Link,
        moved: Arc<AtomicU64>,
        patience: Patience,
        place: String,
    ) -> Session {
        let line = ServerLine { runtime, connection, moved, patience, place, is_broken: false };
        Session { prepared: HashMap::new(), client, line }
    }

    fn prepare(&mut self, sql: &str) -> Result<Statement> {
        if let Some(statement) = self.prepared.get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.line.wait(self.client.prepare(&to_postgres(sql)))?;
        self.prepared.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }

    /// Several statements without values.
    pub(crate) fn batch(&mut self, sql: &str) -> Result<()> {
        self.line.wait(self.client.batch_execute(sql))
    }

    pub(super) fn execute(&mut self, sql: &str, values: &[Cell<'_>]) -> Result<u64> {
        let statement = self.prepare(sql)?;
        self.line.wait(self.client.execute_raw(&statement, values))
    }

    /// The same statement for each row of values, without waiting for one answer before the next is said.
    pub(super) fn execute_many(&mut self, sql: &str, rows: &[Vec<Cell<'_>>]) -> Result<u64> {
        let statement = self.prepare(sql)?;
        let mut met = 0;
        for bunch in rows.chunks(BUNCH) {
            let answers = bunch.iter().map(|row| self.client.execute_raw(&statement, row.as_slice()));
            met += self.line.wait(all_of(answers.map(Box::pin).collect()))?;
        }
        Ok(met)
    }

    /// Shows each row of the answer as it comes.
    pub(super) fn each(
        &mut self,
        sql: &str,
        values: &[Cell<'_>],
        mut read: impl FnMut(&Row) -> Result<()>,
    ) -> Result<()> {
        let statement = self.prepare(sql)?;
        let rows = self.line.wait(self.client.query_raw(&statement, values))?;
        let mut rows = pin!(rows);
        while let Some(row) = self.line.wait(next(rows.as_mut()))? {
            read(&row)?;
        }
        Ok(())
    }
}

async fn next(
    mut rows: Pin<&mut impl Stream<Item = std::result::Result<Row, Error>>>,
) -> std::result::Result<Option<Row>, Error> {
    poll_fn(|context| rows.as_mut().poll_next(context)).await.transpose()
}

/// The sum of what all answer, or the first error. They are asked in order, and the server answers in order.
async fn all_of<F: Future<Output = std::result::Result<u64, Error>>>(
    answers: Vec<Pin<Box<F>>>,
) -> std::result::Result<u64, Error> {
    let mut left: Vec<Option<Pin<Box<F>>>> = answers.into_iter().map(Some).collect();
    let mut sum = 0;
    let poll = |context: &mut Context<'_>| {
        for place in &mut left {
            let Some(answer) = place else { continue };
            if let Poll::Ready(answered) = answer.as_mut().poll(context) {
                sum += answered?;
                *place = None;
            }
        }
        match left.iter().all(Option::is_none) {
            true => Poll::Ready(Ok(sum)),
            false => Poll::Pending,
        }
    };
    poll_fn(poll).await
}
