//! Who asks, and what the stack is, in the query protocol's XML.

use std::collections::BTreeMap;

use axum::{http::StatusCode, response::Response};

use crate::{
    account::{self, ACCOUNT},
    front_door::{escape, query, xml},
    template::Manifest,
};

/// `sts get-caller-identity`: the account's own user, or the role of a function or of a managed policy.
pub(super) fn caller_identity(caller: Option<&str>) -> Response {
    let (id, who) = match caller.map(|caller| account::policy_of(caller).unwrap_or(caller)) {
        Some(role) => (format!("AROALOCAL:{role}"), format!("arn:aws:sts::{ACCOUNT}:assumed-role/{role}/{role}")),
        None => ("AIDALOCAL".to_owned(), format!("arn:aws:iam::{ACCOUNT}:user/developer")),
    };
    answer("GetCallerIdentity", &(element("Arn", &who) + &element("UserId", &id) + &element("Account", ACCOUNT)))
}

/// `cloudformation describe-stacks`: the one stack there is, by the name that physical names begin with.
pub(super) fn describe(manifest: &Manifest, name: Option<&str>) -> Response {
    let prefix = manifest.prefix();
    let stack = prefix.trim_end_matches('-');
    if let Some(other) = name.filter(|name| *name != stack) {
        let message = format!("Stack with id {other} does not exist: this is {stack}");
        return query(StatusCode::BAD_REQUEST, "ValidationError", &message);
    }
    let members = |pairs: &BTreeMap<String, String>, key: &str, value: &str| -> String {
        pairs.iter().map(|(name, text)| format!("<member>{}{}</member>", element(key, name), element(value, text))).collect()
    };
    let outputs = members(&manifest.outputs, "OutputKey", "OutputValue");
    let parameters = members(&manifest.parameters, "ParameterKey", "ParameterValue");
    let facts = element("StackName", stack) + &element("StackStatus", "CREATE_COMPLETE");
    let stack = format!("{facts}<Parameters>{parameters}</Parameters><Outputs>{outputs}</Outputs>");
    answer("DescribeStacks", &format!("<Stacks><member>{stack}</member></Stacks>"))
}

fn element(name: &str, text: &str) -> String {
    format!("<{name}>{}</{name}>", escape(text))
}

fn answer(action: &str, result: &str) -> Response {
    xml(StatusCode::OK, format!("<{action}Response><{action}Result>{result}</{action}Result></{action}Response>"))
}
