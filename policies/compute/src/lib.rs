//! Policy `compute`: code that is replaced and machines that are started.

mod lambda_code_updated;
mod run_instances;

policy_sdk::policy! {
    name: "compute",
    description: "Compute: functions whose code is replaced, machines that are started.",
    owner: "security",
    rules: [lambda_code_updated::lambda_code_updated, run_instances::run_instances],
}
