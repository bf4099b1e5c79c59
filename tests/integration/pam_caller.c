/* SPDX-License-Identifier: MIT */
/*
 * A program that uses PAM as told on its command line, and reports what it saw to a file:
 *
 *   pam_caller LOG CONFDIR SERVICE USER [WORD...]
 *
 * WORDs are settings and calls, done from left to right:
 *   tty=T rhost=H env=K=V   PAM items and environment
 *   time=FILE               time stands still but for FILE; see rig_clock.h
 *   clock                   reports when each call began and each message came ("clock WHAT NS")
 *   answers=A,B,...         what the conversation does at each ECHO_ON prompt; the last one
 * repeats: enter, error, end (no line), after:PATH (Enter once PATH exists) noconv silent close-std
 * ignore-sigchld uid=N again=N (all calls N times, each in a transaction of its own) auth setcred
 * account open close chauthtok
 *
 * The log has a line per message ("message STYLE TEXT" with \n as "\\n"), per call ("auth CODE"),
 * and for anything of the process that the calls changed ("changed WHAT").
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <poll.h>
#include <security/pam_appl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/integration/rig_clock.h"

#define LOG_FD     200
#define MAX_WORDS  64
#define STATE_SIZE 16384

extern char **environ;

static FILE *report;
static bool has_clock;
static bool std_is_closed;

struct session {
	pam_handle_t *pamh;
	const char *answers;
	int flags;
};

static void report_clock(const char *what)
{
	struct timespec now = {0};

	if (!has_clock)
		return;
	clock_gettime(CLOCK_MONOTONIC, &now);
	fprintf(report, "clock %s %lld\n", what, now.tv_sec * 1000000000LL + now.tv_nsec);
}

static void report_text(const char *text)
{
	for (; *text; text++) {
		if (*text == '\n')
			fputs("\\n", report);
		else
			fputc(*text, report);
	}
	fputc('\n', report);
}

static void wait_for_path(const char *path)
{
	struct stat status = {0};

	while (stat(path, &status) != 0)
		poll(NULL, 0, 5);
}

/* The next of the comma-separated answers, which stays if it is the last. */
static int answer(struct session *session, char **ret)
{
	char word[256] = "";
	size_t len = strcspn(session->answers, ",");

	snprintf(word, sizeof(word), "%.*s", (int)len, session->answers);
	if (session->answers[len])
		session->answers += len + 1;
	if (strcmp(word, "error") == 0)
		return PAM_CONV_ERR;
	if (strcmp(word, "end") == 0)
		return PAM_SUCCESS;
	if (strncmp(word, "after:", 6) == 0)
		wait_for_path(word + 6);
	*ret = strdup("typed");
	return *ret ? PAM_SUCCESS : PAM_BUF_ERR;
}

static int converse(
	int count, const struct pam_message **messages, struct pam_response **ret, void *context)
{
	struct pam_response *responses = calloc((size_t)count, sizeof(*responses));
	int status = responses ? PAM_SUCCESS : PAM_BUF_ERR;

	/* Programs write there without looking. */
	for (int fd = 0; std_is_closed && fd <= 2; fd++)
		(void)!write(fd, "stray", 5);
	for (int i = 0; i < count && status == PAM_SUCCESS; i++) {
		report_clock("message");
		fprintf(report, "message %d ", messages[i]->msg_style);
		report_text(messages[i]->msg);
		fflush(report);
		if (messages[i]->msg_style == PAM_PROMPT_ECHO_ON ||
			messages[i]->msg_style == PAM_PROMPT_ECHO_OFF)
			status = answer(context, &responses[i].resp);
	}
	if (status != PAM_SUCCESS) {
		free(responses);
		return status;
	}
	*ret = responses;
	return PAM_SUCCESS;
}

static int call(struct session *session, const char *word)
{
	static const struct {
		const char *word;
		int (*function)(pam_handle_t *, int);
		unsigned int flags;
	} calls[] = {
		{"auth", pam_authenticate, 0},
		{"setcred", pam_setcred, PAM_ESTABLISH_CRED},
		{"account", pam_acct_mgmt, 0},
		{"open", pam_open_session, 0},
		{"close", pam_close_session, 0},
		{"chauthtok", pam_chauthtok, 0},
	};

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (strcmp(calls[i].word, word) == 0)
			return calls[i].function(
				session->pamh, session->flags | (int)calls[i].flags);
	return -1;
}

static void one_word(struct session *session, const char *word)
{
	if (strncmp(word, "tty=", 4) == 0)
		pam_set_item(session->pamh, PAM_TTY, word + 4);
	else if (strncmp(word, "rhost=", 6) == 0)
		pam_set_item(session->pamh, PAM_RHOST, word + 6);
	else if (strncmp(word, "env=", 4) == 0)
		pam_putenv(session->pamh, word + 4);
	else if (strncmp(word, "answers=", 8) == 0)
		session->answers = word + 8;
	else if (strcmp(word, "silent") == 0)
		session->flags = (int)PAM_SILENT;
	else if (strcmp(word, "clock") == 0)
		has_clock = true;
	else {
		report_clock(word);
		fprintf(report, "%s %d\n", word, call(session, word));
	}
	fflush(report);
}

