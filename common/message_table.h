/* SPDX-License-Identifier: MIT */
/*
 * What may be said between the processes of cosmo-sso, as tables; docs/protocol.md is the same in
 * words. Wire numbers are positions in these lists: append only, and raise COSMO_PROTOCOL_VERSION
 * on any other change.
 */
#pragma once

/* clang-format off */

/* X(symbol): one row per message. */
#define MESSAGE_LIST(X)                                                                            \
	/* module -> helper */                                                                     \
	X(SIGN_IN)                                                                                 \
	X(ACCOUNT)                                                                                 \
	X(OPEN_SESSION)                                                                            \
	X(CLOSE_SESSION)                                                                           \
	/* helper -> module, helper -> ctl */                                                      \
	X(SHOW)                                                                                    \
	X(RESULT)                                                                                  \
	/* ctl -> helper */                                                                        \
	X(CTL_CONNECT)                                                                             \
	X(CTL_CHECK_CONFIG)                                                                        \
	X(CTL_APPLY)                                                                               \
	X(CTL_STATUS)                                                                              \
	X(CTL_USER_LIST)                                                                           \
	X(CTL_USER_SHOW)                                                                           \
	X(CTL_USER_ADD)                                                                            \
	X(CTL_ROLES_TEST)                                                                          \
	X(CTL_BOOT)                                                                                \
	/* helper -> ctl */                                                                        \
	X(PROGRESS)                                                                                \
	X(STATUS_ITEM)                                                                             \
	X(USER_ITEM)                                                                               \
	X(ROLES_ITEM)                                                                              \
	/* helper -> judge */                                                                      \
	X(JUDGE_SIGN_IN)                                                                           \
	X(JUDGE_PROBE)                                                                             \
	X(JUDGE_RULES)                                                                             \
	/* ctl -> judge */                                                                         \
	X(JUDGE_VERIFY)                                                                            \
	/* judge -> helper, judge -> ctl */                                                        \
	X(JUDGE_CACHE)                                                                             \
	X(JUDGE_SHOW)                                                                              \
	X(JUDGE_IDENTITY)                                                                          \
	X(JUDGE_PROBED)                                                                            \
	X(JUDGE_MATCH)                                                                             \
	X(JUDGE_DONE)                                                                              \
	X(JUDGE_FAILED)                                                                            \
	/* judge -> fetch */                                                                       \
	X(FETCH_REQUEST)                                                                           \
	/* fetch -> judge */                                                                       \
	X(FETCH_RESPONSE)                                                                          \
	X(FETCH_FAILED)                                                                            \
	/* ctl -> helper */                                                                        \
	X(CTL_USER_REBIND)                                                                         \
	X(CTL_DISCONNECT)                                                                          \
	X(CTL_CHECK)                                                                               \
	X(CTL_USER_CHANGE)                                                                         \
	X(CTL_SESSION_LIST)                                                                        \
	X(CTL_SESSION_END)                                                                         \
	X(CTL_BACKUP)                                                                              \
	X(CTL_RESTORE)                                                                             \
	X(CTL_ADOPT)                                                                               \
	X(CTL_REPAIR)                                                                              \
	/* helper -> ctl */                                                                        \
	X(STEP_ITEM)                                                                               \
	X(SESSION_ITEM)                                                                            \
	X(CHECK_ITEM)                                                                              \
	/* helper -> judge */                                                                      \
	X(JUDGE_CHECK)                                                                             \
	X(JUDGE_REVOKE)                                                                            \
	/* judge -> helper */                                                                      \
	X(JUDGE_REVOKED)                                                                           \
	/* helper -> judge */                                                                      \
	X(JUDGE_REFRESH)                                                                           \
	/* judge -> helper */                                                                      \
	X(JUDGE_TOKEN)                                                                             \
	/* ctl -> helper */                                                                        \
	X(CTL_REFRESH)                                                                             \
	/* helper -> ctl */                                                                        \
	X(REFRESH_ITEM)                                                                            \
	/* ctl -> helper */                                                                        \
	X(CTL_PROBE)                                                                               \
	X(CTL_USER_EXPLAIN)                                                                        \
	/* helper -> ctl */                                                                        \
	X(PROBE_ITEM)                                                                              \
	X(VERDICT_ITEM)                                                                            \
	/* ctl -> helper */                                                                        \
	X(CTL_LOGIN_TEST)                                                                          \
	/* helper -> ctl */                                                                        \
	X(LOGIN_ITEM)                                                                              \
	X(SERVICE_ITEM)                                                                            \
	X(LOGIN_NAME)                                                                              \
	/* ctl -> helper */                                                                        \
	X(LOGIN_ENTRY)

/*
 * X(symbol, type, largest value in bytes). U64 is 8 bytes little-endian; STR is text without NUL inside, with one NUL
 * at its end that counts; BYTES is anything. Times are seconds, *_MS milliseconds.
 */
