//! `docs/asyncapi.yaml` is what the types of the protocol and of the games say: this test writes the document anew, in memory, and compares
//! it with the file.

#![allow(clippy::unwrap_used, reason = "all of it is a test, which may stop")]

mod document;
mod players;
mod schemas;
mod topics;
mod yaml;

use std::{env, fs, path::Path};

use muster_protocol::Route;

/// What renews the file.
const RENEWAL: &str = "MUSTER_RENEW_ASYNCAPI=1 cargo test -p muster-game asyncapi";

#[test]
fn the_asyncapi_document_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/asyncapi.yaml");
    let head = format!(
        "# Written from the types of shared/protocol and of the games, whose comments are the descriptions. To renew it:\n#     {RENEWAL}\n"
    );
    let text = head + &yaml::text(&document::document());
    if env::var_os("MUSTER_RENEW_ASYNCAPI").is_some() {
        fs::write(path, text).unwrap();
        return;
    }
    // Git may check text out with other ends of lines.
    let file = fs::read_to_string(path).unwrap_or_default().replace("\r\n", "\n");
    let line = file.lines().zip(text.lines()).take_while(|(old, new)| old == new).count() + 1;
    assert!(file == text, "docs/asyncapi.yaml is not what the types say, from line {line} on; renew it with\n    {RENEWAL}");
}

#[test]
fn every_route_is_in_the_asyncapi_document() {
    let document = document::document();
    let messages = &document["channels"]["socket"]["messages"];
    for route in Route::ALL.map(Route::name) {
        assert_eq!(messages[route]["payload"]["properties"]["route"]["const"], route);
        assert_eq!(messages[format!("{route}Reply")]["payload"]["properties"]["route"]["const"], route);
        assert_eq!(document["operations"][route]["action"], "receive", "{route}");
    }
}

#[test]
fn every_reference_in_the_asyncapi_document_leads_somewhere() {
    let document = document::document();
    let mut left = vec![&document];
    while let Some(value) = left.pop() {
        if let Some(target) = value.get("$ref").and_then(|target| target.as_str()) {
            assert!(document.pointer(target.trim_start_matches('#')).is_some(), "{target}");
            assert_eq!(value.as_object().map(|fields| fields.len()), Some(1), "what is beside the reference to {target} is ignored");
        }
        left.extend(value.as_object().into_iter().flat_map(|fields| fields.values()));
        left.extend(value.as_array().into_iter().flatten());
    }
}
