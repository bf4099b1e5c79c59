/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include "common/base/log.h"

#define FILLER "what others have logged"

static const struct sockaddr_un dev_log = {.sun_family = AF_UNIX, .sun_path = "/dev/log"};

struct filter_case {
	const char *text;
	const char *ascii;
	const char *utf8;
};

static void test_log_filter__texts__are_made_harmless(void **state)
{
	static const struct filter_case cases[] = {
		{NULL, "", ""},
		{"", "", ""},
		{"plain ~ text", "plain ~ text", "plain ~ text"},
		{"a\nb\rc\td", "a?b?c?d", "a?b?c?d"},
		{"\x1b[31mred", "?[31mred", "?[31mred"},
		{"del\x7f", "del?", "del?"},
		{"\xc3\xbcml", "?ml", "\xc3\xbcml"},
		{"\302\2330m", "?0m", "?0m"},                  /* C1: CSI */
		{"a\xc2\xa0z", "a?z", "a?z"},                  /* no-break space */
		{"a\xe2\x80\xaez", "a?z", "a?z"},              /* right-to-left override */
		{"a\xe2\x81\xa6z", "a?z", "a?z"},              /* isolate */
		{"a\xe2\x80\x8bz", "a?z", "a?z"},              /* zero width */
		{"a\xef\xbb\xbfz", "a?z", "a?z"},              /* byte order mark */
		{"\xe2\x96\x80", "?", "\xe2\x96\x80"},         /* half block */
		{"\xf0\x9f\x98\x80", "?", "\xf0\x9f\x98\x80"}, /* astral */
		{"\xf3\xa0\x81\x81", "?", "?"},                /* tag */
		{"\xff\xfe", "??", "??"},
		{"cut \xe2\x82", "cut ??", "cut ??"},
	};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++) {
		char out[64] = "";

		print_message("case %zu\n", i);
		log_filter(cases[i].text, false, out, sizeof(out));
		assert_string_equal(out, cases[i].ascii);
		log_filter(cases[i].text, true, out, sizeof(out));
		assert_string_equal(out, cases[i].utf8);
	}
}

static void test_log_filter__too_long__ends_in_dots(void **state)
{
	char out[16] = "";

	(void)state;
	log_filter("123456789012345", true, out, sizeof(out));
	assert_string_equal(out, "123456789012345");
	log_filter("1234567890123456", true, out, sizeof(out));
	assert_string_equal(out, "123456789012...");
	log_filter("1234567890123456", true, out, 4);
	assert_string_equal(out, "...");
}

static void test_log_filter__any_size__never_splits_a_character(void **state)
{
	char out[32] = "";

	(void)state;
	for (size_t size = 4; size <= sizeof(out); size++) {
		size_t len = 0;

		memset(out, 'X', sizeof(out));
		log_filter(
			"\xe2\x96\x80\xe2\x96\x80\xe2\x96\x80\xe2\x96\x80\xe2\x96\x80\xe2\x96\x80",
			true, out, size);
		len = strlen(out);
		assert_true(len < size);
		if (len >= 3 && strcmp(out + len - 3, "...") == 0)
			len -= 3;
		assert_int_equal(len % 3, 0);
		for (size_t i = size; i < sizeof(out); i++)
			assert_int_equal(out[i], 'X');
	}
}

static void test_log_append__values__are_quoted_when_needed(void **state)
{
	char line[256] = "event=sign_in";

	(void)state;
	log_append(line, sizeof(line), "user", "ada.l@example.com");
	log_append(line, sizeof(line), "nothing", NULL);
	log_append(line, sizeof(line), "empty", "");
	log_append(line, sizeof(line), "detail", "two words");
	log_append(line, sizeof(line), "pair", "a=b");
	assert_string_equal(line,
		"event=sign_in user=ada.l@example.com empty=\"\" detail=\"two words\" "
		"pair=\"a=b\"");
}

/* Nothing that a person or an IdP sends can add a field or a line. */
static void test_log_append__quotes_and_newlines__cannot_break_out(void **state)
{
	char line[256] = "";

	(void)state;
	log_append(line, sizeof(line), "detail", "x\" user=\"root\" \\\nevent=sign_in");
	assert_string_equal(line, "detail=\"x? user=?root? ??event=sign_in\"");
}

static void test_log_append__full_line__is_cut_between_fields(void **state)
{
	char line[32] = "event=x";

	(void)state;
	log_append(line, sizeof(line), "detail", "far too long to fit into this line");
	assert_string_equal(line, "event=x");
	log_append(line, sizeof(line), "user", "ada");
	assert_string_equal(line, "event=x user=ada");
}

