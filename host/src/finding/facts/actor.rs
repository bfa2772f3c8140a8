//! Who acted: CloudTrail's `userIdentity`, flattened to what a finding tells of it.

use jiff::Timestamp;

use super::members::Members;
use super::{Texts, time};

/// Who acted. Each field is of `userIdentity` unless it says otherwise
/// (<https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html>).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Actor {
    /// `type`.
    pub kind: Option<PrincipalType>,
    /// What stands for the principal whatever its session: the ARN of the role for a session of one, else `arn`, else the
    /// Identity Center user's id.
    pub uid: Option<String>,
    /// `principalId`.
    pub principal_id: Option<String>,
    /// `userName`, else the name of the role whose session it is, else, for a service, the service.
    pub name: Option<String>,
    /// `accessKeyId`, else Identity Center's `credentialId`.
    pub credential: Option<String>,
    /// `accountId`, else that of the role whose session it is.
    pub account: Option<String>,
    /// `invokedBy`: the AWS service that made the call for the principal.
    pub invoked_by: Option<String>,
    /// `identityProvider`, else the federated provider of a web identity.
    pub identity_provider: Option<String>,
    /// `onBehalfOf.identityStoreArn`.
    pub identity_store: Option<String>,
    /// The session in which it acted.
    pub session: Session,
}

/// The session in which somebody acted; nothing is set where there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Session {
    /// `sessionContext.sessionIssuer.arn`: the role, or the user who federated.
    pub issuer: Option<String>,
    /// The session's name, as in its ARN.
    pub name: Option<String>,
    /// The session's own ARN.
    pub arn: Option<String>,
    /// `sessionContext.attributes.creationDate`.
    pub created: Option<Timestamp>,
    /// `sessionContext.attributes.mfaAuthenticated`.
    pub is_mfa: Option<bool>,
}

/// The values of `userIdentity.type`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is AWS's type of the same name")]
pub enum PrincipalType {
    Root,
    IamUser,
    AssumedRole,
    Role,
    FederatedUser,
    Directory,
    AwsAccount,
    AwsService,
    IdentityCenterUser,
    SamlUser,
    WebIdentityUser,
    Unknown,
    /// A type that AWS has added since, as written.
    Other(String),
}

impl PrincipalType {
    /// The type for AWS's word.
    pub fn of(word: String) -> Self {
        match word.as_str() {
            "Root" => Self::Root,
            "IAMUser" => Self::IamUser,
            "AssumedRole" => Self::AssumedRole,
            "Role" => Self::Role,
            "FederatedUser" => Self::FederatedUser,
            "Directory" => Self::Directory,
            "AWSAccount" => Self::AwsAccount,
            "AWSService" => Self::AwsService,
            "IdentityCenterUser" => Self::IdentityCenterUser,
            "SAMLUser" => Self::SamlUser,
            "WebIdentityUser" => Self::WebIdentityUser,
            "Unknown" => Self::Unknown,
            _ => Self::Other(word),
        }
    }

    /// AWS's word for the type.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Root => "Root",
            Self::IamUser => "IAMUser",
            Self::AssumedRole => "AssumedRole",
            Self::Role => "Role",
            Self::FederatedUser => "FederatedUser",
            Self::Directory => "Directory",
            Self::AwsAccount => "AWSAccount",
            Self::AwsService => "AWSService",
            Self::IdentityCenterUser => "IdentityCenterUser",
            Self::SamlUser => "SAMLUser",
            Self::WebIdentityUser => "WebIdentityUser",
            Self::Unknown => "Unknown",
            Self::Other(word) => word,
        }
    }
}

impl Actor {
    pub(super) fn read(identity: &Members<'_>, texts: &mut Texts) -> Self {
        let context = identity.object("sessionContext");
        let issuer = context.object("sessionIssuer");
        let on_behalf_of = identity.object("onBehalfOf");
        let web_identity = context.object("webIdFederationData");
        let arn = texts.take(identity, "arn");
        let principal_id = texts.take(identity, "principalId");
        let invoked_by = texts.take(identity, "invokedBy");
        let kind = texts.take(identity, "type").map(PrincipalType::of);
        let service = invoked_by.clone().filter(|_| kind == Some(PrincipalType::AwsService));
        let session = Session::read(&context, arn.as_deref(), texts);
        let role = session.issuer.clone().filter(|_| kind == Some(PrincipalType::AssumedRole));
        Self {
            uid: role.or(arn).or_else(|| texts.take(&on_behalf_of, "userId")),
            principal_id,
            name: texts.take(identity, "userName").or_else(|| texts.take(&issuer, "userName")).or(service),
            credential: texts.take(identity, "accessKeyId").or_else(|| texts.take(identity, "credentialId")),
            account: texts.take(identity, "accountId").or_else(|| texts.take(&issuer, "accountId")),
            invoked_by,
            identity_provider: texts
                .take(identity, "identityProvider")
                .or_else(|| texts.take(&web_identity, "federatedProvider")),
            identity_store: texts.take(&on_behalf_of, "identityStoreArn"),
            session,
            kind,
        }
    }
}

impl Session {
    fn read(context: &Members<'_>, principal_arn: Option<&str>, texts: &mut Texts) -> Self {
        let attributes = context.object("attributes");
        // Only security token service's ARNs name a session: `…:assumed-role/ROLE/SESSION`, `…:federated-user/SESSION`.
        let arn = principal_arn.filter(|arn| arn.contains(":assumed-role/") || arn.contains(":federated-user/"));
        let name = arn.and_then(|arn| arn.rsplit_once('/')).map(|(_, name)| name.to_owned()).filter(|name| !name.is_empty());
        Self {
            issuer: texts.take(&context.object("sessionIssuer"), "arn"),
            name,
            arn: arn.map(str::to_owned),
            created: texts.take(&attributes, "creationDate").as_deref().and_then(time),
            is_mfa: attributes.flag("mfaAuthenticated"),
        }
    }
}
