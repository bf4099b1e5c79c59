/* SPDX-License-Identifier: MIT */
/* The one list of failures: every function, process, log line and manual table uses these codes. */
#pragma once

#include <stddef.h>

/*
 * What a failure means to the person who meets it. PAM results, exit codes and the wording of log
 * lines follow from the class, so that "no" and "cannot tell" are never confused.
 */
enum cosmo_err_class {
	COSMO_CLASS_OK,
	COSMO_CLASS_DENIED,        /* a definite no: by the IdP, by a rule, by the person */
	COSMO_CLASS_UNREACHABLE,   /* nobody could be asked; trying later may help */
	COSMO_CLASS_MISCONFIGURED, /* the administrator of host or IdP has to change something */
	COSMO_CLASS_BUSY,          /* a limit or a lock; trying later helps */
	COSMO_CLASS_INTERNAL,      /* a fault of this host or of cosmo-sso */
	COSMO_CLASS_NOT_OURS,      /* the name is somebody else's business */
};

/* X(symbol, stable id as logged, class). Wire numbers are positions: append only. Texts are in
 * user_text.c. */
#define COSMO_ERR_LIST(X)                                                                          \
	X(OK, "ok", OK)                                                                            \
	/* this host */                                                                            \
	X(E_INTERNAL, "internal", INTERNAL)                                                        \
	X(E_NOMEM, "out_of_memory", INTERNAL)                                                      \
	X(E_IO, "io_error", INTERNAL)                                                              \
	X(E_INVALID, "invalid_input", INTERNAL)                                                    \
	X(E_RANGE, "buffer_too_small", INTERNAL)                                                   \
	X(E_TOO_BIG, "too_big", INTERNAL)                                                          \
	X(E_FORMAT, "malformed", INTERNAL)                                                         \
	X(E_NOT_FOUND, "not_found", INTERNAL)                                                      \
	X(E_EXISTS, "exists", INTERNAL)                                                            \
	X(E_UNSAFE_FILE, "unsafe_file", INTERNAL)                                                  \
	X(E_PROTOCOL, "protocol", INTERNAL)                                                        \
	X(E_PEER_GONE, "peer_gone", INTERNAL)                                                      \
	X(E_SANDBOX, "sandbox", INTERNAL)                                                          \
	X(E_SPAWN, "spawn", INTERNAL)                                                              \
	X(E_STORE_DAMAGED, "store_damaged", INTERNAL)                                              \
	X(E_STORE_MISSING, "store_missing", INTERNAL)                                              \
	X(E_NOT_ROOT, "not_root", INTERNAL)                                                        \
	X(E_CONFIG, "config", MISCONFIGURED)                                                       \
	X(E_BUSY, "busy", BUSY)                                                                    \
	X(E_TIMEOUT, "timeout", INTERNAL)                                                          \
	X(E_CANCELLED, "cancelled", DENIED)                                                        \
	X(E_NO_PROMPT, "no_prompt", DENIED)                                                        \
	/* reaching the IdP */                                                                     \
	X(E_DNS, "idp_dns", UNREACHABLE)                                                           \
	X(E_CONNECT, "idp_connect", UNREACHABLE)                                                   \
	X(E_TLS, "idp_tls", UNREACHABLE)                                                           \
	X(E_TLS_TRUST, "idp_tls_trust", MISCONFIGURED)                                             \
	X(E_PROXY, "idp_proxy", UNREACHABLE)                                                       \
	X(E_IDP_TIMEOUT, "idp_timeout", UNREACHABLE)                                               \
	X(E_IDP_DROPPED, "idp_dropped", UNREACHABLE)                                               \
	X(E_IDP_REDIRECT, "idp_redirect", MISCONFIGURED)                                           \
	X(E_IDP_BODY_TOO_BIG, "idp_body_too_big", UNREACHABLE)                                     \
	X(E_IDP_STATUS, "idp_status", UNREACHABLE)                                                 \
	X(E_IDP_NOT_JSON, "idp_not_json", UNREACHABLE)                                             \
	X(E_IDP_FIELD, "idp_field", UNREACHABLE)                                                   \
	X(E_IDP_ISSUER, "idp_issuer_mismatch", MISCONFIGURED)                                      \
	X(E_IDP_GONE, "idp_gone", MISCONFIGURED)                                                   \
	X(E_IDP_NO_DEVICE_GRANT, "idp_no_device_grant", MISCONFIGURED)                             \
	X(E_IDP_NO_KEYS, "idp_no_keys", MISCONFIGURED)                                             \
	X(E_IDP_CLIENT, "idp_client_refused", MISCONFIGURED)                                       \
	X(E_IDP_GRANT_TYPE, "idp_grant_not_allowed", MISCONFIGURED)                                \
	X(E_IDP_SCOPE, "idp_scope_refused", MISCONFIGURED)                                         \
	X(E_IDP_RATE, "idp_rate_limit", UNREACHABLE)                                               \
	X(E_IDP_ERROR, "idp_error", UNREACHABLE)                                                   \
	/* device grant, RFC 8628 section 3.5 */                                                   \
	X(E_PENDING, "authorization_pending", INTERNAL)                                            \
	X(E_SLOW_DOWN, "slow_down", INTERNAL)                                                      \
	X(E_DENIED, "access_denied", DENIED)                                                       \
	X(E_CODE_EXPIRED, "code_expired", DENIED)                                                  \
	X(E_DEADLINE, "deadline", DENIED)                                                          \
	X(E_INVALID_GRANT, "invalid_grant", DENIED)                                                \
	/* tokens */                                                                               \
	X(E_NO_ID_TOKEN, "no_id_token", MISCONFIGURED)                                             \
	X(E_JWS_FORM, "token_form", DENIED)                                                        \
	X(E_JWS_ALG, "token_alg", DENIED)                                                          \
	X(E_JWS_CRIT, "token_crit", DENIED)                                                        \
	X(E_JWS_KEY, "token_key_unknown", DENIED)                                                  \
	X(E_JWS_SIGNATURE, "token_signature", DENIED)                                              \
	X(E_TOKEN_ISS, "token_iss", DENIED)                                                        \
	X(E_TOKEN_AUD, "token_aud", DENIED)                                                        \
	X(E_TOKEN_AZP, "token_azp", DENIED)                                                        \
	X(E_TOKEN_EXPIRED, "token_expired", DENIED)                                                \
	X(E_TOKEN_EARLY, "token_not_yet_valid", DENIED)                                            \
	X(E_TOKEN_SUB, "token_sub", DENIED)                                                        \
	X(E_TOKEN_CLAIM, "token_claim", DENIED)                                                    \
	X(E_USERINFO_SUB, "userinfo_sub", DENIED)                                                  \
	X(E_USERINFO, "userinfo", UNREACHABLE)                                                     \
	/* claims and rules */                                                                     \
	X(E_NAME_MISSING, "name_claim_missing", DENIED)                                            \
	X(E_NAME_FORM, "name_form", DENIED)                                                        \
	X(E_CLAIM_MISSING, "role_claim_missing", DENIED)                                           \
	X(E_CLAIM_TYPE, "role_claim_type", DENIED)                                                 \
	X(E_CLAIM_OVERAGE, "role_claim_overage", DENIED)                                           \
	X(E_RULES_EMPTY, "rules_empty", MISCONFIGURED)                                             \
	X(E_RULE_PATTERN, "rule_pattern", MISCONFIGURED)                                           \
	X(E_RULE_LIMIT, "rule_limit", DENIED)                                                      \
	X(E_RULE_ROLE, "rule_role_unknown", MISCONFIGURED)                                         \
	X(E_NO_ROLE, "no_role", DENIED)                                                            \
	/* decisions */                                                                            \
	X(E_NOT_OURS, "not_ours", NOT_OURS)                                                        \
	X(E_DISCONNECTED, "disconnected", DENIED)                                                  \
	X(E_INTEGRATION_CHANGED, "integration_changed", DENIED)                                    \
	X(E_OTHER_USER, "other_user", DENIED)                                                      \
	X(E_OTHER_SUBJECT, "other_subject", DENIED)                                                \
	X(E_SUBJECT_TAKEN, "subject_taken", DENIED)                                                \
	X(E_NAME_RESERVED, "name_reserved", DENIED)                                                \
	X(E_UID, "uid_unavailable", DENIED)                                                        \
	X(E_HOME_FOREIGN, "home_foreign", DENIED)                                                  \
	X(E_ENROLL_OFF, "enroll_off", DENIED)                                                      \
	X(E_BUDGET, "budget", BUSY)                                                                \
	X(E_LOCKED, "locked", DENIED)                                                              \
	X(E_REMOVED, "removed", DENIED)                                                            \
	X(E_NOT_ENROLLED, "not_enrolled", DENIED)                                                  \
	X(E_STEP_UP, "step_up", DENIED)                                                            \
	X(E_SERVICE, "service_not_allowed", DENIED)                                                \
	X(E_SERVICE_OFF, "service_off", DENIED)                                                    \
	X(E_LEASE_OVER, "lease_over", DENIED)                                                      \
	X(E_LOGIN_AGAIN, "login_again", DENIED)                                                    \
	X(E_MACHINE, "other_machine", DENIED)                                                      \
	/* appended later */                                                                       \
	X(E_REPLACED, "replaced", DENIED)                                                          \
	X(E_OTHER_ISSUER, "other_issuer", DENIED)                                                  \
	X(E_SIGNED_OUT, "signed_out", DENIED)                                                      \
	X(E_REFRESH_INTERRUPTED, "refresh_interrupted", DENIED)                                    \
	X(E_REFRESH_NO_CLAIMS, "refresh_no_claims", UNREACHABLE)                                   \
	X(E_RENAMED, "renamed", DENIED)                                                            \
	X(E_FIRST_METHOD, "first_method", DENIED)                                                  \
	X(E_MASS_REFUSAL, "mass_refusal", MISCONFIGURED)                                           \
	X(E_NO_REFRESH_TOKEN, "no_refresh_token", DENIED)

enum cosmo_err {
#define COSMO_ERR_ENUM_(symbol, id, class) COSMO_##symbol,
	COSMO_ERR_LIST(COSMO_ERR_ENUM_)
#undef COSMO_ERR_ENUM_
};

/* Stable identifier as it stands in logs and --json ("idp_timeout"); "internal" for a value outside
 * the enum. */
const char *cosmo_err_id(enum cosmo_err err);

/*
 * What a person is told: what happened, why, what to do next; plain ASCII, full sentences, no
 * trailing newline, never NULL, nothing of the IdP's or the user's own text in it.
 */
const char *cosmo_err_text(enum cosmo_err err);

enum cosmo_err_class cosmo_err_class(enum cosmo_err err);

/* Number of codes; wire values are 0 .. count - 1. */
size_t cosmo_err_count(void);

/* The code of a wire value; COSMO_E_PROTOCOL for one outside the enum, so never COSMO_OK by
 * accident. */
enum cosmo_err cosmo_err_from_wire(unsigned long long wire);
