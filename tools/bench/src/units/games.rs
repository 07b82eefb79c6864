//! The bill of a whole game: two players come into a match, by a code or by a pool, and play twenty rounds, all drawn, one a second.
//!
//! To a game belong the timers of its match, the last of which fires when it is over: it is awaited. In the bill are also the polls of the
//! queue when it has no messages, three times a minute.

use std::time::Duration;

use futures_util::future::{try_join, try_join_all};
use muster_game::Played;
use muster_protocol::{MatchEnding, MatchPush};
use serde_json::json;
use tokio::time::sleep;

use super::{Account, Bill, Counter, play::Manner, player::Player};
use crate::{Result, stack::Stack, table::Table};

/// A mode whose matches have twenty rounds at most.
const MODE: &str = "rps";
/// Rounds of a game.
const ROUNDS: usize = 20;
/// Both players have thought for at most a second, and both play the same: nobody wins before the last round.
const MANNER: Manner = Manner { pause: Duration::from_secs(1), choice: |_, _| Some(0) };
/// When the timer of a match has surely fired: its five seconds, rounded up, and some.
const TIMER: Duration = Duration::from_millis(6_500);
/// How long the first player is alone in its pool.
const ALONE: Duration = Duration::from_millis(500);
/// How the games are spread when there are many.
const SPREAD: Duration = Duration::from_secs(1);

/// The same game in the published design that Muster is compared with, which has no timers and says nothing of logs: its 44 invocations
/// take 100 ms with 128 MB each.
const PUBLISHED: [(&str, f64); 5] = [
    ("gatewayMessages", 84.0),
    ("lambdaRequests", 44.0),
    ("lambdaGbSeconds", 44.0 * 0.1 * 128.0 / 1_024.0),
    ("writeUnits", 62.0),
    ("readUnits", 41.0),
];

/// How two players come into a match.
#[derive(Clone, Copy, Debug)]
enum Way {
    Code,
    Pool,
}

/// Counts and prices one game of each way, and so many that are played at the same time.
pub async fn run(games: usize) -> Result<()> {
    let mut counter = Counter::new(Stack::start().await?, 1);
    let published = Bill::of_others(&counter.stack.at_rest(None).await?, &PUBLISHED)?;
    let mut columns = Bill::COLUMNS.to_vec();
    columns[0] = "a game of 20 rounds";
    columns.extend(["without logs", "games per USD, without logs", "of the published design's"]);
    let mut table = Table::new(&columns);
    let mut add = |name: &str, bill: &Bill, games: usize| {
        let mut row = bill.row(name, games);
        let usd = bill.usd_without_logs() / games as f64;
        row.extend([format!("{:.2}", usd * 1e6), format!("{:.0}", 1.0 / usd), format!("{:.2}", published.usd_without_logs() / usd)]);
        table.row(row);
    };
    let mut alone = Vec::new();
    for (name, way, count) in [
        ("by a code, alone", Way::Code, 1),
        ("by a pool, alone", Way::Pool, 1),
        (&*format!("by a code, {games} at the same time"), Way::Code, games),
        (&*format!("by a pool, {games} at the same time"), Way::Pool, games),
    ] {
        let account = counter.games(way, count).await?;
        add(name, &account.total, count);
        if count == 1 {
            alone.push((name.to_owned(), account));
        }
    }
    add("the published design", &published, 1);
    table.print("Billable units of a game (list prices of us-east-1; GB-ms are this machine's):");
    for (name, account) in alone {
        account.print(&format!("Where each unit of a game goes, {name}:"), 1);
    }
    Ok(())
}

impl Account {
    /// Prints what each function used and caused in so many runs.
    pub fn print(&self, title: &str, runs: usize) {
        let mut columns = Bill::COLUMNS.to_vec();
        columns[0] = "function";
        let mut table = Table::new(&columns);
        let of_functions = self.functions.iter().filter(|(_, bill)| !bill.is_nothing());
        of_functions.for_each(|(name, bill)| table.row(bill.row(name, runs)));
        table.row(self.of_nobody().row("polls of queues, by Lambda", runs));
        table.row(self.total.row("together", runs));
        table.print(title);
    }
}

impl Counter {
    /// Plays so many games at once, with functions that are warm.
    async fn games(&mut self, way: Way, count: usize) -> Result<Account> {
        let played = muster_game::mode(MODE).and_then(|mode| mode.as_played()).ok_or("there is no such mode")?;
        let mut pairs = Vec::with_capacity(count);
        for number in 0..count {
            pairs.push(self.pair(&format!("{way:?}-{count}-{number}")).await?);
        }
        let mut used = Account::default();
        for measured in [false, true] {
            let before = self.account().await?;
            let all = pairs.iter_mut().enumerate();
            try_join_all(all.map(async |(number, pair)| {
                sleep(SPREAD.mul_f64(number as f64 / count as f64)).await;
                game(way, pair, played).await
            }))
            .await?;
            sleep(TIMER).await;
            let after = self.account().await?;
            if measured {
                used = after.since(&before);
            }
        }
        self.part(pairs).await?;
        Ok(used)
    }

    /// Connects two players whose names end with this.
    pub(super) async fn pair(&mut self, name: &str) -> Result<[Player; 2]> {
        Ok([self.connect(&format!("first-{name}")).await?, self.connect(&format!("second-{name}")).await?])
    }

    /// Closes their sockets.
    pub(super) async fn part(&mut self, pairs: Vec<[Player; 2]>) -> Result<()> {
        for player in pairs.into_iter().flatten() {
            self.disconnect(player).await?;
        }
        Ok(())
    }
}

/// A game from its opening to its end. In a crowd players of a pool may be matched with others, who do the same.
async fn game(way: Way, pair: &mut [Player; 2], played: &'static Played) -> Result<()> {
    match way {
        Way::Code => {
            let options = json!({"rounds": ROUNDS});
            come_in(pair, &json!({"mode": MODE, "options": options})).await?;
        }
        Way::Pool => {
            let join = json!({"route": "joinPool", "requestId": "game", "body": {"mode": MODE}});
            pair[0].ask(&join).await?;
            // So the first one waits for somebody, and a timer is set for its pool.
            sleep(ALONE).await;
            pair[1].ask(&join).await?;
        }
    }
    let [first, second] = pair;
    let ends = try_join(first.play_out(played, MANNER), second.play_out(played, MANNER)).await?;
    for (end, acted) in [ends.0, ends.1] {
        drawn(&end, acted)?;
    }
    Ok(())
}

/// Has the first open a match, and the second come into it.
pub(super) async fn come_in([first, second]: &mut [Player; 2], opening: &serde_json::Value) -> Result<()> {
    let opened = first.ask(&json!({"route": "newMatch", "requestId": "game", "body": opening})).await?;
    second.ask(&json!({"route": "joinMatch", "body": {"matchId": opened["body"]["matchId"]}})).await.map(drop)
}

fn drawn(end: &MatchPush, acted: usize) -> Result<()> {
    let ending = end.outcome.as_ref().map(|outcome| outcome.ending);
    if (ending, acted) == (Some(MatchEnding::Drawn), ROUNDS) {
        Ok(())
    } else {
        Err(format!("a match drawn after {ROUNDS} rounds was awaited, and behind {acted} plays came {ending:?}").into())
    }
}
