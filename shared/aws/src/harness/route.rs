//! The harness of a route: a frame comes in, and a reply or a rejection goes back down the same socket.
//!
//! Most routes answer through the gateway. A quiet one has no route response there, and posts what it has to say to the socket itself: so
//! that it costs nothing to say nothing.

use std::time::Duration;

use aws_lambda_events::apigw::ApiGatewayWebsocketProxyRequest;
use lambda_runtime::{Error, LambdaEvent};
use muster_protocol::{Frame, Rejection, Request, ServerFrame};
use serde::Serialize;
use tokio::time::{Instant, timeout_at};
use tracing::Instrument;

use super::{Config, ConfigError, Failure, Fault, Metric, Metrics, Player, player::time, run, work_deadline};
use crate::{Asking, Push, push::Outgoing};

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

impl<B> Call<B> {
    /// Who asks, as matches are told.
    #[must_use]
    pub fn asking(&self) -> Asking<'_> {
        Asking { player_id: &self.player.id, request_id: self.request_id.as_deref(), cause: &self.player.cause }
    }
}

/// How long a handler may take to end after its deadline: less than is left until Lambda ends the invocation.
const GRACE: Duration = Duration::from_millis(200);

/// What the gateway is told. It knows no further members, and takes any status but 200 for a failure of ours.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    status_code: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
}

impl Answer {
    /// The one that has the gateway send `frame`, if there is one.
    fn of(frame: Option<ServerFrame>) -> Result<Self, Fault> {
        let body = frame.map(|frame| serde_json::to_string(&frame)).transpose();
        Ok(Self { status_code: 200, body: body.map_err(|error| Fault::new("writing the answer as JSON", error))? })
    }
}

/// What a quiet route answers.
#[derive(Clone, Debug)]
pub struct Quiet<R> {
    /// The reply, for those who have asked for one.
    pub reply: R,
    /// Whether it is sent to others, too: no push will tell them.
    pub always: bool,
}

/// A frame as it came, and who sent it.
struct Incoming<'a> {
    player: Player,
    received_at: u64,
    deadline: Instant,
    text: &'a str,
}

/// Who failed at what: the id of the request, if it could be read, and the failure.
type Refusal = (Option<String>, Failure);

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
        let frame = answer(event, Some(B::ROUTE.name()), metrics, async |incoming| {
            handle::<B, _>(incoming, async |call| Ok(Quiet { reply: handler(state, call).await?, always: true })).await
        });
        Answer::of(frame.await?)
    })
    .await
}

/// Runs the handler of a quiet route, which takes `B`. Reads what [`Push`] reads, besides what the handler's state reads.
///
/// # Errors
/// If the function cannot start.
pub async fn quiet<S, B, H>(state: impl FnOnce(&Config) -> Result<S, ConfigError>, handler: H) -> Result<(), Error>
where
    B: Request,
    H: AsyncFn(&S, Call<B>) -> Result<Quiet<B::Reply>, Failure>,
{
    let state = |config: &Config| Ok((state(config)?, Push::from_config(config)?));
    run(state, async |(state, push): &(S, Push), event: LambdaEvent<ApiGatewayWebsocketProxyRequest>, metrics: &Metrics| {
        let connection_id = event.payload.request_context.connection_id.clone().unwrap_or_default();
        let received_at = u64::try_from(event.payload.request_context.request_time_epoch).unwrap_or_default();
        let frame = answer(event, Some(B::ROUTE.name()), metrics, async |incoming| {
            handle::<B, _>(incoming, async |call| handler(state, call).await).await
        });
        if let Some(frame) = frame.await? {
            push.to_caller(&connection_id, &Outgoing::new(&frame, received_at)?).await?;
        }
        Ok::<_, Fault>(Answer { status_code: 200, body: None })
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
            let frame = answer(event, None, metrics, async |incoming| {
                let (request_id, rejection) = refuse(incoming.text);
                incoming.player.check_token().map_err(|expired| (request_id.clone(), expired.into()))?;
                Err((request_id, rejection.into()))
            });
            Answer::of(frame.await?)
        },
    )
    .await
}

/// Reads the request of a frame and has it handled. The frame that answers it, if one is wanted.
async fn handle<B, H>(incoming: Incoming<'_>, handler: H) -> Result<Option<ServerFrame>, Refusal>
where
    B: Request,
    H: AsyncFnOnce(Call<B>) -> Result<Quiet<B::Reply>, Failure>,
{
    let Incoming { player, received_at, deadline, text } = incoming;
    let frame = Frame::parse(text).map_err(|(request_id, rejection)| (request_id, rejection.into()))?;
    let request_id = frame.request_id.clone();
    let replied = async {
        player.check_token()?;
        let body: B = frame.body()?;
        body.check()?;
        let call = Call { player, request_id: request_id.clone(), received_at, deadline, body };
        // A handler that heeds its deadline may still answer in part; one that does not is answered for, with the request's id.
        let reply = timeout_at(deadline + GRACE, handler(call)).await;
        let Quiet { reply, always } = reply.map_err(|late| Fault::new("working in time", late))??;
        let is_wanted = always || frame.reply != Some(false);
        let body = serde_json::to_value(reply).map_err(|error| Fault::new("writing the reply as JSON", error))?;
        Ok(is_wanted.then(|| ServerFrame::Reply { request_id: request_id.clone(), route: B::ROUTE.name().to_owned(), body }))
    };
    replied.await.map_err(|failure| (request_id, failure))
}

/// Answers one frame. Nothing retries a route, so a fault is answered, too: as `internal`, while the logs have its causes.
async fn answer<F>(
    event: LambdaEvent<ApiGatewayWebsocketProxyRequest>,
    route: Option<&str>,
    metrics: &Metrics,
    reply: F,
) -> Result<Option<ServerFrame>, Fault>
where
    F: AsyncFnOnce(Incoming<'_>) -> Result<Option<ServerFrame>, Refusal>,
{
    let deadline = work_deadline(event.context.deadline);
    let text = event.payload.body.unwrap_or_default();
    let context = event.payload.request_context;
    let received_at = time("requestTimeEpoch", context.request_time_epoch);
    let player = Player::of(&context);
    let (cause, connection_id) = (context.request_id.unwrap_or_default(), context.connection_id.unwrap_or_default());
    let player_id = player.as_ref().map(|player| player.id.clone()).unwrap_or_default();
    let span = tracing::info_span!("call", cause, connectionId = connection_id, playerId = player_id, route = context.route_key);
    async {
        let replied = match (player, received_at) {
            (Ok(player), Ok(received_at)) => reply(Incoming { player, received_at, deadline, text: &text }).await,
            (Err(fault), _) | (_, Err(fault)) => Err((None, fault.into())),
        };
        let rejected = |request_id, rejection| Ok(Some(ServerFrame::rejection(request_id, route.map(str::to_owned), rejection)));
        match replied {
            Ok(frame) => Ok(frame),
            Err((request_id, Failure::Rejection(rejection))) => {
                tracing::info!(code = ?rejection.code, reason = rejection.message, matchId = rejection.match_id, "rejected");
                rejected(request_id, rejection)
            }
            Err((request_id, Failure::Fault(fault))) => {
                tracing::error!(error = fault.chain(), "the route failed");
                metrics.record(Metric::Faults, 1);
                rejected(request_id, Rejection::internal())
            }
        }
    }
    .instrument(span)
    .await
}
