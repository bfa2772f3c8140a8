//! User agents as real clients write them.

/// A browser at a sign-in page.
pub const BROWSERS: [&str; 3] = [
    "Mozilla/5.0 (X11; Linux x86_64; rv:135.0) Gecko/20100101 Firefox/135.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/133.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/133.0.0.0 Safari/537.36 Edg/133.0.0.0",
];
/// The S3 console.
pub const S3_CONSOLE: &str = "S3Console/0.4, aws-internal/3 aws-sdk-java/1.12.750 Linux/5.10.234 OpenJDK_64-Bit_Server_VM/25.442-b06 java/1.8.0_442 vendor/Oracle_Corporation cfg/retry-mode/standard";
/// Terraform with its AWS provider.
pub const TERRAFORM: &str = "APN/1.0 HashiCorp/1.0 Terraform/1.11.2 (+https://www.terraform.io) terraform-provider-aws/5.91.0 (+https://registry.terraform.io/providers/hashicorp/aws) aws-sdk-go-v2/1.36.3 ua/2.1 os/linux lang/go#1.23.7 md/GOARCH#amd64 md/GOOS#linux";
/// boto3 in a container on Fargate.
pub const BOTO3_ON_FARGATE: &str = "Boto3/1.37.13 md/Botocore#1.37.13 ua/2.1 os/linux#5.10.234-225.895.amzn2.x86_64 md/arch#x86_64 lang/python#3.12.9 md/pyimpl#CPython exec-env/AWS_ECS_FARGATE cfg/retry-mode#legacy Botocore/1.37.13";
/// boto3 on the attacker's own machine.
pub const BOTO3: &str = "Boto3/1.37.13 md/Botocore#1.37.13 ua/2.1 os/linux#6.8.0-55-generic md/arch#x86_64 lang/python#3.12.3 md/pyimpl#CPython cfg/retry-mode#legacy Botocore/1.37.13";
/// The Go SDK in a pod on EKS.
pub const GO_SDK: &str = "aws-sdk-go-v2/1.36.3 ua/2.1 os/linux lang/go#1.23.7 md/GOOS#linux md/GOARCH#arm64 api/s3#1.78.2";
/// The Node.js SDK in Lambda.
pub const NODE_ON_LAMBDA: &str =
    "aws-sdk-js/3.767.0 ua/2.1 os/linux#5.10.234 lang/js md/nodejs#22.14.0 exec-env/AWS_Lambda_nodejs22.x";
/// The agent of Systems Manager.
pub const SSM_AGENT: &str = "aws-sdk-go/1.55.6 (go1.23.4; linux; amd64) amazon-ssm-agent/3.3.1611.0";
/// The action that signs GitHub's pipelines in.
pub const GITHUB_ACTION: &str = "aws-sdk-js/3.758.0 configure-aws-credentials-for-github-actions/4.1.0 md/nodejs#20.18.2";
/// A client whose product name was never filled in, quotes and an unbalanced brace included.
pub const BRACES_AND_QUOTES: &str =
    r#"report-tool/${project.version} ({"build": "2026-03", "tags": ["a}"], "path": "C:\\tools\\"} {unclosed)"#;

/// The AWS command line, which names the command that was run.
pub fn aws_cli(service: &str, operation: &str) -> String {
    format!(
        "aws-cli/2.24.22 md/awscrt#0.23.8 ua/2.1 os/linux#6.8.0-55-generic md/arch#x86_64 lang/python#3.12.9 md/pyimpl#CPython cfg/retry-mode#standard md/installer#exe md/prompt#off md/command#{}.{}",
        service.split('.').next().unwrap_or(service),
        kebab_case(operation_name(operation))
    )
}

/// The operation without the API version that Lambda adds to event names: `GetFunction20150331v2` is `GetFunction`.
pub fn operation_name(event_name: &str) -> &str {
    event_name.split_once("20150331").map_or(event_name, |(operation, _version)| operation)
}

fn kebab_case(operation: &str) -> String {
    let mut command = String::with_capacity(operation.len() + 4);
    for (position, letter) in operation.chars().enumerate() {
        if letter.is_ascii_uppercase() && position > 0 {
            command.push('-');
        }
        command.push(letter.to_ascii_lowercase());
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_names_the_command_that_was_run() {
        let agent = aws_cli("sts.amazonaws.com", "GetCallerIdentity");
        assert!(agent.ends_with("md/command#sts.get-caller-identity"), "{agent}");
    }

    #[test]
    fn the_command_line_knows_no_api_version() {
        let agent = aws_cli("lambda.amazonaws.com", "GetFunction20150331v2");
        assert!(agent.ends_with("md/command#lambda.get-function"), "{agent}");
    }
}
