//! The Region and the account that everything here is in, and the ARNs that name it.

/// The Region.
pub const REGION: &str = "us-east-1";
/// The account.
pub const ACCOUNT: &str = "000000000000";
/// The credentials that programs here are given. Not secrets: the local services take any, but the SDK refuses to sign without some.
pub(crate) const ACCESS_KEY_ID: &str = "ASIALOCAL000000000000";
pub(crate) const SECRET_ACCESS_KEY: &str = "local";
/// Filter patterns in one event source mapping at most, unless AWS has raised the quota.
pub(crate) const MOST_FILTERS: usize = 5;

/// The ARN of `resource` of `service`, such as `execute-api` or `dynamodb`, in this Region and account.
pub fn arn(service: &str, resource: &str) -> String {
    format!("arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}")
}

/// The ARN of the Lambda function `name`.
pub fn function_arn(name: &str) -> String {
    arn("lambda", &format!("function:{name}"))
}

/// The ARN of the queue `name`.
pub fn queue_arn(name: &str) -> String {
    arn("sqs", name)
}

/// The ARN of the stream of `table` with this label.
pub fn stream_arn(table: &str, label: &str) -> String {
    arn("dynamodb", &format!("table/{table}/stream/{label}"))
}
