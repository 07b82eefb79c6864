//! Each function that has to do with pools and matches is killed at each of its steps, before its call and after it. Whatever dies: both
//! players are told of the same rounds, each of which is resolved once, and of one end; and they are free to play again at once.
//!
//! The rows of the tables below run side by side on few stacks: two players each, who have a pool of their own.

use std::collections::BTreeMap;

use futures_util::future::{join, join_all};
use serde_json::{Value, json};

use super::{
    Moment::{AfterItsCall, BeforeItsCall},
    placing::impatient,
    traps::{Point, Traps},
};
use crate::harness::{Device, LocalStack, Proxy, eventually};

const JOIN: Step = ("TransactWriteItems", "attribute_not_exists(ticketId)");
const JOIN_OF_THE_SECOND: Step = ("TransactWriteItems", "-second\"");
const SEAT: Step = ("GetItem", "\"seat\"");
const LEAVE: Step = ("TransactWriteItems", "holds = :holds");
const OPEN: Step = ("TransactWriteItems", "attribute_not_exists(matchId)");
const MATCH: Step = ("GetItem", "muster-dev-matches");
const JOIN_MATCH: Step = ("TransactWriteItems", "version = :version");
const WRITE: Step = ("PutItem", "version = :version");
const PLAY: Step = ("UpdateItem", "plays.#player");
const TICKETS: Step = ("Query", "ticketId >= :first");
const CONNECTIONS: Step = ("Query", "connection#");
const MAKE: Step = ("TransactWriteItems", "holds = :from");
const CLOSE: Step = ("TransactWriteItems", "SET outcome");
const FORGET: Step = ("DeleteItem", "ticketId");
const STAMP: Step = ("UpdateItem", "absentSince");
const LOOK_AT: Step = ("UpdateItem", "SET lookAt");
const TOUCH: Step = ("UpdateItem", "REMOVE lookAt");
const POOL_TIMER: Step = ("SendMessage", "rematch-pool");
const ROUND_TIMER: Step = ("SendMessageBatch", "resolve-round");
const RELEASE: Step = ("DeleteItem", "holds = :holds");

/// How two players come to a match, and how they play it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Story {
    /// Both join a pool, and play to the end.
    Pooled,
    /// The first one leaves the pool, and joins it again.
    Withdrawn,
    /// They are too far from each other at first.
    Far,
    /// The first one's ticket times out before the second one comes.
    TimedOut,
    /// The first one is away when the second one comes, and comes back.
    Away,
    /// The first one has been away for too long when the second one comes.
    Gone,
    /// The first one opens a private match, and the second one joins it.
    Private,
    /// The second one gives the match up in its second round.
    Left,
    /// The second one does not play in the first round.
    Late,
}

/// An operation, and what is in a call that is meant.
type Step = (&'static str, &'static str);

/// What happens, the function that dies over it, and at which steps it dies.
type Line<'a> = (Story, &'static str, &'a [Step]);

/// Two players, what happens to them, and where somebody is killed over it.
struct Row {
    name: String,
    story: Story,
    points: Vec<Point>,
}

