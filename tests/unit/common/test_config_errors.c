/* SPDX-License-Identifier: MIT */
/* Each mistake: its code, its line, and words that help. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <stdio.h>

#include "common/config.h"

#define ISSUER "[integration]\nissuer = https://idp.example\nclient_id = x\n"

struct mistake {
	const char *text;
	unsigned int line;
	const char *words;
	const char *more_words; /* NULL: none */
};

static void assert_wrong(
	const char *text, enum cosmo_err expected, unsigned int line, const char *words)
{
	struct config *config = NULL;
	struct config_problem problem = {.line = 4711};
	enum cosmo_err err = config_parse(text, strlen(text), &config, &problem);

	assert_null(config);
	if (err != expected || problem.line != line || !strstr(problem.text, words))
		print_message("%s\n-> %s, line %u: %s\n", text, cosmo_err_id(err), problem.line,
			problem.text);
	assert_int_equal(err, expected);
	assert_int_equal(problem.line, line);
	assert_non_null(strstr(problem.text, words));
	assert_true(strlen(problem.text) < sizeof(problem.text) - 4);
}

static void assert_all_wrong(const struct mistake *mistakes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		assert_wrong(mistakes[i].text, COSMO_E_CONFIG, mistakes[i].line, mistakes[i].words);
		if (mistakes[i].more_words)
			assert_wrong(mistakes[i].text, COSMO_E_CONFIG, mistakes[i].line,
				mistakes[i].more_words);
	}
}

static void test_config__sections__unknown_doubled_or_misnamed(void **state)
{
	static const struct mistake mistakes[] = {
		{"\n[integrations]\n", 2, "[integrations]", "[integration], [enroll]"},
		{"[Integration]\n", 1, "unknown section", NULL},
		{"[integration]\n[enroll]\n\n[integration]\n", 4, "already in line 1", NULL},
		{"[rules]\n[rules]\n", 2, "already in line 1", NULL},
		{"[role]\n", 1, "needs a name", "[role NAME]"},
		{"[service]\n", 1, "needs a name", NULL},
		{"[limits here]\n", 1, "takes no name", NULL},
		{"[rules x]\n", 1, "takes no name", NULL},
		{"[role a]\n[role b]\n[role a]\n", 3, "already in line 1", NULL},
		{"[role admin]\n[role admin]\n", 2, "already in line 1", NULL},
		{"[service sshd]\n\n[service sshd]\n", 3, "already in line 1", NULL},
		{"issuer = https://x\n", 1, "before the first", NULL},
		{"[integration]\nissuer\n", 2, "neither a comment", NULL},
	};

	(void)state;
	assert_all_wrong(mistakes, COSMO_ARRAY_LEN(mistakes));
}

static void test_config__keys__unknown_doubled_or_empty(void **state)
{
	static const struct mistake mistakes[] = {
		{"[integration]\nisuer = x\n", 2, "\"isuer\"", "issuer, client_id, "},
		{"[integration]\nIssuer = x\n", 2, "unknown key", NULL},
		{"[roles]\ngid = 1000\n", 2, "allowed are: no_match", NULL},
		{"[role x]\nissuer = x\n", 2, "group, gid, local_groups, allow_privileged", NULL},
		{"[service x]\ntimeout = 1\n", 2,
			"auth, deadline, acr, amr, max_age, refresh_after, require_first", NULL},
		{"[service x]\nrequire_first = publickey\n", 1, "[service x] has require_first",
			"sshd alone"},
		{"[service sshd]\nrequire_first = password\n", 2, "publickey, hostbased", NULL},
		{"[service sshd]\nrequire_first = publickey,publickey\n", 2, "require_first", NULL},
		{"[limits]\nuser_flows = 1\n\nuser_flows = 1\n", 4, "already in line 2", NULL},
		{"[role x]\ngid = 1000\ngid = 1000\n", 3, "already in line 2", NULL},
		{"[service a]\nacr = x\n[service b]\nacr = x\nacr = x\n", 5, "in line 4", NULL},
		{"[access]\nsshd = any\nsshd = any\n", 3, "already in line 2", NULL},
		{"[integration]\nproxy =\n", 2, "no value", NULL},
		{"[enroll]\nreserved = \t\n", 2, "no value", NULL},
		{"[enroll]\nreserved = ,,\n", 2, "reserved must be", NULL},
	};

	(void)state;
	assert_all_wrong(mistakes, COSMO_ARRAY_LEN(mistakes));
}

