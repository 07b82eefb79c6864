//! IAM: what functions, whoever has a managed policy, and services of AWS may do, by the statements of the template.
//!
//! [`needs`] says which actions on which resources a call needs, [`grant`] is a statement that allows some, and [`used`] keeps which of
//! them were used at all, so that one that nobody needs is found.

mod grant;
mod needs;
#[cfg(test)]
mod tests;
mod used;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::{Arc, Mutex},
};

use serde_json::{Value, json};

use self::{
    grant::Grant,
    used::{Log, Used, triples},
};
use crate::{account, front_door::Call, lock::lock, report::report, template::Manifest};

/// The permissions of a stack. Cheap to clone.
#[derive(Clone)]
pub struct Iam {
    inner: Arc<Inner>,
}

struct Inner {
    /// By function, by the role of a state machine, by `policy:` and the logical id of a managed policy, and by service.
    roles: BTreeMap<String, Vec<Grant>>,
    /// The id of the API whose connections are managed.
    api_id: String,
    all: BTreeSet<Used>,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    log: Log,
    /// How often each kind of call was denied, by role, action and resource.
    denied: BTreeMap<(String, String, String), u64>,
}

/// Why a call is not allowed, in AWS's words, and which statements come nearest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Denial(String);

impl Iam {
    /// The permissions that the template gives. With a directory, each statement's first use is written to a file there.
    pub fn new(manifest: &Manifest, used: Option<&Path>) -> Iam {
        let mut roles = BTreeMap::<String, Vec<Grant>>::new();
        for function in &manifest.functions {
            let grants = function.statements.iter().map(|statement| Grant::new(statement, None));
            roles.insert(function.name.clone(), grants.collect());
        }
        for machine in &manifest.state_machines {
            roles.insert(machine.role(), machine.statements.iter().map(|statement| Grant::new(statement, None)).collect());
        }
        for policy in &manifest.managed_policies {
            let grants = policy.statements.iter().map(|statement| Grant::new(statement, None));
            roles.insert(format!("policy:{}", policy.logical_id), grants.collect());
        }
        for policy in &manifest.resource_policies {
            let grant = Grant::new(&policy.statement, policy.source_arns.as_deref());
            roles.entry(policy.service.clone()).or_default().push(grant);
        }
        let api_id = manifest.apis.first().map(|api| api.api_id.clone()).unwrap_or_default();
        let seen = Mutex::new(Seen { log: Log::new(used), ..Seen::default() });
        Iam { inner: Arc::new(Inner { roles, api_id, all: triples(manifest), seen }) }
    }

    /// Whether `function`, by its name or an ARN of it, may do `action` on `resource`: also what Lambda does with a function's role, such
    /// as sending to an on-failure destination.
    ///
    /// # Errors
    /// If no statement of the function allows it. It has been told on the terminal, the first time.
    pub fn allows(&self, function: &str, action: &str, resource: &str) -> Result<(), Denial> {
        let role = function.split_once(":function:").map_or(function, |(_, name)| name.split(':').next().unwrap_or_default());
        let called = account::policy_of(role).unwrap_or(role);
        let who = format!("User: arn:aws:sts::{}:assumed-role/{called}/{called}", account::ACCOUNT);
        self.decide((role, ""), (&who, "identity-based"), (action, resource))
    }

    /// Whether the service with the principal `service`, such as `sns.amazonaws.com`, may do `action` on `resource` for `source_arn`.
    ///
    /// # Errors
    /// If no policy of a queue or a topic allows it. It has been told on the terminal, the first time.
    pub fn allows_service(&self, service: &str, source_arn: &str, action: &str, resource: &str) -> Result<(), Denial> {
        let who = format!("Service: {service} for {source_arn}");
        self.decide((service, source_arn), (&who, "resource-based"), (action, resource))
    }

    /// Whether `caller`, as [`account::signed_by`] answers, may make this call.
    pub(crate) fn check(&self, caller: &str, call: &Call) -> Result<(), Denial> {
        needs::of(call, &self.inner.api_id).iter().try_for_each(|(action, resource)| self.allows(caller, action, resource))
    }

    /// Whether `role` may, for `source_arn`. A denial calls it `who`, and its policies `policy`.
    fn decide(
        &self,
        (role, source_arn): (&str, &str),
        (who, policy): (&str, &str),
        (action, resource): (&str, &str),
    ) -> Result<(), Denial> {
        let grants = self.inner.roles.get(role).map(Vec::as_slice).unwrap_or_default();
        let allowed = grants.iter().filter(|grant| grant.is_for(source_arn)).find_map(|grant| grant.allows(action, resource));
        let mut seen = lock(&self.inner.seen);
        if let Some(used) = allowed {
            seen.log.add(used);
            return Ok(());
        }
        let mut nearest: Vec<String> = grants.iter().filter_map(|grant| grant.nearest_by_action(action)).collect();
        if nearest.is_empty() {
            nearest = grants.iter().filter_map(|grant| grant.nearest_by_resource(resource)).collect();
        }
        let nearest = match nearest.as_slice() {
            [] => "no statement names this action, or this resource".to_owned(),
            nearest => format!("nearest: {}", nearest.join("; ")),
        };
        let why = format!("because no {policy} policy allows the {action} action ({nearest})");
        let denial = Denial(format!("{who} is not authorized to perform: {action} on resource: {resource} {why}"));
        // Connections come and go; all of them are of one kind.
        let kind = resource.split_once("/@connections/").map_or_else(|| resource.to_owned(), |(api, _)| format!("{api}/@connections/*"));
        let times = seen.denied.entry((role.to_owned(), action.to_owned(), kind)).or_default();
        *times += 1;
        if *times == 1 {
            report("IAM", &denial);
        }
        Err(denial)
    }

    /// `{"denied": [{"role":…,"action":…,"resource":…,"times":…}], "unused": [{"place":…,"action":…,"resource":…}]}`.
    pub fn to_json(&self) -> Value {
        let seen = lock(&self.inner.seen);
        let denied = seen
            .denied
            .iter()
            .map(|((role, action, resource), times)| json!({"role": role, "action": action, "resource": resource, "times": times}));
        let unused: Vec<&Used> = self.inner.all.iter().filter(|used| !seen.log.used.contains(used)).collect();
        json!({"denied": denied.collect::<Value>(), "unused": unused})
    }
}
