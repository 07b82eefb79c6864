//! Which statements were used at all.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::{self, Write},
    path::Path,
    process,
};

use serde::Serialize;

use crate::{
    clock,
    report::report,
    template::{Manifest, Statement},
};

/// One action on one resource of a statement of the template, both as the statement has them, `*` included.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub(super) struct Used {
    pub(super) place: String,
    pub(super) action: String,
    pub(super) resource: String,
}

/// Each action on each resource of all statements of the template.
pub(super) fn triples(manifest: &Manifest) -> BTreeSet<Used> {
    let functions = manifest.functions.iter().flat_map(|function| &function.statements);
    let policies = manifest.managed_policies.iter().flat_map(|policy| &policy.statements);
    let machines = manifest.state_machines.iter().flat_map(|machine| &machine.statements);
    let statements = functions.chain(machines).chain(policies).chain(manifest.resource_policies.iter().map(|policy| &policy.statement));
    let triples = statements.flat_map(|Statement { place, actions, resources }| {
        let pairs = actions.iter().flat_map(move |action| resources.iter().map(move |resource| (action, resource)));
        pairs.map(|(action, resource)| Used { place: place.clone(), action: action.clone(), resource: resource.clone() })
    });
    triples.collect()
}

/// What was used, in memory and, if wanted, in a file of the directory that `MUSTER_IAM_USED` names, where each is a line of JSON. There
/// are some hundred triples, so each is written when it is used first: what is written then is there also when the stack is killed.
#[derive(Default)]
pub(super) struct Log {
    pub(super) used: BTreeSet<Used>,
    file: Option<File>,
}

impl Log {
    pub(super) fn new(directory: Option<&Path>) -> Log {
        let create = |directory: &Path| {
            fs::create_dir_all(directory)?;
            File::create(directory.join(format!("{}-{}.jsonl", process::id(), clock::now())))
        };
        let file = directory.and_then(|directory| create(directory).inspect_err(complain).ok());
        Log { used: BTreeSet::new(), file }
    }

    pub(super) fn add(&mut self, used: Used) {
        if self.used.contains(&used) {
            return;
        }
        if let (Some(file), Ok(line)) = (&mut self.file, serde_json::to_string(&used)) {
            file.write_all(format!("{line}\n").as_bytes()).inspect_err(complain).unwrap_or_default();
        }
        self.used.insert(used);
    }
}

fn complain(error: &io::Error) {
    report("MUSTER_IAM_USED", error);
}
