//! One CloudTrail record, from who called what to JSON in the order in which AWS writes it.

use std::borrow::Cow;

use crate::caller::{Agent, Caller};
use crate::clock::Moment;
use crate::dice::Dice;
use crate::json::{Json, object};
use crate::organisation::{Account, Region};

/// A finished record and what is known about it.
#[derive(Clone, Debug)]
pub struct Record {
    /// `eventTime`.
    pub time: Moment,
    /// The account whose trail delivers it.
    pub account: Account,
    /// The region whose trail delivers it.
    pub region: Region,
    /// `eventID`, a UUID.
    pub event_id: String,
    /// The record itself.
    pub body: Json,
}

const S3: &str = "s3.amazonaws.com";
const SIGN_IN: &str = "signin.amazonaws.com";

/// A record in the making.
#[derive(Clone, Debug)]
pub struct Event {
    version: &'static str,
    kind: &'static str,
    category: Category,
    caller: Caller,
    time: Moment,
    source: &'static str,
    name: &'static str,
    error: Option<(Option<&'static str>, String)>,
    request: Json,
    response: Json,
    additional: Option<Json>,
    request_id: Option<String>,
    event_id: String,
    read_only: bool,
    resources: Vec<Json>,
    vpc_endpoint: Option<&'static str>,
    trailing: Vec<(&'static str, Json)>,
}

#[derive(Clone, Copy, Debug)]
enum Category {
    Management,
    Data,
}

impl Event {
    /// A call of `name` on `source`; reads are told by the verb. The answer is recorded as null until told otherwise.
    pub fn call(caller: &Caller, dice: &mut Dice, time: Moment, source: &'static str, name: &'static str) -> Self {
        let is_s3 = source == S3;
        Event {
            version: if is_s3 { "1.11" } else { "1.10" },
            kind: "AwsApiCall",
            category: Category::Management,
            caller: caller.clone(),
            time,
            source,
            name,
            error: None,
            request: Json::Null,
            response: Json::Null,
            additional: None,
            request_id: Some(if is_s3 { dice.s3_request_id() } else { dice.uuid() }),
            event_id: dice.uuid(),
            read_only: is_read(name),
            resources: Vec::new(),
            vpc_endpoint: None,
            trailing: Vec::new(),
        }
    }

    /// A step of a sign-in: `responseElements` says how it ended.
    pub fn sign_in(caller: &Caller, dice: &mut Dice, time: Moment, name: &'static str, succeeded: bool) -> Self {
        let outcome = Json::from(if succeeded { "Success" } else { "Failure" });
        let mut event = Event::call(caller, dice, time, SIGN_IN, name);
        event.version = "1.08";
        event.kind = "AwsConsoleSignIn";
        event.request_id = None;
        event.read_only = false;
        event.response = Json::Object(vec![(name.into(), outcome)]);
        if !succeeded {
            event.error = Some((None, "Failed authentication".to_owned()));
        }
        event
    }

    /// Something that AWS did by itself.
    pub fn by_aws(caller: &Caller, dice: &mut Dice, time: Moment, source: &'static str, name: &'static str) -> Self {
        let mut event = Event::call(caller, dice, time, source, name);
        event.kind = "AwsServiceEvent";
        event.request_id = None;
        event
    }

    /// `eventVersion`.
    pub fn version(mut self, version: &'static str) -> Self {
        self.version = version;
        self
    }

    /// `requestParameters`.
    pub fn request(mut self, request: Json) -> Self {
        self.request = request;
        self
    }

    /// `responseElements`.
    pub fn response(mut self, response: Json) -> Self {
        self.response = response;
        self
    }

    /// `additionalEventData`.
    pub fn additional(mut self, data: Json) -> Self {
        self.additional = Some(data);
        self
    }

    /// `errorCode` and `errorMessage`.
    pub fn error(mut self, code: &'static str, message: String) -> Self {
        self.error = Some((Some(code), message));
        self
    }

    /// Refused, in IAM's words.
    pub fn denied(self, principal: &str, action: &str, resource: &str) -> Self {
        let message = format!(
            "User: {principal} is not authorized to perform: {action} on resource: {resource} because no identity-based policy allows the {action} action"
        );
        self.error("AccessDenied", message)
    }

    /// Adds to `resources`.
    pub fn resource(mut self, kind: &str, arn: String) -> Self {
        let account = self.caller.account.id();
        self.resources.push(object! { "accountId": account, "type": kind, "ARN": arn });
        self
    }

    /// A data event, not a management event.
    pub fn data(mut self) -> Self {
        self.category = Category::Data;
        self
    }

    /// `vpcEndpointId`: the request did not leave the VPC.
    pub fn through_vpc_endpoint(mut self) -> Self {
        self.vpc_endpoint = Some("vpce-0a1b2c3d4e5f60718");
        self
    }

    /// A field that only few records have, at the end.
    pub fn trailing(mut self, key: &'static str, value: Json) -> Self {
        self.trailing.push((key, value));
        self
    }

    /// The record's `eventID`.
    pub fn id(&self) -> &str {
        &self.event_id
    }

    /// When it happened.
    pub fn time(&self) -> Moment {
        self.time
    }

    /// Writes the record down in AWS's order.
    pub fn into_record(self) -> Record {
        let Caller { account, region, .. } = self.caller;
        let (time, event_id) = (self.time, self.event_id.clone());
        Record { time, account, region, event_id, body: self.into_body() }
    }

    fn into_body(self) -> Json {
        let agent = self.caller.agent.text(self.source, self.name);
        let tls = self.tls_details();
        let from_console = matches!(self.caller.agent, Agent::Console(_)) && self.source != SIGN_IN;
        let mut fields = Fields::default();
        fields.put("eventVersion", self.version);
        fields.put("userIdentity", self.caller.identity);
        fields.put("eventTime", self.time.to_string());
        fields.put("eventSource", self.source);
        fields.put("eventName", self.name);
        fields.put("awsRegion", self.caller.region.code());
        fields.put("sourceIPAddress", self.caller.address);
        fields.put("userAgent", agent);
        if let Some((code, message)) = self.error {
            fields.put_if_some("errorCode", code);
            fields.put("errorMessage", message);
        }
        fields.put("requestParameters", self.request);
        fields.put("responseElements", self.response);
        fields.put_if_some("additionalEventData", self.additional);
        fields.put_if_some("requestID", self.request_id);
        fields.put("eventID", self.event_id);
        fields.put("readOnly", self.read_only);
        if !self.resources.is_empty() {
            fields.put("resources", self.resources);
        }
        fields.put("eventType", self.kind);
        fields.put("managementEvent", matches!(self.category, Category::Management));
        fields.put("recipientAccountId", self.caller.account.id());
        for (key, value) in self.trailing {
            fields.put(key, value);
        }
        fields.put_if_some("vpcEndpointId", self.vpc_endpoint);
        fields.put(
            "eventCategory",
            match self.category {
                Category::Management => "Management",
                Category::Data => "Data",
            },
        );
        fields.put_if_some("tlsDetails", tls);
        if from_console {
            // A string, not a boolean: this is how AWS writes it.
            fields.put("sessionCredentialFromConsole", "true");
        }
        Json::Object(fields.0)
    }

    fn tls_details(&self) -> Option<Json> {
        if matches!(self.caller.agent, Agent::Service(_)) || self.kind == "AwsServiceEvent" {
            return None;
        }
        let host = match self.source {
            SIGN_IN => format!("{}.signin.aws.amazon.com", self.caller.region.code()),
            "iam.amazonaws.com" => self.source.to_owned(),
            _ => {
                let service = self.source.trim_end_matches(".amazonaws.com");
                format!("{service}.{}.amazonaws.com", self.caller.region.code())
            }
        };
        Some(object! {
            "tlsVersion": "TLSv1.3",
            "cipherSuite": "TLS_AES_128_GCM_SHA256",
            "clientProvidedHostHeader": host,
        })
    }
}

#[derive(Default)]
struct Fields(Vec<(Cow<'static, str>, Json)>);

impl Fields {
    fn put(&mut self, key: &'static str, value: impl Into<Json>) {
        self.0.push((key.into(), value.into()));
    }

    fn put_if_some(&mut self, key: &'static str, value: Option<impl Into<Json>>) {
        if let Some(value) = value {
            self.put(key, value);
        }
    }
}

fn is_read(name: &str) -> bool {
    const VERBS: [&str; 7] = ["Get", "List", "Describe", "Head", "Lookup", "AssumeRole", "Decrypt"];
    VERBS.iter().any(|verb| name.starts_with(verb)) || name.starts_with("GenerateDataKey")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dice::Stream;
    use crate::identity;

    fn caller(agent: Agent) -> Caller {
        Caller {
            identity: identity::iam_user_with_key(Account::Production, "martha"),
            account: Account::Production,
            region: Region::EuWest1,
            address: "203.0.113.9".to_owned(),
            agent,
        }
    }

    #[test]
    fn fields_stand_in_the_order_in_which_aws_writes_them() {
        let mut dice = Dice::new(1, Stream::Background);
        let event =
            Event::call(&caller(Agent::CommandLine), &mut dice, Moment::at(9, 0, 0), "ec2.amazonaws.com", "DescribeInstances");
        let Json::Object(members) = event.into_record().body else { panic!("a record is an object") };
        let keys: Vec<&str> = members.iter().map(|(key, _)| key.as_ref()).take(5).collect();
        assert_eq!(keys, ["eventVersion", "userIdentity", "eventTime", "eventSource", "eventName"]);
    }

    #[test]
    fn a_failed_sign_in_has_a_message_and_no_code() {
        let mut dice = Dice::new(1, Stream::Background);
        let event = Event::sign_in(&caller(Agent::Console("browser")), &mut dice, Moment::at(9, 0, 0), "ConsoleLogin", false);
        let text = serde_json::to_string(&event.into_record().body).unwrap();
        assert!(text.contains(r#""errorMessage":"Failed authentication""#));
        assert!(!text.contains("errorCode"));
    }
}
