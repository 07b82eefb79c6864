//! Each function that has to do with pools and matches is killed at each of its steps, before its call and after it. Whatever dies: both
//! players are told of the same rounds, each of which is resolved once, and of one end; and they are free to play again at once.
//!
//! The rows of the tables below run side by side on few stacks: two players each, who have a pool of their own.

mod fighter;
mod pair;

use futures_util::{
    StreamExt,
    future::{join, join_all},
    stream,
};
use serde_json::{Value, json};

use self::pair::Pair;
use super::{
    Moment::{AfterItsCall, BeforeItsCall},
    traps::{Point, Traps},
};
use crate::harness::Proxy;

const JOIN: Step = ("TransactWriteItems", "attribute_not_exists(ticketId)");
const JOIN_OF_THE_SECOND: Step = ("TransactWriteItems", "-second\"");
const SEATS: Step = ("Query", "seat#");
const LEAVE: Step = ("TransactWriteItems", "holds = :holds");
const OPEN: Step = ("TransactWriteItems", "attribute_not_exists(matchId)");
/// Whoever decides about a match has read it before; where that is the first read of it, it can be told from those of others.
const READ: Step = ("GetItem", "muster-dev-matches");
const READ_FOR_SURE: Step = ("GetItem", r#""ConsistentRead":true"#);
const JOIN_MATCH: Step = ("TransactWriteItems", "revision = :revision");
const PLAY_IN_SECRET: Step = ("PutItem", r#""announce":{"S":"no"}"#);
const PLAY_AND_RESOLVE: Step = ("PutItem", r#""announce":{"S":"yes"}"#);
const REPLY: Step = ("PostToConnection", r#""type":"reply""#);
const FORFEIT: Step = ("PutItem", "forfeited");
/// A player who leaves a match gives up its seat.
const GIVE_UP: Step = ("DeleteItem", "seat#main");
const DISCONNECT: Step = ("DeleteItem", "connection#");
const OTHERS: Step = ("Query", r#""ConsistentRead":true"#);
const GO_AWAY: Step = ("PutItem", r#""away":{"BOOL":true}"#);
const TICKETS: Step = ("Query", "ticketId >= :first");
const CONNECTIONS: Step = ("Query", "connection#");
const MAKE: Step = ("TransactWriteItems", "holds = :from");
const CLOSE: Step = ("TransactWriteItems", "SET outcome");
const FORGET: Step = ("DeleteItem", "ticketId");
const STAMP: Step = ("UpdateItem", "absentSince");
const LOOK_AT: Step = ("UpdateItem", "SET lookAt");
const TOUCH: Step = ("UpdateItem", "REMOVE lookAt");
const POOL_TIMER: Step = ("SendMessage", r#"\"row\":\"pool\""#);
const MATCH_TIMER: Step = ("SendMessageBatch", r#"\"row\":\"match\""#);
const SEND_ON: Step = ("SendMessage", r#"\"row\":\"match\""#);
const ARM: Step = ("PutItem", r#""by":{"S":"timer-"#);
/// The first deadline after somebody has played.
const TIME_UP: Step = ("PutItem", r#""missed":{"N":"0"}"#);
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
    /// The same, and both ask for a reply to each play.
    Answered,
    /// The second one gives such a match up in its first round, in which the first one does nothing.
    Left,
    /// The second one's socket closes in its first round, and it comes back.
    Dropped,
    /// The second one does not play in its first round.
    Late,
    /// Both take their time over the first round, so that its timer comes too early for the second, in which the second one does not play.
    Slow,
}

impl Story {
    /// The options of a private match; none, if they come to one through a pool. So long as no timer is meant, none shall have to come.
    fn options(self) -> Option<Value> {
        match self {
            Self::Private | Self::Answered | Self::Left | Self::Dropped => Some(json!({"seconds": 60})),
            Self::Late => Some(json!({"seconds": 5})),
            Self::Slow => Some(json!({"seconds": 6, "reveal": 10})),
            _ => None,
        }
    }

    /// Whether a player plays in this round.
    fn plays(self, is_second: bool, round: u64) -> bool {
        match self {
            Self::Left => false,
            Self::Late => !is_second || round != 1,
            Self::Slow => !is_second || round != 2,
            _ => true,
        }
    }
}

/// An operation, and what is in a call that is meant.
type Step = (&'static str, &'static str);

/// What happens, the function that dies over it, where it has died in the same way before, and at which steps it dies.
type Line<'a> = (Story, &'static str, Option<Step>, &'a [Step]);

/// Two players, what happens to them, and where somebody is killed over it.
struct Row {
    name: String,
    story: Story,
    points: Vec<Point>,
}

/// The rows of a table: for each of these steps one in which its function is killed before, and one in which it is killed after.
fn rows(table: &[Line<'_>]) -> Vec<Row> {
    let mut rows = Vec::new();
    for &(story, function, before, steps) in table {
        let point = |moment, function, (operation, mark)| Point { function, operation, mark, moment };
        for (step, moment) in steps.iter().flat_map(|step| [BeforeItsCall, AfterItsCall].map(|moment| (step, moment))) {
            // What is seen of the first one alone shall not be enough.
            let first = (story == Story::Far).then(|| point(AfterItsCall, "join-pool", JOIN_OF_THE_SECOND));
            let before = before.map(|step| point(moment, function, step));
            let points = first.into_iter().chain(before).chain([point(moment, function, *step)]).collect();
            rows.push(Row { name: format!("pair-{:02}", rows.len()), story, points });
        }
    }
    rows
}

/// Lets the rows happen, kills whoever works for them where they say, and looks at what is left.
async fn run(rows: &[Row]) {
    assert!(rows.len() <= 20, "each has a pool of its own");
    let (stack, proxy) = Proxy::between(&["dynamodb", "apigatewaymanagementapi", "sqs"], &["--environments", "24"]).await;
    let traps = Traps::set(&proxy, rows.iter().flat_map(|row| row.points.iter().map(|point| (row.name.clone(), *point))));
    let mut pairs = join_all(rows.iter().enumerate().map(|(number, row)| Pair::connect(&stack, number, row))).await;
    join(join_all(pairs.iter_mut().map(|pair| pair.live(&stack, &traps))), traps.watch(&stack)).await;
    join_all(pairs.iter_mut().map(Pair::live_on)).await;
    let matches = stack.table("matches").await;
    pairs.iter().for_each(|pair| pair.agrees(&matches));
    let seats = stack.table("players").await.into_iter().filter(|row| row["item"]["S"].as_str().unwrap().starts_with("seat#"));
    assert_eq!(seats.collect::<Vec<_>>(), Vec::<Value>::new());
    let tickets = stack.table("tickets").await.into_iter().filter(|row| row.get("players").is_some()).collect::<Vec<_>>();
    assert_eq!(tickets, Vec::<Value>::new());
    for consumer in ["tickets-match", "matches-announce", "timers"] {
        assert_eq!(stack.dead_letters(consumer).await, Vec::<Value>::new(), "{consumer}");
    }
}

/// Lets each row happen on a stack of its own: when one dies, others die with it that are in the middle of something, and what is done
/// once, or otherwise when it is done again, would not come to its trap.
async fn run_each(rows: &[Row]) {
    stream::iter(rows.chunks(1)).for_each_concurrent(3, run).await;
}

#[tokio::test]
async fn whoever_dies_on_the_way_out_of_a_pool_both_are_in_one_match() {
    run(&rows(&[
        (Story::Pooled, "join-pool", None, &[JOIN]),
        (Story::Withdrawn, "leave-pool", None, &[SEATS, LEAVE]),
        (Story::Pooled, "tickets-match", None, &[TICKETS, CONNECTIONS, MAKE]),
    ]))
    .await;
}

#[tokio::test]
async fn whoever_dies_over_a_ticket_that_comes_to_nothing_its_player_is_told_and_free() {
    let timed_out = ("PostToConnection", "timedOut");
    run(&rows(&[
        (Story::TimedOut, "tickets-match", None, &[CLOSE, CONNECTIONS, timed_out, FORGET]),
        (Story::Away, "tickets-match", None, &[STAMP]),
        (Story::Gone, "tickets-match", None, &[CLOSE, FORGET]),
    ]))
    .await;
}

#[tokio::test]
async fn whoever_dies_over_the_timer_of_a_pool_it_is_looked_at_again() {
    run(&rows(&[(Story::Far, "tickets-match", None, &[LOOK_AT, POOL_TIMER]), (Story::Far, "look-again", None, &[TOUCH])])).await;
}

#[tokio::test]
async fn whoever_dies_over_a_request_the_match_goes_on_as_if_it_had_been_made_once() {
    run(&rows(&[
        (Story::Private, "new-match", None, &[OPEN]),
        (Story::Private, "join-match", None, &[READ, JOIN_MATCH]),
        (Story::Left, "leave-match", None, &[FORFEIT, GIVE_UP]),
    ]))
    .await;
}

#[tokio::test]
async fn whoever_dies_over_a_play_it_counts_once_and_is_acknowledged() {
    run(&rows(&[
        (Story::Pooled, "play", None, &[READ]),
        (Story::Private, "play", None, &[PLAY_IN_SECRET, PLAY_AND_RESOLVE]),
        (Story::Answered, "play", None, &[REPLY]),
    ]))
    .await;
}

#[tokio::test]
async fn whoever_dies_over_a_socket_that_closes_its_player_comes_back_to_the_match() {
    run_each(&rows(&[(Story::Dropped, "disconnect", None, &[DISCONNECT, OTHERS, SEATS, READ_FOR_SURE, GO_AWAY])])).await;
}

#[tokio::test]
async fn whoever_dies_while_players_are_told_they_are_told_of_every_round_and_free_at_the_end() {
    let (playing, over) = (("PostToConnection", "\"playing\""), ("PostToConnection", "\"over\""));
    run(&rows(&[(Story::Private, "matches-announce", None, &[MATCH_TIMER, CONNECTIONS, playing, RELEASE, over])])).await;
}

#[tokio::test]
async fn whoever_dies_over_the_timer_of_a_round_it_is_resolved_though_one_of_both_does_not_play() {
    run(&rows(&[(Story::Late, "matches-announce", None, &[MATCH_TIMER]), (Story::Late, "look-again", None, &[READ_FOR_SURE, TIME_UP])]))
        .await;
}

#[tokio::test]
async fn whoever_dies_over_a_timer_that_comes_too_early_another_one_comes_in_time() {
    run_each(&rows(&[(Story::Slow, "look-again", Some(SEND_ON), &[ARM])])).await;
}
