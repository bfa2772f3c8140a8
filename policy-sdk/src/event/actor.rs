//! Who acted: `userIdentity`, in every shape that AWS writes it.
//!
//! Source of the types and fields: <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html>.

use std::borrow::Cow;

use policy_contract::image::Node;

use super::value::Value;

/// The type of a principal: `userIdentity.type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActorKind<'a> {
    /// The account's root user.
    Root,
    /// An IAM user.
    IamUser,
    /// A session of a role.
    AssumedRole,
    /// A role itself, as some services write it.
    Role,
    /// A session that an IAM user or the root user got with `GetFederationToken`.
    FederatedUser,
    /// Someone who signs in with a SAML assertion.
    SamlUser,
    /// Someone who signs in with a web identity (OpenID Connect).
    WebIdentityUser,
    /// A user of IAM Identity Center.
    IdentityCenterUser,
    /// A user of a directory service.
    Directory,
    /// Another AWS account.
    AwsAccount,
    /// An AWS service that belongs to an AWS account.
    AwsService,
    /// AWS could not tell.
    Unknown,
    /// A type that this list does not have, as written.
    Other(&'a str),
    /// No type is written.
    Absent,
}

impl<'a> ActorKind<'a> {
    fn of(word: &'a str) -> Self {
        match word {
            "Root" => Self::Root,
            "IAMUser" => Self::IamUser,
            "AssumedRole" => Self::AssumedRole,
            "Role" => Self::Role,
            "FederatedUser" => Self::FederatedUser,
            "SAMLUser" => Self::SamlUser,
            "WebIdentityUser" => Self::WebIdentityUser,
            "IdentityCenterUser" => Self::IdentityCenterUser,
            "Directory" => Self::Directory,
            "AWSAccount" => Self::AwsAccount,
            "AWSService" => Self::AwsService,
            "Unknown" => Self::Unknown,
            "" => Self::Absent,
            other => Self::Other(other),
        }
    }
}

/// A kind of machine that acts with a role's credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Workload {
    /// An EC2 instance, through its instance profile.
    Ec2Instance,
    /// A Lambda function.
    LambdaFunction,
    /// A task of ECS or Fargate.
    EcsTask,
    /// A pod of EKS, through IAM roles for service accounts or Pod Identity.
    EksPod,
    /// A build of CodeBuild.
    CodeBuild,
}

impl Workload {
    /// What a person calls it, with its article.
    pub fn label(self) -> &'static str {
        match self {
            Self::Ec2Instance => "an EC2 instance",
            Self::LambdaFunction => "a Lambda function",
            Self::EcsTask => "an ECS task",
            Self::EksPod => "an EKS pod",
            Self::CodeBuild => "a CodeBuild build",
        }
    }
}

/// Who acted.
#[derive(Clone, Copy, Debug)]
pub struct Actor<'a> {
    identity: Option<Node<'a>>,
    user_agent: &'a str,
}

impl<'a> Actor<'a> {
    pub(super) fn new(identity: Option<Node<'a>>, user_agent: &'a str) -> Self {
        Self { identity, user_agent }
    }

