//! Players are matched, each once, and every match of theirs goes on to its end, whoever is away.
//!
//! `playing` is about rounds that are played, `waiting` about those that are not, `racing` about plays in the moment in which the time is up,
//! `refusals` about plays that do not count, `private` about matches by code, `pools` about who is matched with whom and `regions` about where,
//! `coming_back` about players who were away, `healing` about what goes wrong, and `invoking` about what of all that makes functions work.

mod coming_back;
mod healing;
mod invoking;
mod playing;
mod pools;
mod private;
mod racing;
mod refusals;
mod regions;
mod waiting;

use serde_json::{Value, json};

use crate::harness::{LocalStack, Player};

/// A player of matches, who drops what it has seen, as every client should.
struct Gamer {
    name: String,
    player: Player,
    /// The match that it was last told of, and the version of it.
    seen: (String, u64),
}

impl Gamer {
    async fn connect(stack: &LocalStack, name: &str) -> Self {
        Self { name: name.to_owned(), player: Player::connect(stack, name).await, seen: Default::default() }
    }

    /// Sends a frame and takes its answer.
    async fn ask(&mut self, route: &str, body: Value) -> Value {
        self.player.ask(&json!({"route": route, "requestId": "1", "body": body})).await
    }

    /// Sends a frame that is replied to, and gives the body of its reply.
    async fn get(&mut self, route: &str, body: Value) -> Value {
        let mut answer = self.ask(route, body).await;
        assert_eq!((&answer["type"], &answer["route"]), (&json!("reply"), &json!(route)), "{}: {answer}", self.name);
        answer["body"].take()
    }

    /// Sends a frame that is refused, and gives the code.
    async fn refused(&mut self, route: &str, body: Value) -> String {
        let answer = self.ask(route, body).await;
        assert_eq!(answer["type"], "rejection", "{}: {answer}", self.name);
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

    /// The frame of a play in the match that it is in.
    fn move_in(&self, round: u64, play: &str) -> Value {
        json!({"matchId": self.match_id(), "round": round, "play": play})
    }

    /// Plays, and the play counts.
    async fn play(&mut self, round: u64, play: &str) {
        let body = self.move_in(round, play);
        assert_eq!(self.get("play", body.clone()).await, body);
    }

    /// What it is in, as `resume` tells it.
    async fn state(&mut self) -> Value {
        self.get("resume", json!({})).await["state"].take()
    }
}

/// Two players who have just been matched out of a pool: the one who waited longer, and the other.
async fn matched(stack: &LocalStack, [first, second]: [&str; 2]) -> [Gamer; 2] {
    let (mut one, mut other) = (Gamer::connect(stack, first).await, Gamer::connect(stack, second).await);
    one.join_pool("rpsls").await;
    other.join_pool("rpsls").await;
    for (gamer, opponent) in [(&mut one, second), (&mut other, first)] {
        let begun = gamer.told().await;
        assert_eq!((&begun["state"], &begun["round"], &begun["opponentId"]), (&json!("playing"), &json!(1), &json!(opponent)), "{begun}");
    }
    assert_eq!(one.seen, other.seen);
    [one, other]
}

/// Checks some fields of a view.
fn shows(view: &Value, fields: Value) {
    for (name, value) in fields.as_object().unwrap() {
        assert_eq!(&view[name], value, "{name} of {view}");
    }
}

/// Checks that these players wait for nothing, and can play again at once.
async fn are_free(gamers: impl IntoIterator<Item = &mut Gamer>) {
    for gamer in gamers {
        let state = gamer.state().await;
        assert_eq!((&state["seat"], &state["match"]), (&Value::Null, &Value::Null), "{}: {state}", gamer.name);
        gamer.get("newMatch", json!({"mode": "rpsls"})).await;
    }
}

/// The key of a match's row.
fn key_of(match_id: &str) -> Value {
    json!({"matchId": {"S": match_id}})
}

/// The row of a match.
async fn row_of(stack: &LocalStack, match_id: &str) -> Value {
    let get = json!({"TableName": "muster-dev-matches", "Key": key_of(match_id), "ConsistentRead": true});
    stack.aws("DynamoDB_20120810.GetItem", &get).await["Item"].take()
}

/// Makes the time of the open round be up, `player` having played: such a row invokes nothing, so that only the timer that was set before, or
/// somebody who looks, resolves it.
async fn overdue(stack: &LocalStack, match_id: &str, player: &str) {
    let mut row = row_of(stack, match_id).await;
    row["plays"] = json!({"M": {player: {"S": "paper"}}});
    row["played"] = json!({"N": "1"});
    row["dueAt"] = json!({"N": "1000"});
    stack.put("muster-dev-matches", &row).await;
}
