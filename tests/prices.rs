//! What a match of each mode costs, beside what the mode declares: see `limits.write_units` in `shared/game/src/modes.rs`.

use muster_game::{MODES, Mode, Played, Viewer, mode};
use serde_json::{Value, json};

use crate::harness::{LocalStack, Player, eventually};

/// Who are no bots.
const PLAYERS: usize = 2;

/// Which of its tries a player does, by how many there are and how often it has acted: the first one always, which draws round after round;
/// the last one; and each time another one.
const CHOICES: [fn(usize, usize) -> usize; 3] = [|_, _| 0, |tries, _| tries - 1, |tries, acted| acted * 3 % tries];

/// Somebody who plays.
struct Seated {
    player: Player,
    /// The match as it was seen last.
    seen: Value,
    /// The version in which the player acted last, and how often it has.
    acted: (u64, usize),
}

impl Seated {
    async fn connect(stack: &LocalStack, name: &str) -> Self {
        Self { player: Player::connect(stack, name).await, seen: Value::Null, acted: (0, 0) }
    }

    async fn ask(&mut self, route: &str, body: Value) {
        let request_id = format!("{route}-{}", self.acted.1);
        let mut answer = self.player.ask(&json!({"route": route, "requestId": request_id, "body": body})).await;
        assert_eq!(answer["type"], "reply", "{answer}");
        self.see(answer["body"].take());
    }

    /// Takes what it is shown of its match. Pushes of the one before may still come.
    fn see(&mut self, seen: Value) {
        let is_newer = seen["matchId"] == self.seen["matchId"] && version(&seen) > version(&self.seen);
        if self.seen.is_null() || is_newer {
            self.seen = seen;
        }
    }

    async fn catch_up(&mut self, to: u64) {
        while version(&self.seen) < to {
            let push = self.player.news().await;
            self.see(push);
        }
    }

    /// Does something, if it is awaited and has not acted in this version.
    async fn act(&mut self, played: &Played, choice: fn(usize, usize) -> usize) {
        let (version, seat) = (version(&self.seen), self.seen["seat"].as_u64().unwrap());
        let is_awaited =
            self.seen["state"] == "playing" && self.seen["awaits"].as_array().is_some_and(|awaits| awaits.contains(&json!(seat)));
        if !is_awaited || self.acted.0 == version {
            return;
        }
        let tries = played.game.tries(&self.seen["view"], Viewer::Seat(usize::try_from(seat).unwrap())).unwrap();
        let action = &tries[choice(tries.len(), self.acted.1)];
        self.acted = (version, self.acted.1 + 1);
        let body = json!({"matchId": self.seen["matchId"], "action": action, "version": version});
        self.ask("play", body).await;
    }
}

fn version(seen: &Value) -> u64 {
    seen["version"].as_u64().unwrap_or(0)
}

/// The write units that were used until now, once nothing is under way.
async fn write_units(stack: &LocalStack) -> f64 {
    let url = format!("{}/status", stack.addresses.endpoint);
    let status = eventually("nothing is under way", || async {
        let status: Value = reqwest::get(&url).await.unwrap().json().await.unwrap();
        (status["busy"] == 0).then_some(status)
    });
    status.await["usage"]["items"]["writeUnits"]["quantity"].as_f64().unwrap()
}

/// Plays a match from its opening to its end.
async fn play_out(players: &mut [Seated; PLAYERS], mode: &Mode, played: &Played, choice: fn(usize, usize) -> usize) {
    let bots = played.game.seats(played.options).unwrap().end() - PLAYERS;
    let opening = if bots == 0 { json!({"mode": mode.name}) } else { json!({"mode": mode.name, "bots": bots}) };
    for player in players.iter_mut() {
        (player.seen, player.acted.0) = (Value::Null, 0);
    }
    players[0].ask("newMatch", opening).await;
    let code = json!({"matchId": players[0].seen["matchId"]});
    players[1].ask("joinMatch", code).await;
    while players.iter().any(|player| player.seen["state"] != "over") {
        let newest = players.iter().map(|player| version(&player.seen)).max().unwrap();
        for player in players.iter_mut() {
            player.catch_up(newest).await;
        }
        for player in players.iter_mut().filter(|player| version(&player.seen) == newest) {
            player.act(played, choice).await;
        }
    }
}

#[tokio::test]
async fn a_match_costs_no_more_write_units_than_its_mode_declares() {
    let stack = LocalStack::start(&[]).await;
    for (mode, played) in MODES.iter().filter_map(|mode| Some((mode, mode.as_played()?))) {
        let mut players = [Seated::connect(&stack, "alice").await, Seated::connect(&stack, "bob").await];
        let (mut most, mut before) = (0.0_f64, write_units(&stack).await);
        for choice in CHOICES {
            play_out(&mut players, mode, played, choice).await;
            let after = write_units(&stack).await;
            most = most.max(after - before);
            before = after;
        }
        let declared = f64::from(played.limits.write_units);
        println!("{}: {most} write units at most, of {declared}", mode.name);
        assert!(most <= declared, "a match of {} costs {most} write units and declares {declared}", mode.name);
        // What is declared is what somebody reckons with.
        assert!(most * 1.5 >= declared, "a match of {} costs {most} write units at most and declares {declared}", mode.name);
    }
    assert!(mode("rps").is_some(), "there are modes that are played");
}
