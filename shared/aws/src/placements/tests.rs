//! The rules and the expressions, held against each other on an embedded engine; and the steps of an end, each done twice.

use std::collections::HashSet;

use muster_game::placement::Change;
use muster_protocol::{Code, Rejection, SeatKind, ServerFrame};

use super::*;
use crate::{Failure, PlayerSessionRow, PlayerSessions, Seats, clock, conditional::Item, test_engine};

const DUE: u64 = 4_000_000_000_000;
const ARN: &str = "arn:aws:gamelift:us-east-1::gamesession/fleet/p1";

fn session() -> GameSession {
    GameSession { game_session_arn: ARN.into(), ip: "192.0.2.1".into(), dns: None, port: 1_337, region: Some("us-east-1".into()) }
}

fn fulfilled(players: &[&str]) -> End {
    End::fulfilled(session(), players.iter().map(|player| ((*player).to_owned(), format!("psess-{player}"))).collect())
}

/// All tables.
struct World {
    ending: Ending,
    placements: Placements,
    seats: Seats,
    player_sessions: PlayerSessions,
}

impl World {
    async fn new() -> Self {
        let config = test_engine::start().await;
        Self {
            ending: Ending::from_config(&config).unwrap(),
            placements: Placements::from_config(&config).unwrap(),
            seats: Seats::from_config(&config).unwrap(),
            player_sessions: PlayerSessions::from_config(&config).unwrap(),
        }
    }

    async fn request(&self, placement: &str, player: &str, request: Option<&str>) -> Result<Requested, Failure> {
        let received_at = clock::now_milliseconds();
        let wish = Wish {
            placement_id: placement,
            player_id: player,
            request_id: request,
            mode: "arena",
            latencies: BTreeMap::from([("eu-west-1".to_owned(), 20)]),
            due_at: DUE,
            received_at,
            cause: "c",
        };
        self.placements.request(&self.seats, wish).await
    }

    async fn put(&self, row: &PlacementRow) {
        let item: Item = serde_dynamo::to_item(row).unwrap();
        self.placements.client.put_item().table_name(&self.placements.table).set_item(Some(item)).send().await.unwrap();
    }

    async fn holds(&self, player: &str) -> Option<String> {
        self.seats.of_player(player).await.unwrap().map(|seat| seat.holds)
    }

    async fn outcomes(&self, player: &str) -> Vec<Outcome> {
        self.player_sessions.of_player(player).await.unwrap().iter().map(|row| row.outcome).collect()
    }
}

fn rejection(result: Result<Requested, Failure>) -> Rejection {
    match result {
        Err(Failure::Rejection(rejection)) => rejection,
        other => panic!("{other:?}"),
    }
}

/// Every change, and every placement that they lead to.
fn rules() -> (Vec<Change>, HashSet<Placement>) {
    let mut changes = vec![Change::Claim, Change::Cancel, Change::Tell];
    changes.extend((0..2).map(|from| Change::Recheck { from, due_at: DUE + 1 + u64::from(from) }));
    changes.extend([Outcome::Fulfilled, Outcome::TimedOut, Outcome::Failed, Outcome::Cancelled].map(Change::End));
    let (mut reached, mut new) = (HashSet::new(), vec![Placement::requested(DUE)]);
    while let Some(placement) = new.pop() {
        if reached.insert(placement) {
            new.extend(changes.iter().filter_map(|change| placement.after(*change)));
        }
    }
    (changes, reached)
}

#[tokio::test]
async fn every_expression_does_what_the_rules_say() {
    let world = World::new().await;
    let (changes, placements) = rules();
    assert!(placements.len() > 40, "{}", placements.len());
    for placement in placements {
        let row = PlacementRow {
            status: placement.status,
            claimed_at: placement.claimed.then_some(1),
            recheck: placement.recheck,
            due_at: placement.due_at,
            outcome: placement.outcome,
            told: placement.told,
            ..PlacementRow::new("p1", vec!["alice".into()], clock::now_milliseconds(), "c")
        };
        for change in &changes {
            world.put(&row).await;
            let changed = match change {
                Change::Cancel => world.placements.cancel("p1", "alice").await.unwrap(),
                change => world.placements.change("p1", *change).await.unwrap(),
            };
            let (after, now) = match changed {
                Changed::Won(row) => (Some(row.rules()), row),
                Changed::Lost(row) => (None, row.unwrap()),
            };
            assert_eq!(after, placement.after(*change), "{change:?} of {placement:?}");
            assert_eq!(now.rules(), placement.after(*change).unwrap_or(placement));
            assert_eq!(world.placements.get("p1").await.unwrap().unwrap(), now);
        }
    }
}