#define FIELD_LIST(X)                                                                              \
	X(SERVICE, STR, 64)                                                                        \
	X(USER, STR, 64)                                                                           \
	X(RHOST, STR, 256)                                                                         \
	X(TTY, STR, 128)                                                                           \
	X(RUID, U64, 8)            /* real uid of the caller */                                    \
	X(INTERACTIVE, U64, 8)     /* 1: the caller can show text and read an answer */            \
	X(FROZEN_UID, U64, 8)      /* provisional entry that sshd resolved */                      \
	X(FROZEN_GID, U64, 8)                                                                      \
	X(FROZEN_HOME, STR, 256)                                                                   \
	X(FROZEN_SHELL, STR, 256)                                                                  \
	X(SSH_AUTH_INFO, STR, 4096)                                                                \
	X(ERR, U64, 8)             /* enum cosmo_err */                                            \
	X(TEXT, STR, 2048)         /* for people; filtered by whoever shows it */                  \
	X(DETAIL, STR, 1024)       /* for the log and administrators; filtered likewise */         \
	X(VERIFICATION_URI, STR, 512)                                                              \
	X(VERIFICATION_URI_COMPLETE, STR, 1024)                                                    \
	X(USER_CODE, STR, 64)                                                                      \
	X(EXPIRES_IN_S, U64, 8)                                                                    \
	X(INTERVAL_S, U64, 8)                                                                      \
	X(DEADLINE_MS, U64, 8)     /* from now, how long the exchange may last */                  \
	X(QR_MODE, U64, 8)         /* enum config_qr */                                            \
	X(HOST, STR, 256)                                                                          \
	X(ISSUER, STR, 512)                                                                        \
	X(CLIENT_ID, STR, 256)                                                                     \
	X(CLIENT_AUTH, U64, 8)     /* enum config_client_auth */                                   \
	X(CLIENT_SECRET, BYTES, 4096)                                                              \
	X(SCOPES, STR, 1024)                                                                       \
	X(AUDIENCE, STR, 512)                                                                      \
	X(CA_PEM, BYTES, 524288)                                                                   \
	X(PROXY, STR, 512)                                                                         \
	X(DISCOVERY, BYTES, 262144)                                                                \
	X(JWKS, BYTES, 262144)                                                                     \
	X(MAX_AGE_S, U64, 8)                                                                       \
	X(ALG, STR, 16)                                                                            \
	X(USERNAME_CLAIM, STR, 256)                                                                \
	X(SUBJECT_CLAIM, STR, 256)                                                                 \
	X(NAME_CLAIM, STR, 256)                                                                    \
	X(ROLES_CLAIM, STR, 256)                                                                   \
	X(UID_CLAIM, STR, 256)                                                                     \
	X(RULE, STR, 1024)         /* "role = value", "role = ~pattern" */                         \
	X(STRIP_DOMAIN, STR, 256)                                                                  \
	X(KEEP_DOMAINS, U64, 8)                                                                    \
	X(SKEW_S, U64, 8)                                                                          \
	X(ACR, STR, 256)                                                                           \
	X(AMR, STR, 64)                                                                            \
	X(AUTH_MAX_AGE_S, U64, 8)                                                                  \
	X(SUB, STR, 512)                                                                           \
	X(USERNAME, STR, 64)                                                                       \
	X(DISPLAY_NAME, STR, 256)                                                                  \
	X(ROLE, STR, 40)                                                                           \
	X(CLAIM_STATE, U64, 8)     /* enum claim_state */                                          \
	X(CLAIM_VALUE, STR, 512)                                                                   \
	X(AUTH_TIME_S, U64, 8)     /* 0: not told */                                               \
	X(IDP_TIME_S, U64, 8)      /* the IdP's own clock: iat, else Date; 0: not told */          \
	X(REFRESH_TOKEN, BYTES, 16384)                                                             \
	X(REFRESH_EXPIRES_IN_S, U64, 8)                                                            \
	X(UID, U64, 8)                                                                             \
	X(TOKEN, BYTES, 65536)                                                                     \
	X(CLAIMS, BYTES, 262144)                                                                   \
	X(DEVICE_ENDPOINT, STR, 512)                                                               \
	X(TOKEN_ENDPOINT, STR, 512)                                                                \
	X(REVOCATION_ENDPOINT, STR, 512)                                                           \
	X(OFFLINE_ACCESS, U64, 8)                                                                  \
	X(KEY_COUNT, U64, 8)                                                                       \
	X(METHOD, U64, 8)          /* enum fetch_method */                                         \
	X(URL, STR, 4096)                                                                          \
	X(AUTHORIZATION, BYTES, 65536) /* header value */                                          \
	X(BODY, BYTES, 262144)                                                                     \
	X(CONNECT_TIMEOUT_MS, U64, 8)                                                              \
	X(TIMEOUT_MS, U64, 8)                                                                      \
	X(HTTP_STATUS, U64, 8)                                                                     \
	X(DATE_S, U64, 8)                                                                          \
	X(RETRY_AFTER_S, U64, 8)                                                                   \
	X(CONFIG, BYTES, 262144)                                                                   \
	X(PATH, STR, 1024)                                                                         \
	X(DRY_RUN, U64, 8)                                                                         \
	X(SSHD_READY, U64, 8)      /* provisional entries may be answered */                       \
	X(STEP, U64, 8)                                                                            \
	X(STEPS, U64, 8)                                                                           \
	X(GATE, U64, 8)            /* enum gate_state */                                           \
	X(INTEGRATION, STR, 33)    /* 32 hexadecimal digits */                                     \
	X(SINCE_S, U64, 8)                                                                         \
	X(CONFIRMED_S, U64, 8)                                                                     \
	X(SIGNED_IN_S, U64, 8)                                                                     \
	X(LEASE_UNTIL_S, U64, 8)                                                                   \
	X(EFFECTIVE_ROLE, STR, 40)                                                                 \
	X(GROUP, STR, 40)                                                                          \
	X(LOCKED, U64, 8)                                                                          \
	X(LISTED, U64, 8)                                                                          \
	X(COUNT, U64, 8)                                                                           \
	X(HOME, STR, 256)                                                                          \
	X(SHELL, STR, 256)                                                                         \
	X(BOUND_S, U64, 8)                                                                         \
	X(HOLDER_SUB, STR, 512)    /* the person the administrator was shown */                    \
	X(REBIND_FOR_S, U64, 8)                                                                    \
	X(REBIND_CANCEL, U64, 8)                                                                   \
	X(REBIND_UNTIL_S, U64, 8)                                                                  \
	X(JWKS_FINAL, U64, 8)      /* 1: the keys are not to be fetched a second time */           \
	X(REASON, STR, 256)        /* of a disconnect, as the administrator says */                \
	X(KEEP_SESSIONS, U64, 8)   /* 1: nobody is logged out */                                   \
	X(STRIP_SETGID, U64, 8)    /* 1: take the set-gid bit off what they left behind */         \
	X(CHANGE, U64, 8)          /* enum user_change */                                          \
	X(SESSION, STR, 96)        /* id of a session */                                           \
	X(LEADER_PID, U64, 8)                                                                      \
	X(OPENED_S, U64, 8)                                                                        \
	X(LOGIND_SESSION, STR, 64) /* as logind calls it */                                        \
	X(STEP_ID, STR, 32)        /* stable name of a step */                                     \
	X(LEFT, U64, 8)            /* how many could not be done */                                \
	X(LOGIN_PAGE, STR, 512)    /* where codes of this integration are typed */                 \
	X(CHECKED_S, U64, 8)       /* when the IdP was last asked about the integration */         \
	X(REFUSALS, U64, 8)        /* its definite refusals in a row */                            \
	X(REFUSALS_NEEDED, U64, 8) /* so many disconnect */                                        \
	X(REFUSED_FOR_S, U64, 8)   /* time between the first and the last of them */               \
	X(REFUSED_NEEDED_S, U64, 8)/* so long they must last */                                    \
	X(OUTAGE_ERR, U64, 8)      /* enum cosmo_err: why it could not be asked */                 \
	X(OUTAGE_SINCE_S, U64, 8)                                                                  \
	X(UNFINISHED, U64, 8)      /* 1: a disconnect has steps left */                            \
	X(BY_HAND, U64, 8)         /* 1: an administrator asks, not the timer */                   \
	X(REBIND_NEEDED, U64, 8)   /* 1: the name is a person's of another IdP */                  \
	X(REPLACE, U64, 8)         /* 1: what is there is to be replaced */                        \
	X(STANDING, U64, 8)        /* 1: only where the host is connected already */               \
	X(BY, STR, 192)            /* who disconnected */                                          \
	X(REFRESH_ERR, U64, 8)     /* enum cosmo_err: why refreshes have no answer */              \
	X(REFRESH_ERR_SINCE_S, U64, 8)                                                             \
	X(UNCONFIRMED, U64, 8)     /* users whose roles count and are to be confirmed */           \
	X(LAPSED, U64, 8)          /* users whose lease is over */                                 \
	X(REFUSED, U64, 8)         /* users whom the IdP has refused */                            \
	X(CONFIRMED, U64, 8)       /* users whom it has confirmed */                               \
	X(CHANGED, U64, 8)         /* of these: with other roles than before */                    \
	X(UNANSWERED, U64, 8)      /* users about whom it said nothing */                          \
	X(PASSED_OVER, U64, 8)     /* users about whom nothing was to be asked */                  \
	X(SESSIONS, U64, 8)        /* sessions that were ended */                                  \
	X(RESUMED, U64, 8)         /* 1: a run that was broken off was gone on with */             \
	X(RUN_S, U64, 8)           /* when the last run of refreshes began */                      \
	X(RUN_ERR, U64, 8)         /* enum cosmo_err: what came of it */                           \
	X(LOOKS_ONLY, U64, 8)      /* 1: takes no lock, asks nobody, else says nothing */          \
	X(VALUE_STRIP_PREFIX, STR, 256) /* values of the roles claim begin so, or are passed over */\
	X(ROLE_LEASE_S, U64, 8)    /* how long roles count without a new confirmation */           \
	X(EXPLAIN, U64, 8)         /* 1: tell of the values that the rules looked at */            \
	X(SUBJECT_STATE, U64, 8)   /* enum subject_state */                                        \
	X(AUTH, U64, 8)            /* enum config_auth */                                          \
	X(ACCOUNT_ERR, U64, 8)     /* enum cosmo_err of the account phase */                       \
	X(ONCE, U64, 8)            /* 1: nothing is to last beyond this sign-in */

