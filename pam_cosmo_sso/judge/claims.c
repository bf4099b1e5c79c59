/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/judge/claims.h"

#include "pam_cosmo_sso/judge/claim_path.h"

void claim_values_free(struct claim_values *values)
{
	if (!values)
		return;
	free(values->items);
	free(values);
}

static struct json_object *find_in(struct json_object *claims, const char *name)
{
	struct json_object *found = json_member(claims, name);

	return found || json_has(claims, name) ? found : claim_path_follow(claims, name);
}

struct json_object *claims_find(const struct claim_sources *sources, const char *name)
{
	struct json_object *found = find_in(sources->id_token, name);

	return found ? found : find_in(sources->userinfo, name);
}

struct claim_start {
	const char *path;
};

/* Does the path, see claims_find(), begin in the claim @name? */
static bool begins_in(const char *path, const char *name)
{
	char end = '.';
	size_t len = strlen(name);

	if (*path == '/')
		end = *path++;
	return strncmp(path, name, len) == 0 && (path[len] == '\0' || path[len] == end);
}

static enum cosmo_err find_start(const char *name, void *context)
{
	const struct claim_start *start = context;

	return begins_in(start->path, name) ? COSMO_E_CLAIM_OVERAGE : COSMO_OK;
}

/* Where a token has to be short, Entra ID has this in place of "groups". */
static bool has_groups_elsewhere(struct json_object *claims, const char *name)
{
	return begins_in(name, "groups") && !json_has(claims, "groups") &&
	       json_is_true(json_member(claims, "hasgroups"));
}

/* OpenID Connect Core 1.0, 5.6.2: Entra ID names "groups" there when it leaves them out. */
static bool is_overage(struct json_object *claims, const char *name)
{
	struct json_object *left_out = json_member(claims, "_claim_names");
	struct claim_start start = {.path = name};

	if (json_has(left_out, name) || has_groups_elsewhere(claims, name))
		return true;
	return !json_has(claims, name) && json_each_name(left_out, find_start, &start) != COSMO_OK;
}

static enum cosmo_err add_value(const char *text, void *context)
{
	struct claim_values *values = context;
	const char **grown = NULL;

	if (text[0] == '\0')
		return COSMO_OK;
	if (values->count == values->size) {
		size_t size = values->size ? values->size * 2 : 16;

		grown = reallocarray(values->items, size, sizeof(*grown));
		if (!grown)
			return COSMO_E_NOMEM;
		values->items = grown;
		values->size = size;
	}
	values->items[values->count++] = text;
	return COSMO_OK;
}

static enum cosmo_err collect(struct json_object *claim, struct claim_values *values)
{
	enum cosmo_err err = COSMO_OK;

	if (json_text(claim))
		return add_value(json_text(claim), values);
	if (json_is_object(claim))
		return json_each_name(claim, add_value, values);
	if (!json_is_array(claim))
		return COSMO_E_CLAIM_TYPE;
	for (size_t i = 0; i < json_array_count(claim) && err == COSMO_OK; i++) {
		const char *text = json_text(json_array_at(claim, i));

		err = text ? add_value(text, values) : COSMO_E_CLAIM_TYPE;
	}
	return err;
}

enum cosmo_err claims_values(const struct claim_sources *sources, const char *name,
	struct reason *why, enum claim_state *ret_state, struct claim_values **ret)
{
	COSMO_AUTO(claim_values_free) struct claim_values *values = calloc(1, sizeof(*values));
	struct json_object *claim = claims_find(sources, name);
	enum cosmo_err err = COSMO_OK;

	if (!values)
		return COSMO_E_NOMEM;
	if (is_overage(sources->id_token, name) || is_overage(sources->userinfo, name))
		return reason_give(why, COSMO_E_CLAIM_OVERAGE,
			"claim \"%s\" was left out by the IdP: too many values", name);
	if (claim)
		err = collect(claim, values);
	if (err == COSMO_E_CLAIM_TYPE)
		return reason_give(
			why, err, "claim \"%s\" is no text, no list of texts and no object", name);
	if (err != COSMO_OK)
		return err;
	*ret_state = !claim ? CLAIM_MISSING : values->count ? CLAIM_PRESENT : CLAIM_EMPTY;
	*ret = COSMO_STEAL(&values);
	return COSMO_OK;
}

void claim_values_strip(struct claim_values *values, const char *prefix)
{
	size_t len = prefix ? strlen(prefix) : 0;
	size_t kept = 0;

	for (size_t i = 0; prefix && i < values->count; i++) {
		const char *value = values->items[i];

		if (strncmp(value, prefix, len) == 0 && value[len] != '\0')
			values->items[kept++] = value + len;
	}
	if (prefix)
		values->count = kept;
}

static char lower_of(char c)
{
	if (c >= 'A' && c <= 'Z')
		return (char)(c + 'a' - 'A');
	return c;
}

/* A claim that could be meant; "" for none. */
static const char *other_name(const struct claim_sources *sources)
{
	static const char *const names[] = {
		"preferred_username", "email", "nickname", "upn", "username"};

	for (size_t i = 0; i < COSMO_ARRAY_LEN(names); i++)
		if (json_text(claims_find(sources, names[i])))
			return names[i];
	return "";
}

