//! A drill: hundreds of players message each other, play and ask for game servers, in rough weather, while services are away for longer
//! than rows are tried and functions are killed. Then every dead letter is replayed, and every promise is looked at.
//!
//! A request that was not answered may have happened or not: it counts for neither. The weather goes on until the end, since a stack cannot
//! change it while it runs; outages and kills end with the load.

mod book;
mod chaos;
mod check;
mod figures;
mod letters;
mod load;
mod network;
mod player;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use fastrand::Rng;
use futures_util::future::{join_all, try_join_all};
use tokio::time::{Instant, sleep};

use self::{check::Promise, letters::Replays, load::Load, network::Network, player::Player};
use crate::{
    Fault, Result, crowd,
    stack::{Setup, Stack},
};

/// How long a service is away beyond the time for which rows are tried.
const AWAY: Duration = Duration::from_secs(10);
/// What operations are spread over at least, so that every service is away once.
const SPREAD: Duration = Duration::from_secs(140);
/// How long it may take until all has ended, and an inbox to be read.
const PATIENCE: Duration = Duration::from_secs(200);
const READING: Duration = Duration::from_secs(90);
/// What broken promises are printed of.
const NAMED: usize = 40;

/// Options of the drill.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// How many players there are.
    #[arg(long, default_value_t = 200)]
    players: usize,

    /// How much they ask for, all together.
    #[arg(long, default_value_t = 20_000)]
    operations: usize,

    /// What is drawn begins with it: the weather, who does what, and who is killed.
    #[arg(long, default_value_t = 42)]
    seed: u64,

    /// `RetrySeconds` of the stack, less than the template allows.
    #[arg(long, default_value_t = 12)]
    retry_seconds: u64,
}

/// Holds the drill.
pub async fn run(args: &Args) -> Result<()> {
    crowd::allow_sockets(4 * args.players)?;
    let mut services = Vec::new();
    for name in ["apigatewaymanagementapi", "sqs", "gamelift", "dynamodb"] {
        services.push((name, Network::open().await?));
    }
    let setup = Setup {
        weather: Some(format!("rough:{}", args.seed)),
        endpoints: services.iter().map(|(name, network)| format!("{name}={}", network.url())).collect(),
        fleet: Some(chaos::able()),
        parameters: ["PlacementTimeoutSeconds=10", "PlacementGraceSeconds=1"].map(str::to_owned).into(),
        edits: vec![
            ("MaximumRecordAgeInSeconds: !Ref RetrySeconds", format!("MaximumRecordAgeInSeconds: {}", args.retry_seconds)),
            // Twelve seconds instead of an hour.
            ("maxReceiveCount: 600", "maxReceiveCount: 2".to_owned()),
        ],
        ..Setup::default()
    };
    let stack = Stack::start_with(setup).await?;
    for (_, network) in &services {
        network.lead_to(&stack.endpoint)?;
    }
    let held = hold(args, stack, &services).await?;
    if held.is_empty() {
        println!("\nEvery promise was kept.");
        return Ok(());
    }
    println!();
    held.iter().take(NAMED).for_each(|broken| println!("BROKEN {broken}"));
    let Args { players, operations, seed, .. } = args;
    let again = format!("drill --players {players} --operations {operations} --seed {seed}");
    Err(format!("{} promises were broken; again with: {again}", held.len()).into())
}

