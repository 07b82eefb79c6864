//! Many matches at once, refereed by a model of the rules that is not Muster's: what both players are told of every round is as it has it.

use futures_util::future::{join, join_all};
use serde_json::{Value, json};

use super::{Gamer, met, shows};
use crate::harness::LocalStack;

const MATCHES: usize = 80;

/// Of how many rounds a player sleeps through one, and of how many matches both fall asleep in one.
const SLEEPY: usize = 12;

/// In this order each beats the two before it, counted around.
const PLAYS: [&str; 5] = ["rock", "spock", "paper", "lizard", "scissors"];

/// How each beats which.
const WAYS: [&str; 10] = [
    "scissors cuts paper",
    "paper covers rock",
    "rock crushes lizard",
    "lizard poisons spock",
    "spock smashes scissors",
    "scissors decapitates lizard",
    "lizard eats paper",
    "paper disproves spock",
    "spock vaporizes rock",
    "rock crushes scissors",
];

/// What a match has come to.
struct Referee {
    round: u32,
    scores: [u32; 2],
    /// Rounds in a row that nobody played in.
    slept: u32,
}

impl Referee {
    const WINS: u32 = 3;
    const ROUNDS: u32 = 8;

    /// What both are told when a round is over in which this was played, and whether the match is, too.
    fn judge(&mut self, plays: [Option<&str>; 2]) -> ([Value; 2], bool) {
        self.slept = if plays == [None, None] { self.slept + 1 } else { 0 };
        if self.slept == 2 {
            let abandoned = json!({"state": "over", "events": null, "outcome": {"ending": "abandoned", "places": [1, 1]}});
            return (
                [0, 1].map(|seat| with(&abandoned, json!({"yourScore": self.scores[seat], "theirScore": self.scores[1 - seat]}))),
                true,
            );
        }
        let rank = |play: &str| PLAYS.iter().position(|other| *other == play).unwrap();
        let (winner, summary) = match plays {
            [None, None] => (None, "nobody played".to_owned()),
            [Some(play), None] => (Some(0), format!("{play} against nothing")),
            [None, Some(play)] => (Some(1), format!("{play} against nothing")),
            [Some(one), Some(other)] if one == other => (None, format!("{one} meets {other}")),
            [Some(one), Some(other)] => {
                let first = [1, 2].contains(&((rank(one) + 5 - rank(other)) % 5));
                let (best, worst) = if first { (one, other) } else { (other, one) };
                let way = WAYS.iter().find(|way| way.starts_with(best) && way.ends_with(worst)).unwrap();
                (Some(usize::from(!first)), (*way).to_owned())
            }
        };
        winner.into_iter().for_each(|seat| self.scores[seat] += 1);
        let [one, other] = self.scores;
        let over = one.max(other) == Self::WINS || self.round == Self::ROUNDS;
        let mut told = json!({"state": "playing", "awaits": [0, 1], "outcome": null});
        if over {
            let places = [if one < other { 2 } else { 1 }, if other < one { 2 } else { 1 }];
            let ending = if one == other { "drawn" } else { "won" };
            let outcome = json!({"ending": ending, "places": places, "scores": self.scores});
            told = json!({"state": "over", "awaits": null, "dueAt": null, "outcome": outcome});
        }
        told["events"] = match winner {
            Some(seat) => json!([{"round": self.round, "winner": seat}]),
            None => json!([{"round": self.round}]),
        };
        self.round += 1;
        let views = [0, 1].map(|seat| {
            let winner = winner.map(|winner| if winner == seat { "you" } else { "them" });
            let scores = json!({"yourScore": self.scores[seat], "theirScore": self.scores[1 - seat], "winner": winner, "played": null});
            let plays = json!({"yourPlay": plays[seat], "theirPlay": plays[1 - seat], "roundSummary": summary});
            with(&told, merged(scores, plays))
        });
        (views, over)
    }
}

fn with(told: &Value, view: Value) -> Value {
    merged(told.clone(), json!({"view": view}))
}

fn merged(mut one: Value, other: Value) -> Value {
    one.as_object_mut().unwrap().extend(other.as_object().unwrap().clone());
    one
}

/// A player's part in a round: the play that counts, and the id of its request.
async fn part(gamer: &mut Gamer, plays: &[&'static str], asleep: bool) -> (Option<&'static str>, Value) {
    if asleep || fastrand::usize(..SLEEPY) == 0 {
        return (None, Value::Null);
    }
    let play = plays[fastrand::usize(..plays.len())];
    let frame = gamer.action(play);
    let answer = gamer.player.ask(&frame).await;
    if answer["code"] == "stale" {
        // This machine was too slow.
        return (None, Value::Null);
    }
    assert_eq!(answer["type"], "reply", "{answer}");
    (Some(play), frame["requestId"].clone())
}

/// Plays a match to its end. How many rounds it had.
async fn refereed(stack: &LocalStack, number: usize) -> u32 {
    let names = [format!("one-{number}"), format!("other-{number}")];
    let (mode, plays) = if number.is_multiple_of(2) { ("rpsls", &PLAYS[..]) } else { ("rps", &["rock", "paper", "scissors"][..]) };
    let options = json!({"wins": Referee::WINS, "rounds": Referee::ROUNDS, "seconds": 6, "reveal": 0});
    let [mut one, mut other] = met(stack, [&names[0], &names[1]], json!({"mode": mode, "options": options})).await;
    let mut referee = Referee { round: 1, scores: [0, 0], slept: 0 };
    let sleep_from = if fastrand::usize(..SLEEPY) == 0 { fastrand::u32(1..4) } else { u32::MAX };
    for version in 2.. {
        let asleep = referee.round >= sleep_from;
        let parts = join(part(&mut one, plays, asleep), part(&mut other, plays, asleep)).await;
        let (expected, over) = referee.judge([parts.0.0, parts.1.0]);
        for ((gamer, expected), ack) in [&mut one, &mut other].into_iter().zip(expected).zip([parts.0.1, parts.1.1]) {
            let told = gamer.told().await;
            shows(&told, json!({"version": version, "ack": ack}));
            shows(&told, expected);
        }
        if over {
            break;
        }
    }
    referee.round - 1
}

#[tokio::test]
async fn hundreds_of_rounds_come_out_as_the_rules_have_them() {
    let stack = LocalStack::start(&[]).await;
    let rounds: u32 = join_all((0..MATCHES).map(|number| refereed(&stack, number))).await.into_iter().sum();
    println!("{rounds} rounds of {MATCHES} matches were refereed");
    assert!(rounds > 300, "{rounds}");
    stack.settles().await;
    assert_eq!(stack.troubles().await, Vec::<String>::new());
    assert_eq!(stack.dead_letters("matches-announce").await, Vec::<Value>::new());
}
