/* SPDX-License-Identifier: MIT */
#include "ctl/connect_answer.h"

#include <stdio.h>
#include <string.h>

#include "common/base/auto.h"
#include "common/base/log.h"

#define MAX_ANSWER_BYTES 1023
#define BLANKS           " \t"
#define QUOTE            "'\\''" /* one within quotes */

char *connect_answer_trim(char *answer)
{
	size_t len = 0;

	answer += strspn(answer, BLANKS);
	len = strlen(answer);
	while (len > 0 && strchr(BLANKS, answer[len - 1]))
		len--;
	answer[len] = '\0';
	return answer;
}

bool connect_answer_is_plain(const char *answer)
{
	char shown[MAX_ANSWER_BYTES + 1] = "";

	log_filter(answer, true, shown, sizeof(shown));
	return streq(answer, shown);
}

bool connect_answer_cut_issuer(char *answer)
{
	static const char document[] = "/.well-known/openid-configuration";
	char *at = strstr(answer, document);
	const char *rest = at ? at + strlen(document) : answer;

	rest += strspn(rest, "/");
	if (!at || at == answer || !strchr("?#", *rest))
		return false;
	*at = '\0';
	return true;
}

static bool is_safe(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr("-_./:=@%+,", c) != NULL);
}

void connect_answer_quote(const char *answer, char *ret, size_t ret_size)
{
	const char *unsafe = answer;
	size_t len = 0;

	while (is_safe(*unsafe))
		unsafe++;
	if (*answer && !*unsafe) {
		(void)snprintf(ret, ret_size, "%s", answer);
		return;
	}
	ret[len++] = '\'';
	for (; *answer && len + strlen(QUOTE) + 2 <= ret_size; answer++) {
		size_t part_len = *answer == '\'' ? strlen(QUOTE) : 1;

		memcpy(ret + len, *answer == '\'' ? QUOTE : answer, part_len);
		len += part_len;
	}
	ret[len++] = '\'';
	ret[len] = '\0';
}