#[tokio::test]
async fn no_change_makes_a_placement_that_is_not_there() {
    let world = World::new().await;
    for change in rules().0 {
        let changed = match change {
            Change::Cancel => world.placements.cancel("p1", "alice").await.unwrap(),
            change => world.placements.change("p1", change).await.unwrap(),
        };
        assert!(matches!(changed, Changed::Lost(None)), "{change:?}");
    }
    assert!(world.placements.get("p1").await.unwrap().is_none());
}

#[tokio::test]
async fn only_those_who_are_in_a_placement_cancel_it() {
    let world = World::new().await;
    world.request("p1", "alice", None).await.unwrap();
    assert!(matches!(world.placements.cancel("p1", "bob").await.unwrap(), Changed::Lost(Some(_))));
    assert!(matches!(world.placements.cancel("p1", "alice").await.unwrap(), Changed::Won(_)));
}

#[tokio::test]
async fn a_player_has_one_seat_and_a_repetition_is_told_of_what_it_led_to() {
    let world = World::new().await;
    let first = world.request("p1", "alice", Some("r1")).await.unwrap();
    assert_eq!(first, Requested { placement_id: "p1".into(), repeated: false });
    let repeated = Requested { placement_id: "p1".into(), repeated: true };
    // The same event again, and the same request in another event.
    assert_eq!(world.request("p1", "alice", Some("r1")).await.unwrap(), repeated);
    assert_eq!(world.request("p2", "alice", Some("r1")).await.unwrap(), repeated);
    for other in [Some("r2"), None] {
        let rejection = rejection(world.request("p3", "alice", other).await);
        assert_eq!((rejection.code, rejection.message.contains("placement p1")), (Code::Seated, true));
    }
    // A refused transaction has left nothing behind.
    assert!(world.placements.get("p2").await.unwrap().is_none() && world.placements.get("p3").await.unwrap().is_none());
    assert!(world.request("p4", "bob", Some("r1")).await.is_ok());
}

#[tokio::test]
async fn without_a_request_id_the_same_event_is_a_repetition_all_the_same() {
    let world = World::new().await;
    world.request("p1", "alice", None).await.unwrap();
    assert!(world.request("p1", "alice", None).await.unwrap().repeated);
    world.ending.end("p1", &End::usual(Outcome::Failed)).await.unwrap();
    // It has come to its end meanwhile, and takes no seat again.
    assert!(world.request("p1", "alice", None).await.unwrap().repeated);
    assert_eq!(world.holds("alice").await, None);
}

#[tokio::test]
async fn a_seat_that_has_expired_is_free() {
    let world = World::new().await;
    world.request("p1", "alice", Some("r1")).await.unwrap();
    let mut seat = world.seats.of_player("alice").await.unwrap().unwrap();
    seat.expires_at = 1;
    let item: Item = serde_dynamo::to_item(&seat).unwrap();
    world.placements.client.put_item().table_name("players").set_item(Some(item)).send().await.unwrap();
    assert!(!world.request("p2", "alice", Some("r1")).await.unwrap().repeated);
    assert_eq!(world.holds("alice").await.as_deref(), Some("p2"));
}

#[tokio::test]
async fn many_requests_at_once_take_one_seat() {
    let world = World::new().await;
    let names: Vec<String> = (0..20).map(|n| format!("p{n}")).collect();
    let results = futures_util::future::join_all(names.iter().map(|name| world.request(name, "alice", Some("r1")))).await;
    let requested: Vec<Requested> = results.into_iter().map(Result::unwrap).collect();
    assert_eq!(requested.iter().filter(|requested| !requested.repeated).count(), 1);
    assert_eq!(requested.iter().map(|requested| &requested.placement_id).collect::<HashSet<_>>().len(), 1);
}

#[tokio::test]
async fn the_first_end_counts_and_tells_everybody_once_whatever_is_repeated() {
    let world = World::new().await;
    world.request("p1", "alice", None).await.unwrap();
    for _ in 0..2 {
        world.ending.end("p1", &fulfilled(&["alice"])).await.unwrap();
        world.ending.end("p1", &End::usual(Outcome::TimedOut)).await.unwrap();
        assert_eq!(world.outcomes("alice").await, [Outcome::Fulfilled]);
        assert_eq!(world.holds("alice").await, None);
    }
    let row = world.placements.get("p1").await.unwrap().unwrap();
    assert_eq!((row.outcome, row.told, row.session), (Some(Outcome::Fulfilled), true, Some(session())));
    let told = world.player_sessions.of_player("alice").await.unwrap().remove(0);
    let ServerFrame::Session(push) = ServerFrame::from(told) else { panic!() };
    assert_eq!((push.ip.as_str(), push.port, push.player_session_id.as_str()), ("192.0.2.1", 1_337, "psess-alice"));
}

