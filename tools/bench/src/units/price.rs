//! The bill of a match of any mode, beside what the mode declares.

use std::time::Duration;

use futures_util::future::{try_join, try_join_all};
use muster_game::{Chance, MODES, Mode, Played, mode};
use muster_protocol::MatchPush;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::{
    Counter,
    games::come_in,
    play::{Choice, Manner},
    player::Player,
};
use crate::{Result, stack::Stack, table::Table};

/// Who are no bots.
const PLAYERS: usize = 2;
/// When the last timer of a match has surely fired: those of any mode are sent on within a minute.
const TIMER: Duration = Duration::from_secs(61);
/// How the matches are spread.
const SPREAD: Duration = Duration::from_secs(1);
/// Any of the tries. What comes of it depends on the match and its version alone, and is another one for each seat.
const ANY: Choice = |seen, tries| {
    let mut chance = Chance::new(&seen.match_id, seen.version, u32::try_from(seen.seat?).ok()?);
    let indices: Vec<usize> = (0..tries.len()).collect();
    chance.pick(&indices).copied()
};

/// Options of the benchmark.
#[derive(Debug, clap::Args)]
pub struct PriceArgs {
    /// The mode, as in `shared/game/src/modes.rs`.
    mode: String,

    /// The game's own options in the place of the mode's, as a JSON object.
    #[arg(long)]
    options: Option<String>,

    /// How many matches are played at the same time.
    #[arg(long, default_value_t = 20)]
    matches: usize,

    /// How many milliseconds the players think, the last one of them.
    #[arg(long, default_value_t = 1_000)]
    pause: u64,
}

/// Plays matches of a mode by a code, and prints what one uses.
pub async fn price(args: &PriceArgs) -> Result<()> {
    let (mode, played) = mode(&args.mode).and_then(|mode| Some((mode, mode.as_played()?))).ok_or_else(|| {
        let names: Vec<_> = MODES.iter().filter(|mode| mode.as_played().is_some()).map(|mode| mode.name).collect();
        format!("there is no such mode that is played here; there are {}", names.join(", "))
    })?;
    let opening = opening(mode, played, args.options.as_deref())?;
    let manner = Manner { pause: Duration::from_millis(args.pause), choice: ANY };
    let mut counter = Counter::new(Stack::start().await?, args.matches);
    let mut pairs = Vec::new();
    for number in 0..counter.runs {
        pairs.push(counter.pair(&number.to_string()).await?);
    }
    // The first match starts the functions.
    play(&mut pairs[0], &opening, played, manner).await?;
    sleep(TIMER).await;
    let before = counter.account().await?;
    let count = counter.runs;
    let all = pairs.iter_mut().enumerate().map(async |(number, pair)| {
        sleep(SPREAD.mul_f64(number as f64 / count as f64)).await;
        play(pair, &opening, played, manner).await
    });
    let ends = try_join_all(all).await?;
    sleep(TIMER).await;
    let used = counter.account().await?.since(&before);
    counter.part(pairs).await?;

    used.print(&format!("Billable units of a match of {}, means of {count} (list prices of us-east-1):", mode.name), count);
    let mut table = Table::new(&["match", "actions", "write units", "declared, at most", "USD", "USD without logs"]);
    let mean = |sum: f64| sum / count as f64;
    table.row([
        format!("{}, means of {count}", mode.name),
        format!("{:.1}", mean(ends.iter().map(|(_, acted)| *acted as f64).sum())),
        format!("{:.2}", mean(used.total.write_units())),
        played.limits.write_units.to_string(),
        format!("{:.9}", mean(used.total.usd())),
        format!("{:.9}", mean(used.total.usd_without_logs())),
    ]);
    table.print("And what it costs:");
    Ok(())
}

/// What opens a match in which the computer has all seats but those of the players.
fn opening(mode: &Mode, played: &Played, options: Option<&str>) -> Result<Value> {
    let mut chosen: Value = serde_json::from_str(played.options)?;
    let others: Value = options.map(serde_json::from_str).transpose()?.unwrap_or_else(|| json!({}));
    if let (Some(chosen), Some(others)) = (chosen.as_object_mut(), others.as_object()) {
        chosen.extend(others.clone());
    }
    let seats = played.game.seats(&chosen.to_string()).map_err(|broken| broken.0)?;
    if *seats.end() < PLAYERS {
        return Err(format!("a match of {} has no seats for {PLAYERS} players", mode.name).into());
    }
    let bots = seats.end() - PLAYERS;
    let mut opening = json!({"mode": mode.name, "options": others});
    if bots > 0 {
        opening["bots"] = bots.into();
    }
    Ok(opening)
}

/// A match from its opening to its end, and how often players have acted in it.
async fn play(pair: &mut [Player; PLAYERS], opening: &Value, played: &Played, manner: Manner) -> Result<(MatchPush, usize)> {
    come_in(pair, opening).await?;
    let [first, second] = pair;
    let (one, other) = try_join(first.play_out(played, manner), second.play_out(played, manner)).await?;
    Ok((one.0, one.1 + other.1))
}
