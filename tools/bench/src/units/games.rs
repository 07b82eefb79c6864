//! The bill of a whole game: two players join a pool, are matched, and play twenty rounds, all drawn, one a second.
//!
//! To a game belong the timers of its rounds, which fire five seconds after each has begun, though it is long over: they are awaited. In the
//! bill are also the polls of the queues that have no messages then, each three times a minute.

use std::time::Duration;

use futures_util::future::{try_join, try_join_all};
use serde_json::{Value, json};
use tokio::time::sleep;

use super::{Bill, Counter, player::Player};
use crate::{Result, stack::Stack, table::Table};

/// A mode whose matches have twenty rounds at most.
const MODE: &str = "rps";
/// Rounds of a game.
const ROUNDS: u64 = 20;
/// How long two players think about a round.
const PAUSE: Duration = Duration::from_secs(1);
/// When the timer of a round has surely fired: its five seconds, rounded up, and some.
const TIMER: Duration = Duration::from_millis(6_500);
/// How the games are spread when there are many.
const SPREAD: Duration = Duration::from_secs(1);

/// The same game in the published design that Muster is compared with: its 44 invocations take 100 ms with 128 MB each.
const PUBLISHED: [(&str, f64); 5] = [
    ("gatewayMessages", 84.0),
    ("lambdaRequests", 44.0),
    ("lambdaGbSeconds", 44.0 * 0.1 * 128.0 / 1_024.0),
    ("writeUnits", 62.0),
    ("readUnits", 41.0),
];

/// Counts and prices one game, and so many that are played at the same time.
pub async fn run(games: usize) -> Result<()> {
    let mut counter = Counter::new(Stack::start().await?, 1);
    let published = Bill::of_others(&counter.stack.at_rest(None).await?, &PUBLISHED)?;
    let mut columns = Bill::COLUMNS.to_vec();
    columns[0] = "a game of 20 rounds";
    columns.extend(["without logs", "games per USD", "with logs", "without, against the published design"]);
    let mut table = Table::new(&columns);
    let mut add = |name: &str, bill: &Bill, games: usize| {
        let per_dollar = |usd: f64| games as f64 / usd;
        let mut row = bill.row(name, games);
        row.push(format!("{:.2}", bill.usd_without_logs() / games as f64 * 1e6));
        row.extend([bill.usd_without_logs(), bill.usd()].map(|usd| format!("{:.0}", per_dollar(usd))));
        row.push(format!("{:.2}", per_dollar(bill.usd_without_logs()) * published.usd_without_logs()));
        table.row(row);
    };
    add("the published design, which says nothing of logs", &published, 1);
    for (name, count) in [("alone", 1), (&*format!("{games} at the same time"), games)] {
        let bill = counter.games(count).await?;
        add(name, &bill, count);
    }
    table.print("Billable units of a game (list prices of us-east-1; GB-ms are this machine's):");
    Ok(())
}

impl Counter {
    /// Plays so many games at once, with functions that are warm.
    async fn games(&mut self, count: usize) -> Result<Bill> {
        let mut pairs = Vec::with_capacity(count);
        for number in 0..count {
            let (first, second) =
                (self.connect(&format!("first-{count}-{number}")).await?, self.connect(&format!("second-{count}-{number}")).await?);
            pairs.push([first, second]);
        }
        let mut used = Bill::default();
        for measured in [false, true] {
            let before = self.quiet().await?;
            let all = pairs.iter_mut().enumerate();
            try_join_all(all.map(async |(number, pair)| {
                sleep(SPREAD.mul_f64(number as f64 / count as f64)).await;
                play(pair).await
            }))
            .await?;
            sleep(TIMER).await;
            let after = self.quiet().await?;
            if measured {
                used = after.since(&before);
            }
        }
        for pair in pairs {
            for player in pair {
                self.disconnect(player).await?;
            }
        }
        Ok(used)
    }
}

/// A game from the pool to its end. In a crowd its players may be matched with others, who do the same.
async fn play([first, second]: &mut [Player; 2]) -> Result<()> {
    try_join(play_alone(first), play_alone(second)).await.map(drop)
}

async fn play_alone(player: &mut Player) -> Result<()> {
    player.ask(&json!({"route": "joinPool", "requestId": "game", "body": {"mode": MODE}})).await?;
    for round in 1..=ROUNDS {
        let view = player.told().await?;
        if view["round"] != round || view["state"] != "playing" {
            return Err(format!("round {round} was awaited, and {view} came").into());
        }
        sleep(PAUSE).await;
        let body: Value = json!({"matchId": view["matchId"], "round": round, "play": "rock"});
        player.ask(&json!({"route": "play", "requestId": format!("round-{round}"), "body": body})).await?;
    }
    let end = player.told().await?;
    if end["state"] == "over" && end["ending"] == "drawn" {
        Ok(())
    } else {
        Err(format!("a drawn match was awaited, and {end} came").into())
    }
}
