//! What it would cost: of a local stack as it says itself, of another what the messages alone cost.

use std::time::Duration;

use serde_json::{Map, Value, json};
use tokio::time::{Instant, sleep};

use super::players::local_address;
use crate::{Result, table::Table};

/// How long the stack may take to answer.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long what is under way at the end may take. What takes longer, such as the timers of matches, is not counted.
const REST: Duration = Duration::from_secs(10);
/// List prices of API Gateway in us-east-1, as the local stack has them: of a message of up to 32 KB, and of a minute of a socket.
const MESSAGE_USD: f64 = 1.00 / 1e6;
const MINUTE_USD: f64 = 0.25 / 1e6;

/// What a stack said that it had used before the load.
pub(super) struct Cost {
    status: Option<(String, Value)>,
}

/// What the load has used. In JSON `usd`, and by item `quantity`, `unit` and `usd`.
#[derive(Debug)]
pub(super) struct Used(Value);

impl Cost {
    /// Asks a local stack; others do not tell.
    pub(super) async fn before(url: &str) -> Result<Self> {
        let Some(address) = local_address(url) else { return Ok(Self { status: None }) };
        let address = format!("{address}/status");
        let status = status(&address).await?;
        Ok(Self { status: Some((address, status)) })
    }

    /// What was used since then, once nothing is under way any more.
    pub(super) async fn after(&self, messages: u64, socket_minutes: f64) -> Result<Used> {
        let Some((address, before)) = &self.status else { return Ok(of_messages(messages, socket_minutes)) };
        let until = Instant::now() + REST;
        loop {
            let after = status(address).await?;
            if after["busy"] == 0 || Instant::now() > until {
                return Ok(since(&before["usage"], &after["usage"]));
            }
            sleep(Duration::from_millis(200)).await;
        }
    }
}

async fn status(address: &str) -> Result<Value> {
    let asked = address.to_owned();
    let answered = tokio::task::spawn_blocking(move || {
        let agent: ureq::Agent = ureq::Agent::config_builder().proxy(None).timeout_global(Some(PATIENCE)).build().into();
        agent.get(&asked).call()?.body_mut().read_json()
    });
    Ok(answered.await?.map_err(|error| format!("no local stack at {address}: {error}"))?)
}

/// The differences between two `usage` of a local stack.
fn since(before: &Value, after: &Value) -> Used {
    let number = |usage: &Value, name: &str, member: &str| usage["items"][name][member].as_f64().unwrap_or_default();
    let items = after["items"].as_object().into_iter().flatten().map(|(name, item)| {
        let difference = |member| number(after, name, member) - number(before, name, member);
        (name.clone(), json!({"quantity": difference("quantity"), "unit": item["unit"], "usd": difference("usd")}))
    });
    let usd = after["usd"].as_f64().unwrap_or_default() - before["usd"].as_f64().unwrap_or_default();
    Used(json!({"items": items.collect::<Map<_, _>>(), "usd": usd}))
}

/// What is known of a stack that does not tell.
fn of_messages(messages: u64, socket_minutes: f64) -> Used {
    let items = json!({
        "gatewayMessages": {"quantity": messages, "unit": "gateway messages (32 KB)", "usd": messages as f64 * MESSAGE_USD},
        "connectionMinutes": {"quantity": socket_minutes, "unit": "connection minutes", "usd": socket_minutes * MINUTE_USD},
    });
    let usd = messages as f64 * MESSAGE_USD + socket_minutes * MINUTE_USD;
    let note = "API Gateway alone, by a count of messages: the same load on the local stack tells the rest";
    Used(json!({"items": items, "usd": usd, "note": note}))
}

impl Used {
    /// For programs.
    pub(super) fn to_json(&self) -> &Value {
        &self.0
    }

    /// For people.
    pub(super) fn text(&self, player_hours: f64) -> String {
        let usd = self.0["usd"].as_f64().unwrap_or_default();
        let mut table = Table::new(["used", "quantity", "USD"]);
        for item in self.0["items"].as_object().into_iter().flatten().map(|(_, item)| item) {
            let quantity = item["quantity"].as_f64().unwrap_or_default();
            if quantity > 0.0 {
                let (unit, usd) = (item["unit"].as_str().unwrap_or_default(), item["usd"].as_f64().unwrap_or_default());
                table.row([
                    unit.to_owned(),
                    format!("{quantity:.4}").trim_end_matches('0').trim_end_matches('.').to_owned(),
                    format!("{usd:.6}"),
                ]);
            }
        }
        let note = self.0["note"].as_str().map(|note| format!(" ({note})")).unwrap_or_default();
        let hour = if player_hours > 0.0 { format!(", {:.6} for each player and hour", usd / player_hours) } else { String::new() };
        format!("{table}\nOn AWS it would have cost {usd:.6} USD{hour}{note}.")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_used_before_is_not_counted() {
        let usage = |messages: f64| {
            let items = json!({
                "gatewayMessages": {"quantity": messages, "unit": "messages", "usd": messages * 2.0},
                "logGb": {"quantity": 3, "unit": "GB", "usd": 1},
            });
            json!({"items": items, "usd": messages * 2.0 + 1.0})
        };
        let used = since(&usage(5.0), &usage(12.5));
        assert_eq!(used.to_json()["items"]["gatewayMessages"], json!({"quantity": 7.5, "unit": "messages", "usd": 15.0}));
        let text = used.text(0.5);
        assert!(text.contains("messages  7.5       15.000000\n") && !text.contains("GB"), "{text}");
        assert!(text.ends_with("On AWS it would have cost 15.000000 USD, 30.000000 for each player and hour."), "{text}");
    }

    #[test]
    fn of_a_stack_that_does_not_tell_messages_are_counted() {
        let used = of_messages(3_000_000, 4_000_000.0);
        assert_eq!(used.to_json()["usd"], 4.0);
        assert!(used.text(0.0).contains("would have cost 4.000000 USD (API Gateway alone"));
    }
}
