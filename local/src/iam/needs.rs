//! Which actions on which resources a call needs, as the Service Authorization Reference has them.

use serde_json::Value;

use crate::{
    account::{STREAM_LABEL, arn, function_arn, queue_arn},
    front_door::{Call, Service},
};

/// The actions and the ARNs of their resources. What names no resource needs the action on `*`.
pub(super) fn of(call: &Call, api_id: &str) -> Vec<(String, String)> {
    let (operation, parameters) = (call.operation.as_str(), &call.parameters);
    let need = |operation: &str, resource: String| (format!("{}:{operation}", call.service.prefix()), resource);
    let text = |name: &str| parameters[name].as_str();
    match call.service {
        Service::DynamoDb => of_tables(operation, parameters).into_iter().map(|(operation, resource)| need(operation, resource)).collect(),
        Service::Sqs => {
            let queue = text("QueueUrl").or_else(|| text("QueueName")).map(|url| queue_arn(url.rsplit('/').next().unwrap_or_default()));
            let resource = queue.or_else(|| text("SourceArn").map(str::to_owned));
            vec![need(operation.trim_end_matches("Batch"), resource.unwrap_or_else(any))]
        }
        Service::Sns => vec![need(operation, text("TopicArn").map_or_else(any, str::to_owned))],
        // IAM takes no resource for the operations on placements but for the one that names a queue.
        Service::GameLift => {
            let queue = text("GameSessionQueueName").filter(|_| operation == "StartGameSessionPlacement");
            vec![need(operation, queue.map_or_else(any, |queue| named("gamelift", "gamesessionqueue", queue)))]
        }
        Service::Connections => {
            let path = text("path").unwrap_or_default().trim_start_matches('/');
            let (stage, id) = path.split_once("/@connections/").unwrap_or((path, ""));
            let resource = arn("execute-api", &format!("{api_id}/{stage}/{operation}/@connections/{id}"));
            vec![need("ManageConnections", resource)]
        }
        // Everybody may ask who he is.
        Service::Sts if operation == "GetCallerIdentity" => Vec::new(),
        Service::Lambda => vec![need(operation, text("function").map_or_else(any, function_arn))],
        Service::StepFunctions => {
            let resource = text("executionArn").or_else(|| text("stateMachineArn"));
            vec![need(operation, resource.map_or_else(any, str::to_owned))]
        }
        // The ARN of a log group ends with a star: its streams.
        Service::Logs => {
            let group = text("logGroupName").or_else(|| text("logGroupIdentifier")).unwrap_or_default().trim_end_matches(":*");
            let is_arn = group.starts_with("arn:");
            vec![need(operation, if is_arn { format!("{group}:*") } else { arn("logs", &format!("log-group:{group}:*")) })]
        }
        Service::CloudWatch | Service::Sts | Service::CloudFormation => vec![need(operation, any())],
    }
}

/// Of DynamoDB: a batch needs its own action on each table, and a transaction the action of each of its parts.
fn of_tables<'a>(operation: &'a str, parameters: &Value) -> Vec<(&'a str, String)> {
    let table = |name: &str| named("dynamodb", "table", name);
    let mut needs: Vec<(&str, String)> = match operation {
        "BatchGetItem" | "BatchWriteItem" => {
            parameters["RequestItems"].as_object().into_iter().flatten().map(|(name, _)| (operation, table(name))).collect()
        }
        "TransactWriteItems" | "TransactGetItems" => {
            const PARTS: [(&str, &str); 5] = [
                ("Put", "PutItem"),
                ("Update", "UpdateItem"),
                ("Delete", "DeleteItem"),
                ("ConditionCheck", "ConditionCheckItem"),
                ("Get", "GetItem"),
            ];
            let items = parameters["TransactItems"].as_array().into_iter().flatten();
            let parts = items.flat_map(|item| PARTS.map(|(part, action)| (action, item[part]["TableName"].as_str().map(table))));
            parts.filter_map(|(action, table)| Some((action, table?))).collect()
        }
        _ => {
            // An iterator ends with the ARN of its stream.
            let of_iterator = || parameters["ShardIterator"].as_str().and_then(|iterator| iterator.splitn(3, '/').nth(2));
            let named = ["TableName", "StreamArn", "ResourceArn"].into_iter().find_map(|name| parameters[name].as_str());
            vec![(operation, named.or_else(of_iterator).map_or_else(any, |name| labelled(table(name))))]
        }
    };
    needs.sort();
    needs.dedup();
    needs
}

/// The ARN of a stream with the label that the template has for all of them; any other ARN as it is.
fn labelled(arn: String) -> String {
    arn.split_once("/stream/").map(|(table, _)| format!("{table}/stream/{STREAM_LABEL}")).unwrap_or(arn)
}

/// The ARN of what is given by its name or its ARN.
fn named(service: &str, kind: &str, name: &str) -> String {
    if name.starts_with("arn:") { name.to_owned() } else { arn(service, &format!("{kind}/{name}")) }
}

fn any() -> String {
    "*".to_owned()
}
