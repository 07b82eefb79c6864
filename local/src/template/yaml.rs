//! Text to [`Node`]: YAML as CloudFormation takes it, with its tags (`!Ref x`) written out in long form (`{"Ref": "x"}`).

use saphyr::{LoadableYamlNode, MarkedYaml, Scalar, YamlData};
use serde_json::Number;

use super::{
    error::Report,
    node::{Entry, Kind, Node},
};

/// CloudFormation's own limit for a template.
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html>
const LARGEST_TEMPLATE_BYTES: usize = 1_000_000;
/// Far deeper than any template, and shallow enough for the recursion that reads it.
const DEEPEST_NESTING: usize = 100;
/// The functions that may be written as tags. Others are refused, here or where they are evaluated.
const TAGS: [&str; 9] = ["And", "Equals", "FindInMap", "GetAtt", "If", "Join", "Not", "Or", "Sub"];
/// Booleans for CloudFormation, which reads YAML 1.1, and words for readers of YAML 1.2.
const FORMER_BOOLEANS: [&str; 4] = ["yes", "no", "on", "off"];

/// Reads one document. What is wrong goes to the report; `None` if there is nothing to go on with.
pub(super) fn parse(text: &str, report: &Report) -> Option<Node> {
    if text.len() > LARGEST_TEMPLATE_BYTES {
        report.problem("", None, format!("the template is {} bytes; CloudFormation takes {LARGEST_TEMPLATE_BYTES} at most", text.len()));
        return None;
    }
    if let Some(line) = deep_line(text) {
        report.problem("", line, format!("nested more than {DEEPEST_NESTING} levels deep"));
        return None;
    }
    let documents = match MarkedYaml::load_from_str(text) {
        Ok(documents) => documents,
        Err(error) => {
            let message = format!("this is not YAML: {} (column {})", error.info(), error.marker().col() + 1);
            report.problem("", error.marker().line(), message);
            return None;
        }
    };
    let reader = Reader { source: text.chars().collect(), report };
    match documents.as_slice() {
        [document] if !document.data.is_badvalue() => Some(reader.node(document, "", 0)),
        [] | [_] => {
            report.problem("", None, "the template is empty");
            None
        }
        [_, second, ..] => {
            report.problem("", second.span.start.line(), "a template is one YAML document, and here a second one begins");
            None
        }
    }
}

/// The first line on which blocks are nested too deeply. Each level of a block needs a column, so columns bound the depth before the parser,
/// which keeps a tree, has to meet it. (Flow collections, `[[[…`, are limited by the parser itself.)
fn deep_line(text: &str) -> Option<usize> {
    text.lines()
        .position(|line| {
            let indent = line.len() - line.trim_start_matches([' ', '\t', '-', '?', ':']).len();
            let indicators = line.matches("- ").count() + line.matches("? ").count();
            indent.max(indicators) > 2 * DEEPEST_NESTING
        })
        .map(|index| index + 1)
}

struct Reader<'a> {
    source: Vec<char>,
    report: &'a Report,
}

