//! The template as it is written: its sections, and its resources with `Globals` put in and before functions are evaluated.

use std::collections::BTreeMap;

use serde::{Deserialize, de::IgnoredAny};
use serde_json::{Map, Value};

use super::{
    error::{self, Problem},
    intrinsics::{Scope, is_function},
    parameters::Parameter,
};

pub(super) const API: &str = "AWS::Serverless::WebSocketApi";
pub(super) const DOMAIN_NAME: &str = "AWS::ApiGatewayV2::DomainName";
pub(super) const FUNCTION: &str = "AWS::Serverless::Function";
pub(super) const GAME_SESSION_QUEUE: &str = "AWS::GameLift::GameSessionQueue";
pub(super) const LOG_GROUP: &str = "AWS::Logs::LogGroup";
pub(super) const MANAGED_POLICY: &str = "AWS::IAM::ManagedPolicy";
pub(super) const QUEUE: &str = "AWS::SQS::Queue";
pub(super) const STATE_MACHINE: &str = "AWS::Serverless::StateMachine";
pub(super) const TABLE: &str = "AWS::DynamoDB::Table";
pub(super) const TOPIC: &str = "AWS::SNS::Topic";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Document {
    #[serde(rename = "Transform")]
    _transform: Transform,
    #[serde(default)]
    pub(super) parameters: BTreeMap<String, Parameter>,
    #[serde(default)]
    pub(super) rules: BTreeMap<String, Rule>,
    #[serde(default)]
    pub(super) conditions: BTreeMap<String, Value>,
    #[serde(default)]
    pub(super) globals: Globals,
    pub(super) resources: BTreeMap<String, Value>,
    #[serde(default)]
    pub(super) outputs: BTreeMap<String, OutputDeclaration>,
}

/// The one transform that a template may name.
#[derive(Deserialize)]
enum Transform {
    #[serde(rename = "AWS::Serverless-2016-10-31")]
    Sam,
}

/// What functions have in common.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Globals {
    function: Map<String, Value>,
}

/// What has to hold between the values of parameters.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Rule {
    pub(super) assertions: Vec<Assertion>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Assertion {
    pub(super) assert: Value,
    pub(super) assert_description: String,
}

/// An output before its value is evaluated.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct OutputDeclaration {
    pub(super) condition: Option<String>,
    #[serde(rename = "Description")]
    _description: Option<IgnoredAny>,
    pub(super) value: Value,
}

/// A resource as the template declares it.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Declaration {
    #[serde(skip)]
    pub(super) logical_id: String,
    /// The physical name, or the id of what has no name.
    #[serde(skip)]
    pub(super) name: String,
    #[serde(rename = "Type")]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) properties: Map<String, Value>,
}

impl Declaration {
    /// Reads a declaration. `None` if its condition leaves it out.
    pub(super) fn read(logical_id: &str, mut declared: Value, globals: &Globals, scope: &Scope) -> Result<Option<Self>, Problem> {
        // The local stack creates everything at its start, in an order of its own, and updates nothing.
        leave_out(&mut declared, &["DependsOn", "Metadata", "DeletionPolicy", "UpdateReplacePolicy"]);
        let condition: Option<String> = error::take(&mut declared, "Condition")?;
        let mut declaration = Self { logical_id: logical_id.to_owned(), ..error::read(declared)? };
        if declaration.kind == FUNCTION {
            let own = std::mem::replace(&mut declaration.properties, globals.function.clone());
            merge(&mut declaration.properties, own);
        }
        let is_kept = condition.map_or(Ok(true), |condition| scope.condition(&condition))?;
        Ok(is_kept.then_some(declaration))
    }
}

/// Takes out what needs no understanding.
pub(super) fn leave_out(value: &mut Value, keys: &[&str]) {
    value.as_object_mut().into_iter().for_each(|members| members.retain(|key, _| !keys.contains(&key.as_str())));
}

/// Puts a function's own properties into the global ones, as SAM does it: maps are merged, lists are appended, anything else is replaced.
/// <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-template-anatomy-globals.html>
pub(super) fn merge(global: &mut Map<String, Value>, own: Map<String, Value>) {
    for (key, value) in own {
        match (global.get_mut(&key), value) {
            // An intrinsic function, which is a map of one member too, is replaced with the map that it is in.
            (Some(Value::Object(global)), Value::Object(own))
                if ![&*global, &own].iter().any(|map| map.keys().any(|key| is_function(key))) =>
            {
                merge(global, own)
            }
            (Some(Value::Array(global)), Value::Array(own)) => global.extend(own),
            (_, value) => drop(global.insert(key, value)),
        }
    }
}
