//! The bill of a placement, on a stack whose fleet answers at once and starts no game server.
//!
//! To a placement belongs the timer that forwarding it sets: a delayed message, which invokes a function when GameLift has had its time,
//! also if the placement has ended long before. It is awaited, with the shortest times that the template takes. The queue of the timers is
//! polled for 20 seconds at a time, which is billed, too: each measurement begins just when a timer has fired, and with it a poll, and the
//! next timer fires before this poll is over. So no poll of an idle queue is counted.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::sleep;

use super::{Counter, player::Player};
use crate::{
    Result, placements,
    stack::{Setup, Stack},
};

/// When a timer has surely fired: PlacementTimeoutSeconds and PlacementGraceSeconds after the request, rounded up to whole seconds.
const TIMER: Duration = Duration::from_millis(12_500);
/// Between two placements, so that their timers do not share a batch.
const PAUSE: Duration = Duration::from_millis(100);

/// Counts and prices placements.
pub async fn run(runs: usize) -> Result<()> {
    let parameters = ["PlacementTimeoutSeconds=10", "PlacementGraceSeconds=1"].map(str::to_owned).into();
    let stack = Stack::start_with(Setup { fleet: Some(placements::prompt_fleet()), parameters, ..Setup::default() }).await?;
    let mut counter = Counter::new(stack, runs);
    let mut alice = counter.connect("alice").await?;
    // Started functions and fired timers, all of them.
    counter.fulfilled(&mut alice).await?;
    counter.cancelled(&mut alice).await?;
    sleep(TIMER).await;

    counter.placements("`sessionPlacementRequest`, fulfilled", &mut alice, async |counter, player| counter.fulfilled(player).await).await?;
    counter
        .placements("the same, `cancelPlacement` while pending", &mut alice, async |counter, player| counter.cancelled(player).await)
        .await?;
    counter.print("Billable units of a placement, its timer included");
    Ok(())
}

impl Counter {
    /// Places the player again and again, and awaits the timers.
    async fn placements(
        &mut self,
        operation: &str,
        player: &mut Player,
        place: impl AsyncFn(&Self, &mut Player) -> Result<()>,
    ) -> Result<()> {
        let before = self.quiet().await?;
        for _ in 0..self.runs {
            place(self, player).await.map_err(|error| format!("{operation}: {error}"))?;
            sleep(PAUSE).await;
        }
        sleep(TIMER).await;
        let used = self.quiet().await?.since(&before);
        self.bills.push((operation.to_owned(), used));
        Ok(())
    }

    async fn fulfilled(&self, player: &mut Player) -> Result<()> {
        self.stack.set_fleet(&placements::prompt_fleet())?;
        self.request(player).await?;
        ended(player, "session", "fulfilled").await
    }

    /// GameLift has been asked when the player cancels, and looks for a server without an end.
    async fn cancelled(&self, player: &mut Player) -> Result<()> {
        self.stack.set_fleet(&json!({"muster-dev": {"outcome": "never"}}))?;
        let placement_id = self.request(player).await?;
        player.ask(&json!({"route": "cancelPlacement", "body": {"placementId": placement_id}})).await?;
        self.quiet().await?;
        ended(player, "placement", "cancelled").await
    }

    async fn request(&self, player: &mut Player) -> Result<Value> {
        let mut reply = player.ask(&json!({"route": "sessionPlacementRequest"})).await?;
        self.quiet().await?;
        Ok(reply["body"]["placementId"].take())
    }
}

/// Takes the player's push, which must say this.
async fn ended(player: &mut Player, kind: &str, outcome: &str) -> Result<()> {
    let told = player.told().await?;
    let as_awaited = told["type"] == kind && told["outcome"].as_str().is_none_or(|told| told == outcome);
    if as_awaited { Ok(()) } else { Err(format!("{kind} ({outcome}) was awaited, and {told} came").into()) }
}
