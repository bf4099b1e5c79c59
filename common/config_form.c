/* SPDX-License-Identifier: MIT */
#include "common/config_form.h"

#include <string.h>

#include "common/base/parse.h"
#include "common/base/users_db_settings.h"

#define MAX_SERVICE_BYTES 63

static const char lower[] = "abcdefghijklmnopqrstuvwxyz";
static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
static const char digits[] = "0123456789";

static bool starts_with(const char *text, const char *start)
{
	return strncmp(text, start, strlen(start)) == 0;
}

static bool is_one_of(char c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

/* Printable ASCII without blanks and what no address holds unescaped (RFC 3986 appendix A). */
static bool is_url_text(const char *text)
{
	for (; *text; text++)
		if (*text <= ' ' || *text > '~' || is_one_of(*text, "\"<>\\^`{|}"))
			return false;
	return true;
}

/* ":PORT" or nothing, up to @end. */
static bool is_port(const char *text, const char *end)
{
	char port[6] = "";
	uint64_t number = 0;
	size_t len = (size_t)(end - text);

	if (len == 0)
		return true;
	if (text[0] != ':' || len > sizeof(port))
		return false;
	memcpy(port, text + 1, len - 1);
	return parse_u64(port, 1, 65535, &number) == COSMO_OK;
}

/* HOST[:PORT] with a name, an IPv4 or a bracketed IPv6 address; where it ends, or NULL. */
static const char *skip_host(const char *text)
{
	const char *end = text + strcspn(text, "/?#");
	const char *p = text;

	if (*p == '[') {
		p++;
		while (is_one_of(*p, "0123456789abcdefABCDEF:."))
			p++;
		if (*p != ']' || p == text + 1)
			return NULL;
		p++;
	} else {
		while (is_one_of(*p, letters) || is_one_of(*p, digits) || is_one_of(*p, "-."))
			p++;
		if (p == text)
			return NULL;
	}
	return is_port(p, end) ? end : NULL;
}

static bool is_issuer(const char *text)
{
	const char *path = NULL;

	if (!starts_with(text, "https://") || !is_url_text(text))
		return false;
	path = skip_host(text + strlen("https://"));
	return path && !path[strcspn(path, "?#")] && !strstr(path, "/.well-known/");
}

static bool is_proxy(const char *text)
{
	const char *host = NULL;
	const char *at = NULL;
	const char *end = NULL;

	if (!is_url_text(text) || (!starts_with(text, "http://") && !starts_with(text, "https://")))
		return false;
	host = strstr(text, "://") + 3;
	at = strchr(host, '@');
	end = skip_host(at ? at + 1 : host);
	return end && (*end == '\0' || streq(end, "/"));
}

static bool is_path(const char *text)
{
	size_t len = strlen(text);

	return text[0] == '/' && text[len - 1] != '/' && !strstr(text, "//") &&
	       !strstr(text, "/../") && !(len >= 3 && streq(text + len - 3, "/.."));
}

/* What may stand in a line of passwd(5). */
static bool is_passwd_path(const char *text)
{
	return is_path(text) && is_url_text(text) && !strchr(text, ':');
}

static bool is_shell(const char *text)
{
	return is_passwd_path(text) && strlen(text) < USERS_DB_MAX_TEXT;
}

static bool is_home(const char *text)
{
	size_t longest = strlen(text);
	size_t places = 0;

	for (const char *p = text; (p = strchr(p, '%')); p += 2) {
		if (p[1] != 'u')
			return false;
		places++;
		longest += COSMO_MAX_NAME_BYTES - 2;
	}
	return places > 0 && is_passwd_path(text) && longest < USERS_DB_MAX_TEXT;
}

/* RFC 6749 section 3.3. */
static bool is_scopes(const char *text)
{
	bool openid = false;

	for (const char *p = text;; p++) {
		size_t len = strcspn(p, " ");

		if (len == 0 || strcspn(p, "\"\\\t") < len)
			return false;
		openid = openid || (len == strlen("openid") && starts_with(p, "openid"));
		for (size_t i = 0; i < len; i++)
			if (p[i] < ' ' || p[i] > '~')
				return false;
		p += len;
		if (!*p)
			return openid;
	}
}

static bool is_domain(const char *text)
{
	size_t len = strlen(text);

	return strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789.-") == len && len > 0 &&
	       len <= 253 && text[0] != '.' && text[0] != '-' && text[len - 1] != '.';
}

static bool is_alg(const char *text)
{
	static const char *const algs[] = {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512",
		"ES256", "ES384", "ES512", "EdDSA"};

	for (size_t i = 0; i < COSMO_ARRAY_LEN(algs); i++)
		if (streq(text, algs[i]))
			return true;
	return false;
}

static bool is_local_group(const char *text)
{
	size_t len = strlen(text);

	if (len == 0 || len > COSMO_MAX_NAME_BYTES)
		return false;
	if (!is_one_of(text[0], letters) && text[0] != '_')
		return false;
	for (size_t i = 1; i < len; i++)
		if (!is_one_of(text[i], letters) && !is_one_of(text[i], digits) &&
			!is_one_of(text[i], "_.-"))
			return false;
	return true;
}

static bool is_login(const char *text)
{
	return login_name_is_valid(text, true);
}

static bool is_amr(const char *text)
{
	return strlen(text) <= 63;
}

/* Those of OpenSSH's that prove something by themselves and can stand before keyboard-interactive.
 * No user of ours has a password. */
static bool is_first_method(const char *text)
{
	return streq(text, "publickey") || streq(text, "hostbased") ||
	       streq(text, "gssapi-with-mic");
}

static bool is_text(const char *text)
{
	return *text != '\0';
}

bool config_service_name_is_valid(const char *name)
{
	size_t len = strlen(name);

	if (len == 0 || len > MAX_SERVICE_BYTES)
		return false;
	for (size_t i = 0; i < len; i++)
		if (!is_one_of(name[i], lower) && !is_one_of(name[i], digits) &&
			!is_one_of(name[i], "_.@+-"))
			return false;
	return name[0] != '.' && name[0] != '-';
}

const struct config_form config_form_issuer = {
	is_issuer, "an https:// URL without user, query or fragment, and without /.well-known/..."};
const struct config_form config_form_proxy = {
	is_proxy, "an http:// or https:// URL of a host, with a port and nothing behind it"};
const struct config_form config_form_path = {is_path, "an absolute path without \"..\""};
const struct config_form config_form_home = {is_home,
	"an absolute path with %u for the login name, without blanks and ':', short enough for a "
	"name of 32"};
const struct config_form config_form_shell = {is_shell, "an absolute path without blanks and ':'"};
const struct config_form config_form_text = {is_text, "text"};
const struct config_form config_form_amr = {is_amr, "words of at most 63 bytes"};
const struct config_form config_form_first_method = {
	is_first_method, "methods out of publickey, hostbased, gssapi-with-mic"};
const struct config_form config_form_program = {is_shell, "absolute paths of at most 127 bytes"};
const struct config_form config_form_scopes = {
	is_scopes, "scopes with one blank between them, \"openid\" among them"};
const struct config_form config_form_domain = {is_domain, "domains in lower case, without '@'"};
const struct config_form config_form_alg = {is_alg,
	"signature algorithms out of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, "
	"EdDSA"};
const struct config_form config_form_group = {group_name_is_valid,
	"a name: a lower-case letter, then lower-case letters, digits, '_', '.', '-'"};
const struct config_form config_form_local_group = {
	is_local_group, "names of groups that exist on this host"};
const struct config_form config_form_login = {is_login, "login names in lower case"};
