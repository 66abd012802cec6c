"""Who is asking: accounts, passwords, second factors, sign-ins and the keys that vouch for them.

Owns: accounts, devices, sessions, refresh_tokens, signing_keys, mail_tokens, login_challenges,
    sign_in_attempts, totp_secrets, recovery_codes, passkeys, passkey_ceremonies, linked_identities,
    oauth_transactions
Emits: user.signed_up, user.email_verification_requested, user.sign_up_repeated, user.email_verified,
    user.password_reset_requested, user.password_changed, user.device_added,
    user.refresh_token_reused, user.second_factor_changed, user.identity_linked,
    user.roles_changed, user.account_accessed, user.data_exported, user.data_erased
Listens: user.tier_changed, user.preferences_changed, user.deletion_requested,
    user.deletion_cancelled, user.erasure_due, user.export_requested
Asks: nothing
"""
