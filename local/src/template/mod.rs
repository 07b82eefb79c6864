//! The template room: the text of `template.yaml` and values for its parameters become the [`Manifest`] that the local stack boots from.
//!
//! It understands what the template uses. Any other type, property, function or event is refused by name, and what has no effect on one
//! machine is noted with the reason (`rules`). Whether values are such as AWS takes is for `cfn-lint` and the transform to say.
//!
//! In order: `yaml` (text to JSON), `declarations` (its sections), `parameters`, `identities` (what may be referred to), `intrinsics`
//! (functions), `rules` (of properties), and then serde, into the structs of the manifest.

mod declarations;
mod error;
mod functions;
mod identities;
mod intrinsics;
mod manifest;
mod parameters;
mod policies;
mod resources;
mod rules;
mod scalars;
#[cfg(test)]
mod tests;
mod yaml;

use std::collections::BTreeMap;

pub use error::TemplateError;
pub use manifest::*;

use declarations::{Declaration, Document, OutputDeclaration, Rule};
use error::{Problem, all};
use intrinsics::Scope;

/// The one transform that a template may name.
const TRANSFORM: &str = "AWS::Serverless-2016-10-31";

/// Understands a template. `overrides` are values for its parameters, `stack_name` is what `AWS::StackName` gives; names and ids that AWS
/// would make up are made from it.
///
/// # Errors
/// Everything that is wrong with the values; else with the rules between them; else with the resources, one problem for each.
pub fn load(text: &str, overrides: &BTreeMap<String, String>, stack_name: &str) -> Result<Manifest, TemplateError> {
    let mut document = yaml::parse(text)?;
    declarations::leave_out(&mut document, &["AWSTemplateFormatVersion", "Description", "Metadata"]);
    let document: Document = error::read(document)?;
    if let Some(unknown) = document.transform.iter().find(|transform| *transform != TRANSFORM) {
        return Err(Problem::new(format!("{unknown} is not implemented by the local stack")).within("Transform").into());
    }
    let mut scope = Scope::default();
    scope.references.extend(identities::of_aws(stack_name));
    let parameters = parameters::values(&document.parameters, overrides)?;
    scope.references.extend(parameters.clone());
    all(document.rules.iter().map(|(name, rule)| check(rule, &scope).map_err(|problem| problem.within(name).within("Rules"))))?;
    let conditions = document.conditions.iter().map(|(name, expression)| {
        let outcome = scope.holds(expression).map(|outcome| (name.clone(), outcome));
        outcome.map_err(|problem| problem.within(name).within("Conditions"))
    });
    scope.conditions = all(conditions)?.into_iter().collect();

    let declared = document.resources.into_iter().map(|(id, declared)| {
        let declaration = Declaration::read(&id, declared, &document.globals, &scope);
        declaration.map_err(|problem| problem.within(id).within("Resources"))
    });
    let mut declarations: Vec<Declaration> = all(declared)?.into_iter().flatten().collect();
    let references = all(declarations.iter_mut().map(|declaration| {
        let references = identities::name(declaration, stack_name, &scope);
        references.map_err(|problem| problem.within(&declaration.logical_id).within("Resources"))
    }))?;
    scope.references.extend(references.into_iter().flatten());
    let mut manifest = resources::read(&declarations, &scope)?;
    let outputs = document.outputs.into_iter().map(|(name, declared)| {
        let output = output(declared, &scope).map_err(|problem| problem.within(&name).within("Outputs"))?;
        Ok(output.map(|output| (name, output)))
    });
    manifest.outputs = all(outputs)?.into_iter().flatten().collect();
    manifest.stack_name = stack_name.to_owned();
    manifest.parameters = parameters;
    Ok(manifest)
}

/// The first assertion that does not hold, in the words of the template.
fn check(rule: &Rule, scope: &Scope) -> Result<(), Problem> {
    for assertion in &rule.assertions {
        if !scope.holds(&assertion.assert)? {
            return Err(Problem::new(&assertion.assert_description));
        }
    }
    Ok(())
}

fn output(declared: OutputDeclaration, scope: &Scope) -> Result<Option<Output>, Problem> {
    match declared.condition {
        Some(condition) if !scope.condition(&condition)? => Ok(None),
        _ => Ok(Some(Output { value: scope.text(&declared.value)?, description: declared.description })),
    }
}
