//! One object's bytes. Nothing of them is handed on before all are there: an answer that breaks off would otherwise be taken for an
//! object that somebody has cut.

use std::fmt;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_s3::Client;
use aws_sdk_s3::types::ChecksumMode;
use tempfile::SpooledTempFile;
use tokio::task::JoinHandle;

use super::errors::explained;
use super::url::S3Url;
use crate::aws::Aws;

/// Bytes of an object that are held in memory; larger ones are held in a file without a name.
const IN_MEMORY: usize = 8 << 20;
/// How often an object is fetched whose bytes are not those that were announced.
const FETCHES: u32 = 3;

/// S3, as a source asks it.
pub struct S3 {
    pub(super) aws: Arc<Aws>,
    pub(super) client: Client,
}

/// An object in S3.
pub struct Remote {
    s3: Arc<S3>,
    url: S3Url,
    /// The object, where it is being fetched or was.
    fetching: Mutex<Option<JoinHandle<io::Result<SpooledTempFile>>>>,
}

impl S3 {
    /// S3 by this connection.
    pub fn new(aws: Arc<Aws>) -> Self {
        let client = aws.s3();
        Self { aws, client }
    }
}

impl Remote {
    pub(super) fn new(s3: Arc<S3>, url: S3Url) -> Self {
        Self { s3, url, fetching: Mutex::new(None) }
    }

    /// Its name.
    pub fn url(&self) -> &S3Url {
        &self.url
    }

    /// Begins to fetch it, so that it is there when it is opened.
    pub fn begin(&self) {
        self.fetching.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(|| self.fetch());
    }

    /// Its bytes, once all are there.
    ///
    /// # Errors
    /// It is gone, may not be read, or did not come whole in three attempts.
    pub fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        let begun = self.fetching.lock().unwrap_or_else(PoisonError::into_inner).take();
        let fetching = begun.unwrap_or_else(|| self.fetch());
        let fetched = self.s3.aws.block_on(fetching).map_err(|error| io::Error::other(format!("the fetch ended: {error}")))?;
        Ok(Box::new(fetched?))
    }

    fn fetch(&self) -> JoinHandle<io::Result<SpooledTempFile>> {
        let (client, url) = (self.s3.client.clone(), self.url.clone());
        self.s3.aws.begin(async move {
            let mut failed = None;
            for _ in 0..FETCHES {
                match fetch_once(&client, &url).await {
                    Ok(whole) => return Ok(whole),
                    Err(Broken::Answer(error)) => return Err(error),
                    Err(Broken::Body(error)) => failed = Some(error),
                }
            }
            let reason = failed.map(|error| error.to_string()).unwrap_or_default();
            Err(io::Error::other(format!("it did not come whole in {FETCHES} attempts: {reason}")))
        })
    }
}

/// Why an object is not there yet.
enum Broken {
    /// S3 does not give it; the client has tried again where that helps.
    Answer(io::Error),
    /// It began to come, and did not come whole.
    Body(io::Error),
}

async fn fetch_once(client: &Client, url: &S3Url) -> Result<SpooledTempFile, Broken> {
    let S3Url { bucket, prefix: key } = url;
    let request = client.get_object().bucket(bucket).key(key).checksum_mode(ChecksumMode::Enabled);
    let answer = request.send().await.map_err(|error| Broken::Answer(explained(&error, "s3:GetObject", bucket, Some(key))))?;
    let announced = answer.content_length().and_then(|length| u64::try_from(length).ok());
    let mut body = answer.body;
    let mut whole = SpooledTempFile::new(IN_MEMORY);
    let mut length = 0;
    // Its checksum, where it has one, is looked at behind the last byte.
    while let Some(part) = body.next().await {
        let part = part.map_err(|error| Broken::Body(io::Error::other(error)))?;
        length += part.len() as u64;
        whole.write_all(&part).map_err(Broken::Answer)?;
    }
    if let Some(announced) = announced.filter(|announced| *announced != length) {
        return Err(Broken::Body(io::Error::other(format!("{length} bytes came of {announced}"))));
    }
    whole.seek(SeekFrom::Start(0)).map_err(Broken::Answer)?;
    Ok(whole)
}

impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Remote").field(&self.url).finish()
    }
}

impl PartialEq for Remote {
    fn eq(&self, other: &Self) -> bool {
        self.url == other.url
    }
}

impl Eq for Remote {}
