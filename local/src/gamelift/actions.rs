//! The operations, and how placements come to their end.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::{
    GameLift, Queue, Room,
    announcer::{Announcement, UnderWay},
    config::Line,
    error::Refusal,
    event::{event, queue_arn},
    fleet::{self, Outcome},
    placement::{Ending, GameSession, Placement},
    request::{self, StartRequest},
    servers::Variables,
};
use crate::{clock::milliseconds, lock::lock};

/// Where a game session is said to be that nobody serves.
const NOBODYS_PORT: u16 = 9;

impl GameLift {
    /// The answer to `operation`.
    pub(super) fn act(&self, operation: &str, request: Value) -> Result<Value, Refusal> {
        match operation {
            "StartGameSessionPlacement" => Arc::clone(&self.room).start_placement(request::start(request)?),
            "StopGameSessionPlacement" => self.room.stop_placement(&request::placement_id(request)?),
            "DescribeGameSessionPlacement" => self.room.describe_placement(&request::placement_id(request)?),
            _ => Err(Refusal::unknown_operation(operation)),
        }
    }
}

fn no_placement(id: &str) -> Refusal {
    Refusal::not_found(format!("There is no game session placement {id}."))
}

impl Room {
    fn start_placement(self: Arc<Self>, mut request: StartRequest) -> Result<Value, Refusal> {
        // The queue may be named by its ARN.
        let name = &request.game_session_queue_name;
        let name = name.strip_prefix(&queue_arn("")).unwrap_or(name).to_owned();
        let queue = self.queues.get(&name).ok_or_else(|| Refusal::not_found(format!("There is no game session queue {name}.")))?;
        let behaviour = fleet::behaviour(self.fleet_file.as_deref(), &name, &queue.behaviour, |name| self.queues.contains_key(name));
        let behaviour = behaviour.map_err(|problem| {
            (self.log)(Line::Fault(problem.clone()));
            Refusal::internal(problem)
        })?;
        request.game_session_queue_name = name;
        let id = request.placement_id.clone();
        let (outcome, delay) = behaviour.outcome(queue.config.timeout);
        let mut placements = lock(&self.placements);
        if placements.get(&id).is_some() {
            return Err(Refusal::invalid(format!("There is a game session placement {id} already, and an id cannot be used again.")));
        }
        let now = self.clock.now();
        let mut placement = Placement { request, behaviour, start_time: now, end: None, task: None };
        let answer = placement.answer();
        if outcome != Outcome::Never {
            let (room, under_way) = (Arc::clone(&self), UnderWay::new(&self.under_way));
            // Without a delay there is no timer, so that benchmarks measure no clock.
            let due = (!delay.is_zero()).then(|| now + milliseconds(delay));
            let task = self.tasks.spawn(async move {
                tokio::select! {
                    () = room.stopping.cancelled() => {}
                    () = room.bring_to_end(&id, outcome, due, under_way) => {}
                }
            });
            placement.task = Some(task.abort_handle());
        }
        // The task finds it, since it is there before the lock is given back.
        placements.add(placement);
        Ok(answer)
    }

    fn describe_placement(&self, id: &str) -> Result<Value, Refusal> {
        lock(&self.placements).get(id).map(Placement::answer).ok_or_else(|| no_placement(id))
    }

    fn stop_placement(&self, id: &str) -> Result<Value, Refusal> {
        let under_way = UnderWay::new(&self.under_way);
        let task = lock(&self.placements).get(id).ok_or_else(|| no_placement(id))?.task.clone();
        if !self.end(id, Ending::Cancelled, under_way) {
            let status = lock(&self.placements).get(id).map_or("forgotten", Placement::status);
            return Err(Refusal::invalid(format!("The game session placement {id} is {status} and cannot be stopped.")));
        }
        if let Some(task) = task {
            task.abort();
        }
        self.describe_placement(id)
    }

    async fn bring_to_end(&self, id: &str, outcome: Outcome, due: Option<u64>, under_way: UnderWay) {
        if let Some(due) = due {
            self.clock.sleep_until(due).await;
        }
        match outcome {
            Outcome::Fulfil => self.fulfil(id, under_way).await,
            Outcome::TimeOut => drop(self.end(id, Ending::TimedOut, under_way)),
            Outcome::Fail => drop(self.end(id, Ending::Failed, under_way)),
            Outcome::Never => {}
        }
    }

    async fn fulfil(&self, id: &str, under_way: UnderWay) {
        let Some((mut session, variables)) = self.prepare(id) else { return };
        let (Some(servers), Some(variables)) = (&self.servers, variables) else {
            session.port = NOBODYS_PORT;
            self.end(id, Ending::Fulfilled(session), under_way);
            return;
        };
        match servers.start(id, variables).await {
            Ok(server) => {
                session.port = server.port;
                // It has been stopped in this moment.
                if !self.end(id, Ending::Fulfilled(session), under_way) {
                    server.stop.cancel();
                }
            }
            Err(problem) => {
                (self.log)(Line::Fault(format!("placement {id} failed: {problem}")));
                self.end(id, Ending::Failed, under_way);
            }
        }
    }

    /// The game session of a placement, and the variables of its game server, if it is to have one.
    fn prepare(&self, id: &str) -> Option<(GameSession, Option<Variables>)> {
        let placements = lock(&self.placements);
        let placement = placements.get(id)?;
        let queue = self.queue(placement)?;
        let session = GameSession::new(&placement.request, &queue.config);
        let variables = (placement.behaviour.server && self.servers.is_some()).then(|| {
            let topic = queue.config.topic_arn.clone().map(|arn| ("MUSTER_TOPIC_ARN", arn));
            [("MUSTER_GAME_SESSION", told(&placement.request, &session))].into_iter().chain(topic).collect()
        });
        Some((session, variables))
    }

    /// Ends a placement that is pending, and announces it. Otherwise it changes nothing and answers false.
    fn end(&self, id: &str, ending: Ending, under_way: UnderWay) -> bool {
        let mut placements = lock(&self.placements);
        let Some(placement) = placements.get_mut(id).filter(|placement| placement.end.is_none()) else { return false };
        let now = self.clock.now();
        let events = placement.behaviour.events;
        let announcement = self.queue(placement).and_then(|queue| {
            let topic_arn = queue.config.topic_arn.clone()?;
            let message = event(&queue.config, placement, &ending, now);
            Some(Announcement { queue: queue.config.name.clone(), topic_arn, message, _under_way: under_way })
        });
        placement.end = Some((ending, now));
        placement.task = None;
        drop(placements);
        if let Some(announcement) = announcement {
            self.announcer.announce(announcement, events);
        }
        true
    }

    fn queue(&self, placement: &Placement) -> Option<&Queue> {
        self.queues.get(&placement.request.game_session_queue_name)
    }
}

/// What a game server is told of its game session.
fn told(request: &StartRequest, session: &GameSession) -> String {
    let properties: Map<String, Value> =
        request.game_properties.iter().flatten().map(|property| (property.key.clone(), property.value.clone().into())).collect();
    let players: Vec<_> =
        session.players.iter().map(|player| json!({"playerId": player.player_id, "playerSessionId": player.player_session_id})).collect();
    let told = json!({
        "gameSessionArn": session.arn,
        "placementId": request.placement_id,
        "maximumPlayers": request.maximum_player_session_count,
        "gameSessionData": request.game_session_data.as_deref().unwrap_or_default(),
        "gameProperties": properties,
        "playerSessions": players,
    });
    told.to_string()
}