static enum cosmo_err read_name(const struct claim_sources *sources, const char *claim,
	struct reason *why, char *ret, size_t ret_size)
{
	struct json_object *value = claims_find(sources, claim);
	const char *text = json_text(value);
	const char *other = value ? "" : other_name(sources);

	if (!value)
		return reason_give(why, COSMO_E_NAME_MISSING, "claim \"%s\" is missing%s%s", claim,
			other[0] ? "; there is " : "", other);
	if (!text || text[0] == '\0' || strlen(text) >= ret_size)
		return reason_give(why, COSMO_E_NAME_FORM,
			"claim \"%s\" is no text of 1 to %zu bytes", claim, ret_size - 1);
	for (size_t i = 0; i <= strlen(text); i++)
		ret[i] = lower_of(text[i]);
	return COSMO_OK;
}

/* Equal but for the case of ASCII letters in @listed; @domain is lower case already. */
static bool domain_equal(const char *listed, const char *domain)
{
	size_t i = 0;

	for (; listed[i]; i++)
		if (lower_of(listed[i]) != domain[i])
			return false;
	return domain[i] == '\0';
}

static bool is_stripped(const struct username_policy *policy, const char *domain)
{
	for (size_t i = 0; i < policy->strip_domain_count; i++)
		if (domain_equal(policy->strip_domains[i], domain))
			return true;
	return false;
}

enum cosmo_err claims_username(const struct claim_sources *sources,
	const struct username_policy *policy, struct reason *why,
	char ret_name[COSMO_MAX_NAME_BYTES + 1])
{
	char name[320] = ""; /* the longest address of e-mail */
	char *at = NULL;
	enum cosmo_err err = read_name(sources, policy->claim, why, name, sizeof(name));

	if (err != COSMO_OK)
		return err;
	at = strchr(name, '@');
	if (at && is_stripped(policy, at + 1))
		*at = '\0';
	else if (at && !policy->keep_domains)
		return reason_give(why, COSMO_E_NAME_FORM,
			"claim \"%s\": domain \"%s\" is not one of strip_domain", policy->claim,
			at + 1);
	if (strlen(name) > COSMO_MAX_NAME_BYTES || !login_name_is_valid(name, policy->keep_domains))
		return reason_give(why, COSMO_E_NAME_FORM, "claim \"%s\" makes no valid login name",
			policy->claim);
	memcpy(ret_name, name, strlen(name) + 1);
	return COSMO_OK;
}

/* Append the claim named by the @len bytes at @name to @subject. Errors: COSMO_E_TOKEN_SUB. */
static enum cosmo_err append_subject(struct json_object *id_token, const char *name, size_t len,
	bool is_joined, char subject[CLAIMS_MAX_SUBJECT_BYTES + 1])
{
	const struct claim_sources sources = {.id_token = id_token};
	COSMO_AUTO(free) char *claim = strndup(name, len);
	const char *text = claim ? json_text(claims_find(&sources, claim)) : NULL;
	size_t used = strlen(subject);

	if (!claim)
		return COSMO_E_NOMEM;
	if (!text || text[0] == '\0' || (is_joined && strchr(text, '/')))
		return COSMO_E_TOKEN_SUB;
	if (used > 0 && used < CLAIMS_MAX_SUBJECT_BYTES)
		subject[used++] = '/';
	if (strlen(text) > CLAIMS_MAX_SUBJECT_BYTES - used)
		return COSMO_E_TOKEN_SUB;
	memcpy(subject + used, text, strlen(text) + 1);
	return COSMO_OK;
}

enum cosmo_err claims_subject(struct json_object *id_token, const char *names, struct reason *why,
	char ret_subject[CLAIMS_MAX_SUBJECT_BYTES + 1])
{
	char subject[CLAIMS_MAX_SUBJECT_BYTES + 1] = "";
	bool is_joined = strchr(names, ' ') != NULL;
	const char *at = names + strspn(names, " ");

	while (*at) {
		size_t len = strcspn(at, " ");
		enum cosmo_err err = append_subject(id_token, at, len, is_joined, subject);

		if (err == COSMO_E_TOKEN_SUB)
			return reason_give(why, err,
				"subject claim \"%.*s\" is missing or unusable", (int)len, at);
		if (err)
			return err;
		at += len;
		at += strspn(at, " ");
	}
	if (subject[0] == '\0')
		return reason_give(why, COSMO_E_TOKEN_SUB, "no subject claim is configured");
	memcpy(ret_subject, subject, sizeof(subject));
	return COSMO_OK;
}

enum cosmo_err claims_uid(const struct claim_sources *sources, const char *name, struct reason *why,
	uint32_t *ret_uid)
{
	struct json_object *value = claims_find(sources, name);
	int64_t uid = 0;

	if (!value)
		return COSMO_E_NOT_FOUND;
	if (json_whole_number(value, &uid) != COSMO_OK || uid < 0 || uid >= UINT32_MAX)
		return reason_give(why, COSMO_E_TOKEN_CLAIM, "claim \"%s\" is no uid", name);
	*ret_uid = (uint32_t)uid;
	return COSMO_OK;
}
