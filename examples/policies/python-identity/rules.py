"""Two rules of the policy `identity` that ships, in Python: they find the same, with the same words."""


def create_user(record: dict) -> dict:
    """Someone made a new IAM user."""
    created = text(record, "requestParameters", "userName")
    found = {
        "summary": f"{actor_label(record)} created the IAM user {created}",
        "details": {"user_name": created},
    }
    arn = text(record, "responseElements", "user", "arn")
    if arn:
        user = {"uid": arn, "type": "AWS::IAM::User"}
        account = text(record, "recipientAccountId") or text(record, "accountId")
        if account:
            user["account"] = account
        found["resources"] = [user]
    return found


def console_login_without_mfa(record: dict) -> dict | None:
    """Someone signed in to the console with nothing but a password."""
    if text(record, "additionalEventData", "MFAUsed").lower() != "no":
        return None
    address = text(record, "sourceIPAddress")
    return {
        "summary": f"{actor_label(record)} signed in to the console from {address} without a second factor",
        "details": {"source_address": address, "user_agent": text(record, "userAgent")},
    }


# A task names a rule by its position in the manifest.
RULES = [create_user, console_login_without_mfa]

MANIFEST = {
    "manifest_version": "1",
    "name": "python-identity",
    "version": "0.1.0",
    "description": "Who is made, and who signs in with nothing but a password, in Python.",
    "owner": "security",
    "rules": [
        {
            "id": "create-user",
            "title": "IAM user created",
            "description": "Someone made a new IAM user: a way in that outlives the credentials that they came with.",
            "severity": "medium",
            "techniques": ["T1136.003"],
            "selectors": [
                {
                    "match": {
                        "event_source": ["iam.amazonaws.com"],
                        "event_name": ["CreateUser"],
                        "outcome": ["success"],
                    }
                }
            ],
        },
        {
            "id": "console-login-without-mfa",
            "title": "Console sign-in without MFA",
            "description": "Someone signed in to the console with nothing but a password.",
            "severity": "medium",
            "techniques": ["T1078.004"],
            "selectors": [
                {
                    "match": {
                        "event_source": ["signin.amazonaws.com"],
                        "event_name": ["ConsoleLogin"],
                        "outcome": ["success"],
                        "principal_type": ["IAMUser", "Root"],
                    }
                }
            ],
        },
    ],
}


def text(record: object, *path: str) -> str:
    """The text at a path; empty where nothing stands there, or something else. Records in the wild have both."""
    for key in path:
        record = record.get(key) if isinstance(record, dict) else None
    return record if isinstance(record, str) else ""


def actor_label(record: dict) -> str:
    """What a person calls the principal, for a summary; never empty."""
    identity = record.get("userIdentity")
    kind = text(identity, "type")
    issuer = ("sessionContext", "sessionIssuer")
    account = text(identity, "accountId") or text(identity, *issuer, "accountId")
    if kind == "Root":
        return f"the root user of {account}" if account else "the root user"
    arn = text(identity, "arn")
    if kind == "AssumedRole":
        role, session = session_parts(arn)
        if text(identity, *issuer, "type") in ("", "Role") and text(identity, *issuer, "arn"):
            role = text(identity, *issuer, "userName") or role
        if role is not None:
            return f"{role}/{session}" if session is not None else role
    elif text(identity, "userName"):
        return text(identity, "userName")
    return arn or text(identity, "invokedBy") or text(identity, "principalId") or account or "an unknown principal"


def session_parts(arn: str) -> tuple[str | None, str | None]:
    """Role and session of `arn:aws:sts::111122223333:assumed-role/<role>/<session>`."""
    _, _, rest = arn.partition(":assumed-role/")
    role, slash, session = rest.partition("/")
    return (role, session) if slash else (None, None)