/* X(message, field, how often): ONE exactly once, OPT at most once, MANY any number up to MESSAGE_MAX_REPEATS. */
#define MESSAGE_FIELD_LIST(X)                                                                      \
	X(SIGN_IN, SERVICE, ONE) X(SIGN_IN, USER, ONE) X(SIGN_IN, RHOST, OPT)                      \
	X(SIGN_IN, TTY, OPT) X(SIGN_IN, RUID, ONE) X(SIGN_IN, INTERACTIVE, ONE)                    \
	X(SIGN_IN, FROZEN_UID, OPT) X(SIGN_IN, FROZEN_GID, OPT) X(SIGN_IN, FROZEN_HOME, OPT)       \
	X(SIGN_IN, FROZEN_SHELL, OPT) X(SIGN_IN, SSH_AUTH_INFO, OPT)                             \
	X(ACCOUNT, SERVICE, ONE) X(ACCOUNT, USER, ONE) X(ACCOUNT, RHOST, OPT)                      \
	X(ACCOUNT, TTY, OPT) X(ACCOUNT, RUID, ONE) X(ACCOUNT, SSH_AUTH_INFO, OPT)                  \
	X(ACCOUNT, LOOKS_ONLY, OPT)                                                                \
	X(OPEN_SESSION, SERVICE, ONE) X(OPEN_SESSION, USER, ONE) X(OPEN_SESSION, RHOST, OPT)       \
	X(OPEN_SESSION, TTY, OPT) X(OPEN_SESSION, RUID, ONE)                                       \
	X(CLOSE_SESSION, SERVICE, ONE) X(CLOSE_SESSION, USER, ONE) X(CLOSE_SESSION, RHOST, OPT)    \
	X(CLOSE_SESSION, TTY, OPT) X(CLOSE_SESSION, RUID, ONE)                                     \
	X(SHOW, VERIFICATION_URI, ONE) X(SHOW, VERIFICATION_URI_COMPLETE, OPT)                     \
	X(SHOW, USER_CODE, ONE) X(SHOW, EXPIRES_IN_S, ONE) X(SHOW, QR_MODE, ONE)                   \
	X(SHOW, HOST, ONE) X(SHOW, ISSUER, ONE)                                                    \
	X(RESULT, ERR, ONE) X(RESULT, TEXT, OPT) X(RESULT, DETAIL, OPT)                            \
	X(CTL_CONNECT, CONFIG, ONE) X(CTL_CONNECT, DRY_RUN, OPT)                                   \
	X(CTL_CONNECT, STANDING, OPT)                                                              \
	X(CTL_CHECK_CONFIG, CONFIG, OPT) X(CTL_CHECK_CONFIG, PATH, OPT)                            \
	X(CTL_APPLY, SSHD_READY, OPT)                                                              \
	X(CTL_USER_LIST, ISSUER, OPT)                                                              \
	X(CTL_USER_SHOW, USER, ONE) X(CTL_USER_ADD, USER, ONE)                                     \
	X(CTL_ROLES_TEST, CLAIMS, ONE)                                                             \
	X(CTL_USER_REBIND, USER, ONE) X(CTL_USER_REBIND, SUB, OPT)                                 \
	X(CTL_USER_REBIND, REBIND_FOR_S, OPT) X(CTL_USER_REBIND, REBIND_CANCEL, OPT)               \
	X(CTL_USER_REBIND, HOLDER_SUB, OPT) X(CTL_USER_REBIND, DRY_RUN, OPT)                       \
	X(CTL_DISCONNECT, REASON, OPT) X(CTL_DISCONNECT, KEEP_SESSIONS, OPT)                       \
	X(CTL_DISCONNECT, STRIP_SETGID, OPT) X(CTL_DISCONNECT, DRY_RUN, OPT)                       \
	X(CTL_CHECK, BY_HAND, OPT)                                                                 \
	X(CTL_USER_CHANGE, USER, ONE) X(CTL_USER_CHANGE, CHANGE, ONE)                              \
	X(CTL_USER_CHANGE, REASON, OPT) X(CTL_USER_CHANGE, KEEP_SESSIONS, OPT)                     \
	X(CTL_USER_CHANGE, DRY_RUN, OPT)                                                           \
	X(CTL_SESSION_END, SESSION, OPT) X(CTL_SESSION_END, USER, OPT)                             \
	X(CTL_SESSION_END, DRY_RUN, OPT)                                                           \
	X(CTL_BACKUP, PATH, ONE)                                                                   \
	X(CTL_RESTORE, PATH, ONE) X(CTL_RESTORE, DRY_RUN, OPT) X(CTL_RESTORE, REPLACE, OPT)        \
	X(CTL_ADOPT, DRY_RUN, OPT)                                                                 \
	X(CTL_REPAIR, DRY_RUN, OPT)                                                                \
	X(STEP_ITEM, STEP_ID, ONE) X(STEP_ITEM, ERR, ONE) X(STEP_ITEM, COUNT, OPT)                 \
	X(STEP_ITEM, LEFT, OPT) X(STEP_ITEM, DETAIL, OPT)                                          \
	X(SESSION_ITEM, SESSION, ONE) X(SESSION_ITEM, USER, ONE) X(SESSION_ITEM, UID, ONE)         \
	X(SESSION_ITEM, SERVICE, ONE) X(SESSION_ITEM, TTY, OPT) X(SESSION_ITEM, RHOST, OPT)        \
	X(SESSION_ITEM, LEADER_PID, ONE) X(SESSION_ITEM, OPENED_S, ONE)                            \
	X(SESSION_ITEM, LOGIND_SESSION, OPT) X(SESSION_ITEM, INTEGRATION, OPT)                     \
	X(SESSION_ITEM, ERR, OPT)                                                                  \
	X(CHECK_ITEM, ERR, ONE) X(CHECK_ITEM, DETAIL, OPT) X(CHECK_ITEM, CHECKED_S, OPT)           \
	X(CHECK_ITEM, REFUSALS, OPT) X(CHECK_ITEM, REFUSALS_NEEDED, OPT)                           \
	X(CHECK_ITEM, REFUSED_FOR_S, OPT) X(CHECK_ITEM, REFUSED_NEEDED_S, OPT)                     \
	X(CHECK_ITEM, OUTAGE_ERR, OPT) X(CHECK_ITEM, OUTAGE_SINCE_S, OPT)                          \
	X(PROGRESS, TEXT, ONE) X(PROGRESS, STEP, OPT) X(PROGRESS, STEPS, OPT)                      \
	X(STATUS_ITEM, GATE, ONE) X(STATUS_ITEM, INTEGRATION, OPT) X(STATUS_ITEM, ISSUER, OPT)     \
	X(STATUS_ITEM, CLIENT_ID, OPT) X(STATUS_ITEM, SINCE_S, OPT) X(STATUS_ITEM, COUNT, ONE)     \
	X(STATUS_ITEM, SSHD_READY, OPT) X(STATUS_ITEM, OFFLINE_ACCESS, OPT)                        \
	X(STATUS_ITEM, CONFIRMED_S, OPT) X(STATUS_ITEM, ERR, OPT) X(STATUS_ITEM, DETAIL, OPT)      \
	X(STATUS_ITEM, REASON, OPT) X(STATUS_ITEM, LOGIN_PAGE, OPT) X(STATUS_ITEM, HOST, OPT)      \
	X(STATUS_ITEM, UNFINISHED, OPT) X(STATUS_ITEM, CHECKED_S, OPT)                             \
	X(STATUS_ITEM, REFUSALS, OPT) X(STATUS_ITEM, OUTAGE_ERR, OPT)                              \
	X(STATUS_ITEM, OUTAGE_SINCE_S, OPT) X(STATUS_ITEM, USERNAME_CLAIM, OPT)                    \
	X(STATUS_ITEM, STRIP_DOMAIN, MANY) X(STATUS_ITEM, BY, OPT)                                 \
	X(STATUS_ITEM, REFRESH_ERR, OPT) X(STATUS_ITEM, REFRESH_ERR_SINCE_S, OPT)                  \
	X(STATUS_ITEM, UNCONFIRMED, OPT) X(STATUS_ITEM, LAPSED, OPT)                               \
	X(CTL_REFRESH, USER, OPT) X(CTL_REFRESH, BY_HAND, OPT)                                     \
	X(REFRESH_ITEM, COUNT, ONE) X(REFRESH_ITEM, CONFIRMED, ONE) X(REFRESH_ITEM, CHANGED, ONE)  \
	X(REFRESH_ITEM, REFUSED, ONE) X(REFRESH_ITEM, UNANSWERED, ONE)                             \
	X(REFRESH_ITEM, PASSED_OVER, ONE) X(REFRESH_ITEM, SESSIONS, ONE)                           \
	X(REFRESH_ITEM, RESUMED, OPT) X(REFRESH_ITEM, UNFINISHED, OPT)                             \
	X(STATUS_ITEM, RUN_S, OPT) X(STATUS_ITEM, RUN_ERR, OPT) X(STATUS_ITEM, UNANSWERED, OPT)    \
	X(STATUS_ITEM, REFUSED, OPT) X(STATUS_ITEM, ROLE_LEASE_S, OPT)                             \
	X(CTL_USER_EXPLAIN, USER, ONE)                                                             \
	X(PROBE_ITEM, ERR, ONE) X(PROBE_ITEM, STEP_ID, ONE) X(PROBE_ITEM, DETAIL, OPT)             \
	X(PROBE_ITEM, ISSUER, OPT) X(PROBE_ITEM, CLIENT_ID, OPT) X(PROBE_ITEM, PROXY, OPT)         \
	X(PROBE_ITEM, CHECKED_S, ONE) X(PROBE_ITEM, IDP_TIME_S, OPT)                               \
	X(PROBE_ITEM, SKEW_S, OPT) X(PROBE_ITEM, KEY_COUNT, OPT) X(PROBE_ITEM, PATH, OPT)          \
	X(VERDICT_ITEM, STEP_ID, ONE) X(VERDICT_ITEM, ERR, ONE) X(VERDICT_ITEM, SERVICE, OPT)      \
	X(VERDICT_ITEM, DETAIL, OPT) X(VERDICT_ITEM, GATE, OPT) X(VERDICT_ITEM, GROUP, MANY)       \
	X(USER_ITEM, USER, ONE) X(USER_ITEM, UID, OPT) X(USER_ITEM, DISPLAY_NAME, OPT)             \
	X(USER_ITEM, ROLE, MANY) X(USER_ITEM, EFFECTIVE_ROLE, MANY) X(USER_ITEM, ERR, OPT)         \
	X(USER_ITEM, CONFIRMED_S, OPT) X(USER_ITEM, SIGNED_IN_S, OPT)                              \
	X(USER_ITEM, LEASE_UNTIL_S, OPT) X(USER_ITEM, LOCKED, OPT) X(USER_ITEM, LISTED, OPT)       \
	X(USER_ITEM, ISSUER, OPT) X(USER_ITEM, SUB, OPT) X(USER_ITEM, HOME, OPT)                   \
	X(USER_ITEM, SHELL, OPT) X(USER_ITEM, INTEGRATION, OPT) X(USER_ITEM, BOUND_S, OPT)         \
	X(USER_ITEM, REBIND_UNTIL_S, OPT) X(USER_ITEM, REBIND_NEEDED, OPT)                          \
	X(USER_ITEM, SINCE_S, OPT) X(USER_ITEM, REASON, OPT)                                        \
	X(ROLES_ITEM, RULE, OPT) X(ROLES_ITEM, CLAIM_VALUE, OPT) X(ROLES_ITEM, ROLE, MANY)         \
	X(ROLES_ITEM, GROUP, MANY) X(ROLES_ITEM, USERNAME, OPT) X(ROLES_ITEM, SUB, OPT)            \
	X(ROLES_ITEM, CLAIM_STATE, OPT) X(ROLES_ITEM, DETAIL, OPT)                                 \
	JUDGE_SETUP_FIELDS(X, JUDGE_SIGN_IN) JUDGE_CLAIM_FIELDS(X, JUDGE_SIGN_IN)                  \
	X(JUDGE_SIGN_IN, ACR, OPT) X(JUDGE_SIGN_IN, AUTH_MAX_AGE_S, OPT)                           \
	X(JUDGE_SIGN_IN, JWKS_FINAL, OPT)                                                          \
	JUDGE_SETUP_FIELDS(X, JUDGE_PROBE)                                                         \
	JUDGE_SETUP_FIELDS(X, JUDGE_CHECK) JUDGE_SETUP_FIELDS(X, JUDGE_REVOKE)                     \
	X(JUDGE_REVOKE, REFRESH_TOKEN, MANY)                                                       \
	X(JUDGE_REVOKED, COUNT, ONE) X(JUDGE_REVOKED, LEFT, ONE) X(JUDGE_REVOKED, ERR, OPT)        \
	X(JUDGE_REVOKED, DETAIL, OPT)                                                              \
	JUDGE_SETUP_FIELDS(X, JUDGE_REFRESH) JUDGE_CLAIM_FIELDS(X, JUDGE_REFRESH)                  \
	X(JUDGE_REFRESH, JWKS_FINAL, OPT) X(JUDGE_REFRESH, REFRESH_TOKEN, ONE)                     \
	X(JUDGE_TOKEN, REFRESH_TOKEN, ONE) X(JUDGE_TOKEN, REFRESH_EXPIRES_IN_S, OPT)               \
	JUDGE_CLAIM_FIELDS(X, JUDGE_RULES) X(JUDGE_RULES, CLAIMS, OPT)                             \
	X(JUDGE_VERIFY, TOKEN, ONE) X(JUDGE_VERIFY, JWKS, ONE) X(JUDGE_VERIFY, ISSUER, OPT)        \
	X(JUDGE_VERIFY, CLIENT_ID, OPT) X(JUDGE_VERIFY, ALG, MANY) X(JUDGE_VERIFY, SKEW_S, ONE)    \
	X(JUDGE_CACHE, DISCOVERY, OPT) X(JUDGE_CACHE, JWKS, OPT) X(JUDGE_CACHE, MAX_AGE_S, ONE)    \
	X(JUDGE_SHOW, VERIFICATION_URI, ONE) X(JUDGE_SHOW, VERIFICATION_URI_COMPLETE, OPT)         \
	X(JUDGE_SHOW, USER_CODE, ONE) X(JUDGE_SHOW, EXPIRES_IN_S, ONE)                             \
	X(JUDGE_SHOW, INTERVAL_S, ONE)                                                             \
	X(JUDGE_IDENTITY, ISSUER, ONE) X(JUDGE_IDENTITY, SUB, ONE)                                 \
	X(JUDGE_IDENTITY, USERNAME, ONE) X(JUDGE_IDENTITY, DISPLAY_NAME, OPT)                      \
	X(JUDGE_IDENTITY, ROLE, MANY) X(JUDGE_IDENTITY, CLAIM_STATE, ONE)                          \
	X(JUDGE_IDENTITY, AUTH_TIME_S, OPT) X(JUDGE_IDENTITY, IDP_TIME_S, OPT)                     \
	X(JUDGE_IDENTITY, ACR, OPT) X(JUDGE_IDENTITY, AMR, MANY)                                   \
	X(JUDGE_IDENTITY, REFRESH_TOKEN, OPT) X(JUDGE_IDENTITY, REFRESH_EXPIRES_IN_S, OPT)         \
	X(JUDGE_IDENTITY, UID, OPT) X(JUDGE_IDENTITY, DETAIL, OPT)                                 \
	X(JUDGE_PROBED, ISSUER, ONE) X(JUDGE_PROBED, DEVICE_ENDPOINT, ONE)                         \
	X(JUDGE_PROBED, TOKEN_ENDPOINT, ONE) X(JUDGE_PROBED, REVOCATION_ENDPOINT, OPT)             \
	X(JUDGE_PROBED, OFFLINE_ACCESS, ONE) X(JUDGE_PROBED, KEY_COUNT, ONE)                       \
	X(JUDGE_PROBED, IDP_TIME_S, OPT) X(JUDGE_PROBED, LOGIN_PAGE, OPT)                          \
	X(JUDGE_MATCH, RULE, OPT) X(JUDGE_MATCH, CLAIM_VALUE, OPT) X(JUDGE_MATCH, ERR, OPT)        \
	X(JUDGE_MATCH, DETAIL, OPT)                                                                \
	X(JUDGE_DONE, USERNAME, OPT) X(JUDGE_DONE, SUB, OPT) X(JUDGE_DONE, ROLE, MANY)             \
	X(JUDGE_DONE, CLAIM_STATE, OPT) X(JUDGE_DONE, ALG, OPT) X(JUDGE_DONE, ISSUER, OPT)         \
	X(JUDGE_DONE, DETAIL, OPT)                                                                 \
	X(JUDGE_FAILED, ERR, ONE) X(JUDGE_FAILED, DETAIL, OPT)                                     \
	X(JUDGE_FAILED, STEP_ID, OPT) X(JUDGE_FAILED, IDP_TIME_S, OPT)                             \
	X(FETCH_REQUEST, METHOD, ONE) X(FETCH_REQUEST, URL, ONE) X(FETCH_REQUEST, CA_PEM, OPT)     \
	X(FETCH_REQUEST, PROXY, OPT) X(FETCH_REQUEST, AUTHORIZATION, OPT)                          \
	X(FETCH_REQUEST, BODY, OPT) X(FETCH_REQUEST, CONNECT_TIMEOUT_MS, ONE)                      \
	X(FETCH_REQUEST, TIMEOUT_MS, ONE)                                                          \
	X(FETCH_RESPONSE, HTTP_STATUS, ONE) X(FETCH_RESPONSE, BODY, ONE)                           \
	X(FETCH_RESPONSE, DATE_S, OPT) X(FETCH_RESPONSE, RETRY_AFTER_S, OPT)                       \
	X(FETCH_RESPONSE, MAX_AGE_S, OPT)                                                          \
	X(FETCH_FAILED, ERR, ONE) X(FETCH_FAILED, DETAIL, OPT)                                     \
	X(JUDGE_SIGN_IN, EXPLAIN, OPT)                                                             \
	X(CTL_LOGIN_TEST, DRY_RUN, OPT) X(CTL_LOGIN_TEST, TTY, OPT)                                \
	X(CTL_LOGIN_TEST, SERVICE, OPT)                                                            \
	X(LOGIN_ITEM, USERNAME, ONE) X(LOGIN_ITEM, DISPLAY_NAME, OPT) X(LOGIN_ITEM, ISSUER, ONE)   \
	X(LOGIN_ITEM, SUB, ONE) X(LOGIN_ITEM, SUBJECT_STATE, ONE) X(LOGIN_ITEM, UID, OPT)          \
	X(LOGIN_ITEM, CLAIM_STATE, ONE) X(LOGIN_ITEM, ROLE, MANY) X(LOGIN_ITEM, GROUP, MANY)       \
	X(LOGIN_ITEM, SERVICE, ONE) X(LOGIN_ITEM, ERR, ONE) X(LOGIN_ITEM, DETAIL, OPT)             \
	X(SERVICE_ITEM, SERVICE, ONE) X(SERVICE_ITEM, AUTH, ONE) X(SERVICE_ITEM, ERR, ONE)         \
	X(SERVICE_ITEM, ACCOUNT_ERR, ONE)                                                          \
	X(LOGIN_NAME, USERNAME, ONE)                                                               \
	X(LOGIN_ENTRY, ERR, ONE) X(LOGIN_ENTRY, UID, OPT)                                          \
	X(JUDGE_SIGN_IN, ONCE, OPT)