/// Has the load, settles what is left of it, and checks. What is broken, by name.
async fn hold(args: &Args, stack: Stack, services: &[(&'static str, Network)]) -> Result<Vec<String>> {
    let names: Vec<String> = (0..args.players).map(|number| format!("p-{number:03}")).collect();
    let draws = |number: usize| Rng::with_seed(args.seed.wrapping_mul(1_000_003).wrapping_add(number as u64));
    let coming = names.iter().enumerate().map(async |(number, name)| {
        let mut player = Player::new(&stack, name, draws(number)).await?;
        player.come_and_read(READING).await?;
        Ok::<_, Fault>(player)
    });
    let players = try_join_all(coming).await?;
    let load = Arc::new(Load::new(stack, names, args.operations, SPREAD));

    let (done, started) = (AtomicBool::new(false), Instant::now());
    let time = Duration::from_secs(args.retry_seconds) + AWAY;
    let living = async {
        let players = live(players, &load).await;
        done.store(true, Relaxed);
        Ok((players?, started.elapsed()))
    };
    let ((players, took), killed, outages, ()) = tokio::try_join!(
        living,
        chaos::kill(&load.stack, draws(args.players), &done),
        async { Ok(chaos::outages(services, time, &done).await) },
        chaos::change_the_fleet(&load.stack, draws(args.players + 1), &done),
    )?;
    println!("the load is through after {:.0} s", took.as_secs_f64());

    let settling = Instant::now();
    let until = settling + PATIENCE;
    let finishing = tokio::spawn(finish(players, Arc::clone(&load), until));
    let replays = settle(&load.stack, || finishing.is_finished(), until).await?;
    let (mut players, mut late) = finishing.await??;
    let settled = settling.elapsed();
    let reading = join_all(players.iter_mut().map(|player| player.come_and_read(READING))).await;
    late.extend(reading.into_iter().filter_map(|read| Some(read.err()?.to_string())));
    let letters = replays.settled.values().map(|[replayed, superseded, _]| replayed + superseded).sum::<u64>() + replays.left;
    let broken = check::print(vec![
        check::messages(&players),
        check::matches(&mut players, &load.stack).await?,
        check::placements(&players, &load.stack)?,
        check::seats(&load.stack)?,
        check::clients(&players),
        Promise::new("the queues of letters are empty", usize::try_from(letters)?, "letters", replays.names()),
        Promise::new("everything ends in time, and inboxes can be read", players.len(), "players", late),
    ]);
    figures::print(&load, [took, settled], &replays, &killed, &outages);
    if !broken.is_empty() {
        let log = std::env::temp_dir().join(format!("drill-{}.log", args.seed));
        std::fs::write(&log, load.stack.complaints()?)?;
        println!("\nWhat the functions said is in {}.", log.display());
    }
    Ok(broken)
}

/// Has all players live until the load is through.
async fn live(players: Vec<Player>, load: &Arc<Load>) -> Result<Vec<Player>> {
    let lives = players.into_iter().map(|mut player| {
        let load = Arc::clone(load);
        tokio::spawn(async move { player.live(&load).await.map(|()| player) })
    });
    let lives: Vec<_> = lives.collect();
    let mut players = Vec::new();
    for life in lives {
        players.push(life.await??);
    }
    Ok(players)
}

/// Has all players come to the end of what they are in. What they are in still, by name.
async fn finish(players: Vec<Player>, load: Arc<Load>, until: Instant) -> Result<(Vec<Player>, Vec<String>)> {
    let ends = players.into_iter().map(|mut player| {
        let load = Arc::clone(&load);
        tokio::spawn(async move {
            let late = player.finish(&load, until).await;
            (player, late)
        })
    });
    let ends: Vec<_> = ends.collect();
    let (mut players, mut late) = (Vec::new(), Vec::new());
    for end in ends {
        let (player, seats) = end.await?;
        players.push(player);
        late.extend(seats);
    }
    Ok((players, late))
}

/// Replays letters until there are none and all has ended, or until nothing gets any further.
async fn settle(stack: &Stack, have_finished: impl Fn() -> bool, until: Instant) -> Result<Replays> {
    let mut replays = Replays::default();
    let mut calm = 0;
    // What is under way may become a letter yet.
    while calm < 3 && Instant::now() < until {
        sleep(Duration::from_secs(1)).await;
        replays.run(stack, until).await?;
        let (is_busy, has_ended) =
            tokio::task::block_in_place(|| Ok::<_, Fault>((stack.status()?["busy"] != 0, check::has_ended(stack)?)))?;
        if !replays.are_stuck() || calm == 0 {
            let (left, has_finished) = (replays.left, have_finished());
            println!("{left} letters are left; busy: {is_busy}, players have finished: {has_finished}, all has ended: {has_ended}");
        }
        let is_calm = !is_busy && have_finished() && has_ended && (replays.left == 0 || replays.are_stuck());
        calm = if is_calm { calm + 1 } else { 0 };
    }
    Ok(replays)
}
