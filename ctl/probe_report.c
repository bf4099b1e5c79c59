/* SPDX-License-Identifier: MIT */
#include "ctl/probe_report.h"

static const char *const stage_names[] = {
	[PROBE_DNS] = "dns",
	[PROBE_PROXY] = "proxy",
	[PROBE_CA] = "ca",
	[PROBE_DISCOVERY] = "discovery",
	[PROBE_KEYS] = "keys",
	[PROBE_CLIENT] = "client",
	[PROBE_STAGE_COUNT] = "",
};

/* What the helper and the judge call the step at which it ended. */
static const struct {
	const char *step;
	enum probe_stage stage;
	bool was_asked;
} steps[] = {
	{"config", PROBE_DISCOVERY, false},
	{"ca_file", PROBE_CA, false},
	{"secret_file", PROBE_CLIENT, false},
	{"judge", PROBE_DISCOVERY, false},
	{"discovery", PROBE_DISCOVERY, true},
	{"keys", PROBE_KEYS, true},
	{"client", PROBE_CLIENT, true},
	{"done", PROBE_STAGE_COUNT, true},
};

/* What these are about, at whatever step they come. */
static const struct {
	enum cosmo_err err;
	enum probe_stage stage;
} subjects[] = {
	{COSMO_E_DNS, PROBE_DNS},
	{COSMO_E_PROXY, PROBE_PROXY},
	{COSMO_E_TLS_TRUST, PROBE_CA},
	{COSMO_E_IDP_NO_KEYS, PROBE_KEYS},
};

const char *probe_stage_name(enum probe_stage stage)
{
	return stage_names[stage];
}

/* What no step is known of was not asked. */
static size_t step_of(const struct message *item)
{
	size_t i = 0;

	while (i < COSMO_ARRAY_LEN(steps) &&
		!streq(steps[i].step, message_str(item, FIELD_STEP_ID)))
		i++;
	return i < COSMO_ARRAY_LEN(steps) ? i : 0;
}

bool probe_was_asked(const struct message *item)
{
	return steps[step_of(item)].was_asked;
}

enum probe_stage probe_failed_at(const struct message *item)
{
	enum cosmo_err err = message_err(item);

	if (!err)
		return PROBE_STAGE_COUNT;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(subjects) && probe_was_asked(item); i++)
		if (subjects[i].err == err)
			return subjects[i].stage;
	return steps[step_of(item)].stage;
}

/* Did it end before there was TLS? At a later step there has been some. */
static bool lacked_connection(const struct message *item)
{
	enum cosmo_err err = message_err(item);

	return streq(message_str(item, FIELD_STEP_ID), "discovery") &&
	       (err == COSMO_E_CONNECT || err == COSMO_E_TLS || err == COSMO_E_IDP_TIMEOUT ||
		       err == COSMO_E_IDP_DROPPED);
}

enum probe_outcome probe_outcome_of(const struct message *item, enum probe_stage stage)
{
	enum probe_stage failed = probe_failed_at(item);

	if (stage == failed)
		return PROBE_FAILED;
	if (!probe_was_asked(item) || stage > failed)
		return PROBE_NOT_REACHED;
	return stage == PROBE_CA && lacked_connection(item) ? PROBE_NOT_REACHED : PROBE_PASSED;
}

bool probe_clock_ahead_s(const struct message *item, int64_t *ret)
{
	/* Both are seconds since 1970, held below 2^62 by who told them; what is not is no time. */
	const uint64_t most_s = UINT64_MAX / 4;
	uint64_t idp_s = message_u64(item, FIELD_IDP_TIME_S, 0);
	uint64_t host_s = message_u64(item, FIELD_CHECKED_S, 0);

	if (idp_s == 0 || idp_s > most_s || host_s > most_s)
		return false;
	*ret = (int64_t)host_s - (int64_t)idp_s;
	return true;
}
