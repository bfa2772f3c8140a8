//! Policy `first-policy`: each rule is a file of its own, with its fixtures beside it.

mod access_key_for_another_user;

policy_sdk::policy! {
    name: "first-policy",
    description: "Access keys that outlive the session in which they were made.",
    owner: "security",
    rules: [access_key_for_another_user::access_key_for_another_user],
}
