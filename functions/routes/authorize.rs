//! The authorizer: decides who opens a socket.
//!
//! - Trigger: the gateway, before `$connect`, with the handshake's headers and query string. Its answers are never cached.
//! - Reads, writes and pushes nothing. It asks the identity provider for its keys, and keeps them.
//! - Safe to repeat: it changes nothing.
//!
//! No token is answered with 401 and a wrong one with 403. What we cannot decide, because the provider's keys cannot be had, is a
//! fault and never the player's: the handshake fails with 500, and the client tries again.

mod credential;
mod openid;
mod policy;
mod provider;

use aws_lambda_events::apigw::ApiGatewayCustomAuthorizerRequestTypeRequest;
use lambda_runtime::Error;
use muster_aws::{Fault, clock, harness};

use policy::Answer;
use provider::{Provider, VerifyError};

/// Answers events for as long as the environment lives.
pub async fn run() -> Result<(), Error> {
    harness::authorizer(Provider::from_config, authorize).await
}

/// `None` means that there is no token. The log says why, and never holds the token.
async fn authorize(provider: &Provider, event: ApiGatewayCustomAuthorizerRequestTypeRequest) -> Result<Option<Answer>, Fault> {
    let cause = event.request_context.request_id.as_deref().unwrap_or_default();
    let Some(token) = credential::token(&event) else {
        tracing::info!(cause, reason = "there is no token", "unauthorized");
        return Ok(None);
    };
    let resource = event.method_arn.as_deref().ok_or_else(|| Fault::because("the authorizer's event has no methodArn"))?;
    match provider.verify(token, clock::now_seconds()).await {
        Ok(identity) => {
            tracing::info!(cause, playerId = identity.player_id, "allowed");
            Ok(Some(Answer::allow(resource, identity)))
        }
        Err(VerifyError::Refused { reason, key_id }) => {
            tracing::info!(cause, reason, kid = key_id, "denied");
            Ok(Some(Answer::deny(resource)))
        }
        Err(VerifyError::Fault(fault)) => Err(fault.of_request(cause)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use openid::test_issuer::TestIssuer;

    const RESOURCE: &str = "arn:aws:execute-api:us-east-1:123456789012:abcdef123/dev/$connect";

    /// The event as API Gateway documents it, with a token in its query string.
    fn event(token: Option<&str>) -> ApiGatewayCustomAuthorizerRequestTypeRequest {
        let mut event = json!({
            "type": "REQUEST", "methodArn": RESOURCE, "stageVariables": {},
            "headers": {"Host": "abcdef123.execute-api.us-east-1.amazonaws.com", "Sec-WebSocket-Version": "13"},
            "multiValueHeaders": {"Host": ["abcdef123.execute-api.us-east-1.amazonaws.com"], "Sec-WebSocket-Version": ["13"]},
            "requestContext": {
                "routeKey": "$connect", "eventType": "CONNECT", "extendedRequestId": "W9In0EDVIAMFexQ=", "messageDirection": "IN",
                "requestTime": "16/Aug/2022:12:04:27 +0000", "stage": "dev", "connectedAt": 1_660_651_467_489_u64,
                "requestTimeEpoch": 1_660_651_467_493_u64, "identity": {"sourceIp": "62.90.14.41"}, "requestId": "W9In0EDVIAMFexQ=",
                "domainName": "abcdef123.execute-api.us-east-1.amazonaws.com", "connectionId": "W9In0cvXIAMCFvw=", "apiId": "abcdef123"
            }
        });
        if let Some(token) = token {
            event["queryStringParameters"] = json!({"token": token});
            event["multiValueQueryStringParameters"] = json!({"token": [token]});
        }
        serde_json::from_value(event).unwrap()
    }

    async fn answer(issuer: &TestIssuer, token: Option<&str>) -> Value {
        let provider = Provider::OpenId(issuer.provider());
        serde_json::to_value(authorize(&provider, event(token)).await.unwrap()).unwrap()
    }

    #[tokio::test]
    async fn a_valid_token_is_allowed_as_its_player_until_it_expires() {
        let issuer = TestIssuer::start();
        let claims = issuer.claims("alice");
        let expected = json!({
            "principalId": "alice",
            "policyDocument": {"Version": "2012-10-17", "Statement": [{"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": RESOURCE}]},
            "context": {"playerId": "alice", "expiresAt": claims["exp"]}
        });
        assert_eq!(answer(&issuer, Some(&issuer.sign_es256(&claims))).await, expected);
        assert_eq!(answer(&issuer, Some(&issuer.sign_rs256(&claims))).await, expected);
    }

    #[tokio::test]
    async fn no_token_has_no_answer_and_a_wrong_one_is_denied() {
        let issuer = TestIssuer::start();
        assert_eq!(answer(&issuer, None).await, Value::Null);
        let expired = issuer.sign_es256(&json!({"iss": issuer.url(), "aud": "game", "sub": "alice", "exp": 1_000}));
        for token in ["nonsense", "a.b.c", &expired] {
            let denied = answer(&issuer, Some(token)).await;
            assert_eq!(denied["policyDocument"]["Statement"][0]["Effect"], "Deny");
            assert_eq!(denied["policyDocument"]["Statement"][0]["Resource"], RESOURCE);
            assert_eq!(denied.get("context"), None);
        }
    }

    #[tokio::test]
    async fn keys_that_cannot_be_had_are_a_fault_that_says_which() {
        let issuer = TestIssuer::start();
        issuer.serve("/keys", 503, "");
        let provider = Provider::OpenId(issuer.provider());
        let token = issuer.sign_es256(&issuer.claims("alice"));
        let fault = authorize(&provider, event(Some(&token))).await.unwrap_err();
        assert!(fault.chain().ends_with("/keys answered with status 503 instead of 200"), "{}", fault.chain());
        assert!(!fault.chain().contains(&token));
    }
}
