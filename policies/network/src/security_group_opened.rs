//! Rule `security-group-opened`.

use policy_sdk::prelude::*;

/// All addresses, in both ways to write them.
const EVERYWHERE: [&str; 2] = ["0.0.0.0/0", "::/0"];
/// Ports that the whole world is meant to reach.
const WEB: [i64; 2] = [80, 443];

/// Someone opened a security group to the whole world. What listens behind it is found by scanners within minutes.
///
/// # What counts
/// A rule for incoming traffic from `0.0.0.0/0` or `::/0`. One that opens only port 80 or only port 443 over TCP is a web
/// site's and left out.
///
/// # Severity
/// High where all ports are open, or a thousand and more, or one that people administer machines by (22, 3389); else medium.
#[rule(
    id = "security-group-opened",
    title = "Security group opened to the world",
    severity = "medium",
    techniques = ["T1562.007", "T1133"],
    references = [
        "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AuthorizeSecurityGroupIngress.html",
        "https://attack.mitre.org/techniques/T1562/007/",
    ],
    false_positives = ["A service that the whole world is meant to reach on another port than 80 and 443."],
    runbook = "Ask who opened it for what. If nobody knows: take the rule away, and look at who connected meanwhile.",
    select(event_source = "ec2.amazonaws.com", event_name = "AuthorizeSecurityGroupIngress", outcome = "success"),
)]
pub fn security_group_opened(event: &Event) -> Option<Finding> {
    let permissions = event.get("requestParameters.ipPermissions.items[]");
    let opened: Vec<Ports> = permissions.items().filter(is_from_everywhere).map(|permission| Ports::of(&permission)).collect();
    // The older form of the call has one rule, spread over the request itself.
    let request = event.get("requestParameters");
    let flat = EVERYWHERE.contains(&request.get("cidrIp").text()).then(|| Ports::of(&request));
    let opened: Vec<Ports> = opened.into_iter().chain(flat).filter(|ports| !ports.are_of_a_web_site()).collect();
    if opened.is_empty() {
        return None;
    }
    let is_grave = opened.iter().any(Ports::are_grave);
    let who = event.actor().label();
    let group = request.get("groupId").str().unwrap_or(request.get("groupName").text());
    let ports: Vec<String> = opened.iter().map(Ports::to_string).collect();
    let finding = Finding::new(format!("{who} opened the security group {group} to the world: {}", ports.join(", ")))
        .severity(if is_grave { Severity::High } else { Severity::Medium })
        .detail("group", group)
        .detail("opened", ports)
        .detail("source_address", event.source_ip_text())
        .resource(resource(event, group));
    Some(finding)
}

fn is_from_everywhere(permission: &Value) -> bool {
    let of_both = ["ipRanges.items[].cidrIp", "ipv6Ranges.items[].cidrIpv6"];
    of_both.iter().any(|path| permission.get(path).items().any(|range| EVERYWHERE.contains(&range.text())))
}

/// What a rule opens. AWS writes the protocol -1 for all, and no ports or -1 for all of them.
struct Ports {
    protocol: String,
    range: Option<(i64, i64)>,
}

impl Ports {
    fn of(rule: &Value) -> Self {
        let protocol = rule.get("ipProtocol").text().to_owned();
        let range = rule.get("fromPort").as_i64().zip(rule.get("toPort").as_i64()).filter(|(from, _)| *from >= 0);
        Self { protocol, range }
    }

    fn are_of_a_web_site(&self) -> bool {
        self.protocol == "tcp" && self.range.is_some_and(|(from, to)| from == to && WEB.contains(&from))
    }

    fn are_grave(&self) -> bool {
        match self.range {
            None => true,
            Some((from, to)) => to.saturating_sub(from) >= 1_000 || [22, 3389].iter().any(|port| (from..=to).contains(port)),
        }
    }
}

impl std::fmt::Display for Ports {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let protocol = if self.protocol == "-1" { "all protocols" } else { &self.protocol };
        match self.range {
            None => write!(f, "{protocol}, all ports"),
            Some((from, to)) if from == to => write!(f, "{protocol} {from}"),
            Some((from, to)) => write!(f, "{protocol} {from}-{to}"),
        }
    }
}

fn resource(event: &Event, group: &str) -> Resource {
    let (partition, region, account) = (event.partition(), event.region(), event.recipient_account());
    let arn = format!("arn:{partition}:ec2:{region}:{account}:security-group/{group}");
    Resource::of_kind("AWS::EC2::SecurityGroup", arn).in_region(region).in_account(account)
}
