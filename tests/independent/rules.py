#!/usr/bin/env python3
"""A second reading of the shipped rules, written from their texts and sharing no code with them.

    python3 rules.py [--tables DIR] [--approved-client NAME]... PATH...

prints {rule id: sorted event ids} for every record under the paths, which are files or folders of .json, .jsonl and their
.gz forms. DIR holds privileged-principals.txt and trusted-networks.txt; without it no context table is configured.
`any-record` and `list-buckets` are off by default and so left out, as is what only a setting wakes. A record without an event id is named `sha256:` and the digest of its text.
Exit codes: 0 done, 1 a path that is not there, 2 wrong usage, 3 some input could not be read (the rest is judged).
"""

import argparse
import gzip
import hashlib
import ipaddress
import json
import os
import re
import sys

NAMES = ("eventVersion", "eventName", "eventSource", "eventID", "eventId", "eventTime", "eventType")


# --- From files to records. ------------------------------------------------------------------------------------------

BLANK = re.compile(r"[\s,]*")
DECODER = json.JSONDecoder(strict=False)


def values(text, at=0, until=""):
    """(value, its text) of the JSON values that stand one behind the other, up to the bracket `until`."""
    while (at := BLANK.match(text, at).end()) < len(text) and text[at] != until:
        value, end = DECODER.raw_decode(text, at)
        yield value, text[at:end]
        at = end


def member(text, wanted):
    """The text of an object's member; a later one of the same name counts."""
    found, at = None, text.index("{") + 1
    while text[at := BLANK.match(text, at).end()] != "}":
        key, at = DECODER.raw_decode(text, at)
        at = BLANK.match(text, text.index(":", at) + 1).end()
        _, end = DECODER.raw_decode(text, at)
        found, at = (text[at:end] if key == wanted else found), end
    return found


def records_in(value, text):
    """The records in a JSON value, each with its text."""
    if isinstance(value, list):
        for element, element_text in values(text, text.index("[") + 1, "]"):
            yield from records_in(element, element_text)
    elif not isinstance(value, dict):
        return
    elif isinstance(value.get("Records"), list):
        yield from records_in(value["Records"], member(text, "Records"))
    elif isinstance(value.get("Events"), list):
        yield from records_in(value["Events"], member(text, "Events"))
    elif isinstance(value.get("CloudTrailEvent"), str):
        yield from records_in(json.loads(value["CloudTrailEvent"]), value["CloudTrailEvent"])
    elif "detail-type" in value and isinstance(value.get("detail"), dict):
        detail = value["detail"]
        if str(value["detail-type"]).endswith("via CloudTrail") or "eventVersion" in detail:
            yield from records_in(detail, member(text, "detail"))
    elif any(name in value for name in NAMES) and not str(value.get("eventSource", "")).startswith("aws:"):
        yield value, text


def files(paths):
    for path in paths:
        if os.path.isfile(path):
            yield path
        elif os.path.isdir(path):
            for folder, folders, names in os.walk(path):
                folders.sort()
                yield from (os.path.join(folder, n) for n in sorted(names) if re.search(r"\.jsonl?(\.gz)?$", n))
        else:
            sys.exit(f"no such file or folder: {path}")


def read(path):
    with open(path, "rb") as file:
        data = file.read()
    return (gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data).decode()


# --- What the rules ask of a record. ---------------------------------------------------------------------------------


def at(record, *keys):
    """What stands at a path of keys; None where nothing does."""
    for key in keys:
        record = record.get(key) if isinstance(record, dict) else None
    return record


def text_at(record, *keys):
    value = at(record, *keys)
    return value if isinstance(value, str) else ""


def succeeded(record):
    failed = at(record, "errorCode") is not None or at(record, "errorMessage") is not None
    return not failed and at(record, "responseElements", text_at(record, "eventName")) != "Failure"


def is_call(record, service, *names):
    """Whether it is a successful call; an API version behind the name does not count."""
    name = re.sub(r"((19|20)\d{6}|(19|20)\d\d_\d\d_\d\d)(v\d+)?$", "", text_at(record, "eventName"))
    return text_at(record, "eventSource") == service + ".amazonaws.com" and name in names and succeeded(record)


