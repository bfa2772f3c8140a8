//! Policy `identity`: who signs in how, and who is made and may do what.

mod access_key_for_another;
mod administrator_policy_attached;
mod console_login_assumed_role;
mod console_login_without_mfa;
mod console_root_login_without_mfa;
mod create_group;
mod create_user;
mod deactivate_mfa_root;
mod delete_group;
mod group;
mod login_profile_changed;
mod organization_left;
mod region_enabled;
mod role_trust_opened;
mod root_activity;
mod user;

policy_sdk::policy! {
    name: "identity",
    description: "Sign-ins and principals: who gets into the account how, who is made there, and who is given what.",
    owner: "security",
    rules: [
        console_login_without_mfa::console_login_without_mfa,
        console_root_login_without_mfa::console_root_login_without_mfa,
        console_login_assumed_role::console_login_assumed_role,
        deactivate_mfa_root::deactivate_mfa_root,
        create_user::create_user,
        create_group::create_group,
        delete_group::delete_group,
        access_key_for_another::access_key_for_another,
        login_profile_changed::login_profile_changed,
        administrator_policy_attached::administrator_policy_attached,
        role_trust_opened::role_trust_opened,
        root_activity::root_activity,
        organization_left::organization_left,
        region_enabled::region_enabled,
    ],
}
