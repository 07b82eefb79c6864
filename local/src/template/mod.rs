//! The template room: the text of `template.yaml` and values for its parameters become the [`Manifest`] that the local stack boots from.
//!
//! Nothing in the template is passed over in silence. What is named there is understood, or it is in the tables of `notes.rs` with the reason
//! why it has no effect on one machine, or it is a [`Problem`] with its line. All problems are reported at once.
//!
//! In order: `yaml` (text to nodes with lines), `parameters`, `rules` (between them), `conditions`, `resources` (with `globals`),
//! `dependencies` (circles), `resolver` and `identities` (intrinsic functions), and then a reader for each type of resource.

mod alarms;
mod api;
mod conditions;
mod dependencies;
mod destinations;
mod error;
mod event_invoke;
mod filter_criteria;
mod functions;
mod game_session_queues;
mod globals;
mod identities;
mod manifest;
mod node;
mod notes;
mod outputs;
mod parameters;
mod policies;
mod queue_mappings;
mod queues;
mod resolver;
mod resources;
mod rules;
mod section;
mod stream_mappings;
mod tables;
#[cfg(test)]
mod tests;
mod topic_subscriptions;
mod topics;
mod yaml;

use std::collections::{BTreeMap, BTreeSet};

pub use error::{Note, Problem, TemplateError};
pub use manifest::{
    Alarm, Authorizer, EventInvoke, Function, GameSessionQueue, Key, KeyType, ManagedPolicy, Manifest, Output, Queue, QueueMapping,
    Redrive, RedriveAllow, ResourcePolicy, Route, StartingPosition, Statement, StreamMapping, StreamView, Table, Throttle, Topic,
    TopicSubscription, WebSocketApi,
};

use error::Report;
use node::{Kind, Node};
use parameters::Parameters;
use resolver::Resolver;
use section::Section;

/// The transforms that a template may name. The first lets intrinsic functions stand in `DeletionPolicy`, which has no effect here.
const TRANSFORMS: [&str; 2] = ["AWS::LanguageExtensions", "AWS::Serverless-2016-10-31"];

/// Understands a template. `parameters` are values for its parameters, `stack_name` is what `AWS::StackName` gives; names and ids that AWS
/// would make up are made from it.
///
/// # Errors
/// Everything that is wrong with the template or with the values, or that the local stack does not understand.
pub fn load(text: &str, parameters: &BTreeMap<String, String>, stack_name: &str) -> Result<Manifest, TemplateError> {
    let report = Report::default();
    let manifest = yaml::parse(text, &report).map(|document| read(&document, parameters, stack_name, &report));
    let notes = report.finish()?;
    // Without a problem there is a document, so this is not reached.
    let no_document =
        || TemplateError { problems: vec![Problem { line: None, path: String::new(), message: "the template is empty".to_owned() }] };
    Ok(Manifest { notes, ..manifest.ok_or_else(no_document)? })
}

fn read(document: &Node, overrides: &BTreeMap<String, String>, stack_name: &str, report: &Report) -> Manifest {
    let mut manifest = Manifest::default();
    let Some(template) = Section::new(document, document.line, "", report) else { return manifest };
    for key in ["AWSTemplateFormatVersion", "Description"] {
        template.text(key);
    }
    let transforms = template.texts("Transform");
    for transform in transforms.iter().filter(|transform| !TRANSFORMS.contains(&transform.as_str())) {
        template.problem("Transform", format!("{transform} is not understood by the local stack; it knows {}", TRANSFORMS.join(", ")));
    }
    if transforms.last().is_none_or(|last| last != TRANSFORMS[1]) {
        template.problem("Transform", format!("the transforms have to end with {}", TRANSFORMS[1]));
    }
    let (parameters_node, mappings, conditions, globals) =
        (template.node("Parameters"), template.node("Mappings"), template.node("Conditions"), template.node("Globals"));
    let rules = template.node("Rules");
    template.require("Resources");
    let (resources, outputs) = (template.node("Resources"), template.node("Outputs"));

    let parameters: Parameters = parameters::read(parameters_node, template.line_of("Parameters"), overrides, report);
    manifest.parameters = parameters.shown();
    let mut resolver = Resolver::new(report, stack_name, &parameters, mappings);
    rules::check(rules, template.line_of("Rules"), &resolver);
    resolver.conditions = conditions::evaluate(conditions, template.line_of("Conditions"), &resolver);
    let globals = globals::of_functions(globals, template.line_of("Globals"), report);
    resolver.resources = resources::read(resources, template.line_of("Resources"), globals, &resolver);
    dependencies::check(&resolver);
    read_resources(&resolver, &mut manifest);
    manifest.outputs = outputs::read(outputs, template.line_of("Outputs"), &resolver);
    template.finish(notes::TEMPLATE);
    manifest
}