static void test_config__issuer__is_an_https_url_and_no_more(void **state)
{
	static const char *const issuers[] = {"http://idp.example", "idp.example", "https://",
		"https:///x", "https://user@idp.example", "https://user:p@idp.example",
		"https://idp.example?x=y", "https://idp.example#x", "https://idp.example/?x",
		"https://idp example", "https://idp.example:", "https://idp.example:0",
		"https://idp.example:65536", "https://idp.example:80a", "https://[::1",
		"https://[]", "https://idp.exam\303\274ple", "HTTPS://idp.example",
		"https://idp.example\\@evil.example", "https://idp_x.example",
		"https://idp.example/.well-known/openid-configuration", "https://%69dp.example",
		"https://idp.example/<x>"};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(issuers); i++) {
		char text[256] = "";

		snprintf(text, sizeof(text), "[integration]\nissuer = %s\n", issuers[i]);
		assert_wrong(text, COSMO_E_CONFIG, 2, "issuer must be an https:// URL");
	}
}

static void test_config__proxy__is_a_host_and_never_repeated(void **state)
{
	static const char *const proxies[] = {"proxy.example:3128", "socks5://proxy", "http://",
		"http://proxy:99999", "http://proxy/path", "http://u:sesame@", "http://proxy?x",
		"http://sesame@proxy@x", "ftp://sesame@proxy"};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(proxies); i++) {
		struct config *config = NULL;
		struct config_problem problem = {.line = 0};
		char text[256] = "";

		snprintf(text, sizeof(text), "[integration]\nproxy = %s\n", proxies[i]);
		assert_wrong(text, COSMO_E_CONFIG, 2, "proxy must be");
		assert_int_equal(
			config_parse(text, strlen(text), &config, &problem), COSMO_E_CONFIG);
		assert_null(strstr(problem.text, "sesame"));
	}
}

/* Whoever puts the secret itself there shall not find it in a log. */
static void test_config__secret_given_for_its_file__is_not_repeated(void **state)
{
	static const char text[] = "[integration]\nclient_secret_file = sesame\n";
	struct config *config = NULL;
	struct config_problem problem = {.line = 0};

	(void)state;
	assert_int_equal(config_parse(text, strlen(text), &config, &problem), COSMO_E_CONFIG);
	assert_non_null(strstr(problem.text, "absolute path"));
	assert_null(strstr(problem.text, "sesame"));
}

