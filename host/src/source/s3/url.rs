//! `s3://bucket/prefix`.

use std::fmt;
use std::str::FromStr;

/// A bucket, and how the keys of the objects in it begin.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct S3Url {
    /// The bucket's name.
    pub bucket: String,
    /// The beginning of keys, or a whole key; empty for all.
    pub prefix: String,
}

/// Text that is no URL of S3.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadUrl {
    /// It does not begin as one.
    #[error("it does not begin with s3://")]
    OtherScheme,
    /// What stands for the bucket can't be one.
    #[error("`{0}` is no name of a bucket: 3 to 63 lower-case letters, digits, dots and hyphens")]
    Bucket(String),
}

impl S3Url {
    /// How such a URL begins.
    pub const SCHEME: &str = "s3://";
}

impl FromStr for S3Url {
    type Err = BadUrl;

    fn from_str(text: &str) -> Result<Self, BadUrl> {
        let rest = text.strip_prefix(Self::SCHEME).ok_or(BadUrl::OtherScheme)?;
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        // https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
        let is_allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-');
        if !(3..=63).contains(&bucket.len()) || !bucket.bytes().all(is_allowed) {
            return Err(BadUrl::Bucket(bucket.to_owned()));
        }
        Ok(Self { bucket: bucket.to_owned(), prefix: prefix.to_owned() })
    }
}

impl fmt::Display for S3Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}/{}", Self::SCHEME, self.bucket, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bucket_and_prefix_are_told_apart() {
        for (text, bucket, prefix) in [
            ("s3://trail-logs", "trail-logs", ""),
            ("s3://trail-logs/", "trail-logs", ""),
            ("s3://trail-logs/AWSLogs/1/", "trail-logs", "AWSLogs/1/"),
            ("s3://a.b/x//y", "a.b", "x//y"),
        ] {
            let url: S3Url = text.parse().unwrap();
            assert_eq!((&*url.bucket, &*url.prefix), (bucket, prefix), "{text}");
        }
        assert_eq!("trail-logs/x".parse::<S3Url>(), Err(BadUrl::OtherScheme));
        for text in ["s3://", "s3:///x", "s3://UPPER/x", "s3://a_b/x"] {
            assert!(matches!(text.parse::<S3Url>(), Err(BadUrl::Bucket(_))), "{text}");
        }
    }
}
