//! Request parameters and answers that several scenes need.

use crate::clock::Moment;
use crate::dice::Dice;
use crate::json::{Json, object};
use crate::organisation::Account;

/// `additionalEventData` of a sign-in; `mfa_used` is `Yes` or `No`.
pub fn sign_in_details(mfa_used: &str) -> Json {
    object! {
        "LoginTo": "https://console.aws.amazon.com/console/home?hashArgs=%23&isauthcode=true",
        "MobileVersion": "No",
        "MFAUsed": mfa_used,
    }
}

/// `additionalEventData` of S3: bytes sent and received, as whole numbers written with a decimal point.
pub fn s3_details(dice: &mut Dice, bytes_in: u32, bytes_out: u32) -> Json {
    object! {
        "SignatureVersion": "SigV4",
        "CipherSuite": "TLS_AES_128_GCM_SHA256",
        "bytesTransferredIn": Json::number_as_written(&format!("{bytes_in}.0")),
        "AuthenticationMethod": "AuthHeader",
        "x-amz-id-2": format!("{}+{}/{}=", dice.letters_and_digits(24), dice.letters_and_digits(20), dice.letters_and_digits(29)),
        "bytesTransferredOut": Json::number_as_written(&format!("{bytes_out}.0")),
    }
}

/// `requestParameters` of `RunInstances`.
pub fn instances_request(instance_type: &str, count: u32) -> Json {
    let item = object! { "imageId": "ami-0a1b2c3d4e5f60718", "minCount": 1_u32, "maxCount": count };
    object! {
        "instancesSet": object! { "items": vec![item] },
        "instanceType": instance_type,
        "blockDeviceMapping": Json::empty_object(),
        "monitoring": object! { "enabled": false },
        "disableApiTermination": false,
        "disableApiStop": false,
    }
}

/// `responseElements` of `RunInstances`, with `count` instances in it.
pub fn instances_response(dice: &mut Dice, time: Moment, account: Account, instance_type: &str, count: u32) -> Json {
    let items: Vec<Json> = (0..count)
        .map(|index| {
            object! {
                "instanceId": dice.resource_id("i"),
                "imageId": "ami-0a1b2c3d4e5f60718",
                "instanceState": object! { "code": 0_u32, "name": "pending" },
                "amiLaunchIndex": index,
                "productCodes": Json::empty_object(),
                "instanceType": instance_type,
                "launchTime": time.epoch_millis(),
                "monitoring": object! { "state": "disabled" },
                "architecture": "x86_64",
                "virtualizationType": "hvm",
            }
        })
        .collect();
    object! {
        "requestId": dice.uuid(),
        "reservationId": dice.resource_id("r"),
        "ownerId": account.id(),
        "groupSet": Json::empty_object(),
        "instancesSet": object! { "items": items },
    }
}

/// `requestParameters` of `UpdateFunctionCode`.
pub fn function_code_request(account: Account, function: &str) -> Json {
    object! {
        "fullyQualifiedArn": object! {
            "arnPrefix": object! { "partition": "aws", "region": "eu-west-1", "account": account.id() },
            "relativeId": object! { "functionName": function },
            "functionQualifier": Json::empty_object(),
        },
        "functionName": function,
        "publish": false,
        "dryRun": false,
    }
}

/// `responseElements` of `UpdateFunctionCode`.
pub fn function_code_response(account: Account, function: &str, role: &str, dice: &mut Dice, time: Moment) -> Json {
    object! {
        "functionName": function,
        "functionArn": format!("arn:aws:lambda:eu-west-1:{}:function:{function}", account.id()),
        "runtime": "nodejs22.x",
        "role": format!("arn:aws:iam::{}:role/service-role/{role}", account.id()),
        "handler": "index.handler",
        "codeSize": dice.between(2_000, 900_000),
        "description": "",
        "timeout": 10_u32,
        "memorySize": 256_u32,
        "lastModified": time.to_string().replace('Z', ".000+0000"),
        "codeSha256": format!("{}=", dice.letters_and_digits(43)),
        "version": "$LATEST",
        "environment": Json::empty_object(),
        "tracingConfig": object! { "mode": "PassThrough" },
        "revisionId": dice.uuid(),
        "packageType": "Zip",
        "architectures": vec!["arm64"],
    }
}

/// `responseElements` of the `AssumeRole` family.
pub fn session_response(dice: &mut Dice, time: Moment, role_id: &str, session: &str, session_arn: String) -> Json {
    object! {
        "credentials": object! {
            "accessKeyId": dice.temporary_key(),
            "sessionToken": format!("{}EXAMPLE", dice.letters_and_digits(113)),
            "expiration": time.plus(3600).in_words(),
        },
        "assumedRoleUser": object! {
            "assumedRoleId": format!("{role_id}:{session}"),
            "arn": session_arn,
        },
    }
}

/// `responseElements` of `AssumeRoleWithWebIdentity`: the session, and what the token said.
pub fn web_identity_response(answer: Json, provider_arn: String, subject: &str) -> Json {
    let token = [
        ("subjectFromWebIdentityToken", Json::from(subject)),
        ("provider", Json::from(provider_arn)),
        ("audience", Json::from("sts.amazonaws.com")),
    ];
    match answer {
        Json::Object(mut members) => {
            members.extend(token.map(|(key, value)| (key.into(), value)));
            Json::Object(members)
        }
        other => other,
    }
}
