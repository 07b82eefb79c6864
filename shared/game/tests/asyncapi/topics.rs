//! The channels of trusted programs: the topics that they publish on.

use muster_protocol::events::{Announcement, PlacementEvent};
use serde_json::{Value, json};

use crate::schemas::Schemas;

/// The channel of placements and game sessions.
pub fn placement_events(schemas: &mut Schemas) -> Value {
    let description =
        "GameLift publishes how placements end, and game servers publish that a game session is over. An event may come twice.";
    let title = "Events of placements and game sessions";
    topic("placement-events", title, description, ("placementEvent", schemas.read::<PlacementEvent>()))
}

/// The channel of services that speak to players.
pub fn announcements(schemas: &mut Schemas) -> Value {
    let description =
        "Any service publishes here what players are to be told. Each gets it as a `message` push, and by `resume` if it was away.";
    topic("announcements", "Announcements of services", description, ("announcement", schemas.read::<Announcement>()))
}

/// What Muster does with the one message of a channel.
pub fn operation(channel: &str, message: &str, summary: &str) -> Value {
    json!({
        "action": "receive",
        "summary": summary,
        "channel": {"$ref": format!("#/channels/{channel}")},
        "messages": [{"$ref": format!("#/channels/{channel}/messages/{message}")}],
    })
}

fn topic(suffix: &str, title: &str, description: &str, (name, payload): (&str, Value)) -> Value {
    json!({
        "address": format!("{{game}}-{{stage}}-{suffix}"),
        "title": title,
        "description": description,
        "servers": [{"$ref": "#/servers/topics"}],
        "parameters": {
            "game": {"description": "The parameter `Game` of the template."},
            "stage": {"description": "The parameter `Stage` of the template."},
        },
        "messages": {name: {"name": name, "title": title, "contentType": "application/json", "payload": payload}},
    })
}
