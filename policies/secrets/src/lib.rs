//! Policy `secrets`: keys that are taken away, and secrets that are read.

mod key_disabled;
mod secret_read_by_person;

policy_sdk::policy! {
    name: "secrets",
    description: "Keys and secrets: what is taken away from everybody, and what is read by whom.",
    owner: "security",
    rules: [key_disabled::key_disabled, secret_read_by_person::secret_read_by_person],
}