#[tokio::test]
async fn a_death_between_the_steps_of_an_end_is_made_good_by_the_next() {
    let world = World::new().await;
    world.request("p1", "alice", None).await.unwrap();
    // It died behind the outcome.
    world.placements.end("p1", &fulfilled(&["alice"])).await.unwrap();
    assert_eq!((world.holds("alice").await.as_deref(), world.outcomes("alice").await.len()), (Some("p1"), 0));
    // It died behind the seats.
    world.seats.release("alice", SeatKind::Placement, "p1").await.unwrap();
    let row = world.placements.get("p1").await.unwrap().unwrap();
    world.ending.tell(&row).await.unwrap();
    assert_eq!(world.outcomes("alice").await, [Outcome::Fulfilled]);
    assert!(world.placements.get("p1").await.unwrap().unwrap().told);
}

#[tokio::test]
async fn a_late_end_gives_up_no_seat_in_anything_else() {
    let world = World::new().await;
    world.request("p1", "alice", None).await.unwrap();
    let ended = world.placements.end("p1", &End::usual(Outcome::Failed)).await.unwrap();
    world.seats.release("alice", SeatKind::Placement, "p1").await.unwrap();
    world.request("p2", "alice", None).await.unwrap();
    let Changed::Won(row) = ended else { panic!() };
    world.ending.tell(&row).await.unwrap();
    assert_eq!(world.holds("alice").await.as_deref(), Some("p2"));
}

#[tokio::test]
async fn whoever_was_not_placed_is_told_so() {
    let world = World::new().await;
    world.request("p1", "alice", None).await.unwrap();
    world.ending.end("p1", &fulfilled(&["bob"])).await.unwrap();
    assert_eq!(world.outcomes("alice").await, [Outcome::Failed]);
    assert_eq!(world.outcomes("bob").await, [Outcome::Fulfilled]);
    assert_eq!(world.holds("alice").await, None);
}

#[tokio::test]
async fn an_end_of_the_session_stays_whatever_overtakes_it() {
    let world = World::new().await;
    world.request("p1", "alice", None).await.unwrap();
    let Changed::Won(before) = world.placements.end("p1", &fulfilled(&["alice"])).await.unwrap() else { panic!() };
    let results = Some("{\"winner\":\"alice\"}".to_owned());
    let Changed::Won(closed) = world.placements.close("p1", ARN, results.as_ref()).await.unwrap() else { panic!() };
    world.ending.close(&closed).await.unwrap();
    // The one that ended the placement goes on with what it knew.
    world.ending.tell(&before).await.unwrap();
    assert_eq!(world.outcomes("alice").await, [Outcome::Ended]);
    let told = world.player_sessions.of_player("alice").await.unwrap().remove(0);
    let ServerFrame::Placement(push) = ServerFrame::from(told) else { panic!() };
    assert_eq!(push.results, Some(serde_json::json!({"winner": "alice"})));
    // And it is closed once.
    let Changed::Won(again) = world.placements.close("p1", ARN, None).await.unwrap() else { panic!() };
    assert_eq!((again.closed_at, again.results), (closed.closed_at, results));
}

#[tokio::test]
async fn a_session_is_closed_by_its_own_arn_only() {
    let world = World::new().await;
    world.request("p1", "alice", None).await.unwrap();
    assert!(matches!(world.placements.close("p1", ARN, None).await.unwrap(), Changed::Lost(Some(_))));
    world.ending.end("p1", &fulfilled(&["alice"])).await.unwrap();
    assert!(matches!(world.placements.close("p1", "arn:other/p1", None).await.unwrap(), Changed::Lost(Some(_))));
    assert!(matches!(world.placements.close("p2", ARN, None).await.unwrap(), Changed::Lost(None)));
}

#[tokio::test]
async fn another_backends_placement_is_adopted_once_and_found_by_any_arn() {
    let world = World::new().await;
    let row = world.placements.adopt("p9", fulfilled(&["alice", "bob"]), "m1").await.unwrap().unwrap();
    assert_eq!(world.placements.adopt("p9", fulfilled(&["carol"]), "m2").await.unwrap(), None);
    world.placements.point("arn:of:mine", &row).await.unwrap();
    world.ending.tell(&row).await.unwrap();
    assert_eq!(world.placements.pointed_to("arn:of:mine").await.unwrap().as_deref(), Some("p9"));
    assert_eq!(world.placements.pointed_to("arn:of:others").await.unwrap(), None);
    for player in ["alice", "bob"] {
        assert_eq!(world.outcomes(player).await, [Outcome::Fulfilled]);
    }
}

#[tokio::test]
async fn two_hundred_players_are_told_each_their_own() {
    let world = World::new().await;
    let players: Vec<String> = (0..200).map(|n| format!("player-{n}")).collect();
    let names: Vec<&str> = players.iter().map(String::as_str).collect();
    let row = world.placements.adopt("p9", fulfilled(&names), "m1").await.unwrap().unwrap();
    world.ending.tell(&row).await.unwrap();
    for player in players {
        let told: PlayerSessionRow = world.player_sessions.of_player(&player).await.unwrap().remove(0);
        assert_eq!(told.player_session_id, Some(format!("psess-{player}")));
    }
}
