/* SPDX-License-Identifier: MIT */
#include "ctl/login_test.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "common/passwd_entry.h"
#include "ctl/ask.h"
#include "ctl/login_prompt.h"
#include "ctl/login_result.h"
#include "ctl/output.h"

/* How often the time left is told. */
#define TICK_MS 1000

struct login_test {
	const struct login_test_options *options;
	struct ask *ask;
	struct login_prompt prompt;
	struct login_result result;
	int interrupt_fd; /* readable at Ctrl-C; -1: it was pressed */
	sigset_t before;
};

static void ending_signals(sigset_t *ret)
{
	sigemptyset(ret);
	sigaddset(ret, SIGINT);
	sigaddset(ret, SIGTERM);
	sigaddset(ret, SIGHUP);
}

/* Whoever pressed Ctrl-C twice ended the sign-in, and not also whoever offered it. */
static void forget_pending(void)
{
	const struct timespec at_once = {.tv_sec = 0};
	sigset_t set;

	ending_signals(&set);
	while (sigtimedwait(&set, NULL, &at_once) > 0)
		continue;
}

static void login_test_done(struct login_test *test)
{
	ask_free(test->ask);
	login_result_done(&test->result);
	cosmo_auto_close(&test->interrupt_fd);
	forget_pending();
	(void)pthread_sigmask(SIG_SETMASK, &test->before, NULL);
}
COSMO_AUTO_DEFINE(struct login_test *, login_test_done);

/* Ctrl-C is for the helper: it alone knows whether something has been written already. */
static enum cosmo_err watch_interrupt(struct login_test *test)
{
	sigset_t set;

	ending_signals(&set);
	(void)pthread_sigmask(SIG_BLOCK, &set, NULL);
	test->interrupt_fd = signalfd(-1, &set, SFD_CLOEXEC);
	return test->interrupt_fd < 0 ? COSMO_E_IO : COSMO_OK;
}

static enum cosmo_err start(struct login_test *test)
{
	COSMO_AUTO(message_free) struct message *request = NULL;
	enum cosmo_err err = watch_interrupt(test);

	if (!err)
		err = message_new(MESSAGE_CTL_LOGIN_TEST, &request);
	if (err)
		return err;
	if (test->options->dry_run)
		message_put_u64(request, FIELD_DRY_RUN, 1);
	message_put_str(request, FIELD_SERVICE, test->options->service);
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): this program has one thread */
	message_put_str(request, FIELD_TTY, ttyname(STDIN_FILENO));
	return ask_helper(request, &test->ask);
}

/* The signal is taken, or this program would end of it later. */
static void cancel(struct login_test *test)
{
	struct signalfd_siginfo signal_info;

	(void)!read(test->interrupt_fd, &signal_info, sizeof(signal_info));
	cosmo_auto_close(&test->interrupt_fd);
	ask_cancel(test->ask);
}

static enum cosmo_err next(struct login_test *test, struct message **ret)
{
	for (;;) {
		enum cosmo_err err = ask_wait(test->ask, test->interrupt_fd, TICK_MS);

		if (err == COSMO_E_CANCELLED) {
			cancel(test);
		} else if (err == COSMO_E_TIMEOUT) {
			login_prompt_tick(&test->prompt);
		} else {
			return err ? err : ask_next(test->ask, ret);
		}
	}
}

static void put_entry(struct message *reply, const char *name)
{
	COSMO_AUTO(passwd_entry_done) struct passwd_entry entry = {0};

	switch (passwd_entry_find(name, &entry)) {
	case PASSWD_KNOWN:
		message_put_err(reply, COSMO_OK);
		message_put_u64(reply, FIELD_UID, entry.pw.pw_uid);
		return;
	case PASSWD_UNKNOWN:
		message_put_err(reply, COSMO_E_NOT_FOUND);
		return;
	case PASSWD_UNSURE:
		message_put_err(reply, COSMO_E_IO);
		return;
	}
}

/* Whose the name is already: the helper asks no name service. */
static enum cosmo_err look_up(struct login_test *test, const struct message *question)
{
	COSMO_AUTO(message_free) struct message *reply = NULL;
	enum cosmo_err err = COSMO_OK;

	if (test->interrupt_fd < 0)
		return COSMO_OK; /* it has been told that, and answers that */
	err = message_new(MESSAGE_LOGIN_ENTRY, &reply);
	if (err)
		return err;
	put_entry(reply, message_str(question, FIELD_USERNAME));
	return ask_reply(test->ask, reply);
}

/* @result: RESULT. */
static enum cosmo_err finish(struct login_test *test, const struct message *result)
{
	enum cosmo_err outcome = message_err(result);

	if (test->result.person && !test->options->json)
		login_result_print(&test->result, test->options->dry_run);
	if (outcome)
		output_failure(outcome, message_str(result, FIELD_TEXT),
			message_str(result, FIELD_DETAIL));
	if (test->result.person && test->options->json)
		login_result_print_json(&test->result, test->options->dry_run, outcome);
	return outcome;
}

static enum cosmo_err converse(struct login_test *test, enum cosmo_err *ret_outcome)
{
	for (;;) {
		COSMO_AUTO(message_free) struct message *answer = NULL;
		enum cosmo_err err = next(test, &answer);

		if (err)
			return err;
		if (message_type(answer) == MESSAGE_SHOW) {
			err = login_prompt_show(&test->prompt, answer);
			if (err)
				return err;
			continue;
		}
		login_prompt_end(&test->prompt);
		if (message_type(answer) == MESSAGE_LOGIN_NAME) {
			err = look_up(test, answer);
			if (err)
				return err;
			continue;
		}
		if (message_type(answer) == MESSAGE_RESULT) {
			*ret_outcome = finish(test, answer);
			return COSMO_OK;
		}
		login_result_take(&test->result, &answer);
	}
}

enum cosmo_err login_test_run(const struct login_test_options *options)
{
	struct login_test test = {
		.options = options,
		.prompt = login_prompt_init(options->json ? stderr : stdout),
		.interrupt_fd = -1,
	};
	COSMO_AUTO(login_test_done) struct login_test *owned = &test;
	enum cosmo_err outcome = COSMO_OK;
	enum cosmo_err err = login_result_init(&owned->result);

	(void)pthread_sigmask(SIG_SETMASK, NULL, &owned->before);
	if (!err)
		err = start(owned);
	if (!err)
		err = converse(owned, &outcome);
	login_prompt_end(&owned->prompt);
	if (err)
		output_failure(err, NULL, NULL);
	return err ? err : outcome;
}