/* What the judge needs for asking an IdP anything. */
#define JUDGE_SETUP_FIELDS(X, message)                                                             \
	X(message, ISSUER, ONE) X(message, CLIENT_ID, ONE) X(message, CLIENT_AUTH, ONE)            \
	X(message, CLIENT_SECRET, OPT) X(message, SCOPES, ONE) X(message, AUDIENCE, OPT)           \
	X(message, CA_PEM, OPT) X(message, PROXY, OPT) X(message, DISCOVERY, OPT)                  \
	X(message, JWKS, OPT) X(message, ALG, MANY) X(message, SKEW_S, ONE)                        \
	X(message, DEADLINE_MS, ONE)

/* What it needs for making an identity of claims. */
#define JUDGE_CLAIM_FIELDS(X, message)                                                             \
	X(message, USERNAME_CLAIM, ONE) X(message, SUBJECT_CLAIM, ONE)                             \
	X(message, NAME_CLAIM, ONE) X(message, ROLES_CLAIM, ONE) X(message, UID_CLAIM, OPT)        \
	X(message, VALUE_STRIP_PREFIX, OPT)                                                        \
	X(message, RULE, MANY) X(message, STRIP_DOMAIN, MANY) X(message, KEEP_DOMAINS, ONE)

/*
 * X(channel, state before, sender, message, state after). CLIENT is who started the other side: module, ctl, helper
 * towards judge, judge towards fetch. Anything not listed ends the exchange in denial.
 */
