use std::collections::BTreeMap;

use super::{super::load, HEADER, values};

const TEXT: &str = "
Parameters:
  Stage: { Type: String, Default: dev, AllowedValues: [dev, prod] }
  Game: { Type: String, Default: muster, AllowedPattern: '[a-z]+', MinLength: 3, MaxLength: 8, ConstraintDescription: Small letters. }
  Hours: { Type: Number, Default: 24, MinValue: 1, MaxValue: 336 }
  Email: { Type: String, Default: '' }
  Secret: { Type: String, Default: hush, NoEcho: true }
  Issuer: { Type: String }
Resources: {}
Outputs:
  All: { Value: !Sub '${Stage} ${Game} ${Hours} ${Email} ${Secret} ${Issuer}' }
";

fn all(overrides: &[(&str, &str)]) -> Result<String, String> {
    load(&format!("{HEADER}{TEXT}"), &values(overrides), "stack")
        .map(|manifest| manifest.outputs["All"].value.clone())
        .map_err(|error| error.to_string())
}

#[test]
fn a_value_is_the_override_or_the_default() {
    assert_eq!(all(&[("Issuer", "i")]).as_deref(), Ok("dev muster 24  hush i"));
    assert_eq!(all(&[("Issuer", "i"), ("Stage", "prod"), ("Hours", "1.5"), ("Email", "e")]).as_deref(), Ok("prod muster 1.5 e hush i"));
}

#[test]
fn a_missing_value_is_named() {
    assert_eq!(all(&[]).unwrap_err(), "line 9: Parameters.Issuer: Issuer has no default and was given no value; give it one");
}

#[test]
fn a_value_that_breaks_a_rule_is_named_with_the_rule() {
    for (name, value, expected) in [
        ("Stage", "test", "line 4: Parameters.Stage: the value `test` of Stage is not one of dev, prod"),
        ("Game", "ab", "the value `ab` of Game is too short (Small letters.)"),
        ("Game", "abcdefghi", "is too long"),
        ("Game", "abc1", "does not match [a-z]+"),
        ("Hours", "many", "the value `many` of Hours is not a number"),
        ("Hours", "inf", "is not a number"),
        ("Hours", "0", "is too small"),
        ("Hours", "337", "is too large"),
    ] {
        let problem = all(&[("Issuer", "i"), (name, value)]).expect_err(value);
        assert!(problem.contains(expected) && problem.lines().count() == 1, "{problem}");
    }
}

#[test]
fn an_unknown_override_is_named() {
    let problem = all(&[("Issuer", "i"), ("Stages", "dev")]).unwrap_err();
    assert_eq!(problem, "Parameters: the template has no parameter Stages; it has Email, Game, Hours, Issuer, Secret, Stage");
}

#[test]
fn a_rule_that_does_not_hold_is_told_in_its_own_words() {
    let rules = "
Rules:
  OneOfBoth:
    RuleCondition: !Equals [!Ref Stage, prod]
    Assertions:
      - { Assert: !Not [!Equals [!Ref Email, '']], AssertDescription: In production somebody is told. }
  Long:
    Assertions: [{ Assert: !Not [!Equals [!Ref Hours, '1']] }]
";
    let check = |overrides: &[(&str, &str)]| {
        let overrides = [&[("Issuer", "i")], overrides].concat();
        load(&format!("{HEADER}{TEXT}{rules}"), &values(&overrides), "stack").map(|_| ()).map_err(|error| error.to_string())
    };
    assert_eq!(check(&[]), Ok(()));
    assert_eq!(check(&[("Stage", "prod"), ("Email", "e")]), Ok(()));
    let told = check(&[("Stage", "prod")]).unwrap_err();
    assert_eq!(told, "line 18: Rules.OneOfBoth.Assertions.0.Assert: In production somebody is told.");
    assert!(check(&[("Hours", "1")]).unwrap_err().contains("Rules.Long.Assertions.0.Assert: this does not hold"));
    let unknown = format!("{HEADER}{TEXT}{}", rules.replace("!Not [!Equals [!Ref Hours, '1']]", "{ 'Fn::Contains': [[a], b] }"));
    let told = load(&unknown, &values(&[("Issuer", "i")]), "stack").unwrap_err().to_string();
    assert!(told.contains("Rules.Long.Assertions.0.Assert: a condition is one of !Equals"), "{told}");
}

#[test]
fn what_a_declaration_says_wrong_is_an_error() {
    for (declaration, expected) in [
        ("{ Type: 'AWS::SSM::Parameter::Value<String>', Default: x }", "is not understood by the local stack; it knows String, Number"),
        ("{ Default: x }", "Type is missing"),
        ("{ Type: String, Default: x, AllowedPatern: x }", "Parameters.P.AllowedPatern: the local stack does not understand this"),
        ("{ Type: String, Default: x, AllowedPattern: '(' }", "the local stack cannot read this pattern"),
        ("{ Type: Number, Default: 1, MinValue: x }", "x is not a number"),
        ("x", "this has to be a map, not text"),
    ] {
        let text = format!("{HEADER}Parameters:\n  P: {declaration}\nResources: {{}}\n");
        let problem = load(&text, &BTreeMap::new(), "stack").expect_err(declaration).to_string();
        assert!(problem.contains(expected), "{problem}");
    }
}

#[test]
fn a_value_marked_no_echo_is_not_shown() {
    let manifest = load(&format!("{HEADER}{TEXT}"), &values(&[("Issuer", "i")]), "stack").unwrap();
    assert_eq!(manifest.parameters["Secret"], "****");
    assert_eq!(manifest.parameters["Hours"], "24");
    let pattern = TEXT.replace("Default: hush", "MaxLength: 4");
    let error = load(&format!("{HEADER}{pattern}"), &values(&[("Issuer", "i"), ("Secret", "hunter2")]), "stack").unwrap_err();
    assert!(!error.to_string().contains("hunter2"), "{error}");
}