static void test_config__values__outside_what_is_allowed(void **state)
{
	static const struct mistake mistakes[] = {
		{"[integration]\nclient_auth = jwt\n", 2, "auto, none, basic or post", "\"jwt\""},
		{"[integration]\nca_file = ca.pem\n", 2, "absolute path", NULL},
		{"[integration]\nca_file = /etc/../ca.pem\n", 2, "absolute path", NULL},
		{"[integration]\nca_file = /etc/..\n", 2, "absolute path", NULL},
		{"[integration]\nca_file = /etc/\n", 2, "absolute path", NULL},
		{"[integration]\nscopes = profile\n", 2, "openid", NULL},
		{"[integration]\nscopes = openid,profile\n", 2, "openid", NULL},
		{"[integration]\nscopes = openid  profile\n", 2, "one blank", NULL},
		{"[integration]\nscopes = openid a\"b\n", 2, "one blank", NULL},
		{"[integration]\nscopes = openid a\\b\n", 2, "one blank", NULL},
		{"[integration]\nscopes = openid\tprofile\n", 2, "one blank", NULL},
		{"[integration]\nscopes = openidx\n", 2, "openid", NULL},
		{"[integration]\nstrip_domain = @example.com\n", 2, "without '@'", NULL},
		{"[integration]\nstrip_domain = Example.com\n", 2, "lower case", NULL},
		{"[integration]\nstrip_domain = a.b a.b\n", 2, "different", NULL},
		{"[integration]\nkeep_domains = maybe\n", 2, "yes or no", NULL},
		{"[integration]\nalgs = HS256\n", 2, "RS256, RS384", NULL},
		{"[integration]\nalgs = none\n", 2, "RS256", NULL},
		{"[integration]\nalgs = RS256 rs256\n", 2, "RS256", NULL},
		{"[integration]\nskew = 6m\n", 2, "from 0s to 5m", NULL},
		{"[integration]\nskew = 1\xc2\xa0m\n", 2, "a duration", NULL},
		{"[enroll]\nmode = on\n", 2, "auto, listed or off", NULL},
		{"[enroll]\nuid_min = 999\n", 2, "from 1000", NULL},
		{"[enroll]\nuid_max = 0x80000000\n", 2, "0x7fffffff", NULL},
		{"[enroll]\nuid_min = 12a\n", 2, "a number", NULL},
		{"[enroll]\nhome = /home/shared\n", 2, "%u", NULL},
		{"[enroll]\nhome = home/%u\n", 2, "%u", NULL},
		{"[enroll]\nhome = /home/%h/%u\n", 2, "%u", NULL},
		{"[enroll]\nhome = /ho:me/%u\n", 2, "%u", NULL},
		{"[enroll]\nhome = /home/../%u\n", 2, "%u", NULL},
		{"[enroll]\nhome = /a/%u/%u/%u/%u\n", 2, "127 bytes", NULL},
		{"[enroll]\nshell = bash\n", 2, "absolute path", NULL},
		{"[enroll]\nshell = /bin/b:sh\n", 2, "absolute path", NULL},
		{"[enroll]\nreserved = Root\n", 2, "lower case", NULL},
		{"[enroll]\nsshd_paths = sshd\n", 2, "absolute paths", NULL},
		{"[enroll]\nsshd_paths = /1 /2 /3 /4 /5 /6 /7 /8 /9\n", 2, "1 to 8", NULL},
		{"[roles]\nno_match = admin\n", 2, "viewer or deny", NULL},
		{"[roles]\nno_claim = any\n", 2, "viewer or deny", NULL},
		{"[roles]\nrefresh_after = 30s\n", 2, "from 1m to 1d", NULL},
		{"[roles]\nrole_lease = 31d\n", 2, "from 5m to 30d", NULL},
		{"[roles]\nrefresh_timeout = 0\n", 2, "from 1s to 30s", NULL},
		{"[roles]\nusers_gid = 0\n", 2, "from 1000", NULL},
		{"[service x]\nauth = yes\n", 2, "device, skip, deny or recent:", NULL},
		{"[service x]\nauth = recent\n", 2, "recent:", NULL},
		{"[service x]\nauth = recent:\n", 2, "recent:", NULL},
		{"[service x]\nauth = recent:0\n", 2, "from 1s to 1d", NULL},
		{"[service x]\nauth = recent:2d\n", 2, "from 1s to 1d", NULL},
		{"[service x]\ndeadline = 5s\n", 2, "from 10s to 1h", NULL},
		{"[service x]\nmax_age = 1s\n", 2, "from 1m to 366d", NULL},
		{"[prompt]\nqr = yes\n", 2, "utf8, ascii, utf8-inverse, ascii-inverse or off",
			NULL},
		{"[prompt]\ncomplete_uri = never\n", 2, "always or local", NULL},
		{"[limits]\nuser_flows = 0\n", 2, "from 1 to 100", NULL},
		{"[limits]\nhost_flows = many\n", 2, "from 1 to 1000", "\"many\""},
		{"[limits]\nsession_max = 0\n", 2, "from 1h to 90d", NULL},
	};

	(void)state;
	assert_all_wrong(mistakes, COSMO_ARRAY_LEN(mistakes));
}

