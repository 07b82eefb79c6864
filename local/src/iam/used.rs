//! Which statements were used at all.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::{self, Write},
    path::Path,
    process,
};

use serde::{Deserialize, Serialize};

use crate::{clock, report::report, template::Manifest};

/// One action on one resource of a statement of the template. In the files of a directory that the variable `MUSTER_IAM_USED` names, each is
/// a line of JSON: `{"place":"PlayFunction.Policies[0].Statement[0]","action":"dynamodb:GetItem","resource":"arn:aws:dynamodb:…"}`.
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub struct Used {
    /// The place of the statement.
    pub place: String,
    /// The action as the statement has it, `*` included.
    pub action: String,
    /// The resource as the statement has it, `*` included.
    pub resource: String,
}

/// Each action on each resource of all statements of the template.
pub fn triples(manifest: &Manifest) -> BTreeSet<Used> {
    let functions = manifest.functions.iter().flat_map(|function| &function.statements);
    let policies = manifest.managed_policies.iter().flat_map(|policy| &policy.statements);
    let statements = functions.chain(policies).chain(manifest.resource_policies.iter().map(|policy| &policy.statement));
    statements
        .flat_map(|statement| {
            let triple = |action: &String, resource: &String| Used {
                place: statement.place.clone(),
                action: action.clone(),
                resource: resource.clone(),
            };
            statement.actions.iter().flat_map(move |action| statement.resources.iter().map(move |resource| triple(action, resource)))
        })
        .collect()
}

/// What was used, in memory and, if wanted, in a file. There are some hundred triples, so each is written when it is used first: what is
/// written then is there also when the stack is killed.
#[derive(Default)]
pub(super) struct Log {
    used: BTreeSet<Used>,
    file: Option<File>,
}

impl Log {
    pub(super) fn new(directory: Option<&Path>) -> Log {
        let create = |directory: &Path| {
            fs::create_dir_all(directory)?;
            File::create(directory.join(format!("{}-{}.jsonl", process::id(), clock::now())))
        };
        let file = directory.and_then(|directory| create(directory).inspect_err(|error| complain(directory.display(), error)).ok());
        Log { used: BTreeSet::new(), file }
    }

    pub(super) fn add(&mut self, used: Used) {
        if self.used.contains(&used) {
            return;
        }
        if let (Some(file), Ok(line)) = (&mut self.file, serde_json::to_string(&used)) {
            file.write_all(format!("{line}\n").as_bytes()).inspect_err(|error| complain(&line, error)).unwrap_or_default();
        }
        self.used.insert(used);
    }

    pub(super) fn contains(&self, used: &Used) -> bool {
        self.used.contains(used)
    }
}

fn complain(about: impl std::fmt::Display, error: &io::Error) {
    report("MUSTER_IAM_USED", format_args!("{about}: {error}"));
}
