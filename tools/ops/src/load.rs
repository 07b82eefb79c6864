//! `load`: players who connect to a stack and use it, and how long each step takes them.

mod bot;
mod cost;
mod mix;
mod players;
mod plays;
mod tally;

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, atomic::Ordering::Relaxed},
    time::{Duration, Instant},
};

use serde_json::json;
use tokio::{
    task::JoinSet,
    time::{interval, sleep},
};
use tokio_util::sync::CancellationToken;

use self::{
    cost::Cost,
    mix::Mix,
    players::Players,
    plays::Plays,
    tally::{Tally, lock},
};
use crate::{Result, output::Output};

/// Handshakes a second. AWS takes 500.
const CONNECTING: f64 = 100.0;
/// Players who leave in a second, since a stage takes 1,000 frames.
const LEAVING: f64 = 200.0;
/// How long all may take to leave beyond that.
const PATIENCE: Duration = Duration::from_secs(40);
/// Files that a process has open beside its sockets.
const FILES: u64 = 200;

/// The load.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "The players come one after another, 100 a second, and the minutes begin with the first. Each does one thing at a time: \
                        it plays a match of any mode with a pool to its end, writes to another, or asks for a place on a game server; \
                        then it pauses. At the end, or after Ctrl-C, all leave what they are in and close their sockets."
)]
pub struct Args {
    /// How many players
    #[arg(long)]
    players: usize,

    /// For how many minutes; 0.5 is half of one
    #[arg(long)]
    minutes: f64,

    /// What they do, and how often beside the rest
    #[arg(long, default_value = "play=8,chat=1,place=1")]
    mix: Mix,

    /// The mean pause of a player between two things and before each action, in seconds; in a match at most half of the time that is left
    #[arg(long, default_value_t = 5.0)]
    pause: f64,

    /// Where the stack's socket is: the output SocketUrl
    #[arg(long, default_value = "ws://127.0.0.1:6878/dev")]
    url: String,

    /// The players' tokens, one in a line; by default the local stack's issuer gives them
    #[arg(long, value_name = "FILE")]
    tokens: Option<PathBuf>,
}

/// What all players share.
struct Shared {
    url: String,
    players: Players,
    mix: Mix,
    tally: Tally,
    plays: Plays,
    /// The load is over.
    stop: CancellationToken,
    started: Instant,
    /// Tells the messages of this run from older ones.
    run: String,
    mean_pause: f64,
    online: Mutex<Vec<usize>>,
}

impl Shared {
    /// How long a player pauses, this time.
    fn pause(&self) -> Duration {
        Duration::from_secs_f64(self.mean_pause * (0.5 + fastrand::f64()))
    }

    /// How long a player waits before it leaves, so that not all leave at once.
    fn spread(&self) -> Duration {
        Duration::from_secs_f64(fastrand::f64() * self.players.count() as f64 / LEAVING)
    }

    fn online(&self, number: usize) {
        lock(&self.online).push(number);
    }

    fn anybody_but(&self, number: usize) -> Option<usize> {
        let online = lock(&self.online);
        fastrand::choice(online.iter().copied()).filter(|other| *other != number)
    }

    /// A message that tells when it was sent.
    fn stamp(&self) -> String {
        format!("load {} {}", self.run, self.started.elapsed().as_micros())
    }

    /// How old a message of this run is.
    fn age(&self, message: &str) -> Option<Duration> {
        let sent = message.strip_prefix("load ")?.strip_prefix(&self.run)?.trim().parse().ok()?;
        self.started.elapsed().checked_sub(Duration::from_micros(sent))
    }

    fn ended(&self, matches: u64) {
        self.tally.matches.fetch_add(matches, Relaxed);
    }
}

