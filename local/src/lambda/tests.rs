//! The room as its callers see it, with real processes.

use serde_json::{Value, json};

use super::{test_function::config, *};

async fn start(functions: Vec<FunctionConfig>) -> Lambda {
    start_with(functions, LambdaOptions::default()).await
}

async fn start_with(functions: Vec<FunctionConfig>, options: LambdaOptions) -> Lambda {
    Lambda::start(functions, options).await.unwrap()
}

async fn invoke(lambda: &Lambda, payload: Value) -> Result<Value, InvokeError> {
    let answer = lambda.invoke("test", payload.to_string().into()).await?;
    Ok(serde_json::from_slice(&answer).unwrap())
}

#[tokio::test]
async fn a_function_answers() {
    let lambda = start(vec![config("test")]).await;
    assert_eq!(invoke(&lambda, json!({"hello": 1})).await, Ok(json!({"hello": 1})));
    lambda.shutdown().await;
    assert_eq!(lambda.processes(), []);
}
