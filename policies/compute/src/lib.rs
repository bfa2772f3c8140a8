//! Policy `compute`: code that is brought in or replaced, and machines that are started.

mod ecs_service_created;
mod ecs_task_run_or_started;
mod function;
mod instance;
mod lambda_code_updated;
mod lambda_configuration_updated;
mod lambda_function_created;
mod run_instances;
mod run_instances_unapproved_region;
mod ssm_command_sent;
mod user_data_changed;
mod user_data_read;

/// What the platform team may set.
#[policy_sdk::settings]
#[derive(Default)]
pub struct Settings {
    /// Regions in which instances may be started, such as `eu-west-1`. Where the list is empty, as by default, every region is.
    pub approved_regions: Vec<String>,
}

policy_sdk::policy! {
    name: "compute",
    description: "Compute: functions and services that are made or changed, machines that are started.",
    owner: "security",
    settings: Settings,
    rules: [
        lambda_function_created::lambda_function_created,
        lambda_code_updated::lambda_code_updated,
        lambda_configuration_updated::lambda_configuration_updated,
        ecs_service_created::ecs_service_created,
        ecs_task_run_or_started::ecs_task_run_or_started,
        run_instances::run_instances,
        run_instances_unapproved_region::run_instances_unapproved_region,
        user_data_changed::user_data_changed,
        user_data_read::user_data_read,
        ssm_command_sent::ssm_command_sent,
    ],
}
