//! What the members of a record hold, by their keys.

use super::registry::Kind;

/// What stands under a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holds {
    /// A word of AWS's own: it stays, but for accounts and keys.
    Word,
    /// A name of this kind, unless its form says that it is something else.
    Named(Kind),
    /// Something that is replaced whatever its form.
    Hidden(Kind),
    /// Names between slashes.
    Path,
    /// A URL whose last part is a name.
    Url,
    /// An account's number.
    Account,
    /// An access key.
    AccessKey,
    /// A principal's id.
    Principal,
    /// A host, or where a call came from.
    Host,
    /// Whatever its form says.
    Anything,
}

/// Values that stay wherever they stand: AWS's own words in the place of a name.
const KEPT: [&str; 10] = [
    "AWS Internal",
    "Anonymous",
    "HIDDEN_DUE_TO_SECURITY_REASONS",
    "***",
    "*",
    "root",
    "<sensitiveDataRemoved>",
    "ROOT",
    "Root",
    "aws",
];

/// Ends of the keys of secrets.
const SECRETS: [&str; 5] = ["password", "secret", "token", "apikey", "credential"];

/// Beginnings of names that AWS gives, and that rules look at.
const AWS_NAMES: [&str; 4] =
    ["AWSServiceRoleFor", "AWSControlTower", "AWSCloudFormationStackSet", "OrganizationAccountAccessRole"];

/// Whether a value is one of AWS's own words.
pub(super) fn is_kept(text: &str) -> bool {
    KEPT.contains(&text)
}

/// Whether a name is one that AWS gives.
pub(super) fn is_of_aws(name: &str) -> bool {
    is_kept(name) || AWS_NAMES.iter().any(|begin| name.starts_with(begin))
}

/// What stands under a key, tags and the objects of a bucket told apart by what is around it.
pub(super) fn holds(key: &str, in_tags: bool, beside_bucket: bool) -> Holds {
    let key = key.to_ascii_lowercase();
    match key.as_str() {
        "eventversion" | "eventtime" | "eventsource" | "eventname" | "eventtype" | "eventcategory" | "awsregion"
        | "apiversion" | "errorcode" | "type" | "creationdate" | "mfaauthenticated" | "effect" | "action" | "notaction"
        | "version" | "status" | "region" | "engine" | "instancetype" | "runtime" | "servicename" | "regionname"
        | "enginename" | "attributename" => Holds::Word,
        "username" | "user" | "targetusername" | "loginname" | "sourceidentity" => Holds::Named(Kind::User),
        "rolename" => Holds::Named(Kind::Role),
        "groupname" => Holds::Named(Kind::Group),
        "rolesessionname" | "sessionname" => Holds::Named(Kind::Session),
        "policyname" => Holds::Named(Kind::Policy),
        "bucketname" | "bucket" | "s3bucketname" => Holds::Named(Kind::Bucket),
        "principalid" => Holds::Principal,
        "accesskeyid" => Holds::AccessKey,
        "accountid" | "recipientaccountid" | "targetaccountid" | "owneraccountid" => Holds::Account,
        "requestid" | "eventid" | "sharedeventid" | "extendedrequestid" | "x-amz-id-2" | "x-amz-request-id" | "requesttoken"
        | "clienttoken" | "clientrequesttoken" | "idempotencytoken" => Holds::Named(Kind::Request),
        "sourceipaddress"
        | "host"
        | "hostname"
        | "domainname"
        | "dnsname"
        | "endpoint"
        | "clientprovidedhostheader"
        | "privatednsname"
        | "publicdnsname" => Holds::Host,
        "sessiontoken" | "securitytoken" | "token" | "password" | "secretstring" | "secretaccesskey" | "privatekey"
        | "userdata" | "secretbinary" | "publickey" | "publickeymaterial" | "sshpublickeybody" | "authorizationtoken" => {
            Holds::Hidden(Kind::Secret)
        }
        "description" | "comment" | "reason" | "displayname" => Holds::Hidden(Kind::Remark),
        "secretid" | "accountalias" | "serialnumber" => Holds::Named(Kind::Name),
        "keyid" | "kmskeyid" | "masterkeyid" | "hostedzoneid" | "userpoolid" | "identitypoolid" => Holds::Named(Kind::Resource),
        "phonenumber" => Holds::Hidden(Kind::Secret),
        "queueurl" => Holds::Url,
        "x-amz-copy-source" => Holds::Path,
        "key" | "prefix" if beside_bucket => Holds::Path,
        "value" | "tagvalue" if in_tags => Holds::Hidden(Kind::TagValue),
        _ if SECRETS.iter().any(|end| key.ends_with(end)) => Holds::Hidden(Kind::Secret),
        _ if key.ends_with("identifier") => Holds::Named(Kind::Resource),
        _ if key.ends_with("name") => Holds::Named(Kind::Name),
        _ => Holds::Anything,
    }
}
