//! Rounds that are played.

use serde_json::{Value, json};

use super::{Gamer, are_free, matched, shows};
use crate::harness::LocalStack;

/// Both play, the first one first, and both are told. Their views.
async fn round(gamers: &mut [Gamer; 2], round: u64, plays: [&str; 2]) -> [Value; 2] {
    for (gamer, play) in gamers.iter_mut().zip(plays) {
        gamer.play(round, play).await;
    }
    let [one, other] = gamers;
    [one.told().await, other.told().await]
}

#[tokio::test]
async fn two_of_a_pool_play_to_the_end_and_are_free_again() {
    let stack = LocalStack::start(&[]).await;
    let mut gamers = matched(&stack, ["alice", "bob"]).await;
    let [hers, his] = round(&mut gamers, 1, ["paper", "rock"]).await;
    shows(&hers, json!({"state": "playing", "round": 2, "yourScore": 1, "theirScore": 0, "yourPlay": "paper", "theirPlay": "rock"}));
    shows(&hers, json!({"roundWinner": "you", "roundSummary": "paper covers rock", "opponentId": "bob", "mode": "rpsls"}));
    shows(&his, json!({"state": "playing", "round": 2, "yourScore": 0, "theirScore": 1, "yourPlay": "rock", "theirPlay": "paper"}));
    shows(&his, json!({"roundWinner": "them", "roundSummary": "paper covers rock", "opponentId": "alice"}));
    assert_eq!(hers["dueAt"], his["dueAt"]);
    // A draw gives nobody a point, and another round.
    let [hers, his] = round(&mut gamers, 2, ["spock", "spock"]).await;
    shows(&hers, json!({"round": 3, "yourScore": 1, "theirScore": 0, "roundWinner": null, "roundSummary": "spock meets spock"}));
    shows(&his, json!({"round": 3, "yourScore": 0, "theirScore": 1, "roundWinner": null, "roundSummary": "spock meets spock"}));
    let [_, his] = round(&mut gamers, 3, ["paper", "lizard"]).await;
    shows(&his, json!({"round": 4, "yourScore": 1, "theirScore": 1, "roundWinner": "you"}));
    round(&mut gamers, 4, ["rock", "scissors"]).await;
    let [hers, his] = round(&mut gamers, 5, ["spock", "scissors"]).await;
    shows(&hers, json!({"state": "over", "ending": "won", "winner": "you", "round": 5, "yourScore": 3, "theirScore": 1, "dueAt": null}));
    shows(&his, json!({"state": "over", "ending": "won", "winner": "them", "round": 5, "yourScore": 1, "theirScore": 3, "dueAt": null}));
    are_free(&mut gamers).await;
    stack.settles().await;
    assert_eq!(stack.troubles().await, Vec::<String>::new());
}