impl Reader<'_> {
    fn node(&self, yaml: &MarkedYaml<'_>, path: &str, depth: usize) -> Node {
        let line = yaml.span.start.line();
        if depth > DEEPEST_NESTING {
            self.report.problem(path, line, format!("nested more than {DEEPEST_NESTING} levels deep"));
            return Node::broken(line);
        }
        // An alias arrives as a copy of what it stands for, at the place of the asterisk.
        if self.source.get(yaml.span.start.index()) == Some(&'*') {
            self.report.problem(path, line, "CloudFormation does not take YAML aliases; write the value out");
            return Node::broken(line);
        }
        let kind = match &yaml.data {
            YamlData::Value(scalar) => self.scalar(scalar, yaml, path),
            YamlData::Sequence(elements) => {
                let element = |(index, element): (usize, &MarkedYaml<'_>)| self.node(element, &join(path, &index.to_string()), depth + 1);
                Kind::List(elements.iter().enumerate().map(element).collect())
            }
            YamlData::Mapping(members) => {
                let mut entries: Vec<Entry> = Vec::with_capacity(members.len());
                for (key, value) in members {
                    let key_line = key.span.start.line();
                    let Some(name) = key_text(key) else {
                        self.report.problem(path, key_line, "a key has to be text");
                        continue;
                    };
                    let path = join(path, &name);
                    if entries.iter().any(|entry| entry.key == name) {
                        self.report.problem(&path, key_line, "this key is there twice");
                        continue;
                    }
                    let value = self.node(value, &path, depth + 1);
                    entries.push(Entry { key: name, line: key_line, value });
                }
                Kind::Map(entries)
            }
            YamlData::Tagged(tag, inner) => return self.tagged(&tag.to_string(), inner, line, (path, depth)),
            YamlData::BadValue | YamlData::Representation(..) | YamlData::Alias(_) => {
                self.report.problem(path, line, "this value is not what its YAML tag says");
                Kind::Broken
            }
        };
        Node::new(line, kind)
    }

    fn tagged(&self, tag: &str, inner: &MarkedYaml<'_>, line: usize, (path, depth): (&str, usize)) -> Node {
        let name = tag.strip_prefix('!').unwrap_or(tag);
        let function = match name {
            "Ref" | "Condition" => name.to_owned(),
            _ if TAGS.contains(&name) => format!("Fn::{name}"),
            _ => {
                let message =
                    format!("the tag {tag} is not understood by the local stack; it knows !Ref, !Condition, !{}", TAGS.join(", !"));
                self.report.problem(path, line, message);
                return Node::broken(line);
            }
        };
        let mut argument = self.node(inner, path, depth + 1);
        // An inner node that is not in a collection has no span of its own.
        argument.line = argument.line.max(line);
        if function == "Fn::GetAtt"
            && let Kind::Text(text) = &argument.kind
            && let Some((resource, attribute)) = text.split_once('.')
        {
            let parts = vec![Node::text(line, resource), Node::text(line, attribute)];
            argument = Node::new(line, Kind::List(parts));
        }
        Node::call(line, function, argument)
    }

    fn scalar(&self, scalar: &Scalar<'_>, yaml: &MarkedYaml<'_>, path: &str) -> Kind {
        let line = yaml.span.start.line();
        let written = || -> String { self.source.get(yaml.span.start.index()..yaml.span.end.index()).unwrap_or_default().iter().collect() };
        match scalar {
            Scalar::Null => Kind::Null,
            Scalar::Boolean(boolean) => Kind::Boolean(*boolean),
            Scalar::Integer(integer) => {
                let written = written();
                let digits = written.trim_start_matches(['+', '-']);
                if digits.len() > 1 && digits.starts_with('0') {
                    self.report.problem(
                        path,
                        line,
                        format!("put {written} in quotes: YAML versions do not agree on numbers that begin with 0"),
                    );
                    return Kind::Broken;
                }
                Kind::Number((*integer).into())
            }
            Scalar::FloatingPoint(float) => match Number::from_f64(float.into_inner()) {
                Some(number) => Kind::Number(number),
                None => {
                    self.report.problem(path, line, "JSON, which CloudFormation works with, has no such number");
                    Kind::Broken
                }
            },
            Scalar::String(text) => {
                if FORMER_BOOLEANS.contains(&text.to_lowercase().as_str()) && written() == *text {
                    self.report.problem(
                        path,
                        line,
                        format!("write true or false, or put {text} in quotes: CloudFormation takes it for a boolean"),
                    );
                    return Kind::Broken;
                }
                Kind::Text(text.to_string())
            }
        }
    }
}

fn key_text(key: &MarkedYaml<'_>) -> Option<String> {
    match &key.data {
        YamlData::Value(Scalar::String(text)) => Some(text.to_string()),
        YamlData::Value(Scalar::Integer(integer)) => Some(integer.to_string()),
        YamlData::Value(Scalar::Boolean(boolean)) => Some(boolean.to_string()),
        _ => None,
    }
}

/// The path of a member.
pub(super) fn join(path: &str, member: &str) -> String {
    if path.is_empty() { member.to_owned() } else { format!("{path}.{member}") }
}
