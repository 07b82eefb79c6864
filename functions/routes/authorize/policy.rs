//! What API Gateway is told: the policy for this handshake, and what later events of the socket know about its player.

use serde::Serialize;

use crate::routes::authorize::provider::Identity;

/// The authorizer's answer. API Gateway reads exactly these members.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    principal_id: String,
    policy_document: Policy,
    #[serde(skip_serializing_if = "Option::is_none")]
    context: Option<Context>,
}

/// The context that API Gateway puts on every event of the socket.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Context {
    player_id: String,
    /// In whole epoch seconds.
    expires_at: u64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Policy {
    version: &'static str,
    statement: [Statement; 1],
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Statement {
    action: &'static str,
    effect: &'static str,
    resource: String,
}

impl Answer {
    /// The handshake may go on, as this player. `resource` is the event's `methodArn`.
    pub fn allow(resource: &str, identity: Identity) -> Self {
        let context = Context { player_id: identity.player_id.clone(), expires_at: identity.expires_at };
        Self { principal_id: identity.player_id, policy_document: Policy::new("Allow", resource), context: Some(context) }
    }

    /// The handshake ends with 403.
    pub fn deny(resource: &str) -> Self {
        Self { principal_id: "unknown".to_owned(), policy_document: Policy::new("Deny", resource), context: None }
    }
}

impl Policy {
    fn new(effect: &'static str, resource: &str) -> Self {
        let statement = Statement { action: "execute-api:Invoke", effect, resource: resource.to_owned() };
        Self { version: "2012-10-17", statement: [statement] }
    }
}