#define DIALOGUE_LIST(X)                                                                           \
	X(MODULE_HELPER, START, CLIENT, SIGN_IN, ASKED_LONG)                                       \
	X(MODULE_HELPER, ASKED_LONG, SERVER, SHOW, SHOWN)                                          \
	X(MODULE_HELPER, ASKED_LONG, SERVER, RESULT, DONE)                                         \
	X(MODULE_HELPER, SHOWN, SERVER, RESULT, DONE)                                              \
	X(MODULE_HELPER, START, CLIENT, ACCOUNT, ASKED)                                            \
	X(MODULE_HELPER, START, CLIENT, OPEN_SESSION, ASKED)                                       \
	X(MODULE_HELPER, START, CLIENT, CLOSE_SESSION, ASKED)                                      \
	X(MODULE_HELPER, ASKED, SERVER, RESULT, DONE)                                              \
	X(CTL_HELPER, START, CLIENT, CTL_CONNECT, ASKED)                                           \
	X(CTL_HELPER, START, CLIENT, CTL_CHECK_CONFIG, ASKED)                                      \
	X(CTL_HELPER, START, CLIENT, CTL_APPLY, ASKED)                                             \
	X(CTL_HELPER, START, CLIENT, CTL_STATUS, ASKED)                                            \
	X(CTL_HELPER, START, CLIENT, CTL_USER_LIST, ASKED)                                         \
	X(CTL_HELPER, START, CLIENT, CTL_USER_SHOW, ASKED)                                         \
	X(CTL_HELPER, START, CLIENT, CTL_USER_ADD, ASKED)                                          \
	X(CTL_HELPER, START, CLIENT, CTL_ROLES_TEST, ASKED)                                        \
	X(CTL_HELPER, START, CLIENT, CTL_BOOT, ASKED)                                              \
	X(CTL_HELPER, START, CLIENT, CTL_USER_REBIND, ASKED)                                       \
	X(CTL_HELPER, START, CLIENT, CTL_DISCONNECT, ASKED)                                        \
	X(CTL_HELPER, START, CLIENT, CTL_CHECK, ASKED)                                             \
	X(CTL_HELPER, START, CLIENT, CTL_USER_CHANGE, ASKED)                                       \
	X(CTL_HELPER, START, CLIENT, CTL_SESSION_LIST, ASKED)                                      \
	X(CTL_HELPER, START, CLIENT, CTL_SESSION_END, ASKED)                                       \
	X(CTL_HELPER, START, CLIENT, CTL_BACKUP, ASKED)                                            \
	X(CTL_HELPER, START, CLIENT, CTL_RESTORE, ASKED)                                           \
	X(CTL_HELPER, START, CLIENT, CTL_ADOPT, ASKED)                                             \
	X(CTL_HELPER, START, CLIENT, CTL_REPAIR, ASKED)                                            \
	X(CTL_HELPER, START, CLIENT, CTL_REFRESH, ASKED)                                           \
	X(CTL_HELPER, START, CLIENT, CTL_PROBE, ASKED)                                             \
	X(CTL_HELPER, START, CLIENT, CTL_USER_EXPLAIN, ASKED)                                      \
	X(CTL_HELPER, ASKED, SERVER, PROGRESS, ASKED)                                              \
	X(CTL_HELPER, ASKED, SERVER, STATUS_ITEM, ASKED)                                           \
	X(CTL_HELPER, ASKED, SERVER, USER_ITEM, ASKED)                                             \
	X(CTL_HELPER, ASKED, SERVER, ROLES_ITEM, ASKED)                                            \
	X(CTL_HELPER, ASKED, SERVER, STEP_ITEM, ASKED)                                             \
	X(CTL_HELPER, ASKED, SERVER, SESSION_ITEM, ASKED)                                          \
	X(CTL_HELPER, ASKED, SERVER, CHECK_ITEM, ASKED)                                            \
	X(CTL_HELPER, ASKED, SERVER, REFRESH_ITEM, ASKED)                                          \
	X(CTL_HELPER, ASKED, SERVER, PROBE_ITEM, ASKED)                                            \
	X(CTL_HELPER, ASKED, SERVER, VERDICT_ITEM, ASKED)                                          \
	X(CTL_HELPER, ASKED, SERVER, RESULT, DONE)                                                 \
	X(CTL_HELPER, START, CLIENT, CTL_LOGIN_TEST, ASKED_LONG)                                   \
	X(CTL_HELPER, ASKED_LONG, SERVER, PROGRESS, ASKED_LONG)                                    \
	X(CTL_HELPER, ASKED_LONG, SERVER, SHOW, SHOWN)                                             \
	X(CTL_HELPER, ASKED_LONG, SERVER, RESULT, DONE)                                            \
	X(CTL_HELPER, SHOWN, SERVER, PROGRESS, SHOWN)                                              \
	X(CTL_HELPER, SHOWN, SERVER, ROLES_ITEM, SHOWN)                                            \
	X(CTL_HELPER, SHOWN, SERVER, LOGIN_ITEM, SHOWN)                                            \
	X(CTL_HELPER, SHOWN, SERVER, SERVICE_ITEM, SHOWN)                                          \
	X(CTL_HELPER, SHOWN, SERVER, RESULT, DONE)                                                 \
	X(CTL_HELPER, SHOWN, SERVER, LOGIN_NAME, NAMING)                                           \
	X(CTL_HELPER, NAMING, CLIENT, LOGIN_ENTRY, SHOWN)                                          \
	X(CTL_HELPER, NAMING, SERVER, RESULT, DONE)                                                \
	X(JUDGE, START, CLIENT, JUDGE_SIGN_IN, ASKED_LONG)                                         \
	X(JUDGE, ASKED_LONG, SERVER, JUDGE_CACHE, ASKED_LONG)                                      \
	X(JUDGE, ASKED_LONG, SERVER, JUDGE_SHOW, SHOWN)                                            \
	X(JUDGE, ASKED_LONG, SERVER, JUDGE_FAILED, DONE)                                           \
	X(JUDGE, SHOWN, SERVER, JUDGE_CACHE, SHOWN)                                                \
	X(JUDGE, SHOWN, SERVER, JUDGE_MATCH, SHOWN)                                                \
	X(JUDGE, SHOWN, SERVER, JUDGE_IDENTITY, DONE)                                              \
	X(JUDGE, SHOWN, SERVER, JUDGE_FAILED, DONE)                                                \
	X(JUDGE, START, CLIENT, JUDGE_PROBE, PROBING)                                              \
	X(JUDGE, PROBING, SERVER, JUDGE_CACHE, PROBING)                                            \
	X(JUDGE, PROBING, SERVER, JUDGE_PROBED, DONE)                                              \
	X(JUDGE, PROBING, SERVER, JUDGE_FAILED, DONE)                                              \
	X(JUDGE, START, CLIENT, JUDGE_CHECK, CHECKING)                                             \
	X(JUDGE, CHECKING, SERVER, JUDGE_DONE, DONE)                                               \
	X(JUDGE, CHECKING, SERVER, JUDGE_FAILED, DONE)                                             \
	X(JUDGE, START, CLIENT, JUDGE_REVOKE, REVOKING)                                            \
	X(JUDGE, REVOKING, SERVER, JUDGE_REVOKED, DONE)                                            \
	X(JUDGE, REVOKING, SERVER, JUDGE_FAILED, DONE)                                             \
	X(JUDGE, START, CLIENT, JUDGE_REFRESH, REFRESHING)                                         \
	X(JUDGE, REFRESHING, SERVER, JUDGE_CACHE, REFRESHING)                                      \
	X(JUDGE, REFRESHING, SERVER, JUDGE_TOKEN, REFRESHED)                                       \
	X(JUDGE, REFRESHING, SERVER, JUDGE_IDENTITY, DONE)                                         \
	X(JUDGE, REFRESHING, SERVER, JUDGE_FAILED, DONE)                                           \
	X(JUDGE, REFRESHED, SERVER, JUDGE_CACHE, REFRESHED)                                        \
	X(JUDGE, REFRESHED, SERVER, JUDGE_IDENTITY, DONE)                                          \
	X(JUDGE, REFRESHED, SERVER, JUDGE_FAILED, DONE)                                            \
	X(JUDGE, START, CLIENT, JUDGE_RULES, ASKED)                                                \
	X(JUDGE, START, CLIENT, JUDGE_VERIFY, ASKED)                                               \
	X(JUDGE, ASKED, SERVER, JUDGE_MATCH, ASKED)                                                \
	X(JUDGE, ASKED, SERVER, JUDGE_DONE, DONE)                                                  \
	X(JUDGE, ASKED, SERVER, JUDGE_FAILED, DONE)                                                \
	X(FETCH, START, CLIENT, FETCH_REQUEST, ASKED)                                              \
	X(FETCH, ASKED, SERVER, FETCH_RESPONSE, START)                                             \
	X(FETCH, ASKED, SERVER, FETCH_FAILED, START)