    fn named(&self, path: &[&str]) -> Value<'a> {
        Value::of(path.iter().try_fold(self.identity, |node, key| Some(node?.member(key))).flatten())
    }

    /// A text that says something: AWS also writes empty ones.
    fn text(&self, path: &[&str]) -> Option<&'a str> {
        self.named(path).str().filter(|text| !text.is_empty())
    }

    /// What kind of principal it is.
    pub fn kind(&self) -> ActorKind<'a> {
        ActorKind::of(self.named(&["type"]).text())
    }

    /// `userIdentity.arn`: of a role's session, the session's ARN.
    pub fn arn(&self) -> Option<&'a str> {
        self.text(&["arn"])
    }

    /// `userIdentity.principalId`.
    pub fn principal_id(&self) -> Option<&'a str> {
        self.text(&["principalId"])
    }

    /// The ARN to look for in a list of principals: of a role's session the role's (`sessionContext.sessionIssuer.arn`, with
    /// its path, which a session's ARN lacks), else the principal's own. None for a session whose role is not written.
    pub fn principal_arn(&self) -> Option<&'a str> {
        match self.kind() {
            ActorKind::AssumedRole => self.role_arn(),
            _ => self.arn(),
        }
    }

    /// The ARN of the role of a session.
    pub fn role_arn(&self) -> Option<&'a str> {
        let issuer_is_role = self.text(&["sessionContext", "sessionIssuer", "type"]).is_none_or(|kind| kind == "Role");
        self.text(&["sessionContext", "sessionIssuer", "arn"]).filter(|_| issuer_is_role)
    }

    /// The name of the role of a session, from the session's issuer or else from the session's ARN.
    pub fn role(&self) -> Option<&'a str> {
        let issuer = self.role_arn().and_then(|_| self.text(&["sessionContext", "sessionIssuer", "userName"]));
        issuer.or_else(|| self.session_parts().map(|(role, _)| role))
    }

    /// The name of the session of an assumed role: the last part of its ARN.
    pub fn session_name(&self) -> Option<&'a str> {
        self.session_parts().map(|(_, session)| session)
    }

    /// `arn:aws:sts::111122223333:assumed-role/<role>/<session>`.
    fn session_parts(&self) -> Option<(&'a str, &'a str)> {
        self.arn()?.split_once(":assumed-role/")?.1.split_once('/')
    }

    /// `userIdentity.userName`; that of a role's session is [`Actor::role`].
    pub fn user_name(&self) -> Option<&'a str> {
        self.text(&["userName"])
    }

    /// The account of the principal: `userIdentity.accountId`, else that of the session's issuer.
    pub fn account(&self) -> Option<&'a str> {
        self.text(&["accountId"]).or_else(|| self.text(&["sessionContext", "sessionIssuer", "accountId"]))
    }

    /// The access key that signed the request (`AKIA…` lasts, `ASIA…` is temporary).
    pub fn access_key_id(&self) -> Option<&'a str> {
        self.text(&["accessKeyId"])
    }

    /// The AWS service that made the request on behalf of the principal.
    pub fn invoked_by(&self) -> Option<&'a str> {
        self.text(&["invokedBy"])
    }

    /// Whether the session was authenticated with MFA; none where the record does not say.
    pub fn mfa_authenticated(&self) -> Option<bool> {
        self.named(&["sessionContext", "attributes", "mfaAuthenticated"]).flag()
    }

    /// When the session was created, as written (UTC, RFC 3339).
    pub fn session_created(&self) -> Option<&'a str> {
        self.text(&["sessionContext", "attributes", "creationDate"])
    }

    /// Who the session's creator said to be when the role was assumed: `sessionContext.sourceIdentity`.
    pub fn source_identity(&self) -> Option<&'a str> {
        self.text(&["sessionContext", "sourceIdentity"])
    }

    /// Who vouched for a web identity, such as `arn:aws:iam::111122223333:oidc-provider/…`.
    pub fn federated_provider(&self) -> Option<&'a str> {
        self.text(&["sessionContext", "webIdFederationData", "federatedProvider"]).or_else(|| self.text(&["identityProvider"]))
    }

    /// The user id in IAM Identity Center, of its own users and of sessions that act on behalf of one.
    pub fn identity_center_user_id(&self) -> Option<&'a str> {
        self.text(&["onBehalfOf", "userId"])
    }

    /// The credential that an Identity Center user got at sign-in: `userIdentity.credentialId`.
    pub fn credential_id(&self) -> Option<&'a str> {
        self.text(&["credentialId"])
    }

    /// Whether it comes through IAM Identity Center: one of its users, someone who acts on behalf of one, or a session of a
    /// role that Identity Center made for a permission set (`AWSReservedSSO_…`).
    pub fn is_identity_center(&self) -> bool {
        self.kind() == ActorKind::IdentityCenterUser
            || self.identity_center_user_id().is_some()
            || self.role().is_some_and(|role| role.starts_with("AWSReservedSSO_"))
    }

    /// Whether it is a session of a role that belongs to an AWS service (`AWSServiceRoleFor…`, which only that service can
    /// assume).
    pub fn is_service_linked_role(&self) -> bool {
        self.role_arn().is_some_and(|arn| arn.contains(":role/aws-service-role/"))
            || self.role().is_some_and(|role| role.starts_with("AWSServiceRoleFor"))
    }

    /// Which kind of machine acted, as far as the record gives it away; none says nothing. First what the session's
    /// identity says ([`Actor::session_workload`]), then the execution environment in the user agent, which a caller can
    /// forge, though hardly to look like a machine.
    pub fn workload(&self) -> Option<Workload> {
        self.session_workload().or_else(|| workload_by_user_agent(self.user_agent))
    }

    /// Which kind of machine the session was made for, as far as AWS itself wrote it down, whatever client uses it. What is
    /// looked at, in this order: `inScopeOf.issuerType`; `sessionContext.ec2RoleDelivery`; a web identity of an EKS cluster's
    /// provider; the session's name, which these services choose.
    pub fn session_workload(&self) -> Option<Workload> {
        self.workload_in_scope()
            .or_else(|| self.named(&["sessionContext", "ec2RoleDelivery"]).exists().then_some(Workload::Ec2Instance))
            .or_else(|| self.federated_provider()?.contains("oidc.eks.").then_some(Workload::EksPod))
            .or_else(|| self.session_name().and_then(workload_by_session_name))
    }

    fn workload_in_scope(&self) -> Option<Workload> {
        let issuer = self.text(&["inScopeOf", "issuerType"])?;
        let kinds = [
            ("AWS::Lambda::", Workload::LambdaFunction),
            ("AWS::ECS::", Workload::EcsTask),
            ("AWS::EC2::", Workload::Ec2Instance),
            ("AWS::EKS::", Workload::EksPod),
            ("AWS::CodeBuild::", Workload::CodeBuild),
        ];
        kinds.into_iter().find(|(prefix, _)| issuer.starts_with(prefix)).map(|(_, workload)| workload)
    }

    /// What a person calls the principal, for a summary; never empty.
    pub fn label(&self) -> Cow<'a, str> {
        match self.kind() {
            ActorKind::Root => match self.account() {
                Some(account) => format!("the root user of {account}").into(),
                None => "the root user".into(),
            },
            ActorKind::AssumedRole => match (self.role(), self.session_name()) {
                (Some(role), Some(session)) => format!("{role}/{session}").into(),
                (Some(role), None) => role.into(),
                (None, _) => self.fallback_label(),
            },
            _ => self.user_name().map_or_else(|| self.fallback_label(), Cow::from),
        }
    }

    fn fallback_label(&self) -> Cow<'a, str> {
        let known = self.arn().or_else(|| self.invoked_by()).or_else(|| self.principal_id()).or_else(|| self.account());
        known.unwrap_or("an unknown principal").into()
    }
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

