//! The two players of a row: how they come to their match, and whether they were told the same of it.

use futures_util::future::join;
use serde_json::{Value, json};

use super::{Row, Story, fighter::Fighter};
use crate::{
    crashes::traps::Traps,
    harness::{LocalStack, eventually},
};

/// The two players of a row.
pub(super) struct Pair<'a> {
    row: &'a Row,
    fighters: [Fighter; 2],
    /// The mode, and the skill in the middle of a band: so nobody else is in the pool, nor reaches it soon.
    pool: (&'static str, usize),
}

impl<'a> Pair<'a> {
    pub(super) async fn connect(stack: &LocalStack, number: usize, row: &'a Row) -> Self {
        let [first, second] = ["first", "second"].map(|name| Fighter::connect(stack, format!("{}-{name}", row.name)));
        let apart = if row.story == Story::Far { 3 } else { 1 };
        let pool = (["rps", "rpsls"][number % 2], number / 2 * apart * 500 + 250);
        Self { row, fighters: join(first, second).await.into(), pool }
    }

    /// Comes to a match, and plays it to its end.
    pub(super) async fn live(&mut self, stack: &LocalStack, traps: &Traps) {
        let (pool, story) = (self.pool, self.row.story);
        let [first, second] = &mut self.fighters;
        if let Some(options) = story.options() {
            let code = first.insist("newMatch", json!({"mode": pool.0, "options": options})).await.unwrap()["matchId"].take();
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
        join(first.fight((stack, traps), self.row, false), second.fight((stack, traps), self.row, true)).await;
    }

    /// Both wait for something else, one after the other, so that they are not matched.
    pub(super) async fn live_on(&mut self) {
        for fighter in &mut self.fighters {
            fighter.live_on(self.pool).await;
        }
    }

    /// Looks at what both were told, and at what is left of it.
    pub(super) fn agrees(&self, matches: &[Value]) {
        let Row { name, story, points } = self.row;
        let [first, second] = self.fighters.each_ref().map(|fighter| &fighter.told);
        let its: Vec<&Value> = matches.iter().filter(|row| row["seats"].to_string().contains(name)).collect();
        let [row] = its[..] else { panic!("{} matches: {points:?}", its.len()) };
        let last = *first.last_key_value().unwrap().0;
        assert_eq!((&row["phase"]["S"], &row["version"]["N"]), (&json!("over"), &json!(last.to_string())), "{points:?}");
        assert!(first.keys().copied().eq(1..=last), "{:?}: {points:?}", first.keys());
        // Who was away for a while was told of the others.
        let dropped = *story == Story::Dropped;
        assert!(dropped || second.keys().eq(first.keys()), "{:?}: {points:?}", second.keys());
        for (version, theirs) in second {
            let yours = &first[version];
            for both in ["matchId", "state", "players", "dueAt", "outcome"] {
                assert_eq!(yours[both], theirs[both], "{both}: {points:?}");
            }
            let (shown, to_them) = (&yours["view"], &theirs["view"]);
            for (here, there) in [
                ("round", "round"),
                ("roundSummary", "roundSummary"),
                ("yourScore", "theirScore"),
                ("theirScore", "yourScore"),
                ("yourPlay", "theirPlay"),
            ] {
                assert_eq!(shown[here], to_them[there], "{here}: {points:?}");
            }
            let is_over = yours["state"] == "over";
            assert_eq!(is_over, *version == last, "one end: {points:?}");
            let round = version - u64::from(is_over && *story == Story::Left);
            assert!(dropped || shown["round"] == round, "one version for each round: {points:?}");
        }
    }
}
