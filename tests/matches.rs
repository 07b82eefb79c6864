//! Players are matched, each once, and every match of theirs goes on to its end, whoever is away.
//!
//! | module | promise |
//! |---|---|
//! | `playing` | rounds that are played, and the turns of tic-tac-toe, by people and by the computer: `tic_tac_toe` |
//! | `referee` | hundreds of rounds at once come out as an independent model has them |
//! | `waiting`, `racing` | rounds in which somebody does not play, or plays in the moment in which the time is up |
//! | `quiet`, `refusals` | plays that are not answered, that come again, and that do not count |
//! | `secrets` | nobody learns that the other has played |
//! | `private`, `leaving`, `seat_races` | matches by code, the next one after a match, ways out, and many who want one seat |
//! | `pools`, `regions` | who is matched with whom, and where |
//! | `coming_back`, `presence` | players who were away, and what the others are told of it |
//! | `healing`, `lost`, `void` | what goes wrong is made good, and what cannot be ends its match alone |
//! | `invoking`, `timers` | what of all that makes functions work, and how often |

mod coming_back;
mod healing;
mod invoking;
mod late;
mod leaving;
mod lost;
mod permitted;
mod playing;
mod pools;
mod presence;
mod private;
mod quiet;
mod racing;
mod referee;
mod refusals;
mod regions;
mod seat_races;
mod secrets;
mod tic_tac_toe;
mod timers;
mod void;
mod waiting;

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::sleep;

use crate::harness::{LocalStack, Player, eventually};

/// A player of matches, who drops what it has seen, as every client should.
struct Gamer {
    name: String,
    player: Player,
    /// The match that it was last told of, and the version of it.
    seen: (String, u64),
    /// How many actions it has sent.
    acted: u32,
}

/// A player whose last socket has ended.
struct Absent {
    name: String,
    seen: (String, u64),
    acted: u32,
}

impl Gamer {
    async fn connect(stack: &LocalStack, name: &str) -> Self {
        Absent { name: name.to_owned(), seen: Default::default(), acted: 0 }.connect(stack).await
    }

    /// Its socket ends without a word, and Muster knows.
    async fn vanish(self, stack: &LocalStack) -> Absent {
        let Self { name, player, seen, acted } = self;
        player.socket.vanish();
        eventually("the connection is gone", || async { stack.connections(&name).await.is_empty().then_some(()) }).await;
        Absent { name, seen, acted }
    }

    /// Sends a frame and takes its answer.
    async fn ask(&mut self, route: &str, body: Value) -> Value {
        self.player.ask(&json!({"route": route, "requestId": "1", "body": body})).await
    }

    /// Sends a frame that is replied to, and gives the body of its reply.
    async fn get(&mut self, route: &str, body: Value) -> Value {
        let answer = self.ask(route, body).await;
        replied(&answer, route)
    }

    /// Sends a frame that is refused, and gives the code.
    async fn refused(&mut self, route: &str, body: Value) -> String {
        let answer = self.ask(route, body).await;
        assert_eq!((&answer["type"], &answer["route"]), (&json!("rejection"), &json!(route)), "{}: {answer}", self.name);
        answer["code"].as_str().unwrap().to_owned()
    }

    /// Joins the pool of a mode, and gives the id of its ticket.
    async fn join_pool(&mut self, mode: &str) -> String {
        self.join_pool_with(json!({"mode": mode})).await
    }

    async fn join_pool_with(&mut self, body: Value) -> String {
        self.get("joinPool", body).await["ticketId"].as_str().unwrap().to_owned()
    }

    /// The next push of a match that it has not seen.
    async fn told(&mut self) -> Value {
        loop {
            let push = self.player.news().await;
            assert_eq!(push["type"], "match", "{}: {push}", self.name);
            let (id, version) = (push["matchId"].as_str().unwrap().to_owned(), push["version"].as_u64().unwrap());
            if self.seen.0 != id || self.seen.1 < version {
                self.seen = (id, version);
                return push;
            }
        }
    }

    /// The match that it is in.
    fn match_id(&self) -> &str {
        &self.seen.0
    }

    /// What names that match.
    fn here(&self) -> Value {
        json!({"matchId": self.match_id()})
    }

    /// The frame of an action in the match that it is in, as it was last told of it.
    fn action(&mut self, action: impl Into<Value>) -> Value {
        self.acted += 1;
        let body = json!({"matchId": self.match_id(), "action": action.into(), "version": self.seen.1});
        json!({"route": "play", "requestId": format!("play-{}", self.acted), "body": body})
    }

    /// Acts, and it counts: the match as it is then.
    async fn play(&mut self, action: impl Into<Value>) -> Value {
        let frame = self.action(action);
        let answer = self.player.ask(&frame).await;
        assert_eq!(answer["requestId"], frame["requestId"], "{answer}");
        replied(&answer, "play")
    }