/// `1b4e28ba-2fa1-41d2-883f-0016d3cca427`.
fn is_uuid(text: &str) -> bool {
    let groups = text.split('-').map(|group| if is_hex(group) { group.len() } else { 0 });
    groups.eq([8, 4, 4, 4, 12])
}

/// The session names that services choose themselves.
fn workload_by_session_name(name: &str) -> Option<Workload> {
    // https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/resource-ids.html: 8 or 17 characters.
    let is_instance = name.strip_prefix("i-").is_some_and(|id| matches!(id.len(), 8 | 17) && is_hex(id));
    // https://docs.aws.amazon.com/eks/latest/userguide/pod-id-abac.html: `eks-<cluster>-<pod>-<uuid>`.
    let ends_with_uuid = || name.len().checked_sub(36).and_then(|at| name.get(at..)).is_some_and(is_uuid);
    if is_instance {
        Some(Workload::Ec2Instance)
    } else if name.starts_with("eks-") && ends_with_uuid() {
        Some(Workload::EksPod)
    } else if name.strip_prefix("AWSCodeBuild-").is_some_and(is_uuid) {
        Some(Workload::CodeBuild)
    } else if name.len() == 32 && is_hex(name) {
        // https://docs.aws.amazon.com/AmazonECS/latest/developerguide/security-iam-roles.html: the task's id.
        Some(Workload::EcsTask)
    } else {
        None
    }
}

