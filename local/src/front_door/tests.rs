//! What functions and other callers meet at the front door, as SDKs understand it.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

use aws_credential_types::Credentials;
use aws_sdk_sns::error::ProvideErrorMetadata;
use axum::{body::Bytes, middleware::from_fn_with_state};
use serde_json::{Value, json};

use super::{
    callers::{Callers, check},
    refusal::{Reason, refuse as refuse_call},
    *,
};
use crate::{
    account::{REGION, access_key_of},
    clock::Clock,
    gamelift::GameLiftOptions,
    iam::Iam,
    keep::Keep,
    lambda::{Lambda, test_function::quiet},
    template::{self, Manifest},
    weather::{Odds, Weather},
};

async fn serve(router: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    endpoint
}

macro_rules! client {
    ($sdk:ident, $endpoint:expr) => {{
        let config = $sdk::Config::builder()
            .behavior_version($sdk::config::BehaviorVersion::latest())
            .region($sdk::config::Region::from_static(REGION))
            .credentials_provider(Credentials::new("key", "secret", None, None, "tests"))
            .endpoint_url($endpoint)
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .retry_config($sdk::config::retry::RetryConfig::disabled());
        $sdk::Client::from_conf(config.build())
    }};
}

#[test]
fn an_invocation_is_of_the_function_that_its_path_and_its_query_name() {
    for (path, function) in [
        ("play/invocations", "play"),
        ("play/invocations?Qualifier=live", "play:live"),
        ("play:live/invocations?Qualifier=live", "play:live"),
        ("arn%3Aaws%3Alambda%3Aeu-central-1%3A123456789012%3Afunction%3Aplay%3Alive/invocations", "play:live"),
    ] {
        let request = Request::builder().uri(format!("/2015-03-31/functions/{path}")).body(()).unwrap();
        let call = Call::read(&request.into_parts().0, b"{}").unwrap();
        assert_eq!((call.operation.as_str(), &call.parameters["function"]), ("InvokeFunction", &json!(function)), "{path}");
    }
}

/// Refuses everything for this reason.
async fn refusing(reason: Reason) -> String {
    let answer = async move |request: Request| {
        let (parts, body) = request.into_parts();
        let body = to_bytes(body, BODY_BYTES).await.unwrap();
        refuse_call(&Call::read(&parts, &body).unwrap(), reason, "why <not>")
    };
    serve(Router::new().fallback(answer)).await
}

#[tokio::test]
async fn sdks_understand_every_services_refusals() {
    for (reason, codes) in [
        (Reason::Denied, ["AccessDenied", "AuthorizationError", "AccessDeniedException", "ForbiddenException"]),
        (Reason::Throttled, ["RequestThrottled", "Throttled", "ThrottlingException", "LimitExceededException"]),
    ] {
        let endpoint = refusing(reason).await;
        let sqs = client!(aws_sdk_sqs, &endpoint).send_message().queue_url(format!("{endpoint}/1/q")).message_body("x").send().await;
        let sns = client!(aws_sdk_sns, &endpoint).publish().topic_arn("t").message("x").send().await;
        let gamelift = client!(aws_sdk_gamelift, &endpoint).stop_game_session_placement().placement_id("p").send().await;
        let connections = client!(aws_sdk_apigatewaymanagement, format!("{endpoint}/dev"));
        let connections = connections.delete_connection().connection_id("c").send().await;
        let (sqs, sns, gamelift) = (sqs.unwrap_err(), sns.unwrap_err(), gamelift.unwrap_err());
        let connections = connections.unwrap_err();
        assert_eq!([sqs.code(), sns.code(), gamelift.code(), connections.code()], codes.map(Some));
        for message in [sqs.message(), sns.message(), gamelift.message(), connections.message()] {
            assert_eq!(message, Some("why <not>"));
        }
        let is_forbidden = connections.into_service_error().is_forbidden_exception();
        assert_eq!(is_forbidden, reason == Reason::Denied);
    }
}

