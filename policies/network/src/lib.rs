//! Policy `network`: what opens the network, and what watches it.

mod flow_logs_deleted;
mod security_group_opened;

policy_sdk::policy! {
    name: "network",
    description: "The network: who is let in from everywhere, and what is no longer written down.",
    owner: "security",
    rules: [security_group_opened::security_group_opened, flow_logs_deleted::flow_logs_deleted],
}
