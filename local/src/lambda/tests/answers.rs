//! What an invocation returns when all goes well, and when the function itself says that it does not.

use super::*;
use crate::account::function_arn;

#[tokio::test]
async fn a_function_is_found_by_name_and_by_arn_and_no_other_is() {
    let lambda = start().await;
    let payload = Bytes::from_static(b"{\"hello\":1}");
    let arn = function_arn("test");
    for name in ["test", "test:live", &arn, &format!("{arn}:$LATEST"), &format!("{arn}:live")] {
        assert_eq!(lambda.invoke(name, payload.clone()).await.result, Ok(payload.clone()));
    }
    for name in ["tes", "", &function_arn("other"), &format!("{arn}:prod"), "arn:aws:lambda:moon-1:123456789012:function:test"] {
        assert_eq!(
            lambda.invoke(name, payload.clone()).await.result,
            Err(InvokeError::NotFound(function_arn(name.strip_prefix(&function_arn("")).unwrap_or(name))))
        );
    }
    lambda.shutdown().await;
}

#[tokio::test]
async fn an_error_and_a_panic_are_answers_and_the_environment_lives_on() {
    let lambda = start().await;
    let (error_type, message) = failure(invoke(&lambda, json!({"error": "no such row"})).await);
    assert!(error_type.contains("Error"), "{error_type}");
    assert_eq!(message, "no such row");
    let first = pid(&lambda);
    let (_, message) = failure(invoke(&lambda, json!({"panic": true})).await);
    assert_eq!(message, "Lambda panicked: asked to panic");
    assert_eq!(invoke(&lambda, json!({"answer": [1]})).await, Ok(json!([1])));
    assert_eq!(pid(&lambda), first);
    let FunctionStats { invocations, errors, throttles, processes, environments_started, .. } = stats(&lambda);
    assert_eq!((invocations, errors, throttles, processes.len(), environments_started), (3, 2, 0, 1, 1));
    lambda.shutdown().await;
}

#[tokio::test]
async fn an_answer_of_six_megabytes_is_whole_and_a_larger_one_is_an_error() {
    let lambda = start_with(Function { timeout: Duration::from_secs(60), ..config("test") }, quiet()).await;
    // The answer is a JSON string: two quotes more than its text.
    let text = invoke(&lambda, json!({"answerBytes": 6_291_554})).await.unwrap();
    assert_eq!(text.as_str().unwrap().len(), 6_291_554);
    assert_eq!(
        failure(invoke(&lambda, json!({"answerBytes": 6_291_555})).await),
        failed("Function.ResponseSizeTooLarge", "Response payload size exceeded maximum allowed payload size (6291556 bytes).")
    );
    assert_eq!(invoke(&lambda, json!({"answer": 1})).await, Ok(json!(1)));
    lambda.shutdown().await;
}

#[tokio::test]
async fn a_template_may_fix_the_answer_of_the_test_function_and_record_its_payloads() {
    let log = tempfile::NamedTempFile::new().unwrap();
    let mut function = config("test");
    function.environment.insert("TEST_FUNCTION_ANSWER".to_owned(), r#"{"statusCode":200}"#.to_owned());
    function.environment.insert("TEST_FUNCTION_LOG".to_owned(), log.path().to_str().unwrap().to_owned());
    let lambda = start_with(function, quiet()).await;
    assert_eq!(invoke(&lambda, json!({"error": "ignored"})).await, Ok(json!({"statusCode": 200})));
    assert_eq!(invoke(&lambda, json!([2])).await, Ok(json!({"statusCode": 200})));
    assert_eq!(std::fs::read_to_string(log.path()).unwrap(), "{\"error\":\"ignored\"}\n[2]\n");
    lambda.shutdown().await;
}

#[tokio::test]
async fn each_answer_adds_the_time_from_its_hand_over() {
    let lambda = start().await;
    assert_eq!(stats(&lambda).median, Duration::ZERO);
    // The first invocation waits for its process to start, which is not the function's own time.
    for _ in 0..3 {
        invoke(&lambda, json!({"sleepMilliseconds": 30})).await.unwrap();
    }
    let FunctionStats { median, percentile_99, .. } = stats(&lambda);
    assert!(median >= Duration::from_millis(30) && median <= percentile_99, "{median:?} {percentile_99:?}");
    lambda.shutdown().await;
}
