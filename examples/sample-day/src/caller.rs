//! Who calls, from where, and with what client.

use std::borrow::Cow;

use crate::client;
use crate::json::Json;
use crate::organisation::{Account, Region};

const S3: &str = "s3.amazonaws.com";

/// What the calls of one session have in common.
#[derive(Clone, Debug)]
pub struct Caller {
    /// `userIdentity`.
    pub identity: Json,
    /// The account that is called.
    pub account: Account,
    /// The region that is called.
    pub region: Region,
    /// `sourceIPAddress`: an address, a service's name or `AWS Internal`.
    pub address: String,
    /// The client.
    pub agent: Agent,
}

/// The client of a session.
#[derive(Clone, Debug)]
pub enum Agent {
    /// The same user agent in every call.
    Fixed(Cow<'static, str>),
    /// The AWS command line, whose user agent names the command.
    CommandLine,
    /// The console, in this browser.
    Console(&'static str),
    /// A service calls on someone's behalf: its name is the user agent, and no TLS details are recorded.
    Service(&'static str),
}

impl Agent {
    /// A client that is known while the program is written.
    pub const fn fixed(agent: &'static str) -> Self {
        Agent::Fixed(Cow::Borrowed(agent))
    }

    /// The user agent of a call of `name` on `source`.
    pub fn text(&self, source: &str, name: &str) -> String {
        let agent = match self {
            Agent::Fixed(agent) => agent.to_string(),
            Agent::CommandLine => client::aws_cli(source, name),
            Agent::Console(_) if source == S3 => client::S3_CONSOLE.to_owned(),
            Agent::Console(browser) => (*browser).to_owned(),
            Agent::Service(name) => return (*name).to_owned(),
        };
        // S3 alone writes brackets around the user agent.
        if source == S3 { format!("[{agent}]") } else { agent }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_s3_puts_the_user_agent_in_brackets() {
        let agent = Agent::fixed("tool/1");
        assert_eq!(agent.text("s3.amazonaws.com", "ListBuckets"), "[tool/1]");
        assert_eq!(agent.text("ec2.amazonaws.com", "DescribeVpcs"), "tool/1");
    }
}
