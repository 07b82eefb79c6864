//! The one way in which rows are changed: read, decide, and put on condition of the revision that was read.
//!
//! Whoever loses that race is given the row as it is, and decides again on that. So a decision is a pure function of the row, and nobody's
//! write is lost.

use std::time::Duration;

use aws_sdk_dynamodb::{
    Client,
    types::{Put, TransactWriteItem},
};
use muster_protocol::{Code, Rejection};
use serde::{Serialize, de::DeserializeOwned};
use tokio::time::Instant;

use crate::{
    Failure, Fault, Seats,
    seats::{Held, SeatRow},
    write::{Item, Part, item_of, number, pause, write},
};

/// How long is tried to win against others.
const PATIENCE: Duration = Duration::from_secs(3);

/// A row that is changed like this.
pub(crate) trait Revised: Serialize + DeserializeOwned + PartialEq {
    /// The name of its partition key.
    const KEY: &'static str;

    /// What it is, such as "a match".
    const WHAT: &'static str;

    /// How often it was written.
    fn revision(&self) -> u64;
}

/// How the row is read that is decided on first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Read {
    /// Not at all: there is none yet.
    Absent,
    /// At half the price. An old row is refused by the condition; and a decision that writes nothing is made again on a row that is read
    /// for sure.
    Eventual,
    /// For sure.
    Consistent,
}

/// What is decided about a row.
#[derive(Debug)]
pub(crate) struct Decision<R, A> {
    /// What is put in its place, if anything.
    pub(crate) row: Option<R>,
    /// The seat that is taken with it: both or neither.
    pub(crate) seat: Option<SeatRow>,
    /// What whoever asked is told, once that is written.
    pub(crate) answer: Result<A, Failure>,
}

impl<R, A> Decision<R, A> {
    /// Nothing is written.
    pub(crate) const fn nothing(answer: Result<A, Failure>) -> Self {
        Self { row: None, seat: None, answer }
    }
}

/// What came of a change.
#[derive(Clone, Debug)]
pub struct Changed<R, A> {
    /// The row as it is now, if there is one.
    pub row: Option<R>,
    /// Whether it was changed now.
    pub written: bool,
    /// What was decided; nothing, if instead the player holds a seat in something from the very same request.
    pub answer: Result<A, SeatRow>,
}

/// Where rows of one kind are.
#[derive(Clone, Debug)]
pub(crate) struct Rows {
    pub(crate) client: Client,
    pub(crate) table: String,
}

impl Rows {
    /// The row of this key, expired ones included.
    pub(crate) async fn get<R: Revised>(&self, key: &Item, consistent: bool) -> Result<Option<R>, Fault> {
        let get = self.client.get_item().table_name(&self.table).consistent_read(consistent).set_key(Some(key.clone()));
        let item = get.send().await.map_err(|error| Fault::new(format!("reading {}", R::WHAT), error))?.item;
        item.map(understand).transpose()
    }

    /// The part of a write that puts `row` where `before` is.
    pub(crate) fn put<R: Revised>(&self, row: &R, before: Option<&R>) -> Result<TransactWriteItem, Fault> {
        let put = Put::builder().table_name(&self.table).set_item(Some(item_of(row, R::WHAT)?));
        match before {
            None => put.condition_expression(format!("attribute_not_exists({})", R::KEY)),
            Some(before) => {
                put.condition_expression("revision = :revision").expression_attribute_values(":revision", number(before.revision()))
            }
        }
        .part()
    }

    /// Puts `next`, if there is one, where `read` is, once.
    ///
    /// # Errors
    /// A [`Fault`] if the table cannot be written.
    pub(crate) async fn replace<R: Revised + Clone>(&self, read: &R, next: Option<R>) -> Result<Changed<R, ()>, Fault> {
        let Some(next) = next else { return Ok(Changed { row: Some(read.clone()), written: false, answer: Ok(()) }) };
        let put = self.put(&next, Some(read))?;
        match write(&self.client, vec![put], &format!("writing {}", R::WHAT)).await? {
            Ok(()) => Ok(Changed { row: Some(next), written: true, answer: Ok(()) }),
            Err(in_the_way) => {
                let row = in_the_way.into_iter().next().flatten().flatten().map(understand).transpose()?;
                Ok(Changed { written: row.as_ref() == Some(&next), row, answer: Ok(()) })
            }
        }
    }

    /// Changes the row of this key as `decide` says, which is asked again whenever another one was faster.
    ///
    /// # Errors
    /// The rejection or fault that was decided; [`Code::Busy`] if others were always faster; [`Code::Seated`] if the player of the seat
    /// that is to be taken holds another one; a [`Fault`] if a table cannot be read or written.
    pub(crate) async fn change<R: Revised, A>(
        &self,
        key: &Item,
        read: Read,
        seats: Option<&Seats>,
        mut decide: impl FnMut(Option<&R>) -> Decision<R, A>,
    ) -> Result<Changed<R, A>, Failure> {
        let until = Instant::now() + PATIENCE;
        let mut is_sure = read != Read::Eventual;
        let mut row = if read == Read::Absent { None } else { self.get(key, is_sure).await? };
        let mut overtaken = None;
        for attempt in 1.. {
            let Decision { row: next, seat, answer } = decide(row.as_ref());
            let Some(next) = next else {
                if is_sure {
                    return Ok(Changed { row, written: false, answer: Ok(answer?) });
                }
                (row, is_sure) = (self.get(key, true).await?, true);
                continue;
            };
            let mut parts = vec![self.put(&next, row.as_ref())?];
            if let (Some(seats), Some(seat)) = (seats, &seat) {
                parts.push(seats.take(seat, overtaken.as_deref())?);
            }
            let in_the_way = match write(&self.client, parts, &format!("writing {}", R::WHAT)).await? {
                Ok(()) => return Ok(Changed { row: Some(next), written: true, answer: Ok(answer?) }),
                Err(in_the_way) => in_the_way,
            };
            let mut in_the_way = in_the_way.into_iter();
            if let Some(Some(found)) = in_the_way.next() {
                (row, is_sure) = (found.map(understand).transpose()?, true);
                if row.as_ref() == Some(&next) {
                    // It was written by an attempt whose answer was lost: each row says by whom.
                    return Ok(Changed { row, written: true, answer: Ok(answer?) });
                }
            } else if let (Some(seats), Some(seat), Some(Some(held))) = (seats, &seat, in_the_way.next()) {
                match seats.settle(seat, held).await? {
                    Held::Free(holds) => overtaken = holds,
                    Held::Repeated(held) => return Ok(Changed { row, written: false, answer: Err(held) }),
                }
            }
            if Instant::now() >= until {
                break;
            }
            // The row as it is came with the refusal. Only who loses again is in a crowd.
            if attempt > 1 {
                pause(attempt - 1).await;
            }
        }
        Err(Rejection::new(Code::Busy, format!("{} went on changing: send it again", R::WHAT)).into())
    }
}

fn understand<R: Revised>(item: Item) -> Result<R, Fault> {
    serde_dynamo::from_item(item).map_err(|error| Fault::new(format!("understanding the row of {}", R::WHAT), error))
}

#[cfg(test)]
mod tests;