fn manifest() -> Manifest {
    let parameters = [("Issuer", "http://127.0.0.1:1/issuer"), ("Audience", "x")].map(|(name, value)| (name.into(), value.into())).into();
    template::load(include_str!("../../../template.yaml"), &parameters).unwrap()
}

/// Something behind the check that counts what arrives.
async fn counted(odds: Odds) -> (String, Iam, Arc<AtomicUsize>) {
    let (iam, arrivals) = (Iam::new(&manifest(), None), Arc::<AtomicUsize>::default());
    let callers = Callers { iam: iam.clone(), weather: Weather::new(odds) };
    let counter = Arc::clone(&arrivals);
    let router = Router::new().fallback(async move |body: Bytes| {
        counter.fetch_add(1, Relaxed);
        body
    });
    (serve(router.layer(from_fn_with_state(callers, check))).await, iam, arrivals)
}

async fn post(endpoint: &str, key: &str, target: &str, body: Value) -> Result<(u16, Value), reqwest::Error> {
    let authorization = format!("AWS4-HMAC-SHA256 Credential={key}/20261121/{REGION}/x/aws4_request, SignedHeaders=host, Signature=00");
    let request = reqwest::Client::new().post(endpoint).header("authorization", authorization).header("x-amz-target", target);
    let answer = request.body(body.to_string()).send().await?;
    let status = answer.status().as_u16();
    Ok((status, serde_json::from_slice(&answer.bytes().await?).unwrap_or_default()))
}

const GET: &str = "DynamoDB_20120810.GetItem";

#[tokio::test]
async fn a_call_that_is_denied_does_not_arrive_and_the_developers_do() {
    let (endpoint, iam, arrivals) = counted(Odds { throttle: 0.0, ..Odds::default() }).await;
    let play = access_key_of("muster-dev-play");
    let (players, matches) = (json!({"TableName": "muster-dev-players"}), json!({"TableName": "muster-dev-matches"}));
    let (status, denial) = post(&endpoint, &play, GET, players.clone()).await.unwrap();
    assert_eq!((status, &denial["__type"]), (400, &json!("com.amazon.coral.service#AccessDeniedException")));
    assert!(denial["message"].as_str().unwrap().contains("is not authorized to perform: dynamodb:GetItem on resource: arn:"), "{denial}");
    assert_eq!(arrivals.load(Relaxed), 0);
    // The body arrives whole, too.
    assert_eq!(post(&endpoint, &play, GET, matches.clone()).await.unwrap(), (200, matches));
    assert_eq!(post(&endpoint, "AKIADEVELOPER", GET, players.clone()).await.unwrap(), (200, players));
    assert_eq!(arrivals.load(Relaxed), 2);
    assert_eq!(iam.to_json()["denied"][0]["times"], 1);
    let connection = format!("{endpoint}/dev/@connections/abc");
    assert_eq!(post(&connection, &play, "", json!({})).await.unwrap().0, 200);
    assert_eq!(post(&connection, &access_key_of("muster-dev-connect"), "", json!({})).await.unwrap().0, 403);
}

#[tokio::test]
async fn a_throttled_call_of_a_function_does_not_arrive_and_an_unanswered_one_does() {
    let throttled = Odds { throttle: 1.0, ..Odds::default() };
    let (endpoint, _, arrivals) = counted(throttled).await;
    let (play, table) = (access_key_of("muster-dev-play"), json!({"TableName": "muster-dev-matches"}));
    let (status, refusal) = post(&endpoint, &play, GET, table.clone()).await.unwrap();
    let expected = "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException";
    assert_eq!((status, refusal["__type"].as_str(), arrivals.load(Relaxed)), (400, Some(expected), 0));
    assert_eq!(post(&endpoint, "AKIADEVELOPER", GET, table.clone()).await.unwrap().0, 200);

    let unanswered = Odds { unanswered: 1.0, ..Odds::default() };
    let (endpoint, _, arrivals) = counted(unanswered).await;
    let error = post(&endpoint, &play, GET, table.clone()).await.unwrap_err();
    assert!(error.is_request() && !error.is_connect(), "not even a status comes back: {error:?}");
    assert_eq!(arrivals.load(Relaxed), 1);
    assert_eq!(post(&endpoint, "AKIADEVELOPER", GET, table).await.unwrap().0, 200);
}