/// What AWS's SDKs write into the user agent from the variable `AWS_EXECUTION_ENV`.
fn workload_by_user_agent(user_agent: &str) -> Option<Workload> {
    let (_, environment) = user_agent.split_once("exec-env/")?;
    let kinds = [("AWS_Lambda_", Workload::LambdaFunction), ("AWS_ECS_", Workload::EcsTask)];
    kinds.into_iter().find(|(prefix, _)| environment.starts_with(prefix)).map(|(_, workload)| workload)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::document::Document;
    use super::*;

    fn with_actor<T>(identity: serde_json::Value, look: impl FnOnce(Actor<'_>) -> T) -> T {
        with_actor_from(identity, "", look)
    }

    fn with_actor_from<T>(identity: serde_json::Value, user_agent: &str, look: impl FnOnce(Actor<'_>) -> T) -> T {
        let document = Document::from_json(&identity.to_string()).unwrap();
        look(Actor::new(document.node(), user_agent))
    }

    fn session(name: &str) -> serde_json::Value {
        json!({"type": "AssumedRole", "principalId": format!("AROAEXAMPLE:{name}"),
            "arn": format!("arn:aws:sts::111122223333:assumed-role/admin/{name}"),
            "sessionContext": {"sessionIssuer": {"type": "Role", "arn": "arn:aws:iam::111122223333:role/ops/admin",
                "userName": "admin", "accountId": "111122223333"}, "attributes": {"mfaAuthenticated": "true"}}})
    }

    #[test]
    fn a_session_has_its_role_and_its_own_name() {
        with_actor(session("anna@example.com"), |actor| {
            assert_eq!(actor.kind(), ActorKind::AssumedRole);
            assert_eq!(actor.principal_arn(), Some("arn:aws:iam::111122223333:role/ops/admin"));
            assert_eq!((actor.role(), actor.session_name()), (Some("admin"), Some("anna@example.com")));
            assert_eq!((actor.account(), actor.mfa_authenticated()), (Some("111122223333"), Some(true)));
            assert_eq!(actor.label(), "admin/anna@example.com");
            assert_eq!(actor.workload(), None);
        });
    }

    #[test]
    fn a_session_without_an_issuer_has_a_role_name_and_no_principal_arn() {
        let mut identity = session("s");
        identity["sessionContext"]["sessionIssuer"] = json!({});
        with_actor(identity, |actor| {
            assert_eq!(actor.principal_arn(), None);
            assert_eq!((actor.role(), actor.label()), (Some("admin"), "admin/s".into()));
        });
    }

    #[test]
    fn machines_are_told_by_the_session_names_that_their_services_choose() {
        for (name, expected) in [
            ("i-0dbc91f429e48eeed", Some(Workload::Ec2Instance)),
            ("i-81e2f56c", Some(Workload::Ec2Instance)),
            ("i-robot", None),
            ("eks-main-web-1b4e28ba-2fa1-41d2-883f-0016d3cca427", Some(Workload::EksPod)),
            ("eks-team", None),
            ("AWSCodeBuild-1b4e28ba-2fa1-41d2-883f-0016d3cca427", Some(Workload::CodeBuild)),
            ("0123456789abcdef0123456789abcdef", Some(Workload::EcsTask)),
            ("anna", None),
        ] {
            assert_eq!(with_actor(session(name), |actor| actor.workload()), expected, "{name}");
        }
    }

    #[test]
    fn machines_are_told_by_context_and_user_agent() {
        let mut identity = session("s");
        identity["sessionContext"]["ec2RoleDelivery"] = json!("2.0");
        assert_eq!(with_actor(identity.clone(), |actor| actor.workload()), Some(Workload::Ec2Instance));
        identity["inScopeOf"] = json!({"issuerType": "AWS::Lambda::Function"});
        assert_eq!(with_actor(identity, |actor| actor.workload()), Some(Workload::LambdaFunction));
        let identity = session("s");
        let actor = |user_agent| with_actor_from(identity.clone(), user_agent, |actor| actor.workload());
        assert_eq!(actor("aws-cli/2.0 exec-env/AWS_ECS_FARGATE"), Some(Workload::EcsTask));
        assert_eq!(actor("Boto3/1.2 exec-env/AWS_Lambda_python3.12"), Some(Workload::LambdaFunction));
        assert_eq!(actor("aws-cli/2.0 exec-env/CloudShell"), None);
        let by_session = with_actor_from(identity, "aws-cli/2.0 exec-env/AWS_ECS_FARGATE", |actor| actor.session_workload());
        assert_eq!(by_session, None, "a user agent is not the session's identity");
    }

    #[test]
    fn identity_center_is_told_by_user_delegate_and_role() {
        let user = json!({"type": "IdentityCenterUser", "onBehalfOf": {"userId": "u-1"}, "credentialId": "c-1"});
        with_actor(user, |actor| {
            assert!(actor.is_identity_center());
            assert_eq!((actor.identity_center_user_id(), actor.credential_id()), (Some("u-1"), Some("c-1")));
        });
        let role = json!({"type": "AssumedRole", "arn": "arn:aws:sts::1:assumed-role/AWSReservedSSO_Admin_0123/anna"});
        assert!(with_actor(role, |actor| actor.is_identity_center()));
        assert!(!with_actor(session("s"), |actor| actor.is_identity_center()));
    }

    #[test]
    fn every_shape_has_a_label_and_none_panics() {
        for (identity, expected) in [
            (json!(null), "an unknown principal"),
            (json!("text"), "an unknown principal"),
            (json!({"type": 3, "sessionContext": []}), "an unknown principal"),
            (json!({"type": "Root", "accountId": "111122223333"}), "the root user of 111122223333"),
            (json!({"type": "IAMUser", "userName": "anna"}), "anna"),
            (json!({"type": "AWSService", "invokedBy": "rds.amazonaws.com"}), "rds.amazonaws.com"),
            (json!({"type": "AWSAccount", "accountId": "111122223333", "principalId": "AROA:x"}), "AROA:x"),
        ] {
            assert_eq!(with_actor(identity, |actor| actor.label().into_owned()), expected);
        }
    }
}
