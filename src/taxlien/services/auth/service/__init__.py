"""What auth does: lets people in who show who they are, and nobody else."""

from taxlien.services.auth.adapters.current import close, settings

from .accounts import (
    AccountFacts,
    EnsuredAccount,
    account_facts,
    disable_account,
    enable_account,
    ensure_account,
    set_erase_after,
    set_language,
    set_roles,
    set_tier,
)
from .devices import DeviceFact, devices, forget_device, forget_other_devices, rename_device
from .factor_checks import (
    FactorAnswer,
)
from .keys import issue_access_token, key_set, rotate_keys
from .linking import (
    Linked,
)
from .oauth import (
    Departure,
    Landing,
    ProviderFact,
    arrive,
    depart,
    depart_to_link,
    exchange,
    providers,
    unlink,
)
from .passkeys import (
    PasskeyFact,
    Registered,
    list_passkeys,
    proof_options,
    register_passkey,
    registration_options,
    remove_passkey,
    rename_passkey,
    sign_in_options,
    sign_in_with_passkey,
)
from .passwords import accept_password, change_password, forgot_password, reset_password
from .personal_data import erase_personal_data, export_personal_data
from .proofs import (
    Owner,
    Proof,
)
from .pruning import prune
from .recovery_codes import (
    renew_recovery_codes,
)
from .refreshing import log_out, refresh
from .second_factor import (
    complete_sign_in,
)
from .sessions import (
    DeviceFacts,
    SignedIn,
    end_all_sessions,
    end_sessions,
    require_active,
    start_session,
)
from .signing_in import (
    ChallengeRequired,
    after_first_factor,
    finish_challenge,
    log_in,
    try_challenge,
)
from .signing_up import request_verification, resend_verification, sign_up, verify_email
from .staff import account_for_staff
from .throttling import Attempt, check_throttle, forgive, record_failure, record_success
from .totp import (
    TotpBegun,
    begin_totp,
    confirm_totp,
    disable_totp,
)
from .transactions import Transactions

__all__ = [
    "AccountFacts",
    "Attempt",
    "ChallengeRequired",
    "Departure",
    "DeviceFact",
    "DeviceFacts",
    "EnsuredAccount",
    "FactorAnswer",
    "Landing",
    "Linked",
    "Owner",
    "PasskeyFact",
    "Proof",
    "ProviderFact",
    "Registered",
    "SignedIn",
    "TotpBegun",
    "Transactions",
    "accept_password",
    "account_facts",
    "account_for_staff",
    "after_first_factor",
    "arrive",
    "begin_totp",
    "change_password",
    "check_throttle",
    "close",
    "complete_sign_in",
    "confirm_totp",
    "depart",
    "depart_to_link",
    "devices",
    "disable_account",
    "disable_totp",
    "enable_account",
    "end_all_sessions",
    "end_sessions",
    "ensure_account",
    "erase_personal_data",
    "exchange",
    "export_personal_data",
    "finish_challenge",
    "forget_device",
    "forget_other_devices",
    "forgive",
    "forgot_password",
    "issue_access_token",
    "key_set",
    "list_passkeys",
    "log_in",
    "log_out",
    "proof_options",
    "providers",
    "prune",
    "record_failure",
    "record_success",
    "refresh",
    "register_passkey",
    "registration_options",
    "remove_passkey",
    "rename_device",
    "rename_passkey",
    "renew_recovery_codes",
    "request_verification",
    "require_active",
    "resend_verification",
    "reset_password",
    "rotate_keys",
    "set_erase_after",
    "set_language",
    "set_roles",
    "set_tier",
    "settings",
    "sign_in_options",
    "sign_in_with_passkey",
    "sign_up",
    "start_session",
    "try_challenge",
    "unlink",
    "verify_email",
]
