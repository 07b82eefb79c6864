//! A table refuses a player's row.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering::Relaxed},
};

use serde_json::{Value, json};

use crate::harness::{Device, Proxy, Treatment, arn_of, ended_push, eventually, fulfilled, session_ended, session_push};

#[tokio::test]
async fn nobody_waits_for_the_row_of_another_player_which_is_written_by_lambdas_retry() {
    let (stack, proxy) = Proxy::between(&["dynamodb"], &["--async-retry", "1"]).await;
    let players: Vec<String> = (0..150).map(|number| format!("player-{number}")).collect();
    let (mut first, mut last) = (Device::connect(&stack, "player-0").await, Device::connect(&stack, "player-149").await);
    let arn = arn_of("p-1");
    for (event, outcome) in [(fulfilled("p-1", &arn, &players), "fulfilled"), (session_ended(&arn, &json!(1)), "ended")] {
        let away = Arc::new(AtomicBool::new(true));
        let (is_away, failed) = (Arc::clone(&away), failures(&stack.output()));
        proxy.treat(move |call| {
            let of_first =
                call.operation == "PutItem" && call.body.contains("muster-dev-player-sessions") && call.body.contains("\"player-0\"");
            if of_first && is_away.load(Relaxed) { Treatment::Refuse(400, "AccessDeniedException") } else { Treatment::Pass }
        });
        stack.tell(&event).await;
        eventually("the function has failed", || async { (failures(&stack.output()) > failed).then_some(()) }).await;
        let rows = stack.table("player-sessions").await;
        let told = rows.iter().filter(|row| row["outcome"]["S"] == outcome).count();
        assert_eq!(told, players.len() - 1, "all others are told by then");
        away.store(false, Relaxed);
        eventually("the first is told, too", || async {
            let rows = stack.table("player-sessions").await;
            (rows.iter().filter(|row| row["outcome"]["S"] == outcome).count() == players.len()).then_some(())
        })
        .await;
    }
    for (player, device) in [("player-0", &mut first), ("player-149", &mut last)] {
        assert_eq!(device.push().await, session_push("p-1", &arn, player));
        assert_eq!(device.push().await, ended_push("p-1", &json!(1)));
    }
    assert_eq!(stack.dead_letters("placement-events").await, Vec::<Value>::new());
}

/// How often an invocation has failed, as the log says.
fn failures(output: &str) -> usize {
    output.matches("the invocation failed").count()
}