# --- The rules. ------------------------------------------------------------------------------------------------------


def console_login_without_mfa(record, _context):
    without_mfa = text_at(record, "additionalEventData", "MFAUsed").lower() == "no"
    by_password = text_at(record, "userIdentity", "type") in ("IAMUser", "Root")
    return is_call(record, "signin", "ConsoleLogin") and without_mfa and by_password


def console_root_login_without_mfa(record, context):
    return console_login_without_mfa(record, context) and text_at(record, "userIdentity", "type") == "Root"


def create_user(record, _context):
    return is_call(record, "iam", "CreateUser")


def bucket_policy_put(record, _context):
    return is_call(record, "s3", "PutBucketPolicy")


def trail_created(record, _context):
    return is_call(record, "cloudtrail", "CreateTrail")


def logging_stopped(record, _context):
    return is_call(record, "cloudtrail", "StopLogging")


def lambda_code_updated(record, _context):
    rehearsal = str(at(record, "requestParameters", "dryRun")).lower() == "true"
    return is_call(record, "lambda", "UpdateFunctionCode") and not rehearsal


def run_instances(record, _context):
    return is_call(record, "ec2", "RunInstances")


def trail_deleted(record, _context):
    return is_call(record, "cloudtrail", "DeleteTrail")


def trail_updated(record, _context):
    return is_call(record, "cloudtrail", "UpdateTrail")


def trail_selectors_narrowed(record, _context):
    if not is_call(record, "cloudtrail", "PutEventSelectors"):
        return False
    for selector in at(record, "requestParameters", "eventSelectors") or []:
        included = selector.get("includeManagementEvents", True) is not False
        if included and selector.get("readWriteType", "All") == "All" and not selector.get("excludeManagementEventSources"):
            return False
    for selector in at(record, "requestParameters", "advancedEventSelectors") or []:
        conditions = selector.get("fieldSelectors", [])
        if [c.get("field") for c in conditions] == ["eventCategory"] and "Management" in conditions[0].get("equals", []):
            return False
    return True


def console_login_assumed_role(record, _context):
    role = text_at(record, "userIdentity", "sessionContext", "sessionIssuer", "userName")
    role = role or text_at(record, "userIdentity", "arn").partition(":assumed-role/")[2].split("/")[0]
    through_identity_center = role.startswith("AWSReservedSSO_") or at(record, "userIdentity", "onBehalfOf", "userId")
    by_role = text_at(record, "userIdentity", "type") == "AssumedRole"
    return is_call(record, "signin", "ConsoleLogin") and by_role and not through_identity_center


def deactivate_mfa_root(record, _context):
    user = text_at(record, "requestParameters", "userName")
    device = text_at(record, "requestParameters", "serialNumber")
    own = user == "AWS ROOT USER" or re.search(":mfa/root-account-mfa-device$", device)
    return is_call(record, "iam", "DeactivateMFADevice") and text_at(record, "userIdentity", "type") == "Root" and bool(own)


def create_group(record, _context):
    return is_call(record, "iam", "CreateGroup")


def delete_group(record, _context):
    return is_call(record, "iam", "DeleteGroup")


def access_key_for_another(record, _context):
    owner = text_at(record, "requestParameters", "userName") or text_at(record, "responseElements", "accessKey", "userName")
    caller = text_at(record, "userIdentity", "userName") if text_at(record, "userIdentity", "type") == "IAMUser" else None
    return is_call(record, "iam", "CreateAccessKey") and owner != "" and owner != caller


def login_profile_changed(record, _context):
    return is_call(record, "iam", "CreateLoginProfile", "UpdateLoginProfile")


def administrator_policy_attached(record, _context):
    calls = [verb + to + "Policy" for verb in ("Attach", "Put") for to in ("User", "Role", "Group")]
    if not is_call(record, "iam", *calls):
        return False
    if re.fullmatch("arn:[^:]*:iam::aws:policy/AdministratorAccess", text_at(record, "requestParameters", "policyArn")):
        return True
    try:
        statements = json.loads(text_at(record, "requestParameters", "policyDocument")).get("Statement", [])
    except ValueError:
        return False
    return any(
        s.get("Effect") == "Allow" and "Condition" not in s and {"*", "*:*"} & set(many(s.get("Action"))) and "*" in many(s.get("Resource"))
        for s in many(statements)
    )


