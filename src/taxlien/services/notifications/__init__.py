"""Telling people what they must hear of: whom, in which language, through which channel, and once.

Owns: schema notifications: recipients, messages, choices, gathered, notices, devices, phones, webhooks,
    deliveries, suppressions, reports; the templates of every mail
Emits: user.data_exported, user.data_erased
Listens: user.signed_up, user.email_verification_requested, user.sign_up_repeated, user.email_verified,
    user.password_reset_requested, user.password_changed, user.device_added, user.refresh_token_reused,
    user.second_factor_changed, user.identity_linked, user.preferences_changed, user.export_ready,
    user.deletion_requested, user.deletion_cancelled, user.export_requested, user.erasure_due, user.erased,
    search.matched, watch.triggered, auction.neared, user.tier_changed, user.subscribed, payment.received,
    user.roles_changed, model.alerted
Asks: nothing
"""
