/* SPDX-License-Identifier: MIT */
/*
 * A service of root's that serves several users in one process, as JupyterHub does: for each it
 * opens a PAM session, which it leaves open, and starts something as this user.
 *
 *   pam_service SERVICE USER...
 *
 * It says "ready" once all of them are served, and ends by a signal.
 */
#include <grp.h>
#include <pwd.h>
#include <security/pam_appl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int say_nothing(
	int count, const struct pam_message **messages, struct pam_response **ret, void *context)
{
	(void)messages;
	(void)context;
	*ret = calloc((size_t)count, sizeof(**ret));
	return *ret ? PAM_SUCCESS : PAM_BUF_ERR;
}

static void fail(const char *what, const char *user)
{
	fprintf(stderr, "%s: %s\n", user, what);
	exit(1);
}

/* The transaction ends at once, the session does not. */
static void open_session(const char *service, const char *user)
{
	const struct pam_conv conversation = {.conv = say_nothing};
	pam_handle_t *pamh = NULL;
	int status = pam_start(service, user, &conversation, &pamh);

	if (status == PAM_SUCCESS)
		status = pam_open_session(pamh, 0);
	if (status != PAM_SUCCESS)
		fail(pam_strerror(pamh, status), user);
	(void)pam_end(pamh, status);
}

static void serve(const char *user)
{
	const struct passwd *entry = getpwnam(user);
	pid_t pid = entry ? fork() : -1;

	if (pid < 0)
		fail("nothing could be started", user);
	if (pid > 0)
		return;
	if (setsid() < 0 || initgroups(user, entry->pw_gid) < 0 || setgid(entry->pw_gid) < 0 ||
		setuid(entry->pw_uid) < 0)
		fail("could not become this user", user);
	execl("/bin/sleep", "sleep", "100000", (char *)NULL);
	fail("sleep could not be started", user);
}

int main(int argc, char **argv)
{
	for (int i = 2; i < argc; i++) {
		open_session(argv[1], argv[i]);
		serve(argv[i]);
	}
	printf("ready\n");
	fflush(stdout);
	for (;;)
		pause();
}
