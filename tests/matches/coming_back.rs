//! Players who lose their socket and come back: whatever they are in, they are shown how it stands.

use serde_json::json;

use super::{Gamer, matched, opponent, private::opened, shows};
use crate::harness::{LocalStack, Player, eventually};

/// The player's socket ends without a word, when the player has another one already.
async fn is_back(stack: &LocalStack, gamer: &mut Gamer) {
    let back = Player::connect(stack, &gamer.name).await;
    std::mem::replace(&mut gamer.player, back).socket.vanish();
    eventually("only the new connection is left", || async { (stack.connections(&gamer.name).await.len() == 1).then_some(()) }).await;
}

#[tokio::test]
async fn a_ticket_waits_on_and_is_matched() {
    let stack = LocalStack::start(&[]).await;
    let mut alice = Gamer::connect(&stack, "alice").await;
    let ticket = alice.join_pool("rpsls").await;
    is_back(&stack, &mut alice).await;
    shows(&alice.state().await, json!({"seats": [{"kind": "ticket", "id": ticket, "requestId": "1"}], "matches": null}));
    let mut bob = Gamer::connect(&stack, "bob").await;
    bob.join_pool("rpsls").await;
    assert_eq!(opponent(&alice.told().await), "bob", "it is told on the new connection");
}

#[tokio::test]
async fn a_private_match_waits_on_and_is_joined() {
    let stack = LocalStack::start(&[]).await;
    let (mut alice, mut bob) = (Gamer::connect(&stack, "alice").await, Gamer::connect(&stack, "bob").await);
    let code = opened(&mut alice).await;
    is_back(&stack, &mut alice).await;
    let state = alice.state().await;
    shows(&state["seats"][0], json!({"kind": "match", "id": code}));
    for view in [&state["matches"][0], &alice.get("joinMatch", json!({"matchId": code})).await] {
        shows(view, json!({"matchId": code, "state": "waiting", "players": [{"playerId": "alice"}]}));
    }
    bob.get("joinMatch", json!({"matchId": code})).await;
    shows(&alice.told().await, json!({"state": "playing", "players": [{"playerId": "alice"}, {"playerId": "bob"}]}));
}

#[tokio::test]
async fn an_open_round_is_played_on_by_whoever_has_not_played_in_it() {
    let stack = LocalStack::start(&[]).await;
    let mut gamers = matched(&stack, ["alice", "bob"]).await;
    gamers[0].play("lizard").await;
    for (gamer, played) in gamers.iter_mut().zip([json!("lizard"), json!(null)]) {
        is_back(&stack, gamer).await;
        let (state, here) = (gamer.state().await, gamer.here());
        for view in [&state["matches"][0], &gamer.get("joinMatch", here).await] {
            shows(view, json!({"state": "playing", "version": 1}));
            shows(&view["view"], json!({"round": 1, "played": played, "yourPlay": null, "theirPlay": null}));
        }
    }
    let [alice, bob] = &mut gamers;
    assert_eq!(alice.cannot_play("rock").await, "not_your_turn", "the play from before counts");
    bob.play("spock").await;
    shows(&alice.told().await["view"], json!({"round": 2, "yourPlay": "lizard", "theirPlay": "spock", "winner": "you"}));
    shows(&bob.told().await["view"], json!({"round": 2, "yourPlay": "spock", "theirPlay": "lizard", "winner": "them"}));
}

#[tokio::test]
async fn a_match_that_ended_meanwhile_holds_nobody_and_is_shown_as_it_ended() {
    let stack = LocalStack::start(&[]).await;
    let [mut alice, bob] = matched(&stack, ["alice", "bob"]).await;
    let absent = bob.vanish(&stack).await;
    shows(&alice.told().await, json!({"state": "playing", "version": 2}));
    let here = alice.here();
    alice.get("leaveMatch", here.clone()).await;
    shows(&alice.told().await, json!({"state": "over", "version": 3}));
    let mut bob = absent.connect(&stack).await;
    shows(&bob.state().await, json!({"seats": null, "matches": null}));
    let view = bob.get("joinMatch", here).await;
    shows(&view, json!({"state": "over", "version": 3, "dueAt": null, "outcome": {"ending": "forfeited", "places": [2, 1]}}));
    assert_eq!(opponent(&view), "alice");
    assert_eq!(bob.cannot_play("rock").await, "match_over");
}