/// The front door as a stack has it, with all that is behind `POST /`, and no functions.
async fn front_door() -> String {
    let manifest = manifest();
    let dynamodb = DynamoDb::start(crate::dynamodb::DynamoDbOptions::default()).unwrap();
    let sqs = Sqs::new(Vec::new(), "http://127.0.0.1:1", Keep::default());
    let lambda = Lambda::start(&[], quiet()).await.unwrap();
    let sns = Sns::new(Vec::new(), Vec::new(), lambda.clone(), sqs.clone());
    let operators = Operators::new(&manifest, lambda.clone(), sqs.clone());
    let callers = Callers { iam: Iam::new(&manifest, None), weather: Weather::default() };
    let gamelift = GameLift::start(GameLiftOptions {
        queues: Vec::new(),
        topic_arn: None,
        publisher: Arc::new(|_, _| {}),
        fleet_file: None,
        game_server: None,
        log: Arc::new(|_| {}),
        keep: Keep::default(),
        clock: Clock::default(),
    });
    let iam = Iam::new(&manifest, None);
    let machines = std::path::Path::new("");
    let step_functions = StepFunctions::start(&[], machines, (&lambda, &sns), &iam, Clock::default()).unwrap();
    let rooms = router(Services { dynamodb, sqs, sns, gamelift, step_functions, operators: operators.clone() }).merge(operators.router());
    serve(rooms.fallback(nothing_here).layer(from_fn_with_state(callers, check))).await
}

#[tokio::test]
async fn what_is_not_here_is_refused_in_the_form_that_its_clients_read() {
    let endpoint = front_door().await;
    let (status, refusal) = post(&endpoint, "x", "AWSEvents.PutEvents", json!({})).await.unwrap();
    assert_eq!((status, refusal["message"].as_str().unwrap().split(": ").next()), (400, Some("AWSEvents.PutEvents is not implemented")));
    let http = reqwest::Client::new();
    let signed = |service: &str| format!("AWS4-HMAC-SHA256 Credential=x/20261121/{REGION}/{service}/aws4_request, Signature=00");
    let form = http.post(&endpoint).header("content-type", FORM).header("authorization", signed("iam"));
    let answer = form.body("Action=ListUsers&Version=2010-05-08").send().await.unwrap().text().await.unwrap();
    assert!(answer.contains("<Code>InvalidAction</Code><Message>iam ListUsers is not implemented: this stack has"), "{answer}");
    let listed = http.get(format!("{endpoint}/")).header("authorization", signed("s3")).send().await.unwrap();
    assert_eq!(listed.status(), 400);
    let answer = listed.text().await.unwrap();
    assert!(answer.starts_with("<Error><Code>NotImplemented</Code><Message>S3 is not implemented: this stack has"), "{answer}");
}

#[tokio::test]
async fn whoever_asks_is_told_who_he_is() {
    let endpoint = front_door().await;
    let sns = client!(aws_sdk_sns, &endpoint).publish().topic_arn("arn:t").message("x").send().await.unwrap_err();
    assert_eq!(sns.code(), Some("NotFound"), "a form of SNS is still for SNS");
    for (key, who) in [
        ("AKIADEVELOPER".to_owned(), "user/developer"),
        (access_key_of("muster-dev-play"), "assumed-role/muster-dev-play/muster-dev-play"),
        (access_key_of("policy:GameServerPolicy"), "assumed-role/GameServerPolicy/GameServerPolicy"),
    ] {
        let form = reqwest::Client::new().post(&endpoint).header("content-type", FORM);
        let form = form.header("authorization", format!("AWS4-HMAC-SHA256 Credential={key}/20261121/{REGION}/sts/aws4_request"));
        let answer = form.body("Action=GetCallerIdentity&Version=2011-06-15").send().await.unwrap().text().await.unwrap();
        assert!(answer.contains(&format!("{who}</Arn>")), "{answer}");
    }
}
