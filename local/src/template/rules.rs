//! The `Rules` section: what has to hold between the values of parameters before anything is created.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/rules-section-structure.html>

use super::{conditions, node::Node, resolver::Resolver, section::Section};

/// Reports each assertion that does not hold, in the words of the template. An expression is one of those that conditions have; the
/// functions that only rules have are reported as not understood.
pub(super) fn check(declared: Option<&Node>, line: usize, resolver: &Resolver<'_>) {
    let Some(section) = declared.and_then(|node| Section::new(node, line, "Rules", resolver.report)) else { return };
    for entry in section.members() {
        let Some(rule) = Section::new(&entry.value, entry.line, section.at(&entry.key), resolver.report) else { continue };
        let applies =
            rule.node("RuleCondition").is_none_or(|node| conditions::holds(node, &rule.at("RuleCondition"), resolver) == Some(true));
        rule.require("Assertions");
        for assertion in rule.sections("Assertions") {
            assertion.require("Assert");
            let description = assertion.text("AssertDescription");
            let outcome = assertion.node("Assert").and_then(|node| conditions::holds(node, &assertion.at("Assert"), resolver));
            if applies && outcome == Some(false) {
                assertion.problem("Assert", description.as_deref().unwrap_or("this does not hold"));
            }
            assertion.finish(&[]);
        }
        rule.finish(&[]);
    }
}