/* case: rule: a privileged local group needs allow_privileged in so many words */
static void test_config__roles__that_cannot_be(void **state)
{
	static const struct mistake mistakes[] = {
		{"[role Admin]\n", 1, "lower-case letter", NULL},
		{"[role any]\n", 1, "neither any nor deny", NULL},
		{"[role deny]\n", 1, "neither any nor deny", NULL},
		{"[role a@b]\n", 1, "cannot be a role", NULL},
		{"\n[role abcdefghijklmnopqrstuvwxyza]\n", 2, "group = NAME", NULL},
		{"[role x]\ngroup = Y\n", 2, "lower-case letter", NULL},
		{"[role x]\ngid = 0\n", 2, "from 1000", NULL},
		{"[role x]\ngid = 27\n", 2, "from 1000", NULL},
		{"[role x]\ngid = 0x70000400\n", 1, "between uid_min and uid_max", NULL},
		{"[role x]\ngid = 0x7ffdffff\n", 1, "between uid_min and uid_max", NULL},
		{"[role x]\ngid = 65534\n", 1, "nobody", NULL},
		{"[role x]\ngid = 0x70000000\n", 1, "cosmo-users", NULL},
		{"[role users]\n", 1, "cosmo-users", NULL},
		{"[role x]\ngroup = cosmo-users\n", 1, "cosmo-users", NULL},
		{"[role x]\ngid = 0x70000003\n", 1, "admin and x have the same gid",
			"gid = NUMBER"},
		{"[role x]\ngroup = cosmo-admin\n", 1, "same group cosmo-admin", "group = NAME"},
		{"[role a]\ngid = 5000\n[role b]\ngid = 5000\n", 3, "same gid", NULL},
		{"[role b]\ngid = 5000\n[role viewer]\ngid = 5000\n", 3, "same gid", NULL},
		{"[roles]\nusers_gid = 0x70000400\n", 2, "between uid_min", NULL},
		{"[role x]\nlocal_groups = sudo\n", 1, "group sudo", "allow_privileged = yes"},
		{"[role x]\nlocal_groups = dialout docker\n", 1, "group docker", NULL},
		{"[role x]\nlocal_groups = ssh_keys\n", 1, "group ssh_keys", NULL},
		{"[role x]\nlocal_groups = google-sudoers\n", 1, "group google-sudoers", NULL},
		{"[role x]\nlocal_groups = haclient\n", 1, "group haclient", NULL},
		{"[role x]\nlocal_groups = root\nallow_privileged = yes\n", 1, "no role may", NULL},
		{"[role x]\ngroup = wheel\n", 1, "group wheel", "allow_privileged"},
		{"[role x]\ngroup = root\nallow_privileged = yes\n", 1, "no role may", NULL},
		{"[role x]\nlocal_groups = a b a\n", 2, "different", NULL},
		{"[role x]\nlocal_groups = -x\n", 2, "names of groups", NULL},
		{"[role x]\nallow_privileged = 1\n", 2, "yes or no", NULL},
	};

	(void)state;
	assert_all_wrong(mistakes, COSMO_ARRAY_LEN(mistakes));
}

static void test_config__relations__that_cannot_be(void **state)
{
	static const struct mistake mistakes[] = {
		{"[integration]\nissuer = https://x.example\n", 2, "client_id is missing", NULL},
		{"[integration]\n\nclient_id = x\n", 3, "issuer is missing", NULL},
		{"[integration]\nclient_auth = basic\n", 2, "needs client_secret_file", NULL},
		{"[integration]\nclient_secret_file = /s\nclient_auth = none\n", 3, "contradicts",
			NULL},
		{"[enroll]\nuid_min = 3000\nuid_max = 3000\n", 2, "below uid_max", NULL},
		{"[enroll]\nuid_max = 70000\n", 2, "below uid_max", NULL},
		{"[enroll]\nuid_min = 60000\nuid_max = 61184\n", 2, "systemd", NULL},
		{"[enroll]\nuid_min = 65535\n", 2, "systemd", NULL},
		{"[enroll]\nuid_max = 0x7ffe0000\n", 2, "0x7ffe0000", NULL},
		{"[roles]\nrole_lease = 10m\n", 2, "longer than refresh_after", NULL},
		{"[roles]\nrefresh_after = 24h\n", 2, "longer than refresh_after", NULL},
	};

	(void)state;
	assert_all_wrong(mistakes, COSMO_ARRAY_LEN(mistakes));
}

