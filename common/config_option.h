/* SPDX-License-Identifier: MIT */
/* One option: what it is called, where its value goes, which values it may have. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "common/config_form.h"

enum config_section {
	SECTION_INTEGRATION,
	SECTION_ENROLL,
	SECTION_ROLES,
	SECTION_ROLE,    /* [role NAME] */
	SECTION_RULES,   /* keys are roles: no options */
	SECTION_ACCESS,  /* keys are services: no options */
	SECTION_SERVICE, /* [service NAME] */
	SECTION_PROMPT,
	SECTION_LIMITS,
	SECTION_COUNT,
};

enum config_type {
	TYPE_TEXT,     /* char *; at most max bytes */
	TYPE_NAME,     /* char[33]; likewise */
	TYPE_LIST,     /* struct config_list, apart by blanks or commas; min to max items */
	TYPE_BOOL,     /* bool: yes or no */
	TYPE_FLAG,     /* bool: one of two words */
	TYPE_WORD,     /* an enum: one of the words */
	TYPE_ID,       /* uint32_t, decimal or hexadecimal */
	TYPE_COUNT,    /* uint32_t */
	TYPE_DURATION, /* int64_t, seconds */
	TYPE_AUTH,     /* the whole struct config_service: auth, recent_s, has_auth */
};

/* A word of TYPE_WORD or TYPE_FLAG; a list of them ends with a NULL text. */
struct config_word {
	const char *text;
	unsigned int value;
};

struct config_option {
	enum config_section section;
	const char *key;
	enum config_type type;
	size_t offset; /* in struct config, config_role ([role]) or config_service ([service]) */
	int64_t min;
	int64_t max;
	const char *fallback; /* the default as it would be written; NULL: see note */
	bool secret; /* wiped and never printed: it holds a secret, or is likely mistaken for it */
	const struct config_form *form;
	const struct config_word *words;
	const char *note; /* for people: what holds if it is not given; NULL: the fallback */
};

/*
 * Parse @value into its place in @target. Errors: COSMO_E_INVALID (the old value stays),
 * COSMO_E_NOMEM.
 */
COSMO_MUST_USE enum cosmo_err config_option_set(
	const struct config_option *option, void *target, const char *value);

/* Free what the option holds in @target, wiped if it is secret; it is empty afterwards. */
void config_option_clear(const struct config_option *option, void *target);

/* Which values are allowed, for a sentence: "yes or no", "a duration from 5m to 30d". */
void config_option_expects(const struct config_option *option, char *ret, size_t ret_size);
