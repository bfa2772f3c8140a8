//! Policy `audit-log`: what happens to the trail that everything else is read from, and to those that watch the account.

mod detection_weakened;
mod logging_stopped;
mod trail;
mod trail_created;
mod trail_deleted;
mod trail_selectors_narrowed;
mod trail_updated;

policy_sdk::policy! {
    name: "audit-log",
    description: "The trail itself: made, changed, stopped and deleted; and the services that watch the account.",
    owner: "security",
    rules: [
        trail_created::trail_created,
        trail_updated::trail_updated,
        trail_selectors_narrowed::trail_selectors_narrowed,
        logging_stopped::logging_stopped,
        trail_deleted::trail_deleted,
        detection_weakened::detection_weakened,
    ],
}
