// Two rules of the policy `identity` that ships, in JavaScript: they find the same, with the same words.

/** Someone made a new IAM user. */
function createUser(record) {
  const created = text(record, "requestParameters", "userName");
  const found = {
    summary: `${actorLabel(record)} created the IAM user ${created}`,
    details: { user_name: created },
  };
  const arn = text(record, "responseElements", "user", "arn");
  if (arn) {
    const account = text(record, "recipientAccountId") || text(record, "accountId");
    found.resources = [{ uid: arn, type: "AWS::IAM::User", ...(account && { account }) }];
  }
  return found;
}

/** Someone signed in to the console with nothing but a password. */
function consoleLoginWithoutMfa(record) {
  if (text(record, "additionalEventData", "MFAUsed").toLowerCase() !== "no") {
    return undefined;
  }
  const address = text(record, "sourceIPAddress");
  return {
    summary: `${actorLabel(record)} signed in to the console from ${address} without a second factor`,
    details: { source_address: address, user_agent: text(record, "userAgent") },
  };
}

// A task names a rule by its position in the manifest.
export const RULES = [createUser, consoleLoginWithoutMfa];

export const MANIFEST = {
  manifest_version: "1",
  name: "javascript-identity",
  version: "0.1.0",
  description: "Who is made, and who signs in with nothing but a password, in JavaScript.",
  owner: "security",
  rules: [
    {
      id: "create-user",
      title: "IAM user created",
      description: "Someone made a new IAM user: a way in that outlives the credentials that they came with.",
      severity: "medium",
      techniques: ["T1136.003"],
      selectors: [
        { match: { event_source: ["iam.amazonaws.com"], event_name: ["CreateUser"], outcome: ["success"] } },
      ],
    },
    {
      id: "console-login-without-mfa",
      title: "Console sign-in without MFA",
      description: "Someone signed in to the console with nothing but a password.",
      severity: "medium",
      techniques: ["T1078.004"],
      selectors: [
        {
          match: {
            event_source: ["signin.amazonaws.com"],
            event_name: ["ConsoleLogin"],
            outcome: ["success"],
            principal_type: ["IAMUser", "Root"],
          },
        },
      ],
    },
  ],
};

/** The text at a path; empty where nothing stands there, or something else. Records in the wild have both. */
function text(record, ...path) {
  let value = record;
  for (const key of path) {
    value = value !== null && typeof value === "object" && Object.hasOwn(value, key) ? value[key] : undefined;
  }
  return typeof value === "string" ? value : "";
}

/** What a person calls the principal, for a summary; never empty. */
function actorLabel(record) {
  const said = (...path) => text(record, "userIdentity", ...path);
  const issued = (key) => said("sessionContext", "sessionIssuer", key);
  const account = said("accountId") || issued("accountId");
  const type = said("type");
  if (type === "Root") {
    return account ? `the root user of ${account}` : "the root user";
  }
  if (type === "AssumedRole") {
    const parts = /:assumed-role\/([^/]*)\/(.*)$/s.exec(said("arn"));
    const isRole = ["", "Role"].includes(issued("type")) && issued("arn") !== "";
    const role = (isRole && issued("userName")) || parts?.[1];
    if (role !== undefined) {
      return parts ? `${role}/${parts[2]}` : role;
    }
  } else if (said("userName")) {
    return said("userName");
  }
  return said("arn") || said("invokedBy") || said("principalId") || account || "an unknown principal";
}
