//! Evaluating intrinsic functions: a [`Node`] with `Ref`, `Fn::Sub` and the like becomes one without.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
};

use super::{
    error::Report,
    node::{Entry, Kind, Node, is_function},
    parameters::Parameters,
    resources::Resources,
    yaml::join,
};
use crate::account;

/// Everything a value may refer to.
pub(super) struct Resolver<'a> {
    pub(super) report: &'a Report,
    pub(super) stack_name: &'a str,
    pub(super) parameters: &'a Parameters,
    pub(super) mappings: Option<&'a Node>,
    /// The conditions' outcomes; `None` for one that could not be evaluated.
    pub(super) conditions: BTreeMap<String, Option<bool>>,
    /// Empty while conditions are evaluated, because they may not refer to resources.
    pub(super) resources: Resources,
    /// The resources whose names are being worked out, so that a circle ends.
    pub(super) naming: RefCell<BTreeSet<String>>,
}

impl<'a> Resolver<'a> {
    pub(super) fn new(report: &'a Report, stack_name: &'a str, parameters: &'a Parameters, mappings: Option<&'a Node>) -> Self {
        let (conditions, resources, naming) = Default::default();
        Self { report, stack_name, parameters, mappings, conditions, resources, naming }
    }

    /// The value of `node`, which is at `path`. `AWS::NoValue` gives `None`: the member or element is to be left out.
    pub(super) fn resolve(&self, node: &Node, path: &str) -> Option<Node> {
        if let Some((function, argument)) = node.intrinsic() {
            return self.call(function, argument, node.line, path);
        }
        let kind = match &node.kind {
            Kind::List(elements) => {
                let element = |(index, element): (usize, &Node)| self.resolve(element, &join(path, &index.to_string()));
                Kind::List(elements.iter().enumerate().filter_map(element).collect())
            }
            Kind::Map(entries) => {
                if let Some(call) = entries.iter().find(|entry| is_function(&entry.key)) {
                    self.report.problem(path, call.line, format!("{} has to stand alone, without other members beside it", call.key));
                    return Some(Node::broken(node.line));
                }
                let entry = |entry: &Entry| {
                    let value = self.resolve(&entry.value, &join(path, &entry.key))?;
                    Some(Entry { key: entry.key.clone(), line: entry.line, value })
                };
                Kind::Map(entries.iter().filter_map(entry).collect())
            }
            kind => kind.clone(),
        };
        Some(Node::new(node.line, kind))
    }

    /// The value of `node` as text, or `None` with the problem reported.
    pub(super) fn resolve_text(&self, node: &Node, path: &str) -> Option<String> {
        let Some(value) = self.resolve(node, path) else {
            self.report.problem(path, node.line, "AWS::NoValue cannot be part of a text");
            return None;
        };
        let text = value.scalar();
        if text.is_none() && !value.is_broken() {
            self.report.problem(path, node.line, format!("this has to be text, not {}", value.describe()));
        }
        text
    }

    fn call(&self, function: &str, argument: &Node, line: usize, path: &str) -> Option<Node> {
        if argument.is_broken() {
            return Some(Node::broken(line));
        }
        let text = match function {
            "Ref" => match &argument.kind {
                Kind::Text(name) if name == "AWS::NoValue" => return None,
                Kind::Text(name) => self.reference(name, line, path),
                _ => self.wrong(path, line, "Ref takes a name"),
            },
            "Fn::GetAtt" => self.get_att(argument, line, path),
            "Fn::Sub" => self.substitute(argument, line, path),
            "Fn::Join" => self.join_texts(argument, line, path),
            "Fn::If" => return self.choose(argument, line, path),
            "Fn::FindInMap" => return Some(self.find_in_map(argument, line, path).unwrap_or(Node::broken(line))),
            _ => self.wrong(path, line, format!("{function} is not understood by the local stack here")),
        };
        Some(text.map_or(Node::broken(line), |text| Node::text(line, text)))
    }

    fn wrong<T>(&self, path: &str, line: usize, message: impl Into<String>) -> Option<T> {
        self.report.problem(path, line, message);
        None
    }

    /// What `Ref` gives, except for `AWS::NoValue`.
    fn reference(&self, name: &str, line: usize, path: &str) -> Option<String> {
        if let Some(pseudo) = name.strip_prefix("AWS::") {
            return match pseudo {
                "Region" => Some(account::REGION.to_owned()),
                "AccountId" => Some(account::ACCOUNT.to_owned()),
                "Partition" => Some("aws".to_owned()),
                "URLSuffix" => Some("amazonaws.com".to_owned()),
                "StackName" => Some(self.stack_name.to_owned()),
                "StackId" => Some(account::arn("cloudformation", &format!("stack/{}/{}", self.stack_name, self.unique("")))),
                _ => self.wrong(path, line, format!("{name} is not understood by the local stack")),
            };
        }
        match self.parameters.values.get(name) {
            Some(value) => value.clone(),
            None => self.resource_reference(name, line, path),
        }
    }