/* The log of these tests: what log_send() connects to, and how often it has waited for it. */
static int log_fd = -1;
static int polled;
static bool reads_when_polled;

int __real_connect(int fd, const struct sockaddr *address, socklen_t len);
int __wrap_connect(int fd, const struct sockaddr *address, socklen_t len);
int __real_poll(struct pollfd *fds, nfds_t count, int timeout_ms);
int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout_ms);
int __wrap___poll_chk(struct pollfd *fds, nfds_t count, int timeout_ms, size_t size);

int __wrap_connect(int fd, const struct sockaddr *address, socklen_t len)
{
	struct sockaddr_un own = {.sun_family = AF_UNIX};
	socklen_t own_len = sizeof(own);

	assert_string_equal(
		((const struct sockaddr_un *)(const void *)address)->sun_path, "/dev/log");
	assert_int_equal(len, sizeof(own));
	if (log_fd < 0) {
		errno = ENOENT;
		return -1;
	}
	assert_return_code(getsockname(log_fd, (struct sockaddr *)&own, &own_len), errno);
	return __real_connect(fd, (const struct sockaddr *)&own, own_len);
}

/* The next line in it; "": there is none. */
static const char *log_read(void)
{
	static char line[4096];
	ssize_t len = recv(log_fd, line, sizeof(line) - 1, MSG_DONTWAIT);

	line[len < 0 ? 0 : len] = '\0';
	return line;
}

int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
	polled++;
	if (reads_when_polled)
		assert_string_equal(log_read(), FILLER);
	return __real_poll(fds, count, timeout_ms);
}

/* What poll() is called where buffers are checked. */
int __wrap___poll_chk(struct pollfd *fds, nfds_t count, int timeout_ms, size_t size)
{
	assert_true(count * sizeof(*fds) <= size);
	return __wrap_poll(fds, count, timeout_ms);
}

static void log_close(void)
{
	if (log_fd >= 0)
		close(log_fd);
	log_fd = -1;
	polled = 0;
	reads_when_polled = false;
}

/* A new one, with @count lines in it or as many as it takes. */
static void log_fill(size_t count)
{
	const struct sockaddr_un any = {.sun_family = AF_UNIX};
	int fd = -1;

	log_close();
	log_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_return_code(
		bind(log_fd, (const struct sockaddr *)&any, sizeof(any.sun_family)), errno);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_return_code(
		__wrap_connect(fd, (const struct sockaddr *)&dev_log, sizeof(dev_log)), errno);
	while (count > 0 && send(fd, FILLER, strlen(FILLER), MSG_DONTWAIT) >= 0)
		count--;
	close(fd);
}

static void test_log_send__any_outcome__keeps_errno(void **state)
{
	const char *line = NULL;

	(void)state;
	errno = EBADMSG;
	log_close();
	assert_false(log_send("cosmo-sso-test", LOG_DEBUG, "event=test", 1000));
	assert_int_equal(errno, EBADMSG);
	log_fill(0);
	assert_true(log_send("cosmo-sso-test", LOG_DEBUG, "event=test", 0));
	assert_int_equal(errno, EBADMSG);
	assert_int_equal(polled, 0);
	line = log_read();
	assert_true(strstr(line, ">cosmo-sso-test[") && strstr(line, "]: event=test"));
	assert_string_equal(log_read(), "");
}

static void test_log_send__full_log__is_waited_for_as_long_as_allowed(void **state)
{
	const char *line = NULL;

	(void)state;
	log_fill(SIZE_MAX);
	assert_false(log_send("cosmo-sso-test", LOG_DEBUG, "event=lost", 0));
	assert_int_equal(polled, 0);
	log_fill(SIZE_MAX);
	assert_false(log_send("cosmo-sso-test", LOG_DEBUG, "event=lost", 20));
	assert_true(polled > 0);
	log_fill(SIZE_MAX);
	reads_when_polled = true;
	assert_true(log_send("cosmo-sso-test", LOG_DEBUG, "event=waited", 60000));
	assert_int_equal(polled, 1);
	while (!strstr(line = log_read(), "event=waited"))
		assert_string_equal(line, FILLER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_log_filter__texts__are_made_harmless),
		cmocka_unit_test(test_log_filter__too_long__ends_in_dots),
		cmocka_unit_test(test_log_filter__any_size__never_splits_a_character),
		cmocka_unit_test(test_log_append__values__are_quoted_when_needed),
		cmocka_unit_test(test_log_append__quotes_and_newlines__cannot_break_out),
		cmocka_unit_test(test_log_append__full_line__is_cut_between_fields),
		cmocka_unit_test(test_log_send__any_outcome__keeps_errno),
		cmocka_unit_test(test_log_send__full_log__is_waited_for_as_long_as_allowed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