/// Has the players play, and prints what was measured.
pub(crate) async fn run(args: &Args, output: &mut Output<'_>) -> Result<()> {
    if !(args.minutes > 0.0 && args.minutes <= 24.0 * 60.0 && args.pause > 0.0 && args.pause <= 3_600.0) {
        return Err("--minutes is more than 0 and at most a day, --pause more than 0 and at most an hour".into());
    }
    allow_sockets(args.players)?;
    let run = format!("{:04x}", fastrand::u16(..));
    let players = match &args.tokens {
        Some(path) => Players::of_file(path, args.players)?,
        None => Players::of_local_stack(&args.url, &run, args.players)?,
    };
    let cost = Cost::before(&args.url).await?;
    let shared = Arc::new(Shared {
        url: args.url.clone(),
        players,
        mix: args.mix.clone(),
        tally: Tally::new(),
        plays: Plays::default(),
        stop: CancellationToken::new(),
        started: Instant::now(),
        run,
        mean_pause: args.pause,
        online: Mutex::default(),
    });
    let mut playing = JoinSet::new();
    for number in 0..args.players {
        let shared = Arc::clone(&shared);
        playing.spawn(async move {
            let stop = shared.stop.clone();
            tokio::select! {
                () = stop.cancelled() => {}
                () = sleep(Duration::from_secs_f64(number as f64 / CONNECTING)) => bot::play(number, shared).await,
            }
        });
    }
    watch(&shared, Duration::from_secs_f64(args.minutes * 60.0), output).await?;
    shared.stop.cancel();
    let seconds = shared.started.elapsed().as_secs_f64();
    output.progress("the players leave …")?;
    let leaving = async { while playing.join_next().await.is_some() {} };
    let patience = PATIENCE + Duration::from_secs_f64(args.players as f64 / LEAVING);
    tokio::select! {
        () = leaving => {}
        () = sleep(patience) => shared.tally.failed(tally::Step::Leave, "did not come to its end"),
        interrupted = tokio::signal::ctrl_c() => {
            interrupted?;
            return Err("interrupted while the players were leaving".into());
        }
    }
    report(args, &shared, &cost, seconds, output).await
}

/// Shows how far it is, until the time is up or somebody has had enough.
async fn watch(shared: &Shared, time: Duration, output: &mut Output<'_>) -> Result<()> {
    let (mut ticks, time_is_up) = (interval(Duration::from_secs(1)), sleep(time));
    tokio::pin!(time_is_up);
    loop {
        tokio::select! {
            () = &mut time_is_up => return Ok(()),
            interrupted = tokio::signal::ctrl_c() => return Ok(interrupted?),
            _ = ticks.tick() => {
                let (seconds, online) = (shared.started.elapsed().as_secs(), lock(&shared.online).len());
                let (matches, failures) = (shared.tally.matches.load(Relaxed), shared.tally.failures());
                let counts = format!("{online} players came, {matches} matches are over, {failures} failures");
                output.progress(&format!("{seconds} of {} s: {counts}", time.as_secs()))?;
            }
        }
    }
}

async fn report(args: &Args, shared: &Shared, cost: &Cost, seconds: f64, output: &mut Output<'_>) -> Result<()> {
    let (tally, online) = (&shared.tally, lock(&shared.online).len());
    let player_hours = online as f64 * seconds / 3_600.0;
    let matches = tally.matches.load(Relaxed);
    output.progress("counting what it used …")?;
    let used = cost.after(tally.messages.load(Relaxed), player_hours * 60.0).await?;
    output.document(&json!({
        "players": args.players, "connected": online, "seconds": seconds, "matches": matches,
        "steps": tally.to_json(), "used": used.to_json(),
    }))?;
    output.say(format!("{online} of {} players in {seconds:.0} s, {matches} matches played to their end\n", args.players))?;
    output.say(tally.text())?;
    output.say(format!("\n{}", used.text(player_hours)))
}

/// Allows so many sockets, each of which is an open file.
fn allow_sockets(players: usize) -> Result<()> {
    let wanted = players as u64 + FILES;
    let limit = rlimit::increase_nofile_limit(wanted)?;
    if limit < wanted {
        return Err(format!("{wanted} open files are needed and {limit} allowed: raise the hard limit, or take fewer players").into());
    }
    Ok(())
}
