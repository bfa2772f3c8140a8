//! Policy `identity`: who signs in how, and who is made.

mod console_login_without_mfa;
mod console_root_login_without_mfa;
mod create_user;

policy_sdk::policy! {
    name: "identity",
    description: "Sign-ins and principals: who gets into the account how, and who is made there.",
    owner: "security",
    rules: [
        console_login_without_mfa::console_login_without_mfa,
        console_root_login_without_mfa::console_root_login_without_mfa,
        create_user::create_user,
    ],
}
