//! What operators have done: rows of the table operations (key kind, id).
//!
//! - `letter#<queue>`, by SQS's id of the letter: how often it was replayed in vain, whether it is parked, and the keys of its rows.
//! - `lock`, by queue: which run has it. Only one may replay a queue at a time.
//! - `run`, by its id: what it has done.
//! - `maintenance`: whether new matches, pools and placements are refused.

use std::collections::HashMap;

use aws_sdk_dynamodb::{
    Client,
    types::{Delete, Put},
};
use muster_protocol::{
    Code, Rejection,
    operators::{Letters, Queue, Run},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{
    Config, ConfigError, Fault, clock,
    write::{Item, Part, item_of, number, text, write},
};

/// How long SQS keeps a letter, in seconds, and so long is remembered what became of it.
const LETTER_SECONDS: u64 = 14 * 24 * 60 * 60;

/// How long a run is remembered, in seconds.
const RUN_SECONDS: u64 = 90 * 24 * 60 * 60;

/// How long a run that says nothing any more holds its queue, in seconds: longer than a step and the wait behind it.
const LOCK_SECONDS: u64 = 180;

/// How long an environment takes for granted what it has read of maintenance, in milliseconds.
const MAINTENANCE_MILLISECONDS: u64 = 10_000;

/// Runs that are shown.
const RUNS: i32 = 50;

/// What is remembered of a letter that was replayed in vain, parked, or looked at.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Remembered {
    /// How often it was replayed in vain.
    pub replays: u64,
    /// Whether replays leave it alone.
    pub parked: bool,
    /// Why it failed the last time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The run that had it last.
    pub run: String,
    /// Its records without images, as JSON: the stream forgets them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kept: Option<String>,
}

impl Remembered {
    /// Its records without images.
    #[must_use]
    pub fn records(&self) -> Vec<Value> {
        self.kept.as_deref().and_then(|kept| serde_json::from_str(kept).ok()).unwrap_or_default()
    }
}

/// Whether the game is closed for maintenance.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Maintenance {
    /// Whether it is.
    pub on: bool,
    /// Since when, in epoch milliseconds.
    pub since: u64,
    /// Who said so.
    pub who: String,
}

/// The table.
#[derive(Debug)]
pub struct Operations {
    client: Client,
    table: String,
    /// What was read of maintenance, and when.
    maintenance: std::sync::Mutex<(u64, bool)>,
}

impl Operations {
    /// Reads `OPERATIONS_TABLE`.
    ///
    /// # Errors
    /// A [`ConfigError`] that names what is missing.
    pub fn from_config(config: &Config) -> Result<Self, ConfigError> {
        Ok(Self {
            client: config.dynamodb()?,
            table: config.required("OPERATIONS_TABLE")?.to_owned(),
            maintenance: std::sync::Mutex::default(),
        })
    }

    /// What is remembered of the letters of a queue, by their ids.
    ///
    /// # Errors
    /// A [`Fault`] if the table cannot be read.
    pub async fn letters(&self, queue: Queue) -> Result<HashMap<String, Remembered>, Fault> {
        let mut letters = HashMap::new();
        let mut start = None;
        loop {
            let query = self.of_kind(&letter_kind(queue)).consistent_read(true).set_exclusive_start_key(start);
            let page = query.send().await.map_err(|error| Fault::new("reading what is remembered of letters", error))?;
            for item in page.items.unwrap_or_default() {
                letters.insert(id_of(&item), read(item)?);
            }
            start = page.last_evaluated_key;
            if start.is_none() {
                return Ok(letters);
            }
        }
    }

    /// Remembers a letter.
    ///
    /// # Errors
    /// A [`Fault`] if the table cannot be written.
    pub async fn remember(&self, queue: Queue, message_id: &str, remembered: &Remembered) -> Result<(), Fault> {
        self.put(&letter_kind(queue), message_id, remembered, Some(LETTER_SECONDS)).await
    }

    /// Forgets a letter that is deleted.
    ///
    /// # Errors
    /// A [`Fault`] if the table cannot be written.
    pub async fn forget(&self, queue: Queue, message_id: &str) -> Result<(), Fault> {
        let delete = Delete::builder().table_name(&self.table).set_key(Some(key(&letter_kind(queue), message_id)));
        self.write(delete, "forgetting a letter").await.map(drop)
    }

    /// Locks a queue for a run, or goes on holding it. False if another run has it.
    ///
    /// # Errors
    /// A [`Fault`] if the table cannot be written.
    pub async fn lock(&self, queue: Queue, run: &str) -> Result<bool, Fault> {
        let mut item = key("lock", queue.name());
        let now = clock::now_seconds();
        item.insert("run".to_owned(), text(run));
        item.insert("expiresAt".to_owned(), number(now + LOCK_SECONDS));
        let put = Put::builder().table_name(&self.table).set_item(Some(item));
        let put = put.condition_expression("attribute_not_exists(#run) OR #run = :run OR expiresAt < :now");
        let put = put.expression_attribute_names("#run", "run").expression_attribute_values(":run", text(run));
        self.write(put.expression_attribute_values(":now", number(now)), "locking a queue").await
    }