def lambda_function_created(record, _context):
    return is_call(record, "lambda", "CreateFunction")


def lambda_configuration_updated(record, _context):
    return is_call(record, "lambda", "UpdateFunctionConfiguration")


def ecs_service_created(record, _context):
    return is_call(record, "ecs", "CreateService")


def ecs_task_run_or_started(record, _context):
    by_ecs = text_at(record, "userIdentity", "invokedBy") == "ecs.amazonaws.com"
    of_itself = text_at(record, "userIdentity", "type") == "AWSService" and by_ecs
    return is_call(record, "ecs", "RunTask", "StartTask") and not of_itself


def bucket_encryption_deleted(record, _context):
    return is_call(record, "s3", "DeleteBucketEncryption")


def public_access_block_weakened(record, _context):
    calls = [verb + of + "PublicAccessBlock" for verb in ("Put", "Delete") for of in ("Bucket", "Account")]
    flags = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    block = at(record, "requestParameters", "PublicAccessBlockConfiguration") or {}
    return is_call(record, "s3", *calls) and any(str(block.get(flag)).lower() != "true" for flag in flags)


def bucket_acl_put(record, _context):
    return is_call(record, "s3", "PutBucketAcl")


def lets_in(document, own_account):
    """Whom a policy document lets in that is neither its own account nor a service: "account", "everyone", or nothing."""
    found = set()
    for statement in many(document.get("Statement")):
        if statement.get("Effect") != "Allow":
            continue
        principal = "*" if "NotPrincipal" in statement else statement.get("Principal")
        kinds = principal.values() if isinstance(principal, dict) else [principal]
        for name in [name for kind in kinds for name in many(kind)]:
            account = name if re.fullmatch("[0-9]{12}", name) else (name.split(":") + [""] * 5)[4]
            if name == "*" and "Condition" not in statement:
                found.add("everyone")
            elif account not in ("", own_account):
                found.add("account")
    return found


def many(value):
    return value if isinstance(value, list) else [] if value is None else [value]


def role_trust_opened(record, _context):
    if not is_call(record, "iam", "UpdateAssumeRolePolicy", "CreateRole"):
        return False
    key = "assumeRolePolicyDocument" if text_at(record, "eventName") == "CreateRole" else "policyDocument"
    text = text_at(record, "requestParameters", key)
    return bool(lets_in(json.loads(text), text_at(record, "recipientAccountId")))


def root_activity(record, _context):
    by_root = text_at(record, "userIdentity", "type") == "Root" and not text_at(record, "userIdentity", "invokedBy")
    is_change = text_at(record, "eventType") == "AwsApiCall" and str(at(record, "readOnly")).lower() == "false"
    return by_root and is_change and succeeded(record)


def organization_left(record, _context):
    return is_call(record, "organizations", "LeaveOrganization", "RemoveAccountFromOrganization")


def region_enabled(record, _context):
    return is_call(record, "account", "EnableRegion")


def detection_weakened(record, _context):
    members = ("DisassociateMembers", "DeleteMembers")
    disabled = is_call(record, "guardduty", "UpdateDetector") and str(at(record, "requestParameters", "enable")).lower() == "false"
    return (
        disabled
        or is_call(record, "guardduty", "DeleteDetector", "StopMonitoringMembers", "DeletePublishingDestination", *members)
        or is_call(record, "config", "StopConfigurationRecorder", "DeleteConfigurationRecorder", "DeleteDeliveryChannel")
        or is_call(record, "securityhub", "DisableSecurityHub", "BatchDisableStandards", *members)
    )


def flow_logs_deleted(record, _context):
    return is_call(record, "ec2", "DeleteFlowLogs")


def security_group_opened(record, _context):
    if not is_call(record, "ec2", "AuthorizeSecurityGroupIngress"):
        return False
    request = at(record, "requestParameters") or {}
    rules = [(rule, ranges_of(rule)) for rule in at(request, "ipPermissions", "items") or []]
    rules.append((request, {request.get("cidrIp")}))
    for rule, ranges in rules:
        web = rule.get("ipProtocol") == "tcp" and rule.get("fromPort") == rule.get("toPort") and rule.get("fromPort") in (80, 443)
        if ranges & {"0.0.0.0/0", "::/0"} and not web:
            return True
    return False


