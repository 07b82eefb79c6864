//! The harness of a route: a frame comes in, and a reply or a rejection goes back down the same socket.

use std::time::Duration;

use aws_lambda_events::apigw::ApiGatewayWebsocketProxyRequest;
use lambda_runtime::{Error, LambdaEvent};
use muster_protocol::{Frame, Rejection, Request, ServerFrame};
use serde::Serialize;
use tokio::time::{Instant, timeout_at};
use tracing::Instrument;

use super::{Config, ConfigError, Failure, Fault, Metric, Metrics, Player, player::time, run, work_deadline};

/// A request that has been understood.
#[derive(Clone, Debug)]
pub struct Call<B> {
    /// Who calls.
    pub player: Player,
    /// The client's own id of its request, if it gave one.
    pub request_id: Option<String>,
    /// When the frame reached the gateway, in epoch milliseconds.
    pub received_at: u64,
    /// When the work must be over so that the answer still gets out.
    pub deadline: Instant,
    /// The request, within its limits.
    pub body: B,
}

/// How long a handler may take to end after its deadline: less than is left until Lambda ends the invocation.
const GRACE: Duration = Duration::from_millis(200);

/// What the gateway sends down the socket. It knows no further members.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    status_code: u16,
    body: String,
}

/// Runs the handler of the route that takes `B`.
///
/// # Errors
/// If the function cannot start.
pub async fn route<S, B, H>(state: impl FnOnce(&Config) -> Result<S, ConfigError>, handler: H) -> Result<(), Error>
where
    B: Request,
    H: AsyncFn(&S, Call<B>) -> Result<B::Reply, Failure>,
{
    run(state, async |state: &S, event: LambdaEvent<ApiGatewayWebsocketProxyRequest>, metrics: &Metrics| {
        let deadline = work_deadline(event.context.deadline);
        answer(event.payload, metrics, async |player, received_at, text| {
            let frame = Frame::parse(text).map_err(|(request_id, rejection)| (request_id, rejection.into()))?;
            let request_id = frame.request_id.clone();
            let replied = async {
                player.check_token()?;
                let body: B = frame.body()?;
                body.check()?;
                let call = Call { player, request_id: request_id.clone(), received_at, deadline, body };
                // A handler that heeds its deadline may still answer in part; one that does not is answered for, with the request's id.
                let reply = timeout_at(deadline + GRACE, handler(state, call)).await;
                let reply = reply.map_err(|late| Fault::new("working in time", late))??;
                serde_json::to_value(reply).map_err(|error| Fault::new("writing the reply as JSON", error).into())
            };
            match replied.await {
                Ok(body) => Ok(ServerFrame::Reply { request_id, route: B::ROUTE.name().to_owned(), body }),
                Err(failure) => Err((request_id, failure)),
            }
        })
        .await
    })
    .await
}

/// Runs the handler of frames for which there is no route, which can only be refused.
///
/// # Errors
/// If the function cannot start.
pub async fn unrouted(refuse: impl Fn(&str) -> (Option<String>, Rejection)) -> Result<(), Error> {
    run(
        |_| Ok(()),
        async |(): &(), event: LambdaEvent<ApiGatewayWebsocketProxyRequest>, metrics: &Metrics| {
            answer(event.payload, metrics, async |player, _, text| {
                player.check_token().map_err(|rejection| (None, rejection.into()))?;
                let (request_id, rejection) = refuse(text);
                Err((request_id, rejection.into()))
            })
            .await
        },
    )
    .await
}

/// Who failed at what: the id of the request, if it could be read, and the failure.
type Refusal = (Option<String>, Failure);

/// Answers one frame. Nothing retries a route, so a fault is answered, too: as `internal`, while the logs have its causes.
async fn answer<F>(event: ApiGatewayWebsocketProxyRequest, metrics: &Metrics, reply: F) -> Result<Answer, Fault>
where
    F: AsyncFnOnce(Player, u64, &str) -> Result<ServerFrame, Refusal>,
{
    let text = event.body.unwrap_or_default();
    let context = event.request_context;
    let received_at = time("requestTimeEpoch", context.request_time_epoch);
    let player = Player::of(&context);
    let (cause, connection_id) = (context.request_id.unwrap_or_default(), context.connection_id.unwrap_or_default());
    let route = context.route_key.unwrap_or_default();
    let player_id = player.as_ref().map(|player| player.id.clone()).unwrap_or_default();
    let span = tracing::info_span!("call", cause, connectionId = connection_id, playerId = player_id, route);
    async {
        let replied = match (player, received_at) {
            (Ok(player), Ok(received_at)) => reply(player, received_at, &text).await,
            (Err(fault), _) | (_, Err(fault)) => Err((None, fault.into())),
        };
        let (status_code, frame) = match replied {
            Ok(frame) => (200, frame),
            Err((request_id, Failure::Rejection(rejection))) => {
                tracing::info!(code = ?rejection.code, reason = rejection.message, "rejected");
                (400, ServerFrame::rejection(request_id, rejection))
            }
            Err((request_id, Failure::Fault(fault))) => {
                tracing::error!(error = fault.chain(), "the route failed");
                metrics.record(Metric::Faults, 1);
                (500, ServerFrame::rejection(request_id, Rejection::internal()))
            }
        };
        let body = serde_json::to_string(&frame).map_err(|error| Fault::new("writing the answer as JSON", error))?;
        Ok(Answer { status_code, body })
    }
    .instrument(span)
    .await
}