static void transaction(char **argv, int first, int argc, bool has_conv)
{
	struct session session = {.answers = "enter"};
	struct pam_conv conv = {has_conv ? converse : NULL, &session};
	int status = pam_start_confdir(argv[3], argv[4], &conv, argv[2], &session.pamh);

	if (status != PAM_SUCCESS) {
		fprintf(report, "start %d\n", status);
		return;
	}
	for (int i = first; i < argc; i++)
		one_word(&session, argv[i]);
	status = pam_end(session.pamh, PAM_SUCCESS);
	if (status != PAM_SUCCESS)
		fprintf(report, "end %d\n", status);
}

/* The entries of @path and, where they are links, what they lead to; but for the folder's own. */
static void add_folder(char *state, const char *path)
{
	DIR *folder = opendir(path);
	struct dirent *entry = NULL;

	while (folder && (entry = readdir(folder))) {
		size_t used = strlen(state);
		char target[256] = "";

		if (readlinkat(dirfd(folder), entry->d_name, target, sizeof(target) - 1) > 0 &&
			strncmp(target, "/proc/", 6) == 0)
			continue;
		snprintf(state + used, STATE_SIZE - used, " %s:%s", entry->d_name, target);
	}
	if (folder)
		closedir(folder);
}

/* Everything of the process that a module has no business to change. */
static void read_state(char *state)
{
	sigset_t mask;
	mode_t mode = umask(077);

	umask(mode);
	snprintf(state, STATE_SIZE, "umask %o locale %s cwd ", mode, setlocale(LC_ALL, NULL));
	if (!getcwd(state + strlen(state), STATE_SIZE - strlen(state)))
		exit(90);
	strncat(state, " fds", STATE_SIZE - strlen(state) - 1);
	add_folder(state, "/proc/self/fd");
	strncat(state, " tasks", STATE_SIZE - strlen(state) - 1);
	add_folder(state, "/proc/self/task");
	sigprocmask(SIG_BLOCK, NULL, &mask);
	for (int signal = 1; signal < NSIG; signal++) {
		struct sigaction action = {0};

		sigaction(signal, NULL, &action);
		snprintf(state + strlen(state), STATE_SIZE - strlen(state), " %d:%d:%p", signal,
			sigismember(&mask, signal), (void *)(size_t)action.sa_handler);
	}
	for (char **variable = environ; *variable; variable++)
		snprintf(state + strlen(state), STATE_SIZE - strlen(state), " %s", *variable);
}

static bool has_children(void)
{
	return waitpid(-1, NULL, WNOHANG) >= 0 || errno != ECHILD;
}

/* Settings of the process as a whole; false for words of a transaction. */
static bool process_word(const char *word, bool *ret_conv, long *ret_times)
{
	if (strcmp(word, "noconv") == 0)
		*ret_conv = false;
	else if (strcmp(word, "close-std") == 0) {
		std_is_closed = true;
		for (int fd = 0; fd <= 2; fd++)
			close(fd);
	} else if (strcmp(word, "ignore-sigchld") == 0)
		signal(SIGCHLD, SIG_IGN);
	else if (strncmp(word, "time=", 5) == 0) {
		if (!rig_clock_start(word + 5))
			exit(95);
	} else if (strncmp(word, "again=", 6) == 0)
		*ret_times = strtol(word + 6, NULL, 10);
	else if (strncmp(word, "uid=", 4) == 0) {
		if (setuid((uid_t)strtol(word + 4, NULL, 10)) != 0)
			exit(91);
	} else
		return false;
	return true;
}

int main(int argc, char **argv)
{
	static char before[STATE_SIZE], after[STATE_SIZE];
	bool has_conv = true;
	long times = 1;
	int first = 5;
	int fd = argc > 5 ? open(argv[1], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;

	if (fd < 0 || fcntl(fd, F_DUPFD_CLOEXEC, LOG_FD) != LOG_FD)
		return 92;
	close(fd);
	report = fdopen(LOG_FD, "a");
	if (!report)
		return 93;
	for (; first < argc && process_word(argv[first], &has_conv, &times); first++)
		;
	/* What libraries set up once and keep is not the module's doing. */
	if (times > 1)
		transaction(argv, first, argc, has_conv);
	read_state(before);
	for (long i = 0; i < times; i++)
		transaction(argv, first, argc, has_conv);
	read_state(after);
	if (strcmp(before, after) != 0)
		fprintf(report, "changed %s\nto %s\n", before, after);
	if (has_children())
		fprintf(report, "changed children\n");
	/* LeakSanitizer looks at its own process as a debugger does. */
	prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	fprintf(report, "done\n");
	return fclose(report) ? 94 : 0;
}
