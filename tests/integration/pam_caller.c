/* SPDX-License-Identifier: MIT */
/*
 * A program that uses PAM as told on its command line, and reports what it saw to a file:
 *
 *   pam_caller LOG CONFDIR SERVICE USER [WORD...]
 *
 * LOG may be /proc/self/fd/1, for a pipe that no limit of file sizes touches. USER may be "-":
 * none. WORDs are settings of the process, then settings and calls of a transaction, done from left
 * to right. Of the process:
 *
 *   close-out (descriptors 1 and 2)
 *   noconv close-std uid=N again=N (all calls N times, each in a transaction of its own)
 *   ruid=N                  as a setuid program of root's that N has started
 *   threads                 USER is several, "A,B,...": each in a thread of its own, all at once;
 *                           the log then has the user before what he did ("A:auth CODE")
 *   time=FILE               time stands still but for FILE; see rig_clock.h
 *   ignore-sigchld no-cldwait block-signals reaper (a handler that reaps whatever child there is)
 *   default-sigpipe         what writes to nobody is killed
 *   ignore-keys (the signals that a terminal sends) catch-sigint
 *   open-fds=N umask=N cwd-gone locale=NAME
 *   limit=NAME:SOFT[:HARD]  NAME: FSIZE, AS (above what is used) ...
 *
 * Of a transaction:
 *
 *   tty=T rhost=H env=K=V   PAM items and environment
 *   clock                   reports when each call began and each message came ("clock WHAT NS")
 *   answers=A,B,...         what the conversation does at each ECHO_ON prompt, the last one again
 *                           and again: enter, error, end (no line), after:PATH (Enter once PATH
 *                           exists), say:TEXT, huge, bytes (no UTF-8), more (any response),
 *                           nothing (success and no responses), status:N
 *   informs=A,B,...         the same at each text
 *   silent auth setcred account open close chauthtok
 *
 * The log has a line per message ("message STYLE TEXT" with \n as "\\n"), per call ("auth CODE"),
 * and for anything of the process that the calls changed ("changed WHAT").
 */
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <poll.h>
#include <pthread.h>
#include <security/pam_appl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/integration/process_state.h"
#include "tests/integration/rig_clock.h"

#define OWN_CHILDREN 5
#define LOG_FD       200
#define MAX_THREADS  16
#define HUGE_TEXT    ((size_t)1024 * 1024)

static FILE *report;
static bool has_clock;
static bool std_is_closed;
static pid_t own_children[OWN_CHILDREN];

struct session {
	pam_handle_t *pamh;
	const char *label; /* "": alone */
	const char *answers;
	const char *informs; /* NULL: nothing odd */
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
	const struct timespec pause = {
		.tv_nsec = 5000000}; /* by the kernel's clock, whatever ours says */
	struct stat status = {0};

	while (stat(path, &status) != 0)
		nanosleep(&pause, NULL);
}

/* The next of the comma-separated @answers, which stays if it is the last. */
static void next_word(const char **answers, char *ret, size_t size)
{
	size_t len = strcspn(*answers, ",");

	snprintf(ret, size, "%.*s", (int)len, *answers);
	if ((*answers)[len])
		*answers += len + 1;
}

static char *huge_text(void)
{
	char *text = malloc(HUGE_TEXT);

	if (!text)
		exit(102);
	memset(text, 'x', HUGE_TEXT - 1);
	text[HUGE_TEXT - 1] = 0;
	return text;
}

/* What one word of an answer does; -1: say nothing at all and call it a success. */
static int answer(const char *word, char **ret)
{
	*ret = NULL;
	if (strcmp(word, "error") == 0)
		return PAM_CONV_ERR;
	if (strcmp(word, "end") == 0)
		return PAM_SUCCESS;
	if (strcmp(word, "nothing") == 0)
		return -1;
	if (strncmp(word, "status:", 7) == 0)
		return (int)strtol(word + 7, NULL, 10);
	if (strncmp(word, "after:", 6) == 0)
		wait_for_path(word + 6);
	if (strcmp(word, "huge") == 0)
		*ret = huge_text();
	else if (strcmp(word, "bytes") == 0)
		*ret = strdup("\xff\xfe\x80\x1b[2J\xc3");
	else
		*ret = strdup(strncmp(word, "say:", 4) == 0 ? word + 4 : "typed");
	return *ret ? PAM_SUCCESS : PAM_BUF_ERR;
}

