//! Each function that has to do with placements is killed at each of its steps, before its call and after it. Whatever dies: the player is
//! told of one outcome, its seat is free, and there is one placement for its request, here and at GameLift.
//!
//! The rows of the tables below run side by side on few stacks, a player each.

use std::time::Duration;

use futures_util::future::{join, join_all};
use serde_json::{Value, json};
use tokio::time::sleep;

use super::{
    Moment::{self, AfterItsCall, BeforeItsCall},
    traps::{Point, Traps},
};
use crate::harness::{Device, Fleet, LocalStack, Proxy, arn_of, eventually, fulfilled, placement_request, session_ended};

const BOTH: [Moment; 2] = [BeforeItsCall, AfterItsCall];

/// Whoever decides about a row has read it before; where that is the first read of it, it can be told from those of others.
const READ: Step = ("GetItem", "muster-dev-placements");
const READ_FOR_SURE: Step = ("GetItem", r#""ConsistentRead":true"#);
const CLAIM: Step = ("PutItem", r#""status":{"S":"pending"}"#);
const START: Step = ("StartGameSessionPlacement", "");
const STOP: Step = ("StopGameSessionPlacement", "");
const DESCRIBE: Step = ("DescribeGameSessionPlacement", "");
const END: Step = ("PutItem", r#""status":{"S":"ended"}"#);
const RELEASE: Step = ("DeleteItem", "holds = :holds");
const SESSION: Step = ("PutItem", "\"attribute_not_exists(playerId)\"");
const RECHECK: Step = ("PutItem", r#""recheck":{"N":"1"}"#);
const RECHECK_TIMER: Step = ("SendMessage", r#"\"recheck\":1"#);
const TOLD: Step = ("PutItem", r#""told":{"BOOL":true}"#);

/// What becomes of a player's first placement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Story {
    /// A server is found.
    Found,
    /// A server is found, and its game ends.
    Over,
    /// A server that nobody asked for takes the player, and its game ends.
    Foreign,
    /// The player gives it up.
    Cancelled,
    /// The player gives it up before GameLift is asked.
    CancelledAtOnce,
    /// A server is found, and no event tells of it.
    Unheard,
    /// No server is found, and nobody says so.
    GivenUp,
    /// The same, and GameLift was asked so late that the timer looks twice.
    StartedLate,
}

/// How late GameLift is asked in that story.
const LATE: Duration = Duration::from_secs(3);

impl Story {
    /// What the player is told, in this order: each time one of these.
    fn outcomes(self) -> &'static [&'static [&'static str]] {
        match self {
            Self::Found | Self::Unheard => &[&["fulfilled"]],
            Self::Over | Self::Foreign => &[&["fulfilled"], &["ended"]],
            Self::Cancelled | Self::CancelledAtOnce => &[&["cancelled"]],
            // GameLift calls cancelled what the timer has stopped, and may be first to say so.
            Self::GivenUp | Self::StartedLate => &[&["timedOut", "cancelled"]],
        }
    }

    /// What GameLift says of the placement.
    fn at_gamelift(self) -> Value {
        match self {
            Self::Found | Self::Unheard | Self::Over => json!("FULFILLED"),
            // Muster has stopped what it gave up.
            Self::Cancelled | Self::GivenUp | Self::StartedLate => json!("CANCELLED"),
            Self::CancelledAtOnce | Self::Foreign => json!(null),
        }
    }
}

/// A player, what happens to it, and where somebody is killed over it.
struct Row {
    player: String,
    story: Story,
    points: Vec<Point>,
}

/// An operation, and what is in a call that is meant.
type Step = (&'static str, &'static str);

/// What happens, the function that dies over it, who has died where before, and at which steps it dies.
type Line<'a> = (Story, &'static str, Option<(&'static str, Moment, Step)>, &'a [Step]);

/// The rows of a table: for each of these steps one in which its function is killed before, and one in which it is killed after.
fn rows(table: &[Line<'_>]) -> Vec<Row> {
    let mut rows = Vec::new();
    for &(story, function, before, steps) in table {
        let point = |function, moment, (operation, mark)| Point { function, operation, mark, moment };
        for (step, moment) in steps.iter().flat_map(|step| BOTH.map(|moment| (step, moment))) {
            let points = before.iter().map(|&(function, moment, step)| point(function, moment, step));
            let points = points.chain([point(function, moment, *step)]).collect();
            rows.push(Row { player: format!("victim-{:02}", rows.len()), story, points });
        }
    }
    rows
}

/// Sends a frame until it is answered by a reply: whoever got no answer asks again, under the same request id.
pub async fn insist(device: &mut Device, frame: &Value) -> Value {
    loop {
        let answer = device.ask(frame).await;
        match answer["type"].as_str() {
            Some("reply") => return answer["body"].clone(),
            Some("rejection") => assert_eq!(answer["code"], "internal", "{answer}"),
            _ => assert_eq!(answer["message"], "Internal server error", "{answer}"),
        }
    }
}

/// How a push says that its placement ended.
pub fn outcome_of(push: &Value) -> &str {
    if push["type"] == "session" { "fulfilled" } else { push["outcome"].as_str().unwrap() }
}

/// What GameLift says of a placement; nothing, if it does not know it.
pub async fn at_gamelift(stack: &LocalStack, placement_id: &str) -> Value {
    let answer = stack.aws("GameLift.DescribeGameSessionPlacement", &json!({"PlacementId": placement_id})).await;
    answer["GameSessionPlacement"]["Status"].clone()
}

/// A player of a row, while the row runs.
struct Victim<'a> {
    row: &'a Row,
    device: Device,
    /// Its first placement.
    placement_id: String,
    /// What it was pushed, without repetitions: placements and outcomes.
    told: Vec<(String, String)>,
}

impl<'a> Victim<'a> {
    async fn connect(stack: &LocalStack, row: &'a Row) -> Self {
        let device = Device::connect(stack, &row.player).await;
        Self { row, device, placement_id: String::new(), told: Vec::new() }
    }

    /// Lives through the first placement, up to the last thing that it is told.
    async fn live(&mut self, stack: &LocalStack, traps: &Traps, until_timer: Duration) {
        let player = &self.row.player;
        if self.row.story == Story::Foreign {
            // The victim is in the middle of the others.
            let players = [format!("a-{player}"), player.clone(), format!("z-{player}")];
            self.placement_id = format!("foreign-{player}");
            stack.tell(&fulfilled(&self.placement_id, &odd_arn(player), &players)).await;
        } else {
            let reply = insist(&mut self.device, &placement_request("r1")).await;
            self.placement_id = reply["placementId"].as_str().unwrap().to_owned();
        }
        let id = self.placement_id.clone();
        match self.row.story {
            Story::Cancelled | Story::CancelledAtOnce => {
                self.is_so_far(stack, traps).await;
                let body = json!({"placementId": id});
                insist(&mut self.device, &json!({"route": "cancelPlacement", "requestId": "c1", "body": body})).await;
                if self.row.story == Story::CancelledAtOnce {
                    traps.happened();
                }
            }
            Story::Unheard | Story::GivenUp => sleep(until_timer).await,
            Story::StartedLate => {
                sleep(LATE).await;
                traps.happened();
                sleep(until_timer).await;
            }
            Story::Over | Story::Foreign => {
                let session = self.hear(&id, &["fulfilled"]).await;
                stack.tell(&session_ended(session["gameSessionArn"].as_str().unwrap(), &json!({"of": player}))).await;
            }
            Story::Found => {}
        }
        let last = self.row.story.outcomes().last().unwrap();
        let push = self.hear(&id, last).await;
        if *last == ["ended"] {
            assert_eq!(push["results"], json!({"of": player}));
        }
    }

    /// Waits until the placement is as far as it is to be when it is cancelled.
    async fn is_so_far(&self, stack: &LocalStack, traps: &Traps) {
        let id = &self.placement_id;
        if self.row.story == Story::Cancelled {
            let known = || async { (at_gamelift(stack, id).await == "PENDING").then_some(()) };
            eventually("GameLift has been asked", known).await;
            return;
        }
        traps.first_springs(&self.row.player).await;
        if let Moment::AfterItsCall = self.row.points[0].moment {
            eventually("it is claimed", || async {
                let placements = stack.table("placements").await;
                placements.iter().any(|row| row["placementId"]["S"] == *id && row["status"]["S"] == "pending").then_some(())
            })
            .await;
        }
    }

    /// Asks for another placement, which shows that the seat is free, and that nothing else was on its way before.
    async fn live_on(&mut self) {
        let id = self.device.request("r2").await;
        self.hear(&id, &["fulfilled"]).await;
        let told: Vec<&str> = self.told.iter().filter(|(of, _)| *of == self.placement_id).map(|(_, outcome)| outcome.as_str()).collect();
        let expected = self.row.story.outcomes();
        let as_expected = told.len() == expected.len() && told.iter().zip(expected).all(|(told, one_of)| one_of.contains(told));
        assert!(as_expected, "{told:?} instead of {expected:?}: {:?}", self.row.points);
        assert_eq!(self.told.len(), told.len() + 1, "there is nothing else to tell: {:?}", self.told);
        let state = self.device.state().await;
        assert_eq!(state.get("seats"), None, "{state}");
    }

    /// Waits for a push that says one of these outcomes.
    async fn hear(&mut self, placement_id: &str, outcomes: &[&str]) -> Value {
        loop {
            let push = self.device.push().await;
            let told = (push["placementId"].as_str().unwrap().to_owned(), outcome_of(&push).to_owned());
            let found = told.0 == placement_id && outcomes.contains(&told.1.as_str());
            if !self.told.contains(&told) {
                self.told.push(told);
            }
            if found {
                return push;
            }
        }
    }
}

/// A game session whose name does not tell its placement, so that there is one step more.
fn odd_arn(player: &str) -> String {
    arn_of(&format!("not-{player}"))
}

/// Lets the rows happen, kills whoever works for them where they say, and looks at what is left.
async fn run(proxied: &(LocalStack, Proxy), fleet: &Fleet, rows: &[Row]) {
    let (stack, proxy) = proxied;
    let traps = Traps::set(proxy, rows.iter().flat_map(|row| row.points.iter().map(|point| (row.player.clone(), *point))));
    traps.wait_for(rows.iter().filter(|row| matches!(row.story, Story::CancelledAtOnce | Story::StartedLate)).count());
    // The timer looks after eleven seconds, and before that nobody is asked in vain.
    let is_timed = |row: &Row| row.story == Story::StartedLate || row.points[0].function == "look-again";
    let until_timer = Duration::from_secs(if rows.iter().any(is_timed) { 9 } else { 0 });
    let mut victims = join_all(rows.iter().map(|row| Victim::connect(stack, row))).await;
    let living = async {
        // Those who are to be given up ask when the fleet has become unable.
        let (later, now): (Vec<_>, Vec<_>) = victims.iter_mut().partition(|victim| victim.row.story == Story::GivenUp);
        let able = proxy.done("StartGameSessionPlacement") + now.len();
        let first = join_all(now.into_iter().map(|victim| victim.live(stack, &traps, until_timer)));
        let second = async {
            if !later.is_empty() {
                proxy.has_done("StartGameSessionPlacement", able).await;
                fleet.will(&json!({"outcome": "never"}));
                join_all(later.into_iter().map(|victim| victim.live(stack, &traps, until_timer))).await;
            }
        };
        join(first, second).await;
    };
    join(living, traps.watch(stack)).await;
    fleet.will(&json!({"delayMilliseconds": 0}));
    join_all(victims.iter_mut().map(Victim::live_on)).await;
    // Whoever died behind the row that told the player is repeated after that.
    let placements = eventually("all are noted as told", || async {
        let rows = stack.table("placements").await;
        rows.iter().all(|row| row.get("pointsTo").is_some() || row["told"]["BOOL"] == true).then_some(rows)
    })
    .await;
    for victim in &victims {
        let Row { player, story, points } = victim.row;
        let its = placements.iter().filter(|row| row["players"].to_string().contains(&format!("\"{player}\"")));
        let (first, others): (Vec<_>, Vec<_>) = its.partition(|row| row["placementId"]["S"] == victim.placement_id);
        assert_eq!((first.len(), others.len()), (1, 1), "one placement for each request: {points:?}");
        let [outcome, ended] = ["outcome", "status"].map(|name| first[0][name]["S"].as_str().unwrap());
        assert!(story.outcomes()[0].contains(&outcome) && ended == "ended", "{outcome}, {ended}: {points:?}");
        assert_eq!(at_gamelift(stack, &victim.placement_id).await, story.at_gamelift(), "{points:?}");
    }
    let rows = stack.table("players").await;
    assert!(!rows.iter().any(|row| row["item"]["S"].as_str().unwrap().starts_with("seat#")), "no seat is left: {rows:?}");
    for consumer in ["placements-forward", "player-sessions-announce", "placement-events", "timers"] {
        assert_eq!(stack.dead_letters(consumer).await, Vec::<Value>::new(), "{consumer}");
    }
}

async fn stack(fleet: &Fleet, more: &[&str]) -> (LocalStack, Proxy) {
    let fleet = fleet.argument();
    let arguments = [&[fleet.as_str(), "--async-retry", "1", "--environments", "24"], more].concat();
    Proxy::between(&["dynamodb", "apigatewaymanagementapi", "gamelift", "sqs"], &arguments).await
}

#[tokio::test]
async fn whoever_dies_on_the_way_to_gamelift_or_to_the_player_one_placement_is_made_and_told() {
    // It takes long enough for a request that got no answer to be sent again before it is over.
    let fleet = Fleet::that(&json!({"delayMilliseconds": 3_000}));
    let table = rows(&[
        (Story::Found, "session-placement-request", None, &[("TransactWriteItems", "")]),
        (Story::Found, "placements-forward", None, &[READ, CLAIM, ("SendMessage", "dueAt"), START]),
        (Story::Found, "player-sessions-announce", None, &[("Query", "connection#"), ("PostToConnection", "session")]),
    ]);
    run(&stack(&fleet, &[]).await, &fleet, &table).await;
}

#[tokio::test]
async fn whoever_dies_after_a_start_finds_out_what_became_of_it_also_without_an_event() {
    let fleet = Fleet::that(&json!({"delayMilliseconds": 0, "events": "drop"}));
    let table = rows(&[(
        Story::Unheard,
        "placements-forward",
        Some(("placements-forward", AfterItsCall, START)),
        &[START, DESCRIBE, END, RELEASE, SESSION, TOLD],
    )]);
    run(&stack(&fleet, &[]).await, &fleet, &table).await;
}

#[tokio::test]
async fn whoever_dies_on_the_way_of_gamelifts_event_its_player_is_told_and_free() {
    let fleet = Fleet::that(&json!({"delayMilliseconds": 1_000}));
    let table = rows(&[(Story::Found, "placement-events", None, &[END, RELEASE, SESSION, TOLD])]);
    run(&stack(&fleet, &[]).await, &fleet, &table).await;
}

#[tokio::test]
async fn whoever_dies_over_a_foreign_server_or_the_end_of_a_game_its_players_are_told_of_both() {
    let fleet = Fleet::that(&json!({"delayMilliseconds": 0}));
    let adopt = ("PutItem", "attribute_not_exists(placementId)");
    let (close, closed) = (("PutItem", "closedAt"), ("PutItem", "outcome = :open"));
    let table = rows(&[
        (Story::Foreign, "placement-events", None, &[adopt, ("PutItem", "pointsTo"), RELEASE, SESSION, TOLD]),
        (Story::Over, "placement-events", None, &[close, closed]),
    ]);
    run(&stack(&fleet, &[]).await, &fleet, &table).await;
}

#[tokio::test]
async fn whoever_dies_over_a_cancel_the_placement_is_stopped_and_its_player_told() {
    let fleet = Fleet::that(&json!({"outcome": "never"}));
    let table = rows(&[
        (Story::Cancelled, "cancel-placement", None, &[("PutItem", r#""status":{"S":"cancelling"}"#)]),
        (Story::Cancelled, "placements-forward", None, &[STOP]),
        (Story::Cancelled, "placement-events", None, &[END, SESSION]),
    ]);
    run(&stack(&fleet, &[]).await, &fleet, &table).await;
}

#[tokio::test]
async fn whoever_dies_over_a_cancel_that_comes_before_the_start_nothing_is_started() {
    let fleet = Fleet::that(&json!({"outcome": "never"}));
    let early = (
        Story::CancelledAtOnce,
        "placements-forward",
        Some(("placements-forward", BeforeItsCall, CLAIM)),
        &[END, RELEASE, SESSION, TOLD][..],
    );
    let late =
        (Story::CancelledAtOnce, "placements-forward", Some(("placements-forward", AfterItsCall, CLAIM)), &[STOP, DESCRIBE, END][..]);
    let (proxied, rows) = (stack(&fleet, &[]).await, rows(&[early, late]));
    // Of those that come one after another in the stream, only the first one can be cancelled while its claim is held.
    for rows in rows.chunks(1) {
        fleet.will(&json!({"outcome": "never"}));
        run(&proxied, &fleet, rows).await;
    }
}

#[tokio::test]
async fn whenever_the_timer_dies_it_fires_again_and_ends_what_nobody_told_of() {
    let fleet = Fleet::that(&json!({"events": "drop"}));
    let table = rows(&[
        (Story::Unheard, "look-again", None, &[READ_FOR_SURE, DESCRIBE, END, RELEASE, SESSION, TOLD]),
        (Story::GivenUp, "look-again", None, &[DESCRIBE, STOP, END, SESSION]),
    ]);
    let seconds = ["--parameter", "PlacementTimeoutSeconds=10", "--parameter", "PlacementGraceSeconds=1"];
    run(&stack(&fleet, &seconds).await, &fleet, &table).await;
}

#[tokio::test]
async fn whoever_dies_over_a_second_look_of_the_timer_it_comes_and_ends_what_was_started_late() {
    let fleet = Fleet::that(&json!({"outcome": "never", "events": "drop"}));
    let late = Some(("placements-forward", BeforeItsCall, CLAIM));
    let table =
        rows(&[(Story::StartedLate, "look-again", late, &[RECHECK]), (Story::StartedLate, "placements-forward", late, &[RECHECK_TIMER])]);
    let seconds = ["--parameter", "PlacementTimeoutSeconds=10", "--parameter", "PlacementGraceSeconds=1"];
    run(&stack(&fleet, &seconds).await, &fleet, &table).await;
}
