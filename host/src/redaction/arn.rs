//! Amazon resource names, part by part: partition, service, region and the kinds of resource stay, account and names go.

use std::ops::Range;

use super::registry::{Kind, Registry};
use super::{forms, keys, text};

/// Kinds of resource of IAM and STS whose last part is a name of this kind.
const NAMED: [(&str, Kind); 10] = [
    ("user", Kind::User),
    ("role", Kind::Role),
    ("group", Kind::Group),
    ("policy", Kind::Policy),
    ("federated-user", Kind::User),
    ("mfa", Kind::Name),
    ("instance-profile", Kind::Name),
    ("saml-provider", Kind::Name),
    ("server-certificate", Kind::Name),
    ("oidc-provider", Kind::Host),
];

/// Services in whose ARNs the first part of a resource is its type (<https://docs.aws.amazon.com/service-authorization/latest/reference/>);
/// in those of others it can be a name, as a topic's is.
const TYPED: [&str; 62] = [
    "access-analyzer",
    "acm",
    "apigateway",
    "appconfig",
    "appsync",
    "athena",
    "autoscaling",
    "backup",
    "batch",
    "bedrock",
    "cloudformation",
    "cloudfront",
    "cloudtrail",
    "cloudwatch",
    "codebuild",
    "codedeploy",
    "cognito-identity",
    "cognito-idp",
    "config",
    "datasync",
    "dms",
    "dynamodb",
    "ec2",
    "ecr",
    "ecs",
    "eks",
    "elasticache",
    "elasticfilesystem",
    "elasticloadbalancing",
    "es",
    "events",
    "firehose",
    "fsx",
    "glue",
    "guardduty",
    "imagebuilder",
    "inspector2",
    "kinesis",
    "kms",
    "lambda",
    "logs",
    "macie2",
    "network-firewall",
    "organizations",
    "ram",
    "rds",
    "redshift",
    "route53",
    "route53resolver",
    "sagemaker",
    "scheduler",
    "secretsmanager",
    "securityhub",
    "signin",
    "ssm",
    "sso",
    "states",
    "synthetics",
    "transfer",
    "wafv2",
    "workspaces",
    "xray",
];

/// Parts of paths that AWS gives, and that rules look at.
const AWS_PATHS: [&str; 8] = [
    "aws-service-role",
    "service-role",
    "aws-reserved",
    "AWSLogs",
    "CloudTrail",
    "CloudTrail-Digest",
    "CloudTrail-Insight",
    "Config",
];

/// Begin of the name of a role that IAM Identity Center makes: a permission set and sixteen hexadecimal digits follow.
const PERMISSION_SET: &str = "AWSReservedSSO_";
/// Permission sets that AWS defines.
const AWS_PERMISSION_SETS: [&str; 9] = [
    "AdministratorAccess",
    "PowerUserAccess",
    "ReadOnlyAccess",
    "ViewOnlyAccess",
    "SecurityAudit",
    "Billing",
    "DatabaseAdministrator",
    "SystemAdministrator",
    "NetworkAdministrator",
];

/// The first ARN in a text.
pub(super) fn find(registry: &mut Registry, text: &str) -> Option<(Range<usize>, String)> {
    let mut from = 0;
    while let Some(at) = text[from..].find("arn:").map(|at| from + at) {
        let begins = text[..at].chars().next_back().is_none_or(|before| !before.is_alphanumeric());
        let range = at..at + length(&text[at..]);
        let parts: Vec<&str> = text[range.clone()].splitn(6, ':').collect();
        if let ([_, partition, service, region, account, resource], true) = (parts.as_slice(), begins) {
            let is_of_aws = *account == "aws";
            let account = if is_of_aws { (*account).to_owned() } else { text::account_in_place(registry, account) };
            let resource = if is_of_aws { (*resource).to_owned() } else { resource_of(registry, service, resource) };
            // These are AWS's words; whoever writes an ARN can write others.
            let [partition, service, region] =
                [partition, service, region].map(|word| text::whole(registry, word).unwrap_or_else(|| (*word).to_owned()));
            return Some((range, format!("arn:{partition}:{service}:{region}:{account}:{resource}")));
        }
        from = at + "arn:".len();
    }
    None
}

