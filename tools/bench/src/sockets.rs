//! Thousands of open sockets: what each costs in memory, and how fast pushes are with all of them open.

use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, sleep, sleep_until};

use crate::{
    Fault, Result,
    crowd::{self, Player, name},
    process,
    samples::{ON_AWS, Samples, milliseconds, on_aws},
    stack::{self, Stack},
    table::Table,
};

/// Messages per second.
const RATE: f64 = 8.0;

/// Options of the benchmark.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// How many sockets are opened.
    #[arg(long, default_value_t = 10_000)]
    sockets: usize,

    /// How many messages are sent with all of them open.
    #[arg(long, default_value_t = 240)]
    messages: usize,
}

/// Opens the sockets and prints what they cost.
pub async fn run(args: &Args) -> Result<()> {
    crowd::allow_sockets(args.sockets)?;
    let stack = Arc::new(Stack::start().await?);
    // The first players start the functions, so that their start is not counted as memory of sockets.
    let mut players = crowd::connect(&stack, 0..20).await?;
    let before = memory(&stack).await?;
    let started = Instant::now();
    players.extend(crowd::connect(&stack, 20..args.sockets + 20).await?);
    let took = started.elapsed();
    let after = memory(&stack).await?;

    let mut table = Table::new(&["process", "before", "with all", "per socket"]);
    for (name, (before, after)) in ["the stack", "the clients (this process)"].into_iter().zip(before.into_iter().zip(after)) {
        let each = after.saturating_sub(before) as f64 / args.sockets as f64;
        table.row([name.to_owned(), megabytes(before), megabytes(after), format!("{each:.1} KiB")]);
    }
    table.print(&format!("{} sockets, opened in {:.0} s:", args.sockets, took.as_secs_f64()));

    let mut table = Table::new(&["messages at 8/s with all sockets open", "count", "push p50", "p99", "longest", ON_AWS]);
    let mut add = |name: &str, pushes: &Samples| {
        table.row([name.to_owned(), pushes.count().to_string()].into_iter().chain(pushes.cells()).chain([on_aws(1)]))
    };
    add("one player to itself", &exchange(&mut players, args.messages, |_| (0, 0)).await?);
    // The same numbers in every run; all that matters is that they are far apart.
    let spread = |number: usize, step: usize| number * step % (args.sockets + 20);
    add(
        "any player to any other",
        &exchange(&mut players, args.messages, |number| (spread(number, 7_919), spread(number, 104_729))).await?,
    );
    table.print("Push latency:");
    Ok(())
}

/// The memory of the stack and of this process once nothing moves any more, in KiB.
async fn memory(stack: &Stack) -> Result<[u64; 2]> {
    sleep(Duration::from_secs(3)).await;
    Ok([process::resident_kb(stack.pid()?)?, process::resident_kb(std::process::id())?])
}

fn megabytes(kib: u64) -> String {
    format!("{:.1} MiB", kib as f64 / 1_024.0)
}

/// Sends messages at a fixed rate, between the players that `pair` says, and answers how long the pushes took.
async fn exchange(players: &mut [Player], messages: usize, pair: impl Fn(usize) -> (usize, usize)) -> Result<Samples> {
    let (started, mut pushes) = (Instant::now(), Vec::new());
    for number in 0..messages {
        sleep_until(started + Duration::from_secs_f64(number as f64 / RATE)).await;
        let ((sender, recipient), text) = (pair(number), format!("message {number}"));
        let client = players[sender].client.clone();
        let (sent, events) = (Instant::now(), &mut players[recipient].events);
        let sending = async {
            let recipient = [name(recipient)];
            client.send_message(&recipient, &text).await.map_err(|error| Fault::from(format!("sending: {error}")))
        };
        let receiving = async {
            while stack::message(events).await? != text {}
            Ok::<_, Fault>(sent.elapsed())
        };
        let (_, took) = futures_util::try_join!(sending, receiving)?;
        pushes.push(took);
        if took > Duration::from_secs(1) {
            println!("message {number} took {}", milliseconds(took));
        }
    }
    Ok(Samples::new(pushes))
}
