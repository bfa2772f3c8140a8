//! Rule `ecs-task-run-or-started`.

use policy_sdk::prelude::*;

/// Someone ran an ECS task: containers that run once. With a task's role and an image of his choice an attacker runs whatever he
/// likes, and a command given with the call needs no image of his own.
///
/// # Left out on purpose
/// Tasks that ECS starts for its services: these are calls of the service itself.
#[rule(
    id = "ecs-task-run-or-started",
    title = "ECS task run",
    severity = "low",
    techniques = ["T1610", "T1651"],
    references = [
        "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html",
        "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_StartTask.html",
        "https://attack.mitre.org/techniques/T1610/",
    ],
    false_positives = ["Schedules, batch jobs and pipelines that run tasks: except their roles from this rule."],
    runbook = "Ask who ran it what it is for. If nobody knows: stop the task, and look at its image, its role, and the command given.",
    select(event_source = "ecs.amazonaws.com", event_name = ["RunTask", "StartTask"], outcome = "success"),
)]
pub fn ecs_task_run_or_started(event: &Event) -> Option<Finding> {
    let actor = event.actor();
    if actor.kind() == ActorKind::AwsService && actor.invoked_by() == Some("ecs.amazonaws.com") {
        return None;
    }
    let who = actor.label();
    let definition = event.get("requestParameters.taskDefinition").text();
    let tasks: Vec<&str> = event.get("responseElements.tasks[].taskArn").items().filter_map(|arn| arn.str()).collect();
    let commands = event.get("requestParameters.overrides.containerOverrides[].command");
    let finding = Finding::new(format!("{who} ran {} task(s) of {definition}", tasks.len()))
        .detail("task_definition", definition)
        .detail("cluster", event.get("requestParameters.cluster").str())
        .detail("commands", commands)
        .detail("source_address", event.source_ip_text());
    let resource = |arn: &str| {
        let task = Resource::of_kind("AWS::ECS::Task", arn);
        task.in_region(event.region()).in_account(event.recipient_account())
    };
    Some(tasks.into_iter().fold(finding, |finding, arn| finding.resource(resource(arn))))
}