    fn get_att(&self, argument: &Node, line: usize, path: &str) -> Option<String> {
        match argument.list() {
            Some([resource, attribute]) => {
                let resource = resource.scalar().or_else(|| self.wrong(path, line, "Fn::GetAtt takes the name of a resource"))?;
                let attribute = self.resolve_text(attribute, path)?;
                self.resource_attribute(&resource, &attribute, line, path)
            }
            _ => self.wrong(path, line, "Fn::GetAtt takes a resource and an attribute, such as !GetAtt PlayersTable.Arn"),
        }
    }

    /// `${Name}` and `${Resource.Attribute}` are replaced, `${!Name}` becomes `${Name}`.
    fn substitute(&self, argument: &Node, line: usize, path: &str) -> Option<String> {
        let (template, variables) = match &argument.kind {
            Kind::Text(template) => (template, &[][..]),
            Kind::List(parts) => match parts.as_slice() {
                [Node { kind: Kind::Text(template), .. }, Node { kind: Kind::Map(variables), .. }] => (template, variables.as_slice()),
                _ => return self.wrong(path, line, "Fn::Sub takes a text, or a list of a text and a map"),
            },
            _ => return self.wrong(path, line, "Fn::Sub takes a text, or a list of a text and a map"),
        };
        // All parts are evaluated although one fails, so that every problem is seen.
        let mut result = Some(String::new());
        for part in sub_parts(template) {
            let text = match part {
                SubPart::Literal(text) => Some(text.to_owned()),
                SubPart::Escaped(name) => Some(format!("${{{name}}}")),
                SubPart::Name(name) => match variables.iter().find(|variable| variable.key == name) {
                    Some(variable) => self.resolve_text(&variable.value, path),
                    None => match name.split_once('.') {
                        Some((resource, attribute)) => self.resource_attribute(resource, attribute, line, path),
                        None if name == "AWS::NoValue" => self.wrong(path, line, "AWS::NoValue cannot be part of a text"),
                        None => self.reference(name, line, path),
                    },
                },
            };
            result = result.zip(text).map(|(result, text)| result + &text);
        }
        result
    }

    fn join_texts(&self, argument: &Node, line: usize, path: &str) -> Option<String> {
        let Some([Node { kind: Kind::Text(separator), .. }, elements]) = argument.list() else {
            return self.wrong(path, line, "Fn::Join takes a separator and a list");
        };
        // The list may itself be the outcome of a function.
        let elements = self.resolve(elements, path)?;
        if elements.is_broken() {
            return None;
        }
        let Some(elements) = elements.list() else { return self.wrong(path, line, "Fn::Join takes a separator and a list") };
        let texts: Option<Vec<String>> = elements.iter().map(|element| self.resolve_text(element, path)).collect();
        Some(texts?.join(separator))
    }

    fn choose(&self, argument: &Node, line: usize, path: &str) -> Option<Node> {
        let Some([Node { kind: Kind::Text(condition), .. }, yes, no]) = argument.list() else {
            self.report.problem(path, line, "Fn::If takes the name of a condition and two values");
            return Some(Node::broken(line));
        };
        match self.conditions.get(condition) {
            Some(Some(outcome)) => self.resolve(if *outcome { yes } else { no }, path),
            Some(None) => Some(Node::broken(line)),
            None => {
                self.report.problem(path, line, format!("there is no condition {condition}"));
                Some(Node::broken(line))
            }
        }
    }

    fn find_in_map(&self, argument: &Node, line: usize, path: &str) -> Option<Node> {
        let Some([map, first, second]) = argument.list() else {
            return self.wrong(path, line, "Fn::FindInMap takes the name of a mapping and two keys");
        };
        let keys = [map, first, second].map(|key| self.resolve_text(key, path));
        let [Some(map), Some(first), Some(second)] = keys else { return None };
        let found =
            self.mappings.and_then(|mappings| mappings.get(&map)).and_then(|map| map.get(&first)).and_then(|keys| keys.get(&second));
        match found {
            Some(value) if is_literal(value) => Some(Node::new(line, value.kind.clone())),
            Some(value) => {
                self.wrong("Mappings", value.line, format!("{map}.{first}.{second} has to be a text, a number or a list of them"))
            }
            None => self.wrong(path, line, format!("there is no {map}.{first}.{second} in Mappings")),
        }
    }
}

/// Whether a value of `Mappings` is what CloudFormation takes there.
fn is_literal(value: &Node) -> bool {
    value.scalar().is_some() || value.list().is_some_and(|elements| elements.iter().all(|element| element.scalar().is_some()))
}

/// A piece of the text of `Fn::Sub`.
pub(super) enum SubPart<'a> {
    Literal(&'a str),
    /// What stands between `${!` and `}`.
    Escaped(&'a str),
    /// What stands between `${` and `}`.
    Name(&'a str),
}

/// Takes the text of `Fn::Sub` apart. A `${` that is never closed is literal text.
pub(super) fn sub_parts(template: &str) -> Vec<SubPart<'_>> {
    let mut parts = Vec::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("${")
        && let Some((name, after)) = after.split_once('}')
    {
        parts.push(SubPart::Literal(before));
        parts.push(name.strip_prefix('!').map_or(SubPart::Name(name), SubPart::Escaped));
        rest = after;
    }
    parts.push(SubPart::Literal(rest));
    parts
}
