//! The environment variables of a function process.
//!
//! The reserved ones are those of the Lambda developer guide, "Using Lambda environment variables"; a template cannot override them.

use std::{collections::BTreeMap, path::Path};

use super::FunctionConfig;
use crate::account::{REGION, SECRET_ACCESS_KEY, access_key_of};

/// Everything the process sees. Nothing of the developer's own shell is among it, as nothing of it is on AWS.
///
/// `runtime_api` is `http://host:port/path`: AWS gives `host:port` alone, but a path, which tells environments apart on one port, is only
/// understood by `lambda_runtime` after a scheme. `token` tells environments of one function apart in the name of the log stream.
pub(super) fn variables(function: &FunctionConfig, runtime_api: String, token: &str) -> BTreeMap<String, String> {
    let task_root = function.program.parent().unwrap_or(Path::new("/")).display().to_string();
    let reserved = [
        ("AWS_LAMBDA_FUNCTION_NAME", function.name.clone()),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", function.memory_mb.to_string()),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".to_owned()),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand".to_owned()),
        ("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{}", function.name)),
        ("AWS_LAMBDA_LOG_STREAM_NAME", format!("local/[$LATEST]{token}")),
        ("AWS_LAMBDA_RUNTIME_API", runtime_api),
        ("AWS_REGION", REGION.to_owned()),
        ("AWS_DEFAULT_REGION", REGION.to_owned()),
        ("AWS_ACCESS_KEY_ID", access_key_of(&function.name)),
        ("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY.to_owned()),
        ("AWS_SESSION_TOKEN", "local".to_owned()),
        ("LAMBDA_TASK_ROOT", task_root),
        ("LAMBDA_RUNTIME_DIR", "/var/runtime".to_owned()),
        ("TZ", ":UTC".to_owned()),
        ("_HANDLER", "bootstrap".to_owned()),
    ];
    // These may be overridden.
    let defaults = [("LANG", "en_US.UTF-8"), ("PATH", "/usr/local/bin:/usr/bin:/bin:/opt/bin")];
    let mut variables: BTreeMap<_, _> = defaults.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    variables.extend(function.environment.clone());
    variables.extend(reserved.map(|(name, value)| (name.to_owned(), value)));
    variables
}
