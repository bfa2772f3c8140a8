//! Rule `ecs-service-created`.

use policy_sdk::prelude::*;

/// Someone made an ECS service: containers that are started again whenever they end. An attacker gets machines to mine with, or
/// code that runs with the task's role and comes back after it was stopped.
#[rule(
    id = "ecs-service-created",
    title = "ECS service created",
    severity = "low",
    techniques = ["T1610", "T1496.001"],
    references = [
        "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html",
        "https://attack.mitre.org/techniques/T1610/",
    ],
    false_positives = ["A deployment: where only pipelines deploy, except their roles from this rule."],
    runbook = "Find the deployment that it belongs to. If there is none: look at the task's image and role, set the desired count to 0, \
        and keep the task definition for later.",
    select(event_source = "ecs.amazonaws.com", event_name = "CreateService", outcome = "success"),
)]
pub fn ecs_service_created(event: &Event) -> Finding {
    let who = event.actor().label();
    let request = event.get("requestParameters");
    let name = event.get("responseElements.service.serviceName").str().unwrap_or(request.get("serviceName").text());
    let finding = Finding::new(format!("{who} created the ECS service {name}"))
        .detail("service", name)
        .detail("cluster", request.get("cluster").str())
        .detail("task_definition", request.get("taskDefinition").str())
        .detail("desired_count", request.get("desiredCount"))
        .detail("source_address", event.source_ip_text());
    match event.get("responseElements.service.serviceArn").str() {
        Some(arn) => {
            let service = Resource::of_kind("AWS::ECS::Service", arn);
            finding.resource(service.in_region(event.region()).in_account(event.recipient_account()))
        }
        None => finding,
    }
}
