//! Policy `audit-log`: what happens to the trail that everything else is read from.

mod logging_stopped;
mod trail;
mod trail_created;

policy_sdk::policy! {
    name: "audit-log",
    description: "The trail itself: made, and stopped.",
    owner: "security",
    rules: [trail_created::trail_created, logging_stopped::logging_stopped],
}
