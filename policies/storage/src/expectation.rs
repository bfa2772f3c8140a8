//! What is expected of whoever creates or deletes a bucket, each judged on its own.

use policy_sdk::prelude::*;

use crate::{PRIVILEGED_PRINCIPALS, Settings, TRUSTED_NETWORKS};

/// One expectation; the order is that of the words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expectation {
    /// Through the AWS CLI, the console or an approved client.
    Client,
    /// From a trusted network.
    Network,
    /// By a person, not by a machine's identity.
    Person,
    /// By a privileged principal.
    Privileged,
    /// Not out of a container, a function, an instance or another workload.
    Workload,
}

/// What became of an expectation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// It holds.
    Met,
    /// It does not; in words.
    Broken(String),
    /// The table that it needs is not configured, or the record has no answer.
    NotJudged,
}

impl Judgement {
    fn broken_if(is_broken: bool, words: impl Into<String>) -> Self {
        if is_broken { Self::Broken(words.into()) } else { Self::Met }
    }
}

impl Expectation {
    /// All of them, in the order of their words.
    pub const ALL: [Self; 5] = [Self::Client, Self::Network, Self::Person, Self::Privileged, Self::Workload];

    /// The word for it in a finding's details.
    pub fn word(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Network => "network",
            Self::Person => "person",
            Self::Privileged => "privileged",
            Self::Workload => "workload",
        }
    }

    /// Whether it is about who acted, which AWS itself wrote down, and not about the way that they took.
    pub fn is_about_who(self) -> bool {
        matches!(self, Self::Person | Self::Privileged | Self::Workload)
    }

    /// Whether it holds for a change of a bucket.
    pub fn judge(self, event: &Event, cx: &Context<Settings>) -> Judgement {
        match self {
            Self::Client => {
                let is_known = event.is_from_cli() || event.is_from_console() || is_approved(event, cx.settings());
                Judgement::broken_if(!is_known, "the client is neither the AWS CLI, the console nor an approved one")
            }
            Self::Network => network(event, cx),
            Self::Person => Judgement::broken_if(is_machine(&event.actor()), "the caller is a machine, not a person"),
            Self::Privileged => privileged(event, cx),
            Self::Workload => workload(event),
        }
    }
}

/// Whether one of the user agent's products is an approved one. S3 writes the user agent in brackets.
fn is_approved(event: &Event, settings: &Settings) -> bool {
    let agent = event.user_agent().trim_matches(['[', ']']);
    let mut products = agent.split_whitespace().filter_map(|token| token.split('/').next());
    products.any(|product| settings.approved_clients.iter().any(|approved| approved == product))
}

/// A service's name as source address, or `AWS Internal`, is no address: neither trusted nor untrusted.
fn network(event: &Event, cx: &Context<Settings>) -> Judgement {
    let address = event.source_ip_text();
    match cx.contains(TRUSTED_NETWORKS, address) {
        Membership::Inside => Judgement::Met,
        Membership::Outside => Judgement::Broken(format!("{address} is in no trusted network")),
        Membership::NotApplicable | Membership::Unavailable => Judgement::NotJudged,
    }
}

/// An AWS service, a role that only a service can assume, a web identity (pipelines and pods sign in so), or a session that
/// AWS made for an instance, a function, a task, a pod or a build.
fn is_machine(actor: &Actor) -> bool {
    actor.kind() == ActorKind::AwsService
        || actor.is_service_linked_role()
        || actor.federated_provider().is_some()
        || actor.session_workload().is_some()
}

/// A principal without an ARN is in no list. The root user is nobody in particular, so only its being listed makes it
/// privileged, also where there is no list.
fn privileged(event: &Event, cx: &Context<Settings>) -> Judgement {
    let actor = event.actor();
    let is_root = actor.kind() == ActorKind::Root;
    match cx.contains(PRIVILEGED_PRINCIPALS, actor.principal_arn().unwrap_or_default()) {
        Membership::Inside => Judgement::Met,
        Membership::Unavailable if !is_root => Judgement::NotJudged,
        _ if is_root => Judgement::Broken("the root user is nobody in particular".to_owned()),
        _ => Judgement::Broken(format!("{} is not a privileged principal", actor.label())),
    }
}

/// Besides the workloads that the SDK knows by name: AWS sets `AWS_EXECUTION_ENV` to `AWS_…` wherever it runs code for
/// somebody; in CloudShell, where people type, it is `CloudShell`.
fn workload(event: &Event) -> Judgement {
    let kind = event.actor().workload();
    let is_workload = kind.is_some() || event.user_agent().contains("exec-env/AWS_");
    let place = kind.map_or("a workload that AWS runs", Workload::label);
    Judgement::broken_if(is_workload, format!("the call came out of {place}"))
}