static void test_config__access__that_cannot_be(void **state)
{
	static const struct mistake mistakes[] = {
		{"[access]\nsshd = admins\n", 2, "\"admins\"", "viewer, developer, admin"},
		{"[access]\nsshd = viewer, any\n", 2, "\"any\"", "any or deny alone"},
		{"[access]\nsshd = deny admin\n", 2, "\"deny\"", NULL},
		{"[access]\nsshd = any deny\n", 2, "any or deny alone", NULL},
		{"[access]\nsshd =\n", 2, "one or more roles", NULL},
		{"[access]\nsshd = ,\n", 2, "one or more roles", NULL},
		{"[access]\nSSHD = admin\n", 2, "cannot be a service", NULL},
		{"[access]\nss hd = admin\n", 2, "cannot be a service", NULL},
		{"[access]\n../x = admin\n", 2, "cannot be a service", NULL},
		{"[service a/b]\n", 1, "cannot be a service", NULL},
	};

	(void)state;
	assert_all_wrong(mistakes, COSMO_ARRAY_LEN(mistakes));
}

/* case: rule: no rules at all are refused, and never mean everybody */
/* case: rule: a rule for a role that is not declared is refused */
static void test_config__rules__have_codes_of_their_own(void **state)
{
	(void)state;
	assert_wrong(ISSUER, COSMO_E_RULES_EMPTY, 0, "at least one");
	assert_wrong(ISSUER "[rules]\n", COSMO_E_RULES_EMPTY, 4, "at least one");
	assert_wrong("[rules]\nadmin = x\nadmins = y\n", COSMO_E_RULE_ROLE, 3, "\"admins = y\"");
	assert_wrong("[rules]\nadmins = y\n", COSMO_E_RULE_ROLE, 2, "viewer, developer, admin");
	assert_wrong("[rules]\n~a = y\n", COSMO_E_RULE_ROLE, 2, "not declared");
	assert_wrong("[rules]\nadmin =\n", COSMO_E_CONFIG, 2, "without a value");
	assert_wrong("[rules]\nadmin = ~ \n", COSMO_E_CONFIG, 2, "without a value");
	assert_wrong("[rules]\nadmin\n", COSMO_E_CONFIG, 2, "neither a comment");
}

/* @head, then @count lines made of @format with their numbers. */
static void repeat(char *ret, size_t ret_size, const char *head, const char *before,
	const char *after, int count)
{
	size_t used = (size_t)snprintf(ret, ret_size, "%s", head);

	for (int i = 0; i < count; i++)
		used += (size_t)snprintf(ret + used, ret_size - used, "%s%d%s\n", before, i, after);
	assert_true(used < ret_size);
}

static void test_config__too_many__is_told(void **state)
{
	static char text[32768];

	(void)state;
	repeat(text, sizeof(text), "[rules]\n", "admin = g", "", CONFIG_MAX_RULES + 1);
	assert_wrong(text, COSMO_E_CONFIG, CONFIG_MAX_RULES + 2, "more than 256 rules");
	repeat(text, sizeof(text), "[access]\n", "s", " = any", CONFIG_MAX_SERVICES + 1);
	assert_wrong(text, COSMO_E_CONFIG, CONFIG_MAX_SERVICES + 2, "more than 64 services");
	repeat(text, sizeof(text), "", "[role r", "]", CONFIG_MAX_ROLES - 2);
	assert_wrong(text, COSMO_E_CONFIG, CONFIG_MAX_ROLES - 2, "one too many");
}

static void test_config__conferred_groups__fit_the_database(void **state)
{
	char text[2048] = "";
	size_t used = 0;

	(void)state;
	for (int role = 0; role < 3; role++) {
		used += (size_t)snprintf(
			text + used, sizeof(text) - used, "[role r%d]\nlocal_groups =", role);
		for (int group = 0; group < 11; group++)
			used += (size_t)snprintf(
				text + used, sizeof(text) - used, " g%d-%d", role, group);
		used += (size_t)snprintf(text + used, sizeof(text) - used, "\n");
	}
	assert_wrong(text, COSMO_E_CONFIG, 5, "more than 32 different local groups");
}

