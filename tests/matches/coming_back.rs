//! Players who lose their socket and come back: whatever they are in, they are shown how it stands.

use serde_json::{Value, json};

use super::{Gamer, matched, shows};
use crate::harness::{LocalStack, Player, eventually};

/// The player's socket ends without a word, and the player comes back with another one.
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
    let state = alice.state().await;
    assert_eq!((&state["seat"], &state["match"]), (&json!({"kind": "ticket", "id": ticket, "requestId": "1"}), &Value::Null));
    let mut bob = Gamer::connect(&stack, "bob").await;
    bob.join_pool("rpsls").await;
    assert_eq!(alice.told().await["opponentId"], "bob", "it is told on the new connection");
}

#[tokio::test]
async fn a_private_match_waits_on_and_is_joined() {
    let stack = LocalStack::start(&[]).await;
    let (mut alice, mut bob) = (Gamer::connect(&stack, "alice").await, Gamer::connect(&stack, "bob").await);
    let opened = alice.get("newMatch", json!({"mode": "rpsls"})).await;
    assert_eq!(alice.told().await["matchId"], opened["matchId"]);
    is_back(&stack, &mut alice).await;
    let state = alice.state().await;
    shows(&state["seat"], json!({"kind": "match", "id": opened["matchId"]}));
    shows(&state["match"], json!({"state": "waiting", "version": 1, "opponentId": null}));
    assert_eq!(state["match"], opened);
    assert_eq!(alice.get("joinMatch", json!({"matchId": opened["matchId"]})).await, opened);
    bob.get("joinMatch", json!({"matchId": opened["matchId"]})).await;
    shows(&alice.told().await, json!({"state": "playing", "version": 2, "opponentId": "bob"}));
}

#[tokio::test]
async fn an_open_round_is_played_on_by_whoever_has_not_played_in_it() {
    let stack = LocalStack::start(&[]).await;
    let mut gamers = matched(&stack, ["alice", "bob"]).await;
    gamers[0].play(1, "lizard").await;
    for gamer in &mut gamers {
        is_back(&stack, gamer).await;
        let state = gamer.state().await;
        shows(&state["match"], json!({"state": "playing", "round": 1, "version": 1, "yourPlay": null, "theirPlay": null}));
        assert_eq!(gamer.get("joinMatch", json!({"matchId": gamer.seen.0})).await, state["match"]);
        assert!(!state.to_string().contains("lizard"), "what is played in an open round is a secret: {state}");
    }
    let [alice, bob] = &mut gamers;
    assert_eq!(alice.refused("play", alice.move_in(1, "rock")).await, "repeated_play", "the play from before counts");
    bob.play(1, "spock").await;
    shows(&alice.told().await, json!({"round": 2, "yourPlay": "lizard", "theirPlay": "spock", "roundWinner": "you"}));
    shows(&bob.told().await, json!({"round": 2, "yourPlay": "spock", "theirPlay": "lizard", "roundWinner": "them"}));
}

#[tokio::test]
async fn a_match_that_ended_meanwhile_holds_nobody_and_is_shown_as_it_ended() {
    let stack = LocalStack::start(&[]).await;
    let [mut alice, mut bob] = matched(&stack, ["alice", "bob"]).await;
    let Gamer { name, player, seen } = bob;
    player.socket.vanish();
    eventually("the connection is gone", || async { stack.connections(&name).await.is_empty().then_some(()) }).await;
    let id = alice.match_id().to_owned();
    alice.get("leaveMatch", json!({"matchId": id})).await;
    shows(&alice.told().await, json!({"state": "over", "winner": "them"}));
    bob = Gamer { player: Player::connect(&stack, &name).await, name, seen };
    let state = bob.state().await;
    assert_eq!((&state["seat"], &state["match"]), (&Value::Null, &Value::Null), "{state}");
    let view = bob.get("joinMatch", json!({"matchId": id})).await;
    shows(&view, json!({"state": "over", "ending": "forfeited", "winner": "you", "version": 2, "opponentId": "alice", "dueAt": null}));
    assert_eq!(bob.refused("play", bob.move_in(1, "rock")).await, "match_over");
}
