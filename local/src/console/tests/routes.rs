//! The page, the stack and the tasks.

use super::*;

#[tokio::test]
async fn browsers_get_the_console_and_everybody_else_text() {
    let served = Served::start().await;
    let text = served.get("/").await.text().await.unwrap();
    assert!(text.starts_with("This is Muster on one machine.") && text.contains("muster-dev-operate"), "{text}");
    let ask = async |served: &Served| {
        let accepted = "text/html,application/xhtml+xml,*/*;q=0.8";
        reqwest::Client::new().get(format!("{}/", served.base)).header("accept", accepted).send().await.unwrap()
    };
    let page = ask(&served).await;
    assert!(page.headers()["content-type"] == "text/html; charset=utf-8" && page.headers()["cache-control"] == "no-cache");
    assert_eq!(page.text().await.unwrap(), "<p>the console</p>");
    let script = served.get("/console/app.js").await;
    assert!(script.status() == 200 && script.headers()["content-type"] == "text/javascript");
    assert_eq!(served.get("/console/..%2findex.html").await.status(), 404);

    let without = Served::with_pages(tempfile::tempdir().unwrap(), None).await;
    assert!(ask(&without).await.text().await.unwrap().starts_with("This is Muster"), "there are no pages");
}

#[tokio::test]
async fn the_stack_says_what_it_has_by_the_names_that_operators_use() {
    let served = Served::start().await;
    let stack = served.json("/api/stack").await;
    for (member, expected) in [
        ("live", json!(true)),
        ("game", json!("muster")),
        ("stage", json!("dev")),
        ("region", json!("eu-central-1")),
        ("endpoint", json!(served.base)),
        ("playUrl", json!("/play/")),
        ("socketUrl", json!(served.base.replace("http", "ws") + "/dev")),
        ("tokenUrl", json!(format!("{}/issuer/token", served.base))),
        ("queues", json!(["streams", "timers", "topics"])),
    ] {
        let sorted = |value: &Value| match value.as_array() {
            Some(list) => {
                let mut names: Vec<_> = list.iter().map(|name| name.as_str().unwrap().to_owned()).collect();
                names.sort();
                json!(names)
            }
            None => value.clone(),
        };
        assert_eq!(sorted(&stack[member]), expected, "{member}");
    }
    let has = |list: &str, member: &str, value: &str| stack[list].as_array().unwrap().iter().any(|one| one[member] == value);
    assert!(stack["tables"].as_array().unwrap().contains(&json!("player-sessions")), "{}", stack["tables"]);
    assert!(has("functions", "name", "muster-dev-play") && has("functions", "handler", "routes/play"));
    assert!(has("resources", "logicalId", "MatchesTable") && has("resources", "name", "muster-dev-matches"));
    assert!(has("resources", "type", "AWS::DynamoDB::Table"));
    assert!(stack["notes"].as_array().unwrap().iter().any(|note| note.as_str().unwrap().contains("nothing is billed on one machine")));
}

#[tokio::test]
async fn a_task_answers_what_it_is_asked_and_its_failure_is_a_problem() {
    let served = Served::start().await;
    let asked = json!({"ask": "player", "playerId": "alice"});
    assert_eq!(served.ask("operate", asked.to_string()).await, (200, asked));
    let problem = async |task: &str, body: &'static str| {
        let (status, answer) = served.ask(task, body).await;
        (status, answer["problem"].as_str().unwrap().to_owned())
    };
    let (status, text) = problem("operate", r#"{"error":"no such table"}"#).await;
    assert!(status == 502 && text.ends_with("no such table"), "{text}");
    let (status, text) = problem("operate", "{").await;
    assert!(status == 400 && text.starts_with("the request is not JSON"), "{text}");
    let (status, text) = problem("play", "{}").await;
    assert_eq!((status, text.as_str()), (404, "there is no task play; there are replay-dead-letters, operate"));
    let (status, text) = problem("replay-dead-letters", "{}").await;
    assert!(status == 404 && text.ends_with("function:muster-dev-replay-dead-letters:live"), "{text}");
    served.lambda.shutdown().await;
}
