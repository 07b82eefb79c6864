//! Which resource refers to which. CloudFormation creates resources one after the other, so a circle cannot be deployed.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    node::{Kind, Node},
    resolver::{Resolver, SubPart, sub_parts},
    resources::{FUNCTION, Generated, WEB_SOCKET_API},
    yaml::join,
};

/// Reports circles, and `DependsOn` that names nothing.
pub(super) fn check(resolver: &Resolver<'_>) {
    let resources = &resolver.resources;
    let mut edges: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for (id, declaration) in resources.declared.iter().filter(|(_, declaration)| declaration.kept) {
        // SAM takes these properties out into resources of their own, which refer to the one they were part of. So an API may route to a
        // function that has the API's id in its environment.
        let apart: &[&str] = match declaration.kind.as_str() {
            FUNCTION => &["Events"],
            WEB_SOCKET_API => {
                &["Auth", "DefaultRouteSettings", "RouteSettings", "Routes", "StageName", "StageVariables", "AccessLogSettings"]
            }
            _ => &[],
        };
        let mut found = BTreeSet::new();
        for entry in declaration.properties.entries().unwrap_or_default() {
            if !apart.contains(&entry.key.as_str()) {
                collect(&entry.value, resolver, &mut found);
            }
        }
        for name in &declaration.depends_on {
            if !resources.declared.contains_key(name) && !resources.generated.contains_key(name) {
                let path = join(&join("Resources", id), "DependsOn");
                resolver.report.problem(&path, declaration.line, format!("there is no resource {name}"));
            }
            found.insert(name.clone());
        }
        edges.insert(id, found);
    }
    for (id, generated) in &resources.generated {
        let mut found = BTreeSet::new();
        let property = match generated {
            Generated::Route { api, route_key } => {
                found.insert(api.clone());
                resources.declared.get(api).and_then(|api| api.properties.get("Routes")?.get(route_key))
            }
            Generated::Role { function } => resources.declared.get(function).and_then(|f| f.properties.get("Policies")),
        };
        if let Some(node) = property {
            collect(node, resolver, &mut found);
        }
        edges.insert(id, found);
    }
    let mut walk = Walk { edges: &edges, resolver, done: BTreeSet::new(), trail: Vec::new() };
    for id in edges.keys() {
        walk.visit(id);
    }
}

struct Walk<'a> {
    edges: &'a BTreeMap<&'a str, BTreeSet<String>>,
    resolver: &'a Resolver<'a>,
    done: BTreeSet<&'a str>,
    trail: Vec<&'a str>,
}

impl<'a> Walk<'a> {
    fn visit(&mut self, id: &'a str) {
        if let Some(start) = self.trail.iter().position(|visited| *visited == id) {
            let line = self.resolver.resources.declared.get(id).map(|declaration| declaration.line);
            let message = format!("these refer to each other in a circle: {} → {id}", self.trail[start..].join(" → "));
            self.resolver.report.problem(&join("Resources", id), line, message);
            return;
        }
        if self.done.contains(id) {
            return;
        }
        self.trail.push(id);
        let edges = self.edges;
        for next in edges.get(id).into_iter().flatten() {
            self.visit(next);
        }
        self.trail.pop();
        self.done.insert(id);
    }
}

/// Collects the names that `node` refers to. Of `Fn::If`, only the chosen value counts.
fn collect(node: &Node, resolver: &Resolver<'_>, found: &mut BTreeSet<String>) {
    match node.intrinsic() {
        Some(("Ref", argument)) => found.extend(argument.scalar()),
        Some(("Fn::GetAtt", argument)) => found.extend(argument.list().and_then(|parts| parts.first()?.scalar())),
        Some(("Fn::Sub", argument)) => {
            let (template, variables) = match argument.list() {
                Some([template, variables]) => (template, variables.entries().unwrap_or_default()),
                _ => (argument, &[][..]),
            };
            for part in sub_parts(&template.scalar().unwrap_or_default()) {
                if let SubPart::Name(name) = part
                    && variables.iter().all(|variable| variable.key != name)
                {
                    found.insert(name.split('.').next().unwrap_or(name).to_owned());
                }
            }
            for variable in variables {
                collect(&variable.value, resolver, found);
            }
        }
        Some(("Fn::If", argument)) => {
            if let Some([condition, yes, no]) = argument.list() {
                let outcome = condition.scalar().and_then(|name| *resolver.conditions.get(&name)?);
                collect(if outcome == Some(true) { yes } else { no }, resolver, found);
            }
        }
        _ => match &node.kind {
            Kind::List(elements) => elements.iter().for_each(|element| collect(element, resolver, found)),
            Kind::Map(entries) => entries.iter().for_each(|entry| collect(&entry.value, resolver, found)),
            _ => {}
        },
    }
}
