//! The harness of the authorizer, whose answers are API Gateway's own.

use aws_lambda_events::apigw::ApiGatewayCustomAuthorizerRequestTypeRequest;
use lambda_runtime::{Error, LambdaEvent};
use serde::Serialize;

use super::{Config, ConfigError, Fault, Metrics, Unanswered, run};

/// Runs a REQUEST authorizer. Its event holds the token, so nothing of it is logged here. A handler that finds no token answers
/// `None`, which API Gateway turns into 401.
///
/// # Errors
/// If the function cannot start.
pub async fn authorizer<S, R, H>(state: impl FnOnce(&Config) -> Result<S, ConfigError>, handler: H) -> Result<(), Error>
where
    R: Serialize,
    H: AsyncFn(&S, ApiGatewayCustomAuthorizerRequestTypeRequest) -> Result<Option<R>, Fault>,
{
    run(state, async |state: &S, event: LambdaEvent<ApiGatewayCustomAuthorizerRequestTypeRequest>, _: &Metrics| {
        handler(state, event.payload).await?.ok_or(Unanswered::Unauthorized)
    })
    .await
}
