//! The document: servers, channels, operations and what they refer to.

use muster_game::MODES;
use serde_json::{Value, json};

use crate::{
    players,
    schemas::{self, Schemas},
    topics,
};

/// All of it.
pub fn document() -> Value {
    let mut schemas = Schemas::new();
    let (socket, mut operations) = players::socket(&mut schemas);
    let placement_events = topics::placement_events(&mut schemas);
    let announcements = topics::announcements(&mut schemas);
    let ends = topics::operation("placementEvents", "placementEvent", "A placement or a game session has come to its end, or has begun.");
    operations.insert("placementEvents".into(), ends);
    operations.insert("announcements".into(), topics::operation("announcements", "announcement", "Players are to be told something."));
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Muster",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "A serverless multiplayer backend. Players hold a WebSocket, trusted programs publish on two SNS topics. \
                Names are camelCase, times are epoch milliseconds, and unknown fields are ignored.",
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {"players": player_server(), "topics": topic_server()},
        "channels": {"socket": socket, "placementEvents": placement_events, "announcements": announcements},
        "operations": operations,
        "components": {
            "correlationIds": {
                "requestId": {
                    "description": "Chosen by the client, and echoed in the answer.",
                    "location": "$message.payload#/requestId",
                },
            },
            "schemas": schemas.components(),
        },
        "x-games": games(),
    })
}

/// What the bodies of `play` and the `match` pushes of each mode have in `action`, `view` and `events`.
fn games() -> Value {
    let played = MODES.iter().filter_map(|mode| Some((mode.name, mode.as_played()?)));
    let games = played.map(|(name, played)| {
        let [action, view, event] = played.game.schemas().map(schemas::inline);
        (name.to_owned(), json!({"action": action, "view": view, "event": event}))
    });
    Value::Object(games.collect())
}

fn player_server() -> Value {
    json!({
        "host": "{api}.execute-api.{region}.amazonaws.com",
        "pathname": "/{stage}",
        "protocol": "wss",
        "description": "API Gateway, as the stack's output `SocketUrl` tells. A handshake without a token is answered with 401, one with a wrong \
            token with 403.",
        "variables": {
            "api": {"description": "The id of the WebSocket API."},
            "region": {"description": "The region of the stack."},
            "stage": {"description": "The parameter `Stage` of the template."},
        },
        // Either of the two.
        "security": [
            {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "An OpenID token, in the header `Authorization`."},
            {"type": "httpApiKey", "in": "query", "name": "token", "description": "The same, for browsers, which cannot set headers."},
        ],
    })
}

fn topic_server() -> Value {
    json!({
        "host": "sns.{region}.amazonaws.com",
        "protocol": "sns",
        "description": "SNS. Who may publish is a matter of IAM: GameLift, game servers and services, never a player.",
        "variables": {"region": {"description": "The region of the stack."}},
    })
}
