//! What goes wrong besides the weather: services that are away for longer than rows are tried, functions that are killed, and a fleet that
//! is by turns able, unable and silent.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    time::Duration,
};

use fastrand::Rng;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tokio::time::sleep;

use super::network::Network;
use crate::{Result, stack::Stack};

/// How many processes of each function were killed.
pub type Killed = BTreeMap<String, usize>;

/// Kills a process of a function after another, whatever it is at.
pub async fn kill(stack: &Stack, mut random: Rng, done: &AtomicBool) -> Result<Killed> {
    let mut killed = Killed::new();
    while !done.load(Relaxed) {
        sleep(Duration::from_millis(random.u64(100..500))).await;
        let functions = tokio::task::block_in_place(|| stack.functions())?;
        let functions: Vec<_> = functions.into_iter().filter(|(_, status)| status["processes"] != json!([])).collect();
        let Some((name, status)) = random.choice(functions) else { continue };
        let process = status["processes"].as_array().and_then(|processes| random.choice(processes)?.as_i64());
        // One that has ended by itself in the meantime is no kill.
        if let Some(pid) = process.and_then(|process| i32::try_from(process).ok()).and_then(Pid::from_raw)
            && kill_process(pid, Signal::KILL).is_ok()
        {
            *killed.entry(name).or_default() += 1;
        }
    }
    Ok(killed)
}

/// Takes one service after another away for so long, until it is through. How often each was away.
pub async fn outages(services: &[(&'static str, Network)], time: Duration, done: &AtomicBool) -> BTreeMap<&'static str, usize> {
    let mut outages = BTreeMap::new();
    for (name, network) in services.iter().cycle() {
        sleep(time / 2).await;
        if done.load(Relaxed) {
            break;
        }
        println!("{name} is away for {} s", time.as_secs());
        network.cut();
        sleep(time).await;
        network.mend();
        *outages.entry(*name).or_default() += 1;
    }
    outages
}

/// Changes what the fleet does, and leaves it able.
pub async fn change_the_fleet(stack: &Stack, mut random: Rng, done: &AtomicBool) -> Result<()> {
    let moods = [
        able(),
        mood(json!({"delayMilliseconds": 300, "events": "repeat"})),
        mood(json!({"delayMilliseconds": 200, "outcome": "fail"})),
        mood(json!({"delayMilliseconds": 50, "events": "reorder"})),
        mood(json!({"delayMilliseconds": 100, "outcome": "timeOut"})),
        mood(json!({"delayMilliseconds": 100, "events": "drop"})),
    ];
    while !done.load(Relaxed) {
        // Half of the time it is able.
        let index = random.usize(0..2 * moods.len());
        stack.set_fleet(moods.get(index).unwrap_or(&moods[0]))?;
        sleep(Duration::from_millis(random.u64(200..2_000))).await;
    }
    stack.set_fleet(&moods[0])
}

/// A fleet that finds a server for everybody.
pub fn able() -> Value {
    mood(json!({"delayMilliseconds": 100}))
}

/// Servers are only pretended: the drill publishes the ends of their games itself.
fn mood(mut behaviour: Value) -> Value {
    behaviour["server"] = json!(false);
    json!({ "muster-dev": behaviour })
}
