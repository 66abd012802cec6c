"""People: who they are to the product, what they may use, whether they were checked, how they are met.

Owns: schema users: users, user_preferences, avatars, uploads, object_removals, kyc_cases, kyc_documents,
    kyc_transitions, screenings, sanctions_lists, tax_residencies, audit_log, audit_pending, consents,
    exports, export_parts, deletions, erasure_answers
Emits: user.data_erased, user.data_exported, user.deletion_cancelled, user.deletion_requested,
    user.erased, user.erasure_due, user.export_ready, user.export_requested, user.kyc_status_changed,
    user.preferences_changed, user.tier_changed
Listens: user.account_accessed, user.data_erased, user.data_exported, user.email_verified,
    user.erasure_due, user.signed_up
Asks: nothing
"""
