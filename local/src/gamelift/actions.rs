//! The operations, and how placements come to their end.

use std::sync::{Arc, atomic::Ordering::Relaxed};

use serde_json::{Value, json};

use super::{
    Line, Room,
    api::Refusal,
    fleet::{Events, Outcome, queue_arn},
    placement::{Placement, Status},
    request::StartRequest,
    servers::variables,
};
use crate::lock::lock;

/// Where a game session is said to be that nobody serves.
const NOBODYS_PORT: u16 = 9;

fn not_found(what: &str, name: &str) -> Refusal {
    Refusal("NotFoundException", format!("There is no game session {what} {name}."))
}

impl Room {
    pub(super) fn start_placement(self: &Arc<Self>, mut request: StartRequest) -> Result<Value, Refusal> {
        request.check()?;
        if let Some(name) = request.game_session_queue_name.strip_prefix(&queue_arn("")) {
            request.game_session_queue_name = name.to_owned();
        }
        let (id, name) = (request.placement_id.clone(), request.game_session_queue_name.clone());
        let queue = self.options.all_queues()?.into_iter().find(|(queue, _)| queue.name == name);
        let (queue, behaviour) = queue.ok_or_else(|| not_found("queue", &name))?;
        let mut placements = lock(&self.placements);
        if placements.get(&id).is_some() {
            let message = format!("There is a game session placement {id} already, and an id cannot be used again.");
            return Err(Refusal("InvalidRequestException", message));
        }
        let mut placement = Placement::new(request, &queue, behaviour, self.options.clock.now());
        let answer = placement.answer();
        // Its task finds it, since it is there before the lock is given back.
        self.see_to(&mut placement);
        placements.add(placement);
        Ok(answer)
    }

    pub(super) fn describe_placement(&self, id: &str) -> Result<Value, Refusal> {
        lock(&self.placements).get(id).map(Placement::answer).ok_or_else(|| not_found("placement", id))
    }

    pub(super) fn stop_placement(self: &Arc<Self>, id: &str) -> Result<Value, Refusal> {
        if !self.end(id, Status::Cancelled, None) {
            let status = self.describe_placement(id)?["GameSessionPlacement"]["Status"].take();
            return Err(Refusal("InvalidRequestException", format!("The game session placement {id} is {status} and cannot be stopped.")));
        }
        if let Some(placement) = lock(&self.placements).get_mut(id) {
            // A game server that is not ready yet ends with the task that waits for it.
            self.see_to(placement);
        }
        self.describe_placement(id)
    }

    pub(super) fn describe_queues(&self) -> Result<Value, Refusal> {
        let shown = self.options.all_queues()?.into_iter().map(|(queue, _)| {
            let mut shown = json!({"Name": queue.name, "GameSessionQueueArn": queue.arn, "TimeoutInSeconds": queue.timeout.as_secs()});
            if let Some(topic) = queue.notification_topic_arn {
                shown["NotificationTarget"] = topic.into();
            }
            shown
        });
        Ok(json!({"GameSessionQueues": shown.collect::<Value>()}))
    }

    /// Has a task do what is next about a placement, in place of the task that did so before.
    pub(super) fn see_to(self: &Arc<Self>, placement: &mut Placement) {
        let (room, id) = (Arc::clone(self), placement.request.placement_id.clone());
        let task = self.under_way.spawn(async move {
            tokio::select! {
                () = room.stopping.cancelled() => {}
                () = room.see_through(&id) => {}
            }
        });
        if let Some(before) = placement.task.replace(task.abort_handle()) {
            before.abort();
        }
    }

    async fn see_through(&self, id: &str) {
        let next = || lock(&self.placements).get(id).and_then(Placement::next);
        while let Some(time) = next() {
            self.options.clock.sleep_until(time).await;
            let outcome = lock(&self.placements).get(id).and_then(Placement::outcome);
            match outcome {
                Some(Outcome::Fulfil) => self.fulfil(id).await,
                Some(Outcome::TimeOut) => drop(self.end(id, Status::TimedOut, None)),
                Some(Outcome::Fail | Outcome::Never) => drop(self.end(id, Status::Failed, None)),
                None => self.tell(id),
            }
        }
    }

    async fn fulfil(&self, id: &str) {
        let prepared = lock(&self.placements).get(id).map(|placement| {
            let session = placement.session(NOBODYS_PORT);
            let variables = placement.fleet.server.then(|| variables(placement, &session));
            (session, variables)
        });
        let Some((mut session, variables)) = prepared else { return };
        let (Some(servers), Some(variables)) = (&self.servers, variables) else {
            self.end(id, Status::Fulfilled, Some(session));
            return;
        };
        let accept = |port: u16| {
            session["Port"] = port.into();
            self.end(id, Status::Fulfilled, Some(session))
        };
        if let Err(problem) = servers.start(id, variables, accept).await {
            (self.options.log)(Line::Fault(format!("placement {id} failed: {problem}")));
            self.end(id, Status::Failed, None);
        }
    }

    /// Ends a placement that is pending. Otherwise it changes nothing and answers false.
    fn end(&self, id: &str, status: Status, session: Option<Value>) -> bool {
        let mut placements = lock(&self.placements);
        let Some(placement) = placements.get_mut(id).filter(|placement| placement.outcome().is_some()) else { return false };
        let is_late = placement.fleet.events == Events::Reorder && self.is_next_late.fetch_not(Relaxed);
        placement.end(status, session, self.options.clock.now(), is_late);
        placements.keep(id);
        true
    }

    /// Publishes the first event that is to be told of a placement. It is only then noted as told, so that a stack which is killed in
    /// between tells it again.
    fn tell(&self, id: &str) {
        let mut placements = lock(&self.placements);
        let Some(placement) = placements.get_mut(id) else { return };
        if let (Some(topic), Some((_, event))) = (&placement.topic_arn, placement.untold.front()) {
            (self.options.publisher)(topic, event.clone());
        }
        placement.untold.pop_front();
        placements.keep(id);
    }
}
