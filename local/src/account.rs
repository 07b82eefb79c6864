//! The Region and the account that everything here is in, the ARNs that name it, and the keys by which functions sign.

use http::{HeaderMap, header::AUTHORIZATION};

/// The Region.
pub const REGION: &str = "eu-central-1";
/// The account.
pub const ACCOUNT: &str = "123456789012";
/// What programs here sign with. It is no secret: signatures are not checked, but SDKs refuse to make none.
pub(crate) const SECRET_ACCESS_KEY: &str = "local";

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

/// The label of every stream in the template. AWS's is the time of creation, which nobody knows before.
pub(crate) const STREAM_LABEL: &str = "1970-01-01T00:00:00.000";

/// What the access key of a function begins with, before the function's name.
const OF_FUNCTION: &str = "ASIAF";

/// Whose key game servers sign with that the fleet starts: they have this managed policy of the template.
pub(crate) const GAME_SERVER: &str = "policy:GameServerPolicy";

/// What stands before the logical id of a managed policy in the place of a function's name.
const POLICY: &str = "policy:";

/// The managed policy whose key signed, if [`signed_by`] did not answer a function's name.
pub(crate) fn policy_of(caller: &str) -> Option<&str> {
    caller.strip_prefix(POLICY)
}

/// The access key of the function `name`, or of whoever has the managed policy `policy:LOGICAL-ID` and nothing else. It says whose it is,
/// so that services can tell who asks.
pub(crate) fn access_key_of(name: &str) -> String {
    name.bytes().fold(OF_FUNCTION.to_owned(), |key, byte| key + &format!("{byte:02X}"))
}

/// The function that signed a request with these headers, or `policy:LOGICAL-ID`; none, if it was somebody else.
pub(crate) fn signed_by(headers: &HeaderMap) -> Option<String> {
    let authorization = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let key = authorization.split_once("Credential=")?.1.split_once('/')?.0.strip_prefix(OF_FUNCTION)?;
    let byte = |at: usize| u8::from_str_radix(key.get(at..at + 2)?, 16).ok();
    String::from_utf8((0..key.len()).step_by(2).map(byte).collect::<Option<_>>()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_tells_which_function_signed_it() {
        let signed = |key: &str| {
            let value =
                format!("AWS4-HMAC-SHA256 Credential={key}/20260101/eu-central-1/sqs/aws4_request, SignedHeaders=host, Signature=0");
            signed_by(&HeaderMap::from_iter([(AUTHORIZATION, value.parse().unwrap())]))
        };
        assert_eq!(signed(&access_key_of("muster-dev-play")).as_deref(), Some("muster-dev-play"));
        assert_eq!([signed("AKIADEVELOPER"), signed("ASIAF0"), signed_by(&HeaderMap::new())], [None, None, None]);
    }
}
