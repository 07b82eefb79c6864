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

use declarations::{Declaration, Document, Rule};
use error::{Problem, Within, all};
use intrinsics::Scope;

/// Understands a template. `overrides` are values for its parameters.
///
/// # Errors
/// Everything that is wrong with the values; else with the rules between them; else with the resources, one problem for each.
pub fn load(text: &str, overrides: &BTreeMap<String, String>) -> Result<Manifest, TemplateError> {
    let mut document = yaml::parse(text)?;
    declarations::leave_out(&mut document, &["AWSTemplateFormatVersion", "Description", "Metadata"]);
    let document: Document = error::read(document)?;
    let parameters = parameters::values(&document.parameters, overrides)?;
    let mut scope = Scope::default();
    scope.references.extend(identities::of_aws().into_iter().chain(parameters.clone()));
    all(document.rules.iter().map(|(name, rule)| check(rule, &scope).within(name).within("Rules")))?;
    let outcome = |(name, expression): (&String, _)| Ok((name.clone(), scope.holds(expression).within(name).within("Conditions")?));
    scope.conditions = all(document.conditions.iter().map(outcome))?.into_iter().collect();

    let declared = document.resources.into_iter();
    let declared =
        declared.map(|(id, declared)| Declaration::read(&id, declared, &document.globals, &scope).within(id).within("Resources"));
    let mut declarations: Vec<Declaration> = all(declared)?.into_iter().flatten().collect();
    let references = declarations.iter_mut().map(|declaration| {
        let references = identities::name(declaration, &scope);
        references.within(&declaration.logical_id).within("Resources")
    });
    let references = all(references)?;
    scope.references.extend(references.into_iter().flatten());
    let mut manifest = resources::read(&declarations, &scope)?;
    for (name, output) in document.outputs {
        let is_kept = output.condition.map_or(Ok(true), |condition| scope.condition(&condition));
        if is_kept.within(&name).within("Outputs")? {
            let value = scope.text(&output.value).within(&name).within("Outputs")?;
            manifest.outputs.insert(name, value);
        }
    }
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
