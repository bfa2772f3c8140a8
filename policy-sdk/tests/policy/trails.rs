//! A policy that uses everything the SDK has.

use policy_sdk::prelude::*;

pub const TRUSTED: Table = Table::optional("trusted-networks", TableKind::Cidr, "Networks of the office.");
pub const ADMINS: Table = Table::required("admins", TableKind::Arn, "Roles and users that may change trails.");
pub const OWNERS: Table = Table::optional("owners", TableKind::Map, "Who owns which account.");
pub const UNDECLARED: Table = Table::optional("nobody-knows", TableKind::Exact, "");

const STOPS: Correlation<Settings> = Correlation {
    title: "Many trails stopped",
    severity: Severity::High,
    techniques: &["T1562.008"],
    conclude: Some(many_stops),
    ..Correlation::new("many-stops", &["trail-stopped"], Condition::EventCount { at_least: 3 }, 600)
};
const UNDECLARED_CORRELATION: Correlation<Settings> =
    Correlation::new("nobody-counts", &["trail-stopped"], Condition::Temporal, 60);

#[policy_sdk::settings]
#[derive(Default)]
pub struct Settings {
    quiet: bool,
    mistake: String,
}

fn many_stops(group: &Group, cx: &Context<Settings>) -> Option<Finding> {
    (!cx.settings().quiet).then(|| Finding::new(format!("{} stopped {} trails", group.key, group.count)))
}

/// Someone stopped a trail.
///
/// It is the second paragraph.
///
/// # Notes
/// Not part of the description.
#[rule(
    id = "trail-stopped",
    title = "Trail stopped",
    severity = "high",
    techniques = ["T1562.008"],
    select(event_source = "cloudtrail.amazonaws.com", event_name = "StopLogging", outcome = "success"),
    select(event_name = "DeleteTrail*", outcome = ["success", "dry-run"]),
)]
fn trail_stopped(event: &Event, cx: &Context<Settings>) -> Result<Vec<Verdict>, String> {
    let actor = event.actor();
    cx.trace(format!("actor {}", actor.label()));
    let trail = event.get("requestParameters.name").str().ok_or("the record names no trail")?;
    if cx.contains_principal(ADMINS, &actor).is_inside() && cx.contains(TRUSTED, event.source_ip_text()).is_inside() {
        return Ok(Vec::new());
    }
    let owner = match cx.lookup(OWNERS, event.recipient_account()) {
        Lookup::Found(owner) => owner.get("team").text().to_owned(),
        Lookup::Missing | Lookup::Unavailable => "nobody".to_owned(),
    };
    let finding = Finding::new(format!("{} stopped {trail}", actor.label()))
        .detail("owner", owner)
        .respond(ResponseRequest::StartLogging { trail: trail.to_owned() });
    let signal = Signal::to(&STOPS, actor.label()).value(trail);
    Ok(vec![finding.into(), signal.into()])
}

/// Makes the mistake that the settings name.
#[rule(id = "mistaken", title = "Mistaken", severity = "low", default_mode = "off", select(all))]
fn mistaken(_event: &Event, cx: &Context<Settings>) -> Vec<Verdict> {
    match cx.settings().mistake.as_str() {
        "table" => {
            cx.contains(UNDECLARED, "x");
            Vec::new()
        }
        "lookup" => {
            cx.lookup(TRUSTED, "x");
            Vec::new()
        }
        "signal" => vec![Signal::to(&UNDECLARED_CORRELATION, "x").into()],
        "response" => {
            let request = ResponseRequest::QuarantinePrincipal { principal: "x".to_owned() };
            vec![Finding::new("x").respond(request).into()]
        }
        "finding" => vec![Finding::new("asked for").title("Another title").severity(Severity::Low).key("k").group_by("g").into()],
        "keys" => vec![Finding::new("a").into(), Finding::new("b").into()],
        _ => Vec::new(),
    }
}

/// Fits any settings, and takes no notice of them.
#[rule(id = "without-settings", title = "Without settings", severity = "low", select(event_name = "Noted", read_only = true))]
fn without_settings(event: &Event, cx: &Context) -> Option<Finding> {
    cx.contains(TRUSTED, event.source_ip_text()).is_outside().then(|| Finding::new("noted"))
}

policy_sdk::policy! {
    name: "trails",
    description: "What happens to trails.",
    owner: "security",
    settings: Settings,
    tables: [TRUSTED, ADMINS, OWNERS],
    responses: [StartLogging],
    rules: [trail_stopped, mistaken, without_settings],
    correlations: [STOPS],
    fixtures: "tests/policy",
}