static int respond(struct session *session, int style, char **ret)
{
	char word[256] = "";

	if (style == PAM_PROMPT_ECHO_ON || style == PAM_PROMPT_ECHO_OFF)
		next_word(&session->answers, word, sizeof(word));
	else if (session->informs)
		next_word(&session->informs, word, sizeof(word));
	else
		return PAM_SUCCESS;
	return answer(word, ret);
}

static int converse(
	int count, const struct pam_message **messages, struct pam_response **ret, void *context)
{
	/* Some give room for more than was asked. */
	struct pam_response *responses = calloc((size_t)count + 2, sizeof(*responses));
	int status = responses ? PAM_SUCCESS : PAM_BUF_ERR;

	/* Programs write there without looking. */
	for (int fd = 0; std_is_closed && fd <= 2; fd++)
		(void)!write(fd, "stray", 5);
	for (int i = 0; i < count && status == PAM_SUCCESS; i++) {
		report_clock("message");
		flockfile(report);
		fprintf(report, "message %d ", messages[i]->msg_style);
		report_text(messages[i]->msg);
		fflush(report);
		funlockfile(report);
		status = respond(context, messages[i]->msg_style, &responses[i].resp);
		if (status == PAM_SUCCESS && responses[i].resp)
			responses[i].resp_retcode = 99;
	}
	if (status != PAM_SUCCESS) {
		free(responses);
		return status == -1 ? PAM_SUCCESS : status;
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
	else if (strncmp(word, "informs=", 8) == 0)
		session->informs = word + 8;
	else if (strcmp(word, "silent") == 0)
		session->flags = (int)PAM_SILENT;
	else if (strcmp(word, "clock") == 0)
		has_clock = true;
	else {
		int code = 0;

		report_clock(word);
		code = call(session, word);
		fprintf(report, "%s%s %d\n", session->label, word, code);
	}
	fflush(report);
}

/* What all transactions of a run have in common. */
struct run {
	char **argv;
	int first; /* word of a transaction */
	int argc;
	bool has_conv;
	bool is_threaded;
};

static void transaction(const struct run *run, const char *user, const char *label)
{
	struct session session = {.answers = "enter", .label = label};
	struct pam_conv conv = {run->has_conv ? converse : NULL, &session};
	int status = pam_start_confdir(run->argv[3], user, &conv, run->argv[2], &session.pamh);

	if (status != PAM_SUCCESS) {
		fprintf(report, "%sstart %d\n", label, status);
		return;
	}
	for (int i = run->first; i < run->argc; i++)
		one_word(&session, run->argv[i]);
	status = pam_end(session.pamh, PAM_SUCCESS);
	if (status != PAM_SUCCESS)
		fprintf(report, "%send %d\n", label, status);
}

struct thread {
	pthread_t id;
	const struct run *run;
	char user[64];
	char label[66];
};

static void *one_thread(void *context)
{
	const struct thread *thread = context;
	sigset_t before, after;

	pthread_sigmask(SIG_SETMASK, NULL, &before);
	transaction(thread->run, thread->user, thread->label);
	pthread_sigmask(SIG_SETMASK, NULL, &after);
	for (int signal = 1; signal < NSIG; signal++)
		if (sigismember(&before, signal) != sigismember(&after, signal))
			fprintf(report, "changed %ssignal %d\n", thread->label, signal);
	return NULL;
}

/* A thread is joined a moment before the kernel has done with it. */
static void wait_alone(void)
{
	struct stat status = {0};
	const struct timespec pause = {.tv_nsec = 1000000};

	while (stat("/proc/self/task", &status) == 0 && status.st_nlink > 3)
		nanosleep(&pause, NULL);
}

static void in_threads(const struct run *run)
{
	struct thread threads[MAX_THREADS];
	const char *users = run->argv[4];
	size_t count = 0;

	for (; *users && count < MAX_THREADS; count++) {
		size_t len = strcspn(users, ",");

		threads[count].run = run;
		snprintf(threads[count].user, sizeof(threads[count].user), "%.*s", (int)len, users);
		snprintf(threads[count].label, sizeof(threads[count].label),
			"%s:", threads[count].user);
		if (pthread_create(&threads[count].id, NULL, one_thread, &threads[count]) != 0)
			exit(103);
		users += len + (users[len] != 0);
	}
	while (count > 0)
		pthread_join(threads[--count].id, NULL);
	wait_alone();
}

static void one_round(const struct run *run)
{
	const char *user = run->argv[4];

	if (run->is_threaded)
		in_threads(run);
	else
		transaction(run, strcmp(user, "-") == 0 ? NULL : user, "");
}

/* Others than its own. */
static bool has_children(void)
{
	for (int i = 0; i < OWN_CHILDREN; i++)
		while (own_children[i] > 0 && waitpid(own_children[i], NULL, 0) < 0 &&
			errno == EINTR)
			;
	return waitpid(-1, NULL, WNOHANG) >= 0 || errno != ECHILD;
}

static void on_sigchld(int number)
{
	int kept = errno;

	(void)number;
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	errno = kept;
}

/* A program with children of its own, that end at any moment. */
static void reap_by_handler(void)
{
	struct sigaction action = {.sa_handler = on_sigchld};

	sigaction(SIGCHLD, &action, NULL);
	for (int i = 0; i < OWN_CHILDREN; i++) {
		own_children[i] = fork();
		if (own_children[i] == 0) {
			poll(NULL, 0, 4 * i);
			_exit(0);
		}
	}
}

static void on_sigint(int number)
{
	(void)number;
}

/* As login of util-linux and sudo do; a terminal's own program would end of them. */
static void set_keys(const char *word)
{
	struct sigaction noted = {.sa_handler = on_sigint};

	if (strcmp(word, "catch-sigint") == 0) {
		sigaction(SIGINT, &noted, NULL);
		return;
	}
	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	signal(SIGTSTP, SIG_IGN);
}

static void set_signals(const char *word)
{
	struct sigaction ignored = {.sa_handler = SIG_DFL, .sa_flags = SA_NOCLDWAIT};
	sigset_t all;

	sigfillset(&all);
	if (strcmp(word, "ignore-sigchld") == 0)
		signal(SIGCHLD, SIG_IGN);
	else if (strcmp(word, "default-sigpipe") == 0)
		signal(SIGPIPE, SIG_DFL);
	else if (strcmp(word, "no-cldwait") == 0)
		sigaction(SIGCHLD, &ignored, NULL);
	else if (strcmp(word, "block-signals") == 0)
		sigprocmask(SIG_BLOCK, &all, NULL);
	else
		reap_by_handler();
}

static unsigned long long used_memory(void)
{
	unsigned long long pages = 0;
	FILE *file = fopen("/proc/self/statm", "re");

	if (!file || fscanf(file, "%llu", &pages) != 1)
		exit(97);
	fclose(file);
	return pages * (unsigned long long)sysconf(_SC_PAGESIZE);
}

/* NAME:SOFT[:HARD] */
static void set_limit(const char *word)
{
	size_t len = strcspn(word, ":");
	struct rlimit limit = {0};
	char *end = NULL;

	for (size_t i = 0; process_limits[i].name; i++) {
		if (strncmp(process_limits[i].name, word, len) != 0 || process_limits[i].name[len])
			continue;
		getrlimit(process_limits[i].resource, &limit);
		limit.rlim_cur = strtoull(word + len + 1, &end, 10);
		if (process_limits[i].resource == RLIMIT_AS)
			limit.rlim_cur += used_memory();
		if (*end == ':')
			limit.rlim_max = strtoull(end + 1, NULL, 10);
		if (process_limits[i].resource == RLIMIT_AS && *end == ':')
			limit.rlim_max = limit.rlim_cur;
		if (setrlimit(process_limits[i].resource, &limit) != 0)
			exit(98);
		return;
	}
	exit(99);
}

/* As many as that, the log's number left alone. */
static void open_descriptors(long count)
{
	struct rlimit limit = {.rlim_cur = (rlim_t)count + 300, .rlim_max = (rlim_t)count + 300};

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	while (count-- > 0)
		if (open("/dev/null", O_RDWR) < 0)
			exit(100);
}

static void lose_cwd(void)
{
	char folder[] = "/tmp/pam-caller.XXXXXX";

	if (!mkdtemp(folder) || chdir(folder) != 0 || rmdir(folder) != 0)
		exit(101);
}

static void close_std(int first)
{
	std_is_closed = true;
	for (int fd = first; fd <= 2; fd++)
		close(fd);
}

/* Settings of the process as a whole; false for words of a transaction. */
static bool process_word(const char *word, struct run *run, long *ret_times)
{
	if (strcmp(word, "noconv") == 0)
		run->has_conv = false;
	else if (strcmp(word, "threads") == 0)
		run->is_threaded = true;
	else if (strcmp(word, "close-std") == 0)
		close_std(0);
	else if (strcmp(word, "close-out") == 0)
		close_std(1);
	else if (strcmp(word, "ignore-sigchld") == 0 || strcmp(word, "no-cldwait") == 0 ||
		 strcmp(word, "default-sigpipe") == 0 || strcmp(word, "block-signals") == 0 ||
		 strcmp(word, "reaper") == 0)
		set_signals(word);
	else if (strcmp(word, "ignore-keys") == 0 || strcmp(word, "catch-sigint") == 0)
		set_keys(word);
	else if (strncmp(word, "open-fds=", 9) == 0)
		open_descriptors(strtol(word + 9, NULL, 10));
	else if (strncmp(word, "umask=", 6) == 0)
		umask((mode_t)strtol(word + 6, NULL, 8));
	else if (strcmp(word, "cwd-gone") == 0)
		lose_cwd();
	else if (strncmp(word, "locale=", 7) == 0)
		setlocale(LC_ALL, word + 7);
	else if (strncmp(word, "limit=", 6) == 0)
		set_limit(word + 6);
	else if (strncmp(word, "time=", 5) == 0) {
		if (!rig_clock_start(word + 5))
			exit(95);
	} else if (strncmp(word, "again=", 6) == 0)
		*ret_times = strtol(word + 6, NULL, 10);
	else if (strncmp(word, "uid=", 4) == 0) {
		if (setuid((uid_t)strtol(word + 4, NULL, 10)) != 0)
			exit(91);
	} else if (strncmp(word, "ruid=", 5) == 0) {
		if (setresuid((uid_t)strtol(word + 5, NULL, 10), 0, 0) != 0)
			exit(91);
	} else
		return false;
	return true;
}

int main(int argc, char **argv)
{
	static char before[PROCESS_STATE_SIZE], after[PROCESS_STATE_SIZE];
	struct run run = {.argv = argv, .first = 5, .argc = argc, .has_conv = true};
	long times = 1;
	int fd = argc > 5 ? open(argv[1], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;

	if (fd < 0 || fcntl(fd, F_DUPFD_CLOEXEC, LOG_FD) != LOG_FD)
		return 92;
	close(fd);
	report = fdopen(LOG_FD, "a");
	if (!report)
		return 93;
	while (run.first < argc && process_word(argv[run.first], &run, &times))
		run.first++;
	/* What libraries set up once and keep is not the module's doing. */
	if (times > 1)
		one_round(&run);
	process_state_read(before);
	for (long i = 0; i < times; i++)
		one_round(&run);
	process_state_read(after);
	if (strcmp(before, after) != 0)
		fprintf(report, "changed %s\nto %s\n", before, after);
	if (has_children())
		fprintf(report, "changed children\n");
	/* LeakSanitizer looks at its own process as a debugger does. */
	prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	fprintf(report, "done\n");
	return fclose(report) ? 94 : 0;
}
