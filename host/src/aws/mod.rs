//! The connection to AWS: whose rights are used, which region and endpoint are asked, and the threads on which the client works.
//!
//! Credentials come from where AWS's own tools have them: the environment, the profiles of `~/.aws`, a web identity, the metadata of
//! a container or an instance (<https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html>). Everything else
//! of the host is plain threads, so the client has a runtime of its own, and [`Aws::block_on`] is the only way into it.

use std::future::Future;
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_smithy_http_client::tls;
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;

/// Attempts at a request before its failure is told, with back-off and jitter between them (the SDK's standard mode, which tells
/// throttling, errors of the server and time-outs from what no repetition cures).
const ATTEMPTS: u32 = 6;
/// How long to wait between two attempts at most.
const LONGEST_WAIT: Duration = Duration::from_secs(20);
/// How long it may take to connect.
const CONNECT: Duration = Duration::from_secs(10);
/// How long nothing may come of an answer.
const READ: Duration = Duration::from_secs(60);
/// Threads on which the client works: it waits nearly all of the time.
const THREADS: usize = 2;

/// What is set for AWS; whatever is not comes from where AWS's own tools have it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AwsConfig {
    /// The region.
    pub region: Option<String>,
    /// Another endpoint than AWS's own, such as an emulator's.
    pub endpoint_url: Option<String>,
    /// A role to assume, with the credentials that are found.
    pub role_arn: Option<String>,
}

/// Why AWS can't be asked.
#[derive(Debug, thiserror::Error)]
pub enum AwsError {
    /// No threads can be started.
    #[error("the threads of the AWS client can't be started: {0}")]
    Runtime(std::io::Error),
    /// Nobody has said which region.
    #[error("no AWS region is known: set AWS_REGION, or `region` under [aws] in the configuration")]
    NoRegion,
}

/// A connection to AWS.
#[derive(Debug)]
pub struct Aws {
    runtime: Runtime,
    config: SdkConfig,
}

impl Aws {
    /// Finds region and endpoint; credentials are looked for when they are first needed.
    ///
    /// # Errors
    /// [`AwsError`].
    pub fn connect(config: &AwsConfig) -> Result<Self, AwsError> {
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = runtime.worker_threads(THREADS).thread_name("aws").enable_all().build().map_err(AwsError::Runtime)?;
        let config = runtime.block_on(load(config));
        if config.region().is_none() {
            return Err(AwsError::NoRegion);
        }
        Ok(Self { runtime, config })
    }

    /// A client for S3. Where an endpoint is set, buckets are named in the path: emulators have no host name for each.
    pub fn s3(&self) -> aws_sdk_s3::Client {
        let config = aws_sdk_s3::config::Builder::from(&self.config).force_path_style(self.config.endpoint_url().is_some());
        aws_sdk_s3::Client::from_conf(config.build())
    }

    /// Waits for something of the client. Not to be called from one of its threads.
    pub fn block_on<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    /// Begins something that goes on meanwhile.
    pub fn begin<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
        self.runtime.spawn(work)
    }
}

async fn load(config: &AwsConfig) -> SdkConfig {
    let client = aws_smithy_http_client::Builder::new()
        .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring))
        .build_https();
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .http_client(client)
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS).with_max_backoff(LONGEST_WAIT))
        .timeout_config(TimeoutConfig::builder().connect_timeout(CONNECT).read_timeout(READ).build());
    if let Some(region) = &config.region {
        loader = loader.region(Region::new(region.clone()));
    }
    if let Some(endpoint) = &config.endpoint_url {
        loader = loader.endpoint_url(endpoint);
    }
    let base = loader.load().await;
    let Some(role) = &config.role_arn else { return base };
    let provider = AssumeRoleProvider::builder(role).session_name("trailwarden").configure(&base).build().await;
    base.into_builder().credentials_provider(aws_sdk_s3::config::SharedCredentialsProvider::new(provider)).build()
}
