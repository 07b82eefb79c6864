//! What `Ref` and `Fn::GetAtt` give for each type of resource, as on AWS. Where AWS would make a name or an id up, it is made from the
//! stack's name and the logical id, so that it is the same at every start.

use uuid::Uuid;

use super::{
    node::Node,
    resolver::Resolver,
    resources::{Declaration, Generated},
    yaml::join,
};
use crate::account::{ACCOUNT, REGION};

/// The label in the ARN of a table's stream. AWS takes the time of creation; the table room is asked for streams by table.
const STREAM_LABEL: &str = "1970-01-01T00:00:00.000";

/// The identity of a type of resource. In the forms, `{name}` is the physical name and `{id}` an identifier that AWS would make up;
/// `{region}` and `{account}` are those of [`crate::account`].
struct Identity {
    kind: &'static str,
    name_property: Option<&'static str>,
    reference: &'static str,
    attributes: &'static [(&'static str, &'static str)],
}

const IDENTITIES: &[Identity] = &[
    Identity {
        kind: "AWS::ApiGatewayV2::RouteResponse",
        name_property: None,
        reference: "{id}",
        attributes: &[("RouteResponseId", "{id}")],
    },
    Identity {
        kind: "AWS::CloudWatch::Alarm",
        name_property: Some("AlarmName"),
        reference: "{name}",
        attributes: &[("Arn", "arn:aws:cloudwatch:{region}:{account}:alarm:{name}")],
    },
    Identity { kind: "AWS::CloudWatch::Dashboard", name_property: Some("DashboardName"), reference: "{name}", attributes: &[] },
    Identity {
        kind: "AWS::Cognito::UserPool",
        name_property: None,
        reference: "{region}_{id}",
        attributes: &[("UserPoolId", "{region}_{id}")],
    },
    Identity { kind: "AWS::Cognito::UserPoolClient", name_property: None, reference: "{id}", attributes: &[("ClientId", "{id}")] },
    Identity {
        kind: "AWS::DynamoDB::Table",
        name_property: Some("TableName"),
        reference: "{name}",
        attributes: &[
            ("Arn", "arn:aws:dynamodb:{region}:{account}:table/{name}"),
            ("StreamArn", "arn:aws:dynamodb:{region}:{account}:table/{name}/stream/{label}"),
        ],
    },
    Identity {
        kind: "AWS::GameLift::GameSessionQueue",
        name_property: Some("Name"),
        reference: "{name}",
        attributes: &[("Arn", "arn:aws:gamelift:{region}:{account}:gamesessionqueue/{name}"), ("Name", "{name}")],
    },
    Identity {
        kind: "AWS::IAM::ManagedPolicy",
        name_property: Some("ManagedPolicyName"),
        reference: "arn:aws:iam::{account}:policy/{name}",
        attributes: &[("PolicyArn", "arn:aws:iam::{account}:policy/{name}")],
    },
    Identity {
        kind: "AWS::IAM::Role",
        name_property: Some("RoleName"),
        reference: "{name}",
        attributes: &[("Arn", "arn:aws:iam::{account}:role/{name}")],
    },
    Identity {
        kind: "AWS::Logs::LogGroup",
        name_property: Some("LogGroupName"),
        reference: "{name}",
        attributes: &[("Arn", "arn:aws:logs:{region}:{account}:log-group:{name}:*")],
    },
    Identity { kind: "AWS::Logs::QueryDefinition", name_property: None, reference: "{id}", attributes: &[("QueryDefinitionId", "{id}")] },
    Identity {
        kind: "AWS::SNS::Subscription",
        name_property: None,
        reference: "arn:aws:sns:{region}:{account}:{id}",
        attributes: &[("Arn", "arn:aws:sns:{region}:{account}:{id}")],
    },
    Identity {
        kind: "AWS::SNS::Topic",
        name_property: Some("TopicName"),
        reference: "arn:aws:sns:{region}:{account}:{name}",
        attributes: &[("TopicArn", "arn:aws:sns:{region}:{account}:{name}"), ("TopicName", "{name}")],
    },
    Identity { kind: "AWS::SNS::TopicPolicy", name_property: None, reference: "{id}", attributes: &[("Id", "{id}")] },
    Identity {
        kind: "AWS::SQS::Queue",
        name_property: Some("QueueName"),
        reference: "https://sqs.{region}.amazonaws.com/{account}/{name}",
        attributes: &[
            ("Arn", "arn:aws:sqs:{region}:{account}:{name}"),
            ("QueueName", "{name}"),
            ("QueueUrl", "https://sqs.{region}.amazonaws.com/{account}/{name}"),
        ],
    },
    Identity {
        kind: "AWS::Serverless::Function",
        name_property: Some("FunctionName"),
        reference: "{name}",
        attributes: &[("Arn", "arn:aws:lambda:{region}:{account}:function:{name}")],
    },
    Identity {
        kind: "AWS::Serverless::WebSocketApi",
        name_property: None,
        reference: "{id}",
        attributes: &[("ApiId", "{id}"), ("ApiEndpoint", "wss://{id}.execute-api.{region}.amazonaws.com")],
    },
];