/// How long the ARN is that a text begins with: to where a text around it goes on. Variables of policies, `${…}`, belong to it.
fn length(text: &str) -> usize {
    let mut in_variable = false;
    let ends = |(_, character): &(usize, char)| {
        in_variable = match character {
            '{' => true,
            '}' if in_variable => {
                in_variable = false;
                return false;
            }
            _ => in_variable,
        };
        character.is_whitespace() || "\"'`,;()[]}<>|\\".contains(*character)
    };
    let length = text.char_indices().find(ends).map_or(text.len(), |(at, _)| at);
    text[..length].trim_end_matches(['.', ':']).len()
}

fn resource_of(registry: &mut Registry, service: &str, resource: &str) -> String {
    let separator = resource.find(['/', ':']);
    let Some((kind, rest)) = separator.map(|at| resource.split_at(at)) else {
        // Alone: a bucket, a topic, a queue, or an account's root.
        let of_kind = if service == "s3" { Kind::Bucket } else { Kind::Resource };
        return part(registry, resource, of_kind);
    };
    match (service, kind) {
        ("s3", bucket) => part(registry, bucket, Kind::Bucket) + &path(registry, rest, Kind::Path),
        (_, "assumed-role") => {
            let mut parts = rest.splitn(3, '/').skip(1);
            let (role, session) = (parts.next().unwrap_or_default(), parts.next());
            let role = part(registry, role, Kind::Role);
            let session = session.map(|session| format!("/{}", name(registry, session, Kind::Session)));
            format!("assumed-role/{role}{}", session.unwrap_or_default())
        }
        ("iam" | "sts", kind) => match NAMED.iter().find(|(word, _)| *word == kind) {
            Some((_, of_kind)) => {
                let (path_of, name) = rest.rsplit_once('/').unwrap_or(("", rest));
                format!("{kind}{}/{}", path(registry, path_of, Kind::Path), part(registry, name, *of_kind))
            }
            None => format!("{kind}{}", path(registry, rest, Kind::Resource)),
        },
        (service, kind) if TYPED.contains(&service) => format!("{kind}{}", path(registry, rest, Kind::Resource)),
        (_, name) => part(registry, name, Kind::Resource) + &path(registry, rest, Kind::Resource),
    }
}

/// Names between slashes or colons, each replaced: as many as before.
pub(super) fn path(registry: &mut Registry, path: &str, kind: Kind) -> String {
    let mut replaced = String::with_capacity(path.len());
    let mut rest = path;
    loop {
        let end = rest.find(['/', ':']).unwrap_or(rest.len());
        replaced += &part(registry, &rest[..end], kind);
        match rest[end..].chars().next() {
            Some(separator) => replaced.push(separator),
            None => return replaced,
        }
        rest = &rest[end + 1..];
    }
}

/// One part of a resource's name. Numbers, regions, wildcards, variables and AWS's own names stay.
fn part(registry: &mut Registry, part: &str, kind: Kind) -> String {
    let is_number = part.len() < forms::ACCOUNT_DIGITS && part.bytes().all(|byte| byte.is_ascii_digit());
    if part.is_empty() || is_number || AWS_PATHS.contains(&part) || forms::is_region(part) {
        return part.to_owned();
    }
    match part.find(['*', '?', '$']) {
        Some(0) => text::rewrite(registry, part),
        // What is fixed of a pattern is a part of a name.
        Some(at) => name(registry, &part[..at], kind) + &text::rewrite(registry, &part[at..]),
        None => name(registry, part, kind),
    }
}

/// A name, unless its form says that it is something else. Of a name that AWS gives stays what AWS has given.
pub(super) fn name(registry: &mut Registry, name: &str, kind: Kind) -> String {
    if keys::is_of_aws(name) {
        return text::rewrite(registry, name);
    }
    match name.strip_prefix(PERMISSION_SET).and_then(|set| set.rsplit_once('_')) {
        Some((set, drawn)) => format!("{PERMISSION_SET}{}_{}", permission_set(registry, set), number(registry, drawn)),
        None => text::whole(registry, name).unwrap_or_else(|| registry.name(kind, name)),
    }
}

fn permission_set(registry: &mut Registry, set: &str) -> String {
    if AWS_PERMISSION_SETS.contains(&set) { set.to_owned() } else { registry.name(Kind::Name, set) }
}

/// The number that is drawn for the role of a permission set.
fn number(registry: &mut Registry, drawn: &str) -> String {
    if drawn.starts_with("0000") {
        return drawn.to_owned();
    }
    registry.replace(Kind::ResourceId, drawn, |number| format!("{number:016x}"))
}
