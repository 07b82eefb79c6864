use super::{super::load, values};

const TEXT: &str = "
Transform: AWS::Serverless-2016-10-31
Parameters:
  Stage: { Type: String, Default: dev, AllowedValues: [dev, prod] }
  Game: { Type: String, Default: muster, AllowedPattern: '[a-z]+', ConstraintDescription: Small letters. }
  Hours: { Type: Number, Default: 24, MinValue: 1, MaxValue: 336 }
  Email: { Type: String, Default: '' }
  Issuer: { Type: String }
Rules:
  Told:
    Assertions:
      - Assert: !Or [!Equals [!Ref Stage, dev], !Not [!Equals [!Ref Email, '']]]
        AssertDescription: In production somebody is told.
Resources: {}
Outputs:
  All: { Value: !Sub '${Stage} ${Game} ${Hours} ${Email} ${Issuer}' }
";

fn all(overrides: &[(&str, &str)]) -> Result<String, String> {
    let loaded = load(TEXT, &values(overrides));
    loaded.map(|manifest| manifest.outputs["All"].clone()).map_err(|error| error.to_string())
}

#[test]
fn a_value_is_the_override_or_the_default() {
    assert_eq!(all(&[("Issuer", "i")]).as_deref(), Ok("dev muster 24  i"));
    assert_eq!(all(&[("Issuer", "i"), ("Stage", "prod"), ("Hours", "1.5"), ("Email", "e")]).as_deref(), Ok("prod muster 1.5 e i"));
}

#[test]
fn a_missing_value_and_one_for_no_parameter_are_named_at_once() {
    let expected = "the template has no parameter Colour; it has Email, Game, Hours, Issuer, Stage\n\
                    Parameters.Issuer: it has no default and was given no value; give it one";
    assert_eq!(all(&[("Colour", "red")]).unwrap_err(), expected);
}

#[test]
fn a_value_that_breaks_a_rule_is_named_with_the_rule() {
    for (name, value, expected) in [
        ("Stage", "moon", "Parameters.Stage: the value `moon` is not one of dev, prod"),
        ("Game", "abc1", "Parameters.Game: the value `abc1` does not match [a-z]+ (Small letters.)"),
        ("Hours", "many", "Parameters.Hours: the value `many` is not a number"),
        ("Hours", "inf", "Parameters.Hours: the value `inf` is not a number"),
        ("Hours", "0", "Parameters.Hours: the value `0` is less than 1"),
        ("Hours", "337", "Parameters.Hours: the value `337` is more than 336"),
    ] {
        assert_eq!(all(&[("Issuer", "i"), (name, value)]).unwrap_err(), expected);
    }
}

#[test]
fn a_rule_that_does_not_hold_is_told_in_its_own_words() {
    assert_eq!(all(&[("Issuer", "i"), ("Stage", "prod")]).unwrap_err(), "Rules.Told: In production somebody is told.");
}
