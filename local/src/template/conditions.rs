//! The template's `Conditions`, which are evaluated before anything else because resources may hang on them.

use std::collections::BTreeMap;

use super::{node::Node, resolver::Resolver, section::Section, yaml::join};

/// The outcome of each condition; `None` for one that could not be evaluated, which has been reported.
pub(super) fn evaluate(declared: Option<&Node>, line: usize, resolver: &Resolver<'_>) -> BTreeMap<String, Option<bool>> {
    let Some(section) = declared.and_then(|node| Section::new(node, line, "Conditions", resolver.report)) else {
        return BTreeMap::new();
    };
    let declared = section.members().iter().map(|entry| (entry.key.as_str(), &entry.value)).collect();
    let mut evaluation = Evaluation { declared, outcomes: BTreeMap::new(), path_of: Vec::new(), resolver };
    let names: Vec<&str> = evaluation.declared.keys().copied().collect();
    for name in names {
        evaluation.named(name, "Conditions", section.line);
    }
    evaluation.outcomes
}

/// The outcome of an expression outside of `Conditions`, which cannot name one of them; `None` if it has been reported.
pub(super) fn holds(expression: &Node, path: &str, resolver: &Resolver<'_>) -> Option<bool> {
    Evaluation { declared: BTreeMap::new(), outcomes: BTreeMap::new(), path_of: Vec::new(), resolver }.expression(expression, path)
}

struct Evaluation<'a> {
    declared: BTreeMap<&'a str, &'a Node>,
    outcomes: BTreeMap<String, Option<bool>>,
    /// The conditions that are being evaluated, each referred to by the one before.
    path_of: Vec<String>,
    resolver: &'a Resolver<'a>,
}

impl Evaluation<'_> {
    fn named(&mut self, name: &str, path: &str, line: usize) -> Option<bool> {
        if let Some(outcome) = self.outcomes.get(name) {
            return *outcome;
        }
        let Some(node) = self.declared.get(name).copied() else {
            self.resolver.report.problem(path, line, format!("there is no condition {name}"));
            return None;
        };
        if self.path_of.iter().any(|visited| visited == name) {
            self.resolver.report.problem(path, line, format!("the conditions go in a circle: {} → {name}", self.path_of.join(" → ")));
            return None;
        }
        self.path_of.push(name.to_owned());
        let outcome = self.expression(node, &join("Conditions", name));
        self.path_of.pop();
        self.outcomes.insert(name.to_owned(), outcome);
        outcome
    }

    fn expression(&mut self, node: &Node, path: &str) -> Option<bool> {
        let call = match node.entries() {
            Some([entry]) => Some((entry.key.as_str(), &entry.value)),
            _ => None,
        };
        match call {
            Some(("Condition", name)) => self.named(&name.scalar()?, path, node.line),
            Some(("Fn::Equals", operands)) => match operands.list() {
                Some([left, right]) => {
                    let (left, right) = (self.resolver.resolve_text(left, path), self.resolver.resolve_text(right, path));
                    Some(left? == right?)
                }
                _ => self.wrong(node, path, "Fn::Equals takes two values"),
            },
            Some(("Fn::Not", operands)) => match operands.list() {
                Some([operand]) => self.expression(operand, path).map(|outcome| !outcome),
                _ => self.wrong(node, path, "Fn::Not takes a list of one condition"),
            },
            Some((function @ ("Fn::And" | "Fn::Or"), operands)) => match operands.list() {
                Some(operands) if (2..=10).contains(&operands.len()) => {
                    let outcomes: Vec<Option<bool>> = operands.iter().map(|operand| self.expression(operand, path)).collect();
                    let outcomes: Vec<bool> = outcomes.into_iter().collect::<Option<_>>()?;
                    Some(if function == "Fn::And" { outcomes.iter().all(|o| *o) } else { outcomes.iter().any(|o| *o) })
                }
                _ => self.wrong(node, path, &format!("{function} takes a list of 2 to 10 conditions")),
            },
            _ if node.is_broken() => None,
            _ => self.wrong(node, path, "a condition is one of !Equals, !Not, !And, !Or, !Condition"),
        }
    }

    fn wrong(&self, node: &Node, path: &str, message: &str) -> Option<bool> {
        self.resolver.report.problem(path, node.line, message);
        None
    }
}