    /// Lets a queue go, if this run has it.
    ///
    /// # Errors
    /// A [`Fault`] if the table cannot be written.
    pub async fn unlock(&self, queue: Queue, run: &str) -> Result<(), Fault> {
        let delete = Delete::builder().table_name(&self.table).set_key(Some(key("lock", queue.name())));
        let delete = delete.condition_expression("#run = :run").expression_attribute_names("#run", "run");
        self.write(delete.expression_attribute_values(":run", text(run)), "letting a queue go").await.map(drop)
    }

    /// Makes a write. False if its condition does not hold.
    async fn write(&self, part: impl Part, doing: &str) -> Result<bool, Fault> {
        Ok(write(&self.client, vec![part.part()?], doing).await?.is_ok())
    }

    /// Records how a run stands.
    ///
    /// # Errors
    /// A [`Fault`] if the table cannot be written.
    pub async fn record(&self, asked: &Letters, run: &Run) -> Result<(), Fault> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Recorded<'a> {
            #[serde(rename = "do")]
            action: muster_protocol::operators::Action,
            queue: Queue,
            who: &'a str,
            only: Option<String>,
            ended_at: u64,
            #[serde(flatten)]
            run: &'a Run,
        }
        let only = asked.only.as_ref().map(|only| format!("{}={}", only.field, only.value));
        let recorded =
            Recorded { action: asked.action, queue: asked.queue, who: &asked.who, only, ended_at: clock::now_milliseconds(), run };
        self.put("run", &run.id, &recorded, Some(RUN_SECONDS)).await
    }

    /// The latest runs, newest first, as plain JSON.
    ///
    /// # Errors
    /// A [`Fault`] if the table cannot be read.
    pub async fn runs(&self) -> Result<Vec<Value>, Fault> {
        let query = self.of_kind("run").scan_index_forward(false).limit(RUNS);
        let page = query.send().await.map_err(|error| Fault::new("reading the runs of replays", error))?;
        page.items.unwrap_or_default().into_iter().map(read).collect()
    }

    /// Lets nothing new begin while the game is closed for maintenance, which is known some seconds late.
    ///
    /// # Errors
    /// [`Code::Maintenance`] if it is.
    pub async fn check_open(&self) -> Result<(), Rejection> {
        if self.is_closed().await {
            return Err(Rejection::new(Code::Maintenance, "there is maintenance: nothing new begins; what you are in goes on"));
        }
        Ok(())
    }

    /// Whether the game is closed, as it was read within the last seconds. A table that cannot be read closes nothing.
    async fn is_closed(&self) -> bool {
        let now = clock::now_milliseconds();
        let (at, was) = *self.maintenance.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if now < at + MAINTENANCE_MILLISECONDS {
            return was;
        }
        let is = match self.maintenance().await {
            Ok(maintenance) => maintenance.on,
            Err(fault) => {
                tracing::error!(error = fault.chain(), "whether there is maintenance is not known");
                was
            }
        };
        *self.maintenance.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = (now, is);
        is
    }

    /// Whether the game is closed for maintenance, since when, and who closed it.
    ///
    /// # Errors
    /// A [`Fault`] if the table cannot be read.
    pub async fn maintenance(&self) -> Result<Maintenance, Fault> {
        let get = self.client.get_item().table_name(&self.table).set_key(Some(key("maintenance", "maintenance")));
        let item = get.send().await.map_err(|error| Fault::new("reading whether there is maintenance", error))?.item;
        item.map_or_else(|| Ok(Maintenance::default()), read)
    }

    /// Closes the game for maintenance, or opens it.
    ///
    /// # Errors
    /// A [`Fault`] if the table cannot be written.
    pub async fn set_maintenance(&self, maintenance: &Maintenance) -> Result<(), Fault> {
        self.put("maintenance", "maintenance", maintenance, None).await
    }

    fn of_kind(&self, kind: &str) -> aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder {
        let query = self.client.query().table_name(&self.table).key_condition_expression("#kind = :kind");
        query.expression_attribute_names("#kind", "kind").expression_attribute_values(":kind", text(kind))
    }

    async fn put(&self, kind: &str, id: &str, row: &impl Serialize, seconds: Option<u64>) -> Result<(), Fault> {
        let mut item = item_of(row, "making a row of operations")?;
        item.extend(key(kind, id));
        if let Some(seconds) = seconds {
            item.insert("expiresAt".to_owned(), number(clock::now_seconds() + seconds));
        }
        let put = Put::builder().table_name(&self.table).set_item(Some(item));
        self.write(put, "writing a row of operations").await.map(drop)
    }
}

fn letter_kind(queue: Queue) -> String {
    format!("letter#{queue}")
}

fn key(kind: &str, id: &str) -> Item {
    Item::from([("kind".to_owned(), text(kind)), ("id".to_owned(), text(id))])
}

fn id_of(item: &Item) -> String {
    item.get("id").and_then(|id| id.as_s().ok()).cloned().unwrap_or_default()
}

fn read<T: DeserializeOwned>(item: Item) -> Result<T, Fault> {
    serde_dynamo::from_item(item).map_err(|error| Fault::new("understanding a row of operations", error))
}
