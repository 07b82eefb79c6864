//! `AWS::Serverless::Function`.
//! <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-function.html>

use std::{collections::BTreeMap, time::Duration};

use serde::Deserialize;

use super::{
    declarations::Declaration,
    error::Problem,
    events::{DestinationConfig, Event},
    identities::ALIAS,
    manifest::{EventInvoke, Function, Manifest},
    policies::{IdentityStatement, PolicyDocument},
    scalars::Parsed,
};
use crate::account;

/// The properties of a function.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct FunctionProperties {
    #[serde(rename = "Runtime")]
    _runtime: Runtime,
    handler: String,
    memory_size: Option<Parsed<u32>>,
    timeout: Option<Parsed<u64>>,
    #[serde(default)]
    environment: Environment,
    reserved_concurrent_executions: Option<Parsed<usize>>,
    auto_publish_alias: Option<Alias>,
    #[serde(default)]
    event_invoke_config: EventInvokeConfig,
    #[serde(default)]
    policies: Vec<PolicyDocument<IdentityStatement>>,
    #[serde(default)]
    events: BTreeMap<String, Event>,
}

#[derive(Deserialize)]
enum Runtime {
    #[serde(rename = "provided.al2023")]
    ProvidedAl2023,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Alias {
    Live,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Environment {
    #[serde(default)]
    variables: BTreeMap<String, String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct EventInvokeConfig {
    maximum_retry_attempts: Option<Parsed<u32>>,
    maximum_event_age_in_seconds: Option<Parsed<u64>>,
    destination_config: Option<DestinationConfig>,
}

impl FunctionProperties {
    /// Adds the function, with Lambda's defaults, and what its events become.
    pub(super) fn add_to(self, manifest: &mut Manifest, declaration: &Declaration) -> Result<(), Problem> {
        let Declaration { logical_id, name, metadata, .. } = declaration;
        let arn = account::function_arn(name);
        let invoked = if self.auto_publish_alias.is_some() { format!("{arn}:{ALIAS}") } else { arn.clone() };
        for (event, what) in self.events {
            // As SAM names it.
            let mapping = format!("{logical_id}{event}");
            what.add_to(manifest, mapping, invoked.clone())
                .map_err(|problem| problem.within("Properties").within(event).within("Events"))?;
        }
        let binary = metadata.pointer("/BuildProperties/Binary").and_then(|binary| binary.as_str()).filter(|_| self.handler == "bootstrap");
        let invoke = self.event_invoke_config;
        manifest.functions.push(Function {
            logical_id: logical_id.clone(),
            name: name.clone(),
            arn,
            handler: binary.unwrap_or(&self.handler).to_owned(),
            timeout: Duration::from_secs(self.timeout.map_or(3, |seconds| seconds.0)),
            memory_mb: self.memory_size.map_or(128, |memory| memory.0),
            environment: self.environment.variables,
            reserved_concurrency: self.reserved_concurrent_executions.map(|most| most.0),
            event_invoke: EventInvoke {
                maximum_retry_attempts: invoke.maximum_retry_attempts.map_or(2, |attempts| attempts.0),
                maximum_event_age: Duration::from_secs(invoke.maximum_event_age_in_seconds.map_or(21_600, |seconds| seconds.0)),
                on_failure_queue_arn: invoke.destination_config.map(DestinationConfig::queue_arn),
            },
            statements: (self.policies.into_iter().enumerate())
                .flat_map(|(index, policy)| policy.statements(&format!("{logical_id}.Policies[{index}]")).collect::<Vec<_>>())
                .collect(),
        });
        Ok(())
    }
}