def ranges_of(rule):
    v4 = {r.get("cidrIp") for r in at(rule, "ipRanges", "items") or []}
    return v4 | {r.get("cidrIpv6") for r in at(rule, "ipv6Ranges", "items") or []}


def snapshot_shared(record, _context):
    if is_call(record, "ec2", "ModifySnapshotAttribute", "ModifyImageAttribute"):
        added = [at(record, "requestParameters", key, "add", "items") for key in ("createVolumePermission", "launchPermission")]
        return any(who.get("userId") or who.get("group") for items in added for who in items or [])
    is_share = text_at(record, "requestParameters", "attributeName") == "restore"
    shared_with = at(record, "requestParameters", "valuesToAdd")
    return is_call(record, "rds", "ModifyDBSnapshotAttribute", "ModifyDBClusterSnapshotAttribute") and is_share and bool(shared_with)


def ssm_command_sent(record, _context):
    return is_call(record, "ssm", "SendCommand")


def user_data_changed(record, _context):
    request = at(record, "requestParameters") or {}
    return is_call(record, "ec2", "ModifyInstanceAttribute") and ("userData" in request or request.get("attribute") == "userData")


def user_data_read(record, _context):
    asked_for = text_at(record, "requestParameters", "attribute")
    return is_call(record, "ec2", "DescribeInstanceAttribute") and asked_for == "userData" and not is_console(record)


def key_disabled(record, _context):
    return is_call(record, "kms", "DisableKey", "ScheduleKeyDeletion")


def secret_read_by_person(record, _context):
    by_person = text_at(record, "userIdentity", "type") in ("IAMUser", "Root") and not is_console(record)
    decrypted = str(at(record, "requestParameters", "withDecryption")).lower() == "true"
    return by_person and (
        is_call(record, "secretsmanager", "GetSecretValue", "BatchGetSecretValue")
        or (is_call(record, "ssm", "GetParameter", "GetParameters", "GetParametersByPath") and decrypted)
    )


def bucket_change_out_of_band(record, context):
    return is_call(record, "s3", "CreateBucket", "DeleteBucket") and bool(broken_expectations(record, context))


def broken_expectations(record, context):
    agent = text_at(record, "userAgent")
    products = [token.split("/")[0] for token in agent.strip("[]").split()]
    broken = set()
    if not (agent.lstrip("[").startswith("aws-cli/") or is_console(record) or context.clients & set(products)):
        broken.add("client")
    if context.networks is not None and is_outside(text_at(record, "sourceIPAddress"), context.networks):
        broken.add("network")
    if is_machine(record):
        broken.add("person")
    if not is_privileged(record, context.principals):
        broken.add("privileged")
    if session_workload(record) or "exec-env/AWS_" in agent:
        broken.add("workload")
    return broken


def is_console(record):
    agent = text_at(record, "userAgent").lstrip("[")
    first = re.split("[/ ,]", agent)[0]
    said = str(at(record, "sessionCredentialFromConsole")).lower() == "true"
    return said or first.endswith("Console") or agent.startswith(("console.", "signin.amazonaws.com"))


def is_outside(address, networks):
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False  # the name of a service is neither inside nor outside
    ip = getattr(ip, "ipv4_mapped", None) or ip
    return not any(ip in network for network in networks)


def is_privileged(record, patterns):
    kind = text_at(record, "userIdentity", "type")
    arn = text_at(record, "userIdentity", "arn")
    if kind == "AssumedRole":
        arn = text_at(record, "userIdentity", "sessionContext", "sessionIssuer", "arn")
    if patterns is None:
        return kind != "Root"  # not judged, but for the root user, who is nobody in particular
    return any(pattern.fullmatch(arn) for pattern in patterns)