/* @before, then @len times 'a', then @after. */
static void stretch(char *ret, const char *before, size_t len, const char *after)
{
	size_t used = strlen(before);

	memcpy(ret, before, used);
	memset(ret + used, 'a', len);
	memcpy(ret + used + len, after, strlen(after) + 1);
}

static void assert_longest(const char *before, size_t len, const char *after)
{
	char text[4096] = "";
	struct config *config = NULL;
	struct config_problem problem = {.line = 0};

	stretch(text, before, len, after);
	if (config_parse(text, strlen(text), &config, &problem) != COSMO_OK)
		print_message("%s\n", problem.text);
	assert_non_null(config);
	config_free(config);
	stretch(text, before, len + 1, after);
	assert_wrong(text, COSMO_E_CONFIG, 2, "bytes");
}

/* Limits are those of the messages that carry the values. */
static void test_config__longest_values__and_one_byte_more(void **state)
{
	(void)state;
	assert_longest("[integration]\naudience = ", 511, "\n");
	assert_longest("[integration]\nclaim = ", 255, "\n");
	assert_longest("[integration]\nscopes = openid ", 1023 - 7, "\n");
	assert_longest("[integration]\nca_file = /", 1022, "\n");
	assert_longest("[integration]\nproxy = http://", 511 - 7, "\n");
	assert_longest("[enroll]\nhome = /", 127 - 1 - 33, "/%u\n");
	assert_longest("[enroll]\nshell = /", 126, "\n");
	assert_longest("[service x]\nacr = ", 255, "\n");
	assert_longest("[service x]\namr = ", 63, "\n");
	assert_longest("[rules]\nadmin = ", 1023 - 8, "\n");
}

static void test_config__foreign_text__is_made_harmless(void **state)
{
	char text[2048] = "";

	(void)state;
	assert_wrong("[\xe2\x80\xaex]\n", COSMO_E_CONFIG, 1, "unknown section [?x]");
	stretch(text, "[integration]\n", 1500, " = x\n");
	assert_wrong(text, COSMO_E_CONFIG, 2, "allowed are: issuer, ");
	stretch(text, "[enroll]\nmode = ", 1500, "\n");
	assert_wrong(text, COSMO_E_CONFIG, 2, "auto, listed or off");
	stretch(text, "[rules]\n", 900, " = x\n");
	assert_wrong(text, COSMO_E_RULE_ROLE, 2, "there are viewer, developer, admin");
	stretch(text, "[access]\nsshd = ", 900, "\n");
	assert_wrong(text, COSMO_E_CONFIG, 2, "any or deny alone");
}

static void test_config__file_over_the_cap__is_refused(void **state)
{
	static char text[CONFIG_MAX_BYTES + 2];

	(void)state;
	memset(text, '\n', CONFIG_MAX_BYTES + 1);
	assert_wrong(text, COSMO_E_CONFIG, 0, "256 KiB");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_config__sections__unknown_doubled_or_misnamed),
		cmocka_unit_test(test_config__keys__unknown_doubled_or_empty),
		cmocka_unit_test(test_config__issuer__is_an_https_url_and_no_more),
		cmocka_unit_test(test_config__proxy__is_a_host_and_never_repeated),
		cmocka_unit_test(test_config__secret_given_for_its_file__is_not_repeated),
		cmocka_unit_test(test_config__values__outside_what_is_allowed),
		cmocka_unit_test(test_config__roles__that_cannot_be),
		cmocka_unit_test(test_config__relations__that_cannot_be),
		cmocka_unit_test(test_config__access__that_cannot_be),
		cmocka_unit_test(test_config__rules__have_codes_of_their_own),
		cmocka_unit_test(test_config__too_many__is_told),
		cmocka_unit_test(test_config__conferred_groups__fit_the_database),
		cmocka_unit_test(test_config__longest_values__and_one_byte_more),
		cmocka_unit_test(test_config__foreign_text__is_made_harmless),
		cmocka_unit_test(test_config__file_over_the_cap__is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