    /// Acts, and it does not count: the code of the rejection.
    async fn cannot_play(&mut self, action: impl Into<Value>) -> String {
        let frame = self.action(action);
        let answer = self.player.ask(&frame).await;
        assert_eq!((&answer["type"], &answer["matchId"]), (&json!("rejection"), &json!(self.match_id())), "{answer}");
        answer["code"].as_str().unwrap().to_owned()
    }

    /// What it is in, as `resume` tells it.
    async fn state(&mut self) -> Value {
        self.get("resume", json!({})).await["state"].take()
    }
}

impl Absent {
    /// The player is there again.
    async fn connect(self, stack: &LocalStack) -> Gamer {
        let Self { name, seen, acted } = self;
        Gamer { player: Player::connect(stack, &name).await, name, seen, acted }
    }
}

/// The body of a reply.
fn replied(answer: &Value, route: &str) -> Value {
    assert_eq!((&answer["type"], &answer["route"]), (&json!("reply"), &json!(route)), "{answer}");
    answer["body"].clone()
}

/// The player in the other seat.
fn opponent(view: &Value) -> &str {
    let seat = usize::try_from(view["seat"].as_u64().unwrap()).unwrap();
    view["players"][1 - seat]["playerId"].as_str().unwrap_or_else(|| panic!("there are two: {view}"))
}

/// Two players who have just been matched out of a pool: the one who waited longer, and the other.
async fn matched(stack: &LocalStack, [first, second]: [&str; 2]) -> [Gamer; 2] {
    let (mut one, mut other) = (Gamer::connect(stack, first).await, Gamer::connect(stack, second).await);
    one.join_pool("rpsls").await;
    other.join_pool("rpsls").await;
    begun([one, other]).await
}

/// Two players who have just met by a code, in a match that was opened like this: its host, and the other.
async fn met(stack: &LocalStack, [host, guest]: [&str; 2], opening: Value) -> [Gamer; 2] {
    let (mut one, mut other) = (Gamer::connect(stack, host).await, Gamer::connect(stack, guest).await);
    let opened = one.get("newMatch", opening).await;
    other.get("joinMatch", json!({"matchId": opened["matchId"]})).await;
    begun([one, other]).await
}

/// Waits, so that many matches begin one behind another: a machine that starts a hundred processes at once keeps no time.
async fn apart(number: usize) {
    sleep(Duration::from_millis(40) * u32::try_from(number).unwrap()).await;
}

/// Both are told that their match has begun.
async fn begun(mut gamers: [Gamer; 2]) -> [Gamer; 2] {
    let names = gamers.each_ref().map(|gamer| gamer.name.clone());
    for (seat, gamer) in gamers.iter_mut().enumerate() {
        let push = gamer.told().await;
        shows(&push, json!({"state": "playing", "version": 1}));
        assert_eq!(opponent(&push), names[1 - seat], "{push}");
    }
    assert_eq!(gamers[0].seen, gamers[1].seen);
    gamers
}

/// Checks some fields of a frame, and some of the objects in it.
fn shows(frame: &Value, fields: Value) {
    fn check(frame: &Value, all: &Value, fields: &Value) {
        for (name, value) in fields.as_object().unwrap() {
            match value {
                Value::Object(_) => check(&frame[name], all, value),
                _ => assert_eq!(&frame[name], value, "{name} of {all}"),
            }
        }
    }
    check(frame, frame, &fields);
}

/// Checks that these players wait for nothing, and can play again at once.
async fn are_free(gamers: impl IntoIterator<Item = &mut Gamer>) {
    for gamer in gamers {
        let state = gamer.state().await;
        assert_eq!((&state["seats"], &state["matches"]), (&Value::Null, &Value::Null), "{}: {state}", gamer.name);
        gamer.get("newMatch", json!({"mode": "rpsls"})).await;
    }
}

/// The key of a match's row.
fn key_of(match_id: &str) -> Value {
    json!({"matchId": {"S": match_id}, "item": {"S": "match"}})
}

/// The row of a match.
async fn row_of(stack: &LocalStack, match_id: &str) -> Value {
    let get = json!({"TableName": "muster-dev-matches", "Key": key_of(match_id), "ConsistentRead": true});
    stack.aws("DynamoDB_20120810.GetItem", &get).await["Item"].take()
}

/// Changes an attribute of a match's row by hand: such a write invokes nobody.
async fn tamper(stack: &LocalStack, match_id: &str, attribute: &str, value: Value) {
    let mut row = row_of(stack, match_id).await;
    row[attribute] = value;
    row["announce"] = json!({"S": "no"});
    stack.put("muster-dev-matches", &row).await;
}

/// Makes the time of what is awaited be up: the timer that was set before is still to come, so whoever comes does what the clock has to do.
async fn overdue(stack: &LocalStack, match_id: &str) {
    tamper(stack, match_id, "dueAt", json!({"N": "1000"})).await;
}