def is_machine(record):
    identity = at(record, "userIdentity") or {}
    issuer = at(identity, "sessionContext", "sessionIssuer") or {}
    role = text_at(issuer, "userName") or text_at(identity, "arn").partition(":assumed-role/")[2].split("/")[0]
    service_role = ":role/aws-service-role/" in text_at(issuer, "arn") or role.startswith("AWSServiceRoleFor")
    web = text_at(identity, "sessionContext", "webIdFederationData", "federatedProvider") or text_at(identity, "identityProvider")
    return bool(text_at(identity, "type") == "AWSService" or service_role or web or session_workload(record))


UUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
SESSIONS = re.compile(f"i-([0-9a-f]{{8}}|[0-9a-f]{{17}})|eks-.*{UUID}|AWSCodeBuild-{UUID}|[0-9a-f]{{32}}")


def session_workload(record):
    identity = at(record, "userIdentity") or {}
    session = text_at(identity, "arn").partition(":assumed-role/")[2].partition("/")[2]
    provider = text_at(identity, "sessionContext", "webIdFederationData", "federatedProvider")
    return bool(
        re.match("AWS::(Lambda|ECS|EC2|EKS|CodeBuild)::", text_at(identity, "inScopeOf", "issuerType"))
        or "ec2RoleDelivery" in (at(identity, "sessionContext") or {})
        or "oidc.eks." in provider
        or SESSIONS.fullmatch(session)
    )


RULES = (
    access_key_for_another,
    administrator_policy_attached,
    bucket_acl_put,
    bucket_change_out_of_band,
    bucket_encryption_deleted,
    bucket_policy_put,
    console_login_assumed_role,
    console_login_without_mfa,
    console_root_login_without_mfa,
    create_group,
    create_user,
    deactivate_mfa_root,
    delete_group,
    detection_weakened,
    ecs_service_created,
    ecs_task_run_or_started,
    flow_logs_deleted,
    key_disabled,
    lambda_code_updated,
    lambda_configuration_updated,
    lambda_function_created,
    logging_stopped,
    login_profile_changed,
    organization_left,
    public_access_block_weakened,
    region_enabled,
    role_trust_opened,
    root_activity,
    run_instances,
    secret_read_by_person,
    security_group_opened,
    snapshot_shared,
    ssm_command_sent,
    trail_created,
    trail_deleted,
    trail_selectors_narrowed,
    trail_updated,
    user_data_changed,
    user_data_read,
)


# --- Context and command line. ---------------------------------------------------------------------------------------


class Context:
    """Who and what counts as trusted; None where no table is configured."""

    def __init__(self, tables, clients):
        self.clients = set(clients)
        self.principals = self.networks = None
        if tables:
            self.principals = [arn_pattern(line) for line in lines(os.path.join(tables, "privileged-principals.txt"))]
            self.networks = [ipaddress.ip_network(line, False) for line in lines(os.path.join(tables, "trusted-networks.txt"))]


def lines(path):
    with open(path, encoding="utf-8") as file:
        entries = [line.split(" #")[0].strip() for line in file]
    return [entry for entry in entries if entry and not entry.startswith("#")]


def arn_pattern(text):
    return re.compile(re.escape(text).replace(r"\*", ".*").replace(r"\?", "."), re.DOTALL)


def main():
    parser = argparse.ArgumentParser(description="A second reading of the shipped rules.")
    parser.add_argument("--tables", metavar="DIR")
    parser.add_argument("--approved-client", metavar="NAME", action="append", default=[])
    parser.add_argument("paths", metavar="PATH", nargs="+")
    arguments = parser.parse_args()
    context = Context(arguments.tables, arguments.approved_client)
    found, unreadable = {rule.__name__.replace("_", "-"): set() for rule in RULES}, 0
    for path in files(arguments.paths):
        try:
            for value, value_text in values(read(path)):
                for record, text in records_in(value, value_text):
                    for rule in RULES:
                        if rule(record, context):
                            event = text_at(record, "eventID") or text_at(record, "eventId")
                            event = event or "sha256:" + hashlib.sha256(text.encode()).hexdigest()
                            found[rule.__name__.replace("_", "-")].add(event)
        except (OSError, ValueError) as error:
            print(f"{path}: {error}", file=sys.stderr)
            unreadable += 1
    print(json.dumps({rule: sorted(events) for rule, events in found.items()}, indent=2))
    return 3 if unreadable else 0


if __name__ == "__main__":
    sys.exit(main())
