//! Thousands of players who ask for a match at the same time: how long until all have one, and what it takes.
//!
//! All of them are connected before. Then they join one mode's pools, as fast as they are answered, and each waits for its match. The
//! timers are read by nobody, so that what is counted is of the pools alone, up to the push that tells a player of its match; and
//! the stage does not throttle.

use std::{
    collections::BTreeSet,
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::{StreamExt, TryStreamExt, stream};
use muster_client::Event;
use muster_protocol::{PoolOutcome, routes::JoinPool};
use serde_json::Value;

use crate::{
    Result,
    crowd::{self, Player},
    functions,
    samples::{ON_AWS, Samples, on_aws},
    stack::{Setup, Stack},
    table::Table,
    units::Account,
};

/// Requests to join that are on their way at once.
const AT_ONCE: usize = 128;

/// Options of the benchmark.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// How many players join.
    #[arg(long, default_value_t = 10_000)]
    players: usize,

    /// The profile of the functions: `release`, as they are deployed, or `fast`, as `cargo run` builds them.
    #[arg(long, default_value = "release")]
    profile: String,
}

/// How skilled the player of a number is.
type Skill = fn(usize) -> Option<u16>;

/// What came of a ticket: the id of a match, or nothing.
type Outcome = Result<String, PoolOutcome>;

/// Has them join once with one skill and once with any.
pub async fn run(args: &Args) -> Result<()> {
    crowd::allow_sockets(args.players)?;
    let mut table = Table::new(&[
        "skills",
        "players",
        "matches",
        "unmatched",
        "all have joined",
        "all are matched",
        "waited p50",
        "p99",
        "longest",
        ON_AWS,
        "looks",
        "read units each",
        "write units each",
        "USD per million",
    ]);
    let mut times = functions::table();
    // Neighbours in number are far apart in skill, and all are different.
    let crowds: [(&str, Skill); 2] = [("all the same", |_| None), ("any", |number| u16::try_from(number * 2_003 % 5_001).ok())];
    for (name, skill) in crowds {
        let setup = Setup { profile: Some(args.profile.clone()), unthrottled: true, unread: Some("TimersQueue"), ..Setup::default() };
        let stack = Arc::new(Stack::start_with(setup).await?);
        table.row(measure(name, skill, args.players, &stack).await?);
        functions::add(&mut times, name, &stack)?;
    }
    table.print(
        "From the first `joinPool` to the last `match` push; a player has waited from its request to its push. Units are those of everything \
         from the request to the push:",
    );
    times.print(
        "Each function's own time, from the hand-over of an invocation to its answer, connecting and warming up included, and the peak memory \
         of its processes:",
    );
    Ok(())
}

async fn measure(name: &str, skill: Skill, count: usize, stack: &Arc<Stack>) -> Result<Vec<String>> {
    // The first two of another mode start the functions.
    let warm_up = join_all(crowd::connect(stack, count..count + 2).await?, "rps", |_| None).await?;
    drop(warm_up);
    let players = crowd::connect(stack, 0..count).await?;
    let (before, looks_before) = (Account::read(&stack.at_rest(None).await?)?, looks(stack)?);
    let started = Instant::now();
    let joined = join_all(players, "rpsls", skill).await?;
    let used = Account::read(&stack.at_rest(None).await?)?.since(&before).total;
    let looks = looks(stack)? - looks_before;

    let matched: Vec<(&Joined, &String)> = joined.iter().filter_map(|one| Some((one, one.outcome.as_ref().ok()?))).collect();
    let matches = matched.iter().map(|(_, match_id)| match_id).collect::<BTreeSet<_>>().len();
    if matches * 2 != matched.len() {
        return Err(format!("{} players were told of {matches} matches of two", matched.len()).into());
    }
    let until = |last: Option<Instant>| format!("{:.1} s", last.map_or(Duration::ZERO, |last| last - started).as_secs_f64());
    let mut row = vec![name.to_owned(), count.to_string(), matches.to_string(), (count - matched.len()).to_string()];
    row.push(until(joined.iter().map(|one| one.replied).max()));
    row.push(until(matched.iter().map(|(one, _)| one.told_at).max()));
    row.extend(Samples::new(matched.iter().map(|(one, _)| one.told_at - one.asked).collect()).cells());
    row.extend([on_aws(2), looks.to_string()]);
    row.extend([used.read_units(), used.write_units()].map(|units| format!("{:.2}", units / count as f64)));
    row.push(format!("{:.2}", used.usd() / count as f64 * 1e6));
    Ok(row)
}

/// A player who has joined, and what came of it.
struct Joined {
    asked: Instant,
    replied: Instant,
    told_at: Instant,
    /// The match, or why there is none.
    outcome: Outcome,
    /// Whoever left would be away.
    _player: Player,
}

/// Has all join the pools of `mode`, and waits until each was told.
async fn join_all(players: Vec<Player>, mode: &'static str, skill: Skill) -> Result<Vec<Joined>> {
    let joining = stream::iter(players.into_iter().enumerate()).map(async |(number, mut player)| {
        let request = JoinPool { mode: mode.to_owned(), skill: skill(number), latencies: Vec::new() };
        let asked = Instant::now();
        player.client.join_pool(&request).await.map_err(|error| format!("joining: {error}"))?;
        let replied = Instant::now();
        let waiting = async move {
            let (told_at, outcome) = told(&mut player).await?;
            Ok::<_, crate::Fault>(Joined { asked, replied, told_at, outcome, _player: player })
        };
        Ok::<_, crate::Fault>(tokio::spawn(waiting))
    });
    let waiting: Vec<_> = joining.buffer_unordered(AT_ONCE).try_collect().await?;
    let mut joined = Vec::with_capacity(waiting.len());
    for one in waiting {
        joined.push(one.await??);
    }
    Ok(joined)
}

/// What the player is told of its ticket, and when.
async fn told(player: &mut Player) -> Result<(Instant, Outcome)> {
    while let Some(event) = player.events.next().await {
        let now = Instant::now();
        match event {
            Event::Match(push) => return Ok((now, Ok(push.match_id))),
            Event::Pool(push) => return Ok((now, Err(push.outcome))),
            Event::Disconnected { reason, .. } => return Err(format!("the connection was lost: {reason}").into()),
            _ => {}
        }
    }
    Err("the connection has ended".into())
}

/// How often pools were looked at.
fn looks(stack: &Stack) -> Result<u64> {
    let functions = tokio::task::block_in_place(|| stack.functions())?;
    functions.get("tickets-match").and_then(|status: &Value| status["invocations"].as_u64()).ok_or_else(|| "nobody looks at pools".into())
}
