//! From a record's facts to OCSF's evidence: who did what, from where, and the record itself.

use super::embed::Embedded;
use super::shape::{Account, Actor, Api, Endpoint, Evidence, HttpRequest, Named, Response, Session, Uid, User};
use crate::finding::JudgedRecord;
use crate::finding::facts::{self, Facts, PrincipalType, Source};

/// The evidence that a record is.
pub(super) fn of(record: &JudgedRecord) -> Evidence<'_> {
    let facts = record.facts();
    Evidence {
        uid: record.event_key(),
        actor: actor(&facts.actor),
        api: api(facts),
        src_endpoint: facts.source.as_ref().map(endpoint),
        http_request: facts.user_agent.as_deref().map(|user_agent| HttpRequest { user_agent }),
        data: Embedded::of(record.json()),
    }
}

fn actor(actor: &facts::Actor) -> Option<Actor<'_>> {
    let (user, session, app_name) = (user(actor), session(&actor.session), actor.invoked_by.as_deref());
    let is_known = user.is_some() || session.is_some() || app_name.is_some();
    let idp = actor.identity_provider.as_deref().map(|name| Named { name });
    is_known.then_some(Actor { user, session, app_name, idp })
}

fn user(actor: &facts::Actor) -> Option<User<'_>> {
    let is_known = actor.account.is_some() || actor.name.is_some() || actor.uid.is_some();
    let (type_id, kind) = actor.kind.as_ref().map(user_type).unzip();
    is_known.then(|| User {
        type_id,
        kind,
        uid: actor.uid.as_deref(),
        uid_alt: actor.principal_id.as_deref(),
        name: actor.name.as_deref(),
        domain: actor.identity_store.as_deref(),
        credential_uid: actor.credential.as_deref(),
        account: actor.account.as_deref().map(Account::new),
    })
}

/// OCSF knows users, administrators and the system; every other type of principal is its "Other", with AWS's word for it.
fn user_type(kind: &PrincipalType) -> (u8, &str) {
    match kind {
        PrincipalType::Unknown => (0, "Unknown"),
        PrincipalType::IamUser => (1, "User"),
        PrincipalType::Root => (2, "Admin"),
        PrincipalType::AwsService => (3, "System"),
        PrincipalType::AssumedRole
        | PrincipalType::Role
        | PrincipalType::FederatedUser
        | PrincipalType::Directory
        | PrincipalType::AwsAccount
        | PrincipalType::IdentityCenterUser
        | PrincipalType::SamlUser
        | PrincipalType::WebIdentityUser
        | PrincipalType::Other(_) => (99, kind.as_str()),
    }
}

fn session(session: &facts::Session) -> Option<Session<'_>> {
    let is_known = *session != facts::Session::default();
    is_known.then_some(Session {
        issuer: session.issuer.as_deref(),
        uid: session.name.as_deref(),
        uid_alt: session.arn.as_deref(),
        created_time: session.created,
        is_mfa: session.is_mfa,
    })
}

/// Insights records name no operation, and OCSF has no `api` without one.
fn api(facts: &Facts) -> Option<Api<'_>> {
    let has_failed = facts.error_code.is_some() || facts.error_message.is_some();
    Some(Api {
        operation: facts.event_name.as_deref()?,
        service: facts.event_source.as_deref().map(|name| Named { name }),
        version: facts.api_version.as_deref(),
        request: facts.request_id.as_deref().map(|uid| Uid { uid }),
        response: has_failed
            .then_some(Response { error: facts.error_code.as_deref(), error_message: facts.error_message.as_deref() }),
    })
}

fn endpoint(source: &Source) -> Endpoint<'_> {
    match source {
        Source::Address(address) => Endpoint::Ip(*address),
        Source::Service(name) => Endpoint::SvcName(name),
        Source::Domain(name) => Endpoint::Domain(name),
    }
}
