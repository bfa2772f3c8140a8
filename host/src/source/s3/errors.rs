//! What S3 says, as an error of reading that names what to do.

use std::io;

use aws_sdk_s3::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};

/// The error of a request about an object, or about a bucket. `action` is the right that the request needs, by its name in IAM.
pub(super) fn explained<E>(error: &SdkError<E>, action: &str, bucket: &str, key: Option<&str>) -> io::Error
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let resource = key.map_or_else(|| format!("arn:aws:s3:::{bucket}"), |key| format!("arn:aws:s3:::{bucket}/{key}"));
    let Some(service) = error.as_service_error() else {
        // A connection, a time-out, credentials: the whole chain says which.
        return io::Error::other(DisplayErrorContext(error).to_string());
    };
    let (code, message) = (service.code().unwrap_or("no code"), service.message().unwrap_or("no message"));
    match code {
        "NoSuchKey" | "NotFound" | "NoSuchVersion" => {
            io::Error::new(io::ErrorKind::NotFound, format!("it is not there ({code})"))
        }
        "NoSuchBucket" => io::Error::other(format!("there is no bucket `{bucket}`")),
        "AccessDenied" | "Forbidden" | "AllAccessDisabled" => {
            let decrypt = if key.is_some() { "; of an encrypted object also `kms:Decrypt` on its key" } else { "" };
            let text = format!("access is denied ({message}): the right `{action}` on {resource} is needed{decrypt}");
            io::Error::new(io::ErrorKind::PermissionDenied, text)
        }
        "PermanentRedirect" | "AuthorizationHeaderMalformed" => {
            io::Error::other(format!("the bucket is in another region ({message}): set AWS_REGION, or `region` under [aws]"))
        }
        "InvalidObjectState" => io::Error::other("it is archived: restore it first (`aws s3api restore-object`)"),
        _ => io::Error::other(format!("S3 answers {code}: {message}")),
    }
}