impl Resolver<'_> {
    /// An identifier of at most 24 lower-case letters and digits that belongs to this stack and resource alone.
    pub(super) fn identifier(&self, logical_id: &str, length: usize) -> String {
        let mut number = self.unique(logical_id).as_u128();
        let mut identifier = String::new();
        for _ in 0..length {
            identifier.push(char::from_digit((number % 36) as u32, 36).unwrap_or('0'));
            number /= 36;
        }
        identifier
    }

    /// A UUID that belongs to this stack and resource alone.
    pub(super) fn unique(&self, logical_id: &str) -> Uuid {
        Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("{}/{logical_id}", self.stack_name).as_bytes())
    }

    /// The physical name of a resource: what its name property says, or one made up. `None` if that has a problem.
    pub(super) fn physical_name(&self, logical_id: &str) -> Option<String> {
        let declaration = self.resources.declared.get(logical_id)?;
        let property = identity(&declaration.kind)?.name_property?;
        let path = join(&join("Resources", logical_id), &join("Properties", property));
        let given = declaration.properties.get(property);
        if !self.naming.borrow_mut().insert(logical_id.to_owned()) {
            // A circle, which the check of dependencies reports.
            return None;
        }
        let name = given.map(|node| self.resolve(node, &path));
        self.naming.borrow_mut().remove(logical_id);
        match name {
            Some(Some(name)) => name.scalar(),
            Some(None) | None => Some(format!("{}-{logical_id}-{}", self.stack_name, self.identifier(logical_id, 12).to_uppercase())),
        }
    }

    /// What `Ref` gives for a resource.
    pub(super) fn resource_reference(&self, name: &str, line: usize, path: &str) -> Option<String> {
        if let Some(generated) = self.resources.generated.get(name) {
            return match generated {
                Generated::Route { .. } => Some(self.identifier(name, 7)),
                Generated::Role { .. } => Some(self.role_name(name)),
            };
        }
        let declaration = self.declared(name, line, path)?;
        match identity(&declaration.kind) {
            Some(identity) => self.form(identity.reference, identity, name),
            None => self.unknown(path, line, format!("the local stack does not know what Ref gives for {}", declaration.kind)),
        }
    }

    /// What `Fn::GetAtt` gives.
    pub(super) fn resource_attribute(&self, name: &str, attribute: &str, line: usize, path: &str) -> Option<String> {
        if let Some(Generated::Role { .. }) = self.resources.generated.get(name)
            && attribute == "Arn"
        {
            return Some(format!("arn:aws:iam::{ACCOUNT}:role/{}", self.role_name(name)));
        }
        if self.resources.generated.contains_key(name) {
            return self.unknown(path, line, format!("the local stack knows no attribute {attribute} of {name}"));
        }
        let declaration = self.declared(name, line, path)?;
        if attribute == "StreamArn" && !has_stream(declaration) {
            return self.unknown(path, line, format!("{name} has no stream; give it a StreamSpecification"));
        }
        let identity = identity(&declaration.kind);
        match identity.and_then(|identity| Some((identity, identity.attributes.iter().find(|(key, _)| *key == attribute)?))) {
            Some((identity, (_, form))) => self.form(form, identity, name),
            None => {
                self.unknown(path, line, format!("the local stack knows no attribute {attribute} of {}, which {name} is", declaration.kind))
            }
        }
    }

    /// The resource of type `kind` of which `attribute` is `value`.
    pub(super) fn owner(&self, kind: &str, attribute: &str, value: &str) -> Option<&str> {
        let identity = identity(kind)?;
        let (_, form) = identity.attributes.iter().find(|(key, _)| *key == attribute)?;
        let declared = self.resources.declared.iter().filter(|(_, declaration)| declaration.kind == kind && declaration.kept);
        declared.map(|(id, _)| id.as_str()).find(|id| self.form(form, identity, id).as_deref() == Some(value))
    }

    /// The ARN of a function or a queue, also one of GameLift's.
    pub(super) fn arn(&self, logical_id: &str) -> Option<String> {
        let identity = identity(&self.resources.declared.get(logical_id)?.kind)?;
        let (_, form) = identity.attributes.iter().find(|(key, _)| *key == "Arn")?;
        self.form(form, identity, logical_id)
    }

    fn declared(&self, name: &str, line: usize, path: &str) -> Option<&Declaration> {
        match self.resources.declared.get(name) {
            Some(declaration) if declaration.kept => Some(declaration),
            Some(_) => self.unknown(path, line, format!("{name} is not there, because its condition is false; choose with Fn::If")),
            None => {
                let mut known = self.resources.declared.keys().chain(self.resources.generated.keys()).chain(self.parameters.values.keys());
                let meant = known.find(|known| known.eq_ignore_ascii_case(name)).map(|known| format!("; did you mean {known}?"));
                let meant = meant.unwrap_or_default();
                self.unknown(path, line, format!("there is no parameter or resource {name} that may be named here{meant}"))
            }
        }
    }

    fn form(&self, form: &str, identity: &Identity, logical_id: &str) -> Option<String> {
        let text = form.replace("{region}", REGION).replace("{account}", ACCOUNT).replace("{label}", STREAM_LABEL);
        let text = text.replace("{id}", &self.identifier(logical_id, 10));
        match identity.name_property {
            Some(_) => Some(text.replace("{name}", &self.physical_name(logical_id)?)),
            None => Some(text),
        }
    }

    fn role_name(&self, generated_id: &str) -> String {
        format!("{}-{generated_id}-{}", self.stack_name, self.identifier(generated_id, 12))
    }

    fn unknown<T>(&self, path: &str, line: usize, message: String) -> Option<T> {
        self.report.problem(path, line, message);
        None
    }
}

fn identity(kind: &str) -> Option<&'static Identity> {
    IDENTITIES.iter().find(|identity| identity.kind == kind)
}

fn has_stream(table: &Declaration) -> bool {
    table.properties.get("StreamSpecification").is_some_and(|node: &Node| node.entries().is_some())
}
