//! What each operation is billed for on AWS, counted and priced by the local stack.
//!
//! Each operation is done alone, again and again: it is only begun when nothing is under way, and what it has used is read when nothing is
//! under way any more, so that whatever it causes behind the reply belongs to it, and no batch is shared. The functions are warm. The
//! players are bare sockets, because a client would say more than the operation. Placements have a stack of their own, see [`placements`],
//! and so have games, see [`games`].

mod bill;
mod games;
mod placements;
mod play;
mod player;
mod price;

use serde_json::json;

use self::player::Player;
pub use self::{
    bill::{Account, Bill},
    price::{PriceArgs, price},
};
use crate::{Result, stack::Stack, table::Table};

/// Options of the benchmark.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// How often each operation is done.
    #[arg(long, default_value_t = 20)]
    runs: usize,

    /// How many games are played at the same time in the last measurement.
    #[arg(long, default_value_t = 100)]
    games: usize,

    /// Counts this alone.
    #[arg(long)]
    only: Option<Part>,
}

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    /// Single operations.
    Operations,
    /// Placements with their timers.
    Placements,
    /// Whole games.
    Games,
}

/// What the first table shows.
const TITLE: &str = "Billable units of one operation with warm functions";

/// A chat message of usual length.
const TEXT: &str = "See you in the lobby in five minutes, and bring the others along, we need one more.";
/// Most recipients of a message.
const CROWD: usize = 100;
/// The messages of a full page of `resume`, when the client names no limit.
const PAGE: usize = 50;

/// Counts and prices all of it.
pub async fn run(args: &Args) -> Result<()> {
    let wanted = |part| args.only.is_none_or(|only| only == part);
    if wanted(Part::Operations) {
        operations(args.runs).await?;
    }
    if wanted(Part::Placements) {
        placements::run(args.runs).await?;
    }
    if wanted(Part::Games) {
        games::run(args.games).await?;
    }
    Ok(())
}

async fn operations(runs: usize) -> Result<()> {
    let stack = Stack::start().await?;
    let mut counter = Counter::new(stack, runs);
    let mut alice = counter.connect("alice").await?;
    let mut crowd = Vec::new();
    for number in 0..CROWD {
        crowd.push(counter.connect(&online(number)).await?);
    }
    counter.warm_up(&mut alice).await?;
    counter.connections().await?;
    counter.requests("`ping`", &mut alice, &json!({"route": "ping"})).await?;
    for recipients in [1, 10, CROWD] {
        counter.requests(&format!("`sendMessage` to {recipients} online"), &mut alice, &message(recipients, online)).await?;
    }
    for recipients in [1, 10, CROWD] {
        counter.requests(&format!("`sendMessage` to {recipients} offline"), &mut alice, &message(recipients, offline)).await?;
    }
    let mut empty = counter.connect("nobody-writes-to").await?;
    counter.requests("`resume`, empty inbox", &mut empty, &json!({"route": "resume"})).await?;
    // The inbox of the first of the crowd holds a message of each run above, and here some more.
    for _ in 0..PAGE {
        alice.ask(&message(1, online)).await?;
    }
    counter.quiet().await?;
    counter.requests(&format!("`resume`, {PAGE} messages"), &mut crowd[0], &json!({"route": "resume"})).await?;
    for recipients in [1, CROWD] {
        counter.announcements(recipients).await?;
    }
    counter.print(TITLE);
    counter.print_hours()
}

fn online(number: usize) -> String {
    format!("online-{number}")
}

fn offline(number: usize) -> String {
    format!("offline-{number}")
}

fn message(recipients: usize, name: fn(usize) -> String) -> serde_json::Value {
    let names: Vec<_> = (0..recipients).map(name).collect();
    json!({"route": "sendMessage", "body": {"playerIds": names, "message": TEXT}})
}

/// Does operations and keeps their bills.
struct Counter {
    stack: Stack,
    /// Sockets that are open.
    sockets: u64,
    runs: usize,
    bills: Vec<(String, Bill)>,
}

impl Counter {
    fn new(stack: Stack, runs: usize) -> Self {
        Self { stack, sockets: 0, runs: runs.max(1), bills: Vec::new() }
    }

    async fn connect(&mut self, player: &str) -> Result<Player> {
        let token = tokio::task::block_in_place(|| self.stack.token(player))?;
        self.sockets += 1;
        Player::connect(&self.stack.url, &token).await
    }

    /// Starts every function once, so that no operation pays for it.
    async fn warm_up(&mut self, alice: &mut Player) -> Result<()> {
        let passer_by = self.connect("passer-by").await?;
        self.disconnect(passer_by).await?;
        for frame in [json!({"route": "ping"}), message(1, online), message(CROWD, online), json!({"route": "resume"})] {
            alice.ask(&frame).await?;
            self.quiet().await?;
        }
        self.announcements(1).await?;
        self.bills.clear();
        Ok(())
    }

    async fn disconnect(&mut self, player: Player) -> Result<()> {
        player.close().await?;
        self.sockets -= 1;
        self.quiet().await.map(drop)
    }

    /// Waits until nothing is under way, and reads what was used until then.
    async fn quiet(&self) -> Result<Bill> {
        Ok(self.account().await?.total)
    }

    /// The same, by function.
    async fn account(&self) -> Result<Account> {
        Account::read(&self.stack.at_rest(Some(self.sockets)).await?)
    }

    /// Sends `frame` and awaits the reply, as often as asked for.
    async fn requests(&mut self, operation: &str, player: &mut Player, frame: &serde_json::Value) -> Result<()> {
        let before = self.quiet().await?;
        for _ in 0..self.runs {
            player.ask(frame).await.map_err(|error| format!("{operation}: {error}"))?;
            self.quiet().await?;
        }
        let used = self.quiet().await?.since(&before);
        self.bills.push((operation.to_owned(), used));
        Ok(())
    }

    /// Opens and closes sockets.
    async fn connections(&mut self) -> Result<()> {
        let (mut opened, mut closed) = (Bill::default(), Bill::default());
        for _ in 0..self.runs {
            let before = self.quiet().await?;
            let player = self.connect("passer-by").await?;
            let open = self.quiet().await?;
            self.disconnect(player).await?;
            opened.add(&open.since(&before));
            closed.add(&self.quiet().await?.since(&open));
        }
        self.bills.extend([("connect".to_owned(), opened), ("disconnect".to_owned(), closed)]);
        Ok(())
    }

    /// Publishes announcements to so many players who are online.
    async fn announcements(&mut self, recipients: usize) -> Result<()> {
        let names: Vec<_> = (0..recipients).map(online).collect();
        let announcement = json!({"playerIds": names, "type": "news", "body": TEXT});
        let before = self.quiet().await?;
        for _ in 0..self.runs {
            tokio::task::block_in_place(|| self.stack.publish("announcements", &announcement))?;
            self.quiet().await?;
        }
        let used = self.quiet().await?.since(&before);
        self.bills.push((format!("announcement to {recipients} online"), used));
        Ok(())
    }

    fn print(&self, title: &str) {
        let mut table = Table::new(&Bill::COLUMNS);
        for (operation, bill) in &self.bills {
            table.row(bill.row(operation, self.runs));
        }
        table.print(&format!("{title}, means of {} (list prices of us-east-1; GB-ms are this machine's):", self.runs));
    }

    fn print_hours(&self) -> Result<()> {
        let status = tokio::task::block_in_place(|| self.stack.status())?;
        println!("Besides, a million hours of open sockets are billed ${:.2}.", bill::hour_usd(&status)? * 1e6);
        Ok(())
    }
}
