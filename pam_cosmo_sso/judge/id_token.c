/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/judge/id_token.h"

#include <inttypes.h>

static enum cosmo_err check_issuer(struct json_object *claims, const struct id_token_policy *policy,
	int64_t now_s, struct reason *why)
{
	const char *issuer = json_text(json_member(claims, "iss"));

	(void)now_s;
	if (!policy->issuer || streq(issuer, policy->issuer))
		return COSMO_OK;
	return reason_give(why, COSMO_E_TOKEN_ISS, "token: iss is \"%s\", expected \"%s\"",
		issuer ? issuer : "(none)", policy->issuer);
}

static bool is_audience(struct json_object *aud, const char *client_id)
{
	if (streq(json_text(aud), client_id))
		return true;
	for (size_t i = 0; i < json_array_count(aud); i++)
		if (streq(json_text(json_array_at(aud, i)), client_id))
			return true;
	return false;
}

static enum cosmo_err check_audience(struct json_object *claims,
	const struct id_token_policy *policy, int64_t now_s, struct reason *why)
{
	struct json_object *aud = json_member(claims, "aud");
	const char *azp = json_text(json_member(claims, "azp"));

	(void)now_s;
	if (!policy->client_id)
		return COSMO_OK;
	if (!is_audience(aud, policy->client_id))
		return reason_give(why, COSMO_E_TOKEN_AUD, "token: client id \"%s\" is not in aud",
			policy->client_id);
	/* Other audiences are trusted only as far as the IdP names us the party it was made for. */
	if (!json_has(claims, "azp") && json_array_count(aud) <= 1)
		return COSMO_OK;
	if (!streq(azp, policy->client_id))
		return reason_give(why, COSMO_E_TOKEN_AZP, "token: azp is \"%s\", expected \"%s\"",
			azp ? azp : "(none)", policy->client_id);
	return COSMO_OK;
}

static enum cosmo_err read_time(struct json_object *claims, const char *name, bool needed,
	struct reason *why, int64_t *ret_s)
{
	enum cosmo_err err = json_time(claims, name, ret_s);

	if (err == COSMO_OK || (err == COSMO_E_NOT_FOUND && !needed && !json_has(claims, name)))
		return COSMO_OK;
	return reason_give(why, COSMO_E_TOKEN_CLAIM, "token: %s is missing or no number", name);
}

static enum cosmo_err check_times(struct json_object *claims, const struct id_token_policy *policy,
	int64_t now_s, struct reason *why)
{
	int64_t exp_s = 0;
	int64_t iat_s = 0;
	int64_t nbf_s = INT64_MIN;
	enum cosmo_err err = read_time(claims, "exp", true, why, &exp_s);

	if (err == COSMO_OK)
		err = read_time(claims, "iat", true, why, &iat_s);
	if (err == COSMO_OK)
		err = read_time(claims, "nbf", false, why, &nbf_s);
	if (err != COSMO_OK)
		return err;
	/* These three are hostile: nothing is added to them, only to our own clock. */
	if (now_s - policy->skew_s >= exp_s)
		return reason_give(why, COSMO_E_TOKEN_EXPIRED,
			"token: exp %" PRId64 ", now %" PRId64, exp_s, now_s);
	if (iat_s > now_s + policy->skew_s)
		return reason_give(why, COSMO_E_TOKEN_EARLY,
			"token: iat %" PRId64 " is ahead of now %" PRId64 "; is a clock wrong?",
			iat_s, now_s);
	if (nbf_s > now_s + policy->skew_s)
		return reason_give(why, COSMO_E_TOKEN_EARLY,
			"token: nbf %" PRId64 " is ahead of now %" PRId64 "; is a clock wrong?",
			nbf_s, now_s);
	return COSMO_OK;
}

static enum cosmo_err check_subject(struct json_object *claims,
	const struct id_token_policy *policy, int64_t now_s, struct reason *why)
{
	const char *sub = NULL;

	(void)policy;
	(void)now_s;
	if (json_str(claims, "sub", ID_TOKEN_MAX_SUB_BYTES, &sub) == COSMO_OK)
		return COSMO_OK;
	return reason_give(why, COSMO_E_TOKEN_SUB, "token: sub is missing, empty or too long");
}

/* OpenID Connect Core 1.0, 3.1.3.7 items 12 and 13. */
static enum cosmo_err check_strength(struct json_object *claims,
	const struct id_token_policy *policy, int64_t now_s, struct reason *why)
{
	const char *acr = json_text(json_member(claims, "acr"));
	int64_t auth_time_s = 0;

	if (policy->acr && !streq(acr, policy->acr))
		return reason_give(why, COSMO_E_STEP_UP, "token: acr is \"%s\", demanded \"%s\"",
			acr ? acr : "(none)", policy->acr);
	if (policy->max_age_s == 0)
		return COSMO_OK;
	if (json_time(claims, "auth_time", &auth_time_s) != COSMO_OK)
		return reason_give(why, COSMO_E_STEP_UP,
			"token: a recent sign-in is demanded, but there is no auth_time");
	if (now_s - policy->skew_s - policy->max_age_s > auth_time_s)
		return reason_give(why, COSMO_E_STEP_UP,
			"token: auth_time %" PRId64 " is more than %" PRId64 " s ago", auth_time_s,
			policy->max_age_s);
	return COSMO_OK;
}

const struct id_token_rule id_token_rules[ID_TOKEN_RULE_COUNT] = {
	{"iss", check_issuer},
	{"aud, azp", check_audience},
	{"exp, iat, nbf", check_times},
	{"sub", check_subject},
	{"acr, auth_time", check_strength},
};

enum cosmo_err id_token_check(struct json_object *claims, const struct id_token_policy *policy,
	int64_t now_s, struct reason *why)
{
	enum cosmo_err err = COSMO_OK;

	for (size_t i = 0; i < ID_TOKEN_RULE_COUNT && err == COSMO_OK; i++)
		err = id_token_rules[i].check(claims, policy, now_s, why);
	return err;
}