fn read_resources(resolver: &Resolver<'_>, manifest: &mut Manifest) {
    let report = resolver.report;
    let kept: Vec<(&String, &resources::Declaration)> =
        resolver.resources.declared.iter().filter(|(_, declaration)| declaration.kept).collect();
    // Every property is evaluated, also those without effect, because what they refer to has to exist.
    let properties: BTreeMap<&str, Node> = kept
        .iter()
        .map(|(id, declaration)| {
            let path = format!("Resources.{id}.Properties");
            let resolved = resolver.resolve(&declaration.properties, &path);
            (id.as_str(), resolved.unwrap_or(Node::new(declaration.line, Kind::Map(Vec::new()))))
        })
        .collect();
    let section = |id: &str, declaration: &resources::Declaration| {
        Section::new(properties.get(id)?, declaration.properties_line, format!("Resources.{id}.Properties"), report)
    };

    let mut responses: BTreeSet<String> = BTreeSet::new();
    for (id, declaration) in kept.iter().filter(|(_, declaration)| declaration.kind == resources::ROUTE_RESPONSE) {
        let Some(section) = section(id, declaration) else { continue };
        if let Some(route) = api::read_response(section, resolver)
            && !responses.insert(route.clone())
        {
            report.problem(&format!("Resources.{id}"), declaration.line, format!("{route} has a RouteResponse already"));
        }
    }
    let mut names: BTreeSet<(&str, String)> = BTreeSet::new();
    for (id, declaration) in kept {
        if let Some(name) = resolver.physical_name(id)
            && !names.insert((&declaration.kind, name.clone()))
        {
            report.problem(&format!("Resources.{id}"), declaration.line, format!("another {} has the name {name}", declaration.kind));
        }
        let Some(section) = section(id, declaration) else { continue };
        match declaration.kind.as_str() {
            resources::FUNCTION => {
                let (function, mappings) = functions::read(id, declaration, section, resolver);
                manifest.functions.extend(function);
                manifest.stream_mappings.extend(mappings.of_streams);
                manifest.queue_mappings.extend(mappings.of_queues);
                manifest.topic_subscriptions.extend(mappings.of_topics);
                continue;
            }
            resources::TABLE => manifest.tables.extend(tables::read(id, section, resolver)),
            resources::QUEUE => manifest.queues.extend(queues::read(id, section, resolver)),
            resources::TOPIC => manifest.topics.extend(topics::read(id, section, resolver)),
            resources::GAME_SESSION_QUEUE => manifest.game_session_queues.extend(game_session_queues::read(id, section, resolver)),
            resources::WEB_SOCKET_API => manifest.apis.extend(api::read(id, section, &responses, resolver)),
            resources::ROUTE_RESPONSE => {}
            resources::MANAGED_POLICY => manifest.managed_policies.push(policies::managed(id, section)),
            resources::QUEUE_POLICY => manifest.resource_policies.extend(policies::of_resources(id, section, "Queues")),
            resources::TOPIC_POLICY => manifest.resource_policies.extend(policies::of_resources(id, section, "Topics")),
            resources::ALARM => {
                manifest.alarms.extend(properties.get(id.as_str()).map(|node| alarms::read(id, &section, node)));
                notes::resource(id, declaration, &section, report);
            }
            _ => notes::resource(id, declaration, &section, report),
        }
        if let Some(metadata) = &declaration.metadata
            && let Some(metadata) = Section::new(metadata, declaration.line, format!("Resources.{id}.Metadata"), report)
        {
            metadata.finish(notes::METADATA);
        }
    }
    queues::check(&manifest.queues, resolver);
    topics::note_unheard(manifest, resolver);
}