/// The rows of a table: for each of these steps one in which its function is killed before, and one in which it is killed after.
fn rows(table: &[Line<'_>]) -> Vec<Row> {
    let mut rows = Vec::new();
    for &(story, function, steps) in table {
        let point = |moment, function, (operation, mark)| Point { function, operation, mark, moment };
        for (step, moment) in steps.iter().flat_map(|step| [BeforeItsCall, AfterItsCall].map(|moment| (step, moment))) {
            // What is seen of the first one alone shall not be enough.
            let before = (story == Story::Far).then(|| point(AfterItsCall, "join-pool", JOIN_OF_THE_SECOND));
            let points = before.into_iter().chain([point(moment, function, *step)]).collect();
            rows.push(Row { name: format!("pair-{:02}", rows.len()), story, points });
        }
    }
    rows
}

/// A player of a row, while the row runs.
struct Fighter {
    name: String,
    device: Device,
    /// Each match as it was told of it, by its version.
    told: BTreeMap<u64, Value>,
}

impl Fighter {
    async fn connect(stack: &LocalStack, name: String) -> Self {
        Self { device: Device::connect(stack, &name).await, name, told: BTreeMap::new() }
    }

    /// Sends a frame until it is answered by a reply, or refused for a reason: the body, or the code. Whoever got no answer asks again, under
    /// the same request id.
    async fn insist(&mut self, route: &str, body: Value) -> Result<Value, String> {
        loop {
            let answer = self.device.ask(&json!({"route": route, "requestId": route, "body": body})).await;
            match (answer["type"].as_str(), answer["code"].as_str()) {
                (Some("reply"), _) => return Ok(answer["body"].clone()),
                (Some("rejection"), Some("internal")) => {}
                (Some("rejection"), Some(code)) => return Err(code.to_owned()),
                _ => assert_eq!(answer["message"], "Internal server error", "{answer}"),
            }
        }
    }

    async fn join_pool(&mut self, (mode, skill): (&str, usize)) -> String {
        let joined = self.insist("joinPool", json!({"mode": mode, "skill": skill})).await;
        joined.unwrap_or_else(|code| panic!("{}: {code}", self.name))["ticketId"].as_str().unwrap().to_owned()
    }

    /// Its ticket's row, while there is one.
    async fn ticket(&self, stack: &LocalStack) -> Option<Value> {
        let name = json!({"L": [{"S": self.name}]});
        stack.table("tickets").await.into_iter().find(|row| row["players"] == name)
    }

    /// Ends its socket, and waits until Muster knows.
    async fn vanish(&mut self, stack: &LocalStack) {
        let other = Device::connect(stack, &format!("nobody-{}", self.name)).await;
        std::mem::replace(&mut self.device, other).socket.vanish();
        eventually("the connection is gone", || async { stack.connections(&self.name).await.is_empty().then_some(()) }).await;
    }

    async fn come_back(&mut self, stack: &LocalStack) {
        self.device = Device::connect(stack, &self.name).await;
    }

    /// The next view of its match that is new. One that is repeated is as it was.
    async fn hear(&mut self) -> Value {
        loop {
            let push = self.device.push().await;
            if push["type"] == "pool" {
                assert_eq!(push["outcome"], "timedOut", "{push}");
                continue;
            }
            let version = push["version"].as_u64().unwrap_or_else(|| panic!("{}: {push}", self.name));
            match self.told.insert(version, push.clone()) {
                None => return push,
                Some(before) => assert_eq!(before, push, "each round is resolved once"),
            }
        }
    }

    /// Plays up to the end of the match.
    async fn fight(&mut self, (story, is_second): (Story, bool)) {
        loop {
            let view = self.hear().await;
            let round = view["round"].as_u64().unwrap();
            let refused = match view["state"].as_str().unwrap() {
                "over" => return,
                "playing" if story == Story::Left && is_second && round == 2 => {
                    self.insist("leaveMatch", json!({"matchId": view["matchId"]})).await.err()
                }
                "playing" if story != Story::Late || !is_second || round > 1 => {
                    let play = if is_second { "rock" } else { "paper" };
                    self.insist("play", json!({"matchId": view["matchId"], "round": round, "play": play})).await.err()
                }
                _ => None,
            };
            // The play was written before somebody died, or time has passed meanwhile.
            let known = ["repeated_play", "old_round", "late_play", "match_over"];
            assert!(refused.as_deref().is_none_or(|code| known.contains(&code)), "{}: {refused:?}", self.name);
        }
    }

    /// Waits for something else, and gives it up, which shows that it was free.
    async fn live_on(&mut self, pool: (&str, usize)) {
        self.join_pool(pool).await;
        self.insist("leavePool", json!({})).await.unwrap();
        let state = self.insist("resume", json!({})).await.unwrap()["state"].take();
        assert_eq!((&state["seat"], &state["match"]), (&Value::Null, &Value::Null), "{}: {state}", self.name);
    }
}

/// The two players of a row.
struct Pair<'a> {
    row: &'a Row,
    fighters: [Fighter; 2],
    /// The mode, and the skill in the middle of a band: so nobody else is in the pool, nor reaches it soon.
    pool: (&'static str, usize),
}

impl<'a> Pair<'a> {
    async fn connect(stack: &LocalStack, number: usize, row: &'a Row) -> Self {
        let [first, second] = ["first", "second"].map(|name| Fighter::connect(stack, format!("{}-{name}", row.name)));
        let apart = if row.story == Story::Far { 3 } else { 1 };
        let pool = (["rps", "rpsls"][number % 2], number / 2 * apart * 500 + 250);
        Self { row, fighters: join(first, second).await.into(), pool }
    }

    /// Comes to a match, and plays it to its end.
    async fn live(&mut self, stack: &LocalStack) {
        let (pool, story) = (self.pool, self.row.story);
        let [first, second] = &mut self.fighters;
        if story == Story::Private {
            let code = first.insist("newMatch", json!({"mode": pool.0})).await.unwrap()["matchId"].take();
            second.insist("joinMatch", json!({"matchId": code})).await.unwrap();
        } else {
            first.join_pool(pool).await;
            match story {
                Story::Withdrawn => {
                    // Whoever has left it before it died is in it no more.
                    let left = first.insist("leavePool", json!({})).await;
                    assert!(left.is_ok() || left == Err("not_found".to_owned()), "{left:?}");
                    first.join_pool(pool).await;
                }
                Story::TimedOut => {
                    // Two minutes ago, which nobody wants to wait for.
                    let mut row = first.ticket(stack).await.unwrap();
                    row["queuedAt"]["N"] = json!((row["queuedAt"]["N"].as_str().unwrap().parse::<u64>().unwrap() - 120_000).to_string());
                    stack.put("muster-dev-tickets", &row).await;
                    let told = first.device.push().await;
                    assert_eq!(told, json!({"type": "pool", "ticketId": row["ticketId"]["S"], "outcome": "timedOut"}));
                    first.join_pool(pool).await;
                }
                Story::Away | Story::Gone => first.vanish(stack).await,
                _ => {}
            }
            if story == Story::Gone {
                let mut row = first.ticket(stack).await.unwrap();
                row["absentSince"] = json!({"N": "1000"});
                stack.put("muster-dev-tickets", &row).await;
            }
            second.join_pool((pool.0, pool.1 + if story == Story::Far { 180 } else { 0 })).await;
            let first_ref = &*first;
            if story == Story::Away {
                let stamped = || async { first_ref.ticket(stack).await.is_some_and(|row| row.get("absentSince").is_some()).then_some(()) };
                eventually("it is noted that the first one is away", stamped).await;
            } else if story == Story::Gone {
                eventually("the ticket is gone", || async { first_ref.ticket(stack).await.is_none().then_some(()) }).await;
            }
            if let Story::Away | Story::Gone = story {
                first.come_back(stack).await;
            }
            if story == Story::Gone {
                first.join_pool(pool).await;
            }
        }
        join(first.fight((story, false)), second.fight((story, true))).await;
    }

    /// Both wait for something else, one after the other, so that they are not matched.
    async fn live_on(&mut self) {
        for fighter in &mut self.fighters {
            fighter.live_on(self.pool).await;
        }
    }

    /// Looks at what both were told, and at what is left of it.
    fn agrees(&self, matches: &[Value]) {
        let Row { name, story, points } = self.row;
        let [first, second] = self.fighters.each_ref().map(|fighter| &fighter.told);
        let its: Vec<&Value> = matches.iter().filter(|row| row["players"].to_string().contains(name)).collect();
        let [row] = its[..] else { panic!("{} matches: {points:?}", its.len()) };
        let last = *first.last_key_value().unwrap().0;
        assert_eq!((&row["state"]["S"], &row["version"]["N"]), (&json!("over"), &json!(last.to_string())), "{points:?}");
        // A private match waits at first, of which only the first one is told.
        let waited = u64::from(*story == Story::Private);
        assert!(first.keys().copied().eq(1..=last), "{:?}: {points:?}", first.keys());
        assert!(second.keys().copied().eq(1 + waited..=last), "{:?}: {points:?}", second.keys());
        for (version, theirs) in second {
            let yours = &first[version];
            for both in ["matchId", "state", "round", "dueAt", "ending", "roundSummary"] {
                assert_eq!(yours[both], theirs[both], "{both}: {points:?}");
            }
            for (here, there) in [("yourScore", "theirScore"), ("theirScore", "yourScore"), ("yourPlay", "theirPlay")] {
                assert_eq!(yours[here], theirs[there], "{here}: {points:?}");
            }
            let is_over = u64::from(yours["state"] == "over");
            assert_eq!(yours["round"], json!(version - waited - is_over), "one version for each round: {points:?}");
            assert_eq!(is_over == 1, *version == last, "one end: {points:?}");
        }
    }
}

/// Lets the rows happen, kills whoever works for them where they say, and looks at what is left.
async fn run(table: &[Line<'_>]) {
    let (template, rows) = (impatient(&["ResolveRound", "RematchPool"]), rows(table));
    assert!(rows.len() <= 20, "each has a pool of its own");
    let arguments = ["--environments", "24", "--template", template.path().to_str().unwrap()];
    let (stack, proxy) = Proxy::between(&["dynamodb", "apigatewaymanagementapi", "sqs"], &arguments).await;
    let traps = Traps::set(&proxy, rows.iter().flat_map(|row| row.points.iter().map(|point| (row.name.clone(), *point))));
    let mut pairs = join_all(rows.iter().enumerate().map(|(number, row)| Pair::connect(&stack, number, row))).await;
    join(join_all(pairs.iter_mut().map(|pair| pair.live(&stack))), traps.watch(&stack)).await;
    join_all(pairs.iter_mut().map(Pair::live_on)).await;
    let matches = stack.table("matches").await;
    pairs.iter().for_each(|pair| pair.agrees(&matches));
    let seats = stack.table("players").await.into_iter().filter(|row| row["item"]["S"] == "seat").collect::<Vec<_>>();
    assert_eq!(seats, Vec::<Value>::new());
    let tickets = stack.table("tickets").await.into_iter().filter(|row| row.get("players").is_some()).collect::<Vec<_>>();
    assert_eq!(tickets, Vec::<Value>::new());
    for consumer in ["tickets-match", "matches-announce", "matches-schedule", "resolve-round", "rematch-pool"] {
        assert_eq!(stack.dead_letters(consumer).await, Vec::<Value>::new(), "{consumer}");
    }
}

#[tokio::test]
async fn whoever_dies_on_the_way_out_of_a_pool_both_are_in_one_match() {
    run(&[
        (Story::Pooled, "join-pool", &[JOIN]),
        (Story::Withdrawn, "leave-pool", &[SEAT, LEAVE]),
        (Story::Pooled, "tickets-match", &[TICKETS, CONNECTIONS, MAKE]),
    ])
    .await;
}

#[tokio::test]
async fn whoever_dies_over_a_ticket_that_comes_to_nothing_its_player_is_told_and_free() {
    let timed_out = ("PostToConnection", "timedOut");
    run(&[
        (Story::TimedOut, "tickets-match", &[CLOSE, CONNECTIONS, timed_out, FORGET]),
        (Story::Away, "tickets-match", &[STAMP]),
        (Story::Gone, "tickets-match", &[CLOSE, FORGET]),
    ])
    .await;
}

#[tokio::test]
async fn whoever_dies_over_the_timer_of_a_pool_it_is_looked_at_again() {
    run(&[(Story::Far, "tickets-match", &[LOOK_AT, POOL_TIMER]), (Story::Far, "rematch-pool", &[TOUCH])]).await;
}

#[tokio::test]
async fn whoever_dies_over_a_request_the_match_goes_on_as_if_it_had_been_made_once() {
    run(&[
        (Story::Private, "new-match", &[OPEN]),
        (Story::Private, "join-match", &[MATCH, JOIN_MATCH]),
        (Story::Private, "play", &[PLAY, WRITE]),
        (Story::Left, "leave-match", &[MATCH, ("PutItem", "forfeited")]),
    ])
    .await;
}

#[tokio::test]
async fn whoever_dies_while_players_are_told_they_are_told_of_every_round_and_free_at_the_end() {
    let (playing, over) = (("PostToConnection", "\"playing\""), ("PostToConnection", "\"over\""));
    run(&[(Story::Private, "matches-announce", &[CONNECTIONS, playing, RELEASE, over])]).await;
}

#[tokio::test]
async fn whoever_dies_over_the_timer_of_a_round_it_is_resolved_though_one_of_both_does_not_play() {
    run(&[(Story::Late, "matches-schedule", &[ROUND_TIMER]), (Story::Late, "resolve-round", &[MATCH, WRITE])]).await;
}
