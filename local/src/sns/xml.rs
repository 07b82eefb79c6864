//! Writing the XML of answers.

use axum::{
    http::{HeaderName, StatusCode, header},
    response::{IntoResponse, Response},
};

use super::error::SnsError;

const NAMESPACE: &str = "http://sns.amazonaws.com/doc/2010-03-31/";
const CONTENT_TYPE: (HeaderName, &str) = (header::CONTENT_TYPE, "text/xml");

/// An element with elements, or nothing, in it.
pub(super) fn element(name: &str, content: impl AsRef<str>) -> String {
    format!("<{name}>{}</{name}>", content.as_ref())
}

/// An element with text in it.
pub(super) fn text(name: &str, text: &str) -> String {
    element(name, escape(text))
}

/// What a list is written as: a `member` for each.
pub(super) fn members(contents: impl IntoIterator<Item = String>) -> String {
    contents.into_iter().map(|content| element("member", content)).collect()
}

/// The answer to `action`, of which `result` is what the API reference lists.
pub(super) fn answer(action: &str, result: &str, request_id: &str) -> Response {
    let result = element(&format!("{action}Result"), result);
    let metadata = element("ResponseMetadata", text("RequestId", request_id));
    respond(StatusCode::OK, &format!("{action}Response"), &(result + &metadata), request_id)
}

/// The answer to a refused request.
pub(super) fn refusal(error: &SnsError, request_id: &str) -> Response {
    let content = text("Type", "Sender") + &text("Code", error.code) + &text("Message", &error.message);
    respond(error.status, "ErrorResponse", &(element("Error", content) + &text("RequestId", request_id)), request_id)
}

fn respond(status: StatusCode, root: &str, content: &str, request_id: &str) -> Response {
    let body = format!("<{root} xmlns=\"{NAMESPACE}\">{content}</{root}>");
    (status, [CONTENT_TYPE, (HeaderName::from_static("x-amzn-requestid"), request_id)], body).into_response()
}

/// Text as it stands in XML 1.0. A carriage return is written as a reference, since readers take a plain one for a line's end; what XML
/// cannot have at all becomes U+FFFD. (<https://www.w3.org/TR/xml/#charsets>)
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\r' => escaped.push_str("&#xD;"),
            '\t' | '\n' | ' '..='\u{fffd}' | '\u{10000}'.. => escaped.push(character),
            _ => escaped.push('\u{fffd}'),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use aws_smithy_xml::decode::{Document, try_data};
    use proptest::prelude::*;

    use super::*;

    /// The text in an element as the AWS SDK reads it.
    fn read(xml: &str) -> String {
        let mut document = Document::new(xml);
        let mut root = document.root_element().unwrap();
        try_data(&mut root).unwrap().into_owned()
    }

    #[test]
    fn what_xml_cannot_have_becomes_a_replacement_character() {
        assert_eq!(text("a", "\0\u{1b}<&>\u{fffe}\r\n"), "<a>\u{fffd}\u{fffd}&lt;&amp;&gt;\u{fffd}&#xD;\n</a>");
    }

    proptest! {
        #[test]
        fn text_comes_back_from_xml_as_it_was(given in "[\\t\\n\\r -\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}&<>\"']{0,40}") {
            prop_assert_eq!(read(&text("a", &given)), given);
        }

        #[test]
        fn any_text_at_all_can_be_read(given in any::<String>()) {
            prop_assert_eq!(read(&text("a", &given)).chars().count(), given.chars().count());
        }
    }
}
