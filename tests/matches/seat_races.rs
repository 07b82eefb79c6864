//! Many who want to sit in the same matches: nobody sits in two, and no match has three.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{Gamer, private::opened};
use crate::harness::LocalStack;

const HOSTS: usize = 12;
const GUESTS: usize = 31;
/// How often, each of the guests asking for two seats at once: 496 times in all.
const WAVES: usize = 8;

#[tokio::test]
async fn of_many_who_want_a_seat_one_gets_it_and_nobody_gets_two() {
    let stack = LocalStack::start(&[]).await;
    let mut hosts = join_all((0..HOSTS).map(async |number| Gamer::connect(&stack, &format!("host-{number}")).await)).await;
    let mut guests = join_all((0..GUESTS).map(async |number| Gamer::connect(&stack, &format!("guest-{number}")).await)).await;
    for wave in 0..WAVES {
        let codes = join_all(hosts.iter_mut().map(opened)).await;
        let wishes: Vec<[&String; 2]> = guests.iter().map(|_| two_of(&codes)).collect();
        let answers = join_all(guests.iter_mut().zip(&wishes).map(|(guest, codes)| both(guest, codes, wave))).await;
        let mut taken: BTreeMap<&String, &str> = BTreeMap::new();
        for ((guest, codes), answers) in guests.iter().zip(&wishes).zip(&answers) {
            let got: Vec<&String> = codes.iter().zip(answers).filter(|(_, answer)| *answer == "reply").map(|(code, _)| *code).collect();
            assert!(got.len() <= 1, "{} sits in {got:?}", guest.name);
            for code in got {
                assert_eq!(taken.insert(code, &guest.name), None, "{code} has one seat to give");
            }
        }
        // Whoever got none was too late for both.
        for ((guest, codes), answers) in guests.iter().zip(&wishes).zip(&answers) {
            for (code, answer) in codes.iter().zip(answers) {
                match answer.as_str() {
                    "match_full" => assert!(taken[code] != guest.name, "{code}"),
                    "seated" => assert!(taken.values().any(|name| *name == guest.name), "{} sits nowhere", guest.name),
                    other => assert_eq!(other, "reply", "{} in {code}", guest.name),
                }
            }
        }
        for (host, code) in hosts.iter_mut().zip(&codes) {
            let view = host.get("joinMatch", json!({"matchId": code})).await;
            assert_eq!(view["players"].get(1).map(|player| player["playerId"].as_str().unwrap()), taken.get(code).copied(), "{view}");
            host.get("leaveMatch", json!({"matchId": code})).await;
        }
        stack.settles().await;
    }
    assert_eq!(stack.troubles().await, Vec::<String>::new());
}

fn two_of(codes: &[String]) -> [&String; 2] {
    let first = fastrand::usize(..codes.len());
    [&codes[first], &codes[(first + fastrand::usize(1..codes.len())) % codes.len()]]
}

/// Asks for two seats at once, and again for those for which too much was going on. What was answered: `reply`, or a code.
async fn both(guest: &mut Gamer, codes: &[&String; 2], wave: usize) -> [String; 2] {
    let frames = [0, 1].map(|at| json!({"route": "joinMatch", "requestId": format!("{wave}-{at}"), "body": {"matchId": codes[at]}}));
    let mut answers = [const { String::new() }; 2];
    let mut open: Vec<usize> = vec![0, 1];
    while !open.is_empty() {
        for at in &open {
            guest.player.socket.send(frames[*at].to_string()).await;
        }
        for _ in std::mem::take(&mut open) {
            let answer: Value = guest.player.answer().await;
            let at = usize::from(answer["requestId"] == frames[1]["requestId"]);
            answers[at] = answer["code"].as_str().unwrap_or("reply").to_owned();
            if answers[at] == "busy" {
                open.push(at);
            }
        }
    }
    answers
}
