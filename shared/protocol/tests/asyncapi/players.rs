//! The channel of the players: their frames, by route, and Muster's, by type.

use muster_protocol::{Frame, Request, Route, ServerFrame, routes};
use schemars::JsonSchema;
use serde_json::{Map, Value, json};

use crate::schemas::Schemas;

/// What the types do not tell of the socket.
const DESCRIPTION: &str = "\
A player's WebSocket. Each frame is one JSON text frame. Unknown fields are ignored in both directions, and frames that do not wait for
each other's replies may be handled in parallel. Clients ignore frames of a type that they do not know.

What a client sends is read liberally: a whole number may be written `1.0`, an optional field may be `null`, and half of a surrogate pair
in a text of a body (`\\ud83d`, of an emoji that was cut) reads as U+FFFD. In `route` and `requestId` it is refused.

Every frame of Muster has a `type`. A frame without one is API Gateway's own, and no schema here describes it: an object with a
`message` such as `Forbidden`, `Internal server error` or `Too Many Requests`, and mostly a `connectionId` and a `requestId`, which is
API Gateway's and not the client's. The socket stays open. After one, the request may or may not have happened.

API Gateway closes the socket after a message above 128 KB or a WebSocket frame above 32 KB (1009), a binary message (1003), ten silent
minutes (1001; `ping` prevents it) and two hours.
";

/// The messages of the channel, and the operations on it.
struct Players<'a> {
    schemas: &'a mut Schemas,
    names: Vec<Value>,
    frames: Vec<Value>,
    messages: Map<String, Value>,
    operations: Map<String, Value>,
}

/// The channel, and its operations by name.
pub fn socket(schemas: &mut Schemas) -> (Value, Map<String, Value>) {
    let names = alternatives(schemas.inline_read::<Route>());
    let frames = alternatives(schemas.inline_written::<ServerFrame>());
    let mut players = Players { schemas, names, frames, messages: Map::new(), operations: Map::new() };
    players.route::<routes::Ping>();
    players.route::<routes::SendMessage>();
    players.route::<routes::Resume>();
    players.route::<routes::SessionPlacementRequest>();
    players.route::<routes::CancelPlacement>();
    players.route::<routes::JoinPool>();
    players.route::<routes::LeavePool>();
    players.route::<routes::NewMatch>();
    players.route::<routes::JoinMatch>();
    players.route::<routes::LeaveMatch>();
    players.route::<routes::Play>();
    players.server_frames();
    let channel = json!({
        "address": "/",
        "title": "A player's WebSocket",
        "description": DESCRIPTION,
        "servers": [{"$ref": "#/servers/players"}],
        "messages": players.messages,
    });
    (channel, players.operations)
}

impl Players<'_> {
    /// A route's request and reply.
    fn route<R: Request + JsonSchema>(&mut self)
    where
        R::Reply: JsonSchema,
    {
        let route = R::ROUTE.name();
        let what = self.names.iter().find(|name| name["const"] == route).map(|name| name["description"].clone());

        let mut request = self.schemas.inline_read::<Frame>();
        request["description"] = what.clone().into();
        request["properties"]["route"] = json!({"const": route});
        request["properties"]["body"] = self.schemas.read::<R>();
        // A missing body reads as an empty object, so it may be missing if no field of it must be there.
        if self.schemas.inline_read::<R>().get("required").is_some() {
            request["required"] = json!(["route", "body"]);
        }
        self.message(route, &format!("A request of `{route}`"), request);

        let mut reply = self.frame("reply");
        reply["properties"]["route"] = json!({"const": route});
        reply["properties"]["body"] = self.schemas.written::<R::Reply>();
        let replied = format!("{route}Reply");
        self.message(&replied, &format!("The reply of `{route}`"), reply);

        let operation = json!({
            "action": "receive",
            "summary": what,
            "channel": {"$ref": "#/channels/socket"},
            "messages": [reference(route)],
            "reply": {"channel": {"$ref": "#/channels/socket"}, "messages": [reference(&replied), reference("rejection")]},
        });
        self.operations.insert(route.into(), operation);
    }

    /// The frames that are no reply of a route. A rejection may answer any frame, one that names no route included; the rest is pushed.
    fn server_frames(&mut self) {
        let named = |frame: &Value| frame["properties"]["type"]["const"].as_str().unwrap().to_owned();
        let names: Vec<String> = self.frames.iter().map(named).filter(|name| name != "reply").collect();
        for name in &names {
            let payload = self.frame(name);
            // A route may have the name of a push. None has one now, and nobody is to overwrite the other in silence.
            assert!(!self.messages.contains_key(name), "there are two messages {name}");
            self.message(name, &format!("A frame of type `{name}`"), payload);
        }
        let operation = |summary: &str, messages: Vec<Value>| json!({"action": "send", "summary": summary, "channel": {"$ref": "#/channels/socket"}, "messages": messages});
        let pushes = names.iter().filter(|name| *name != "rejection").map(|name| reference(name)).collect();
        self.operations.insert("push".into(), operation("What nobody needs to ask for.", pushes));
        let rejects = operation("The refusal of a frame, whether or not it names a route.", vec![reference("rejection")]);
        self.operations.insert("reject".into(), rejects);
    }

    /// The schema of Muster's frames of one type.
    fn frame(&self, name: &str) -> Value {
        self.frames.iter().find(|frame| frame["properties"]["type"]["const"] == name).unwrap().clone()
    }

    fn message(&mut self, name: &str, title: &str, payload: Value) {
        let mut message = json!({"name": name, "title": title, "contentType": "application/json", "payload": payload});
        if message["payload"]["properties"].get("requestId").is_some() && name != "message" {
            message["correlationId"] = json!({"$ref": "#/components/correlationIds/requestId"});
        }
        self.messages.insert(name.into(), message);
    }
}

/// The schemas of an enumeration's variants.
fn alternatives(mut schema: Value) -> Vec<Value> {
    match schema["oneOf"].take() {
        Value::Array(variants) => variants,
        _ => panic!("not an enumeration: {schema}"),
    }
}

/// A reference to a message of the channel.
fn reference(message: &str) -> Value {
    json!({"$ref": format!("#/channels/socket/messages/{message}")})
}
