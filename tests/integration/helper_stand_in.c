/* SPDX-License-Identifier: MIT */
/*
 * Stands where the helper is installed and hands its socket to the test, which plays the helper's
 * part: descriptor 3 goes to HELPER_DESK, with a byte that tells of what was inherited wrongly.
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define PEER_FD 3

extern char **environ;

/* 0 to 3 and the folder's own descriptor, no environment, a session of its own. */
static char state(int argc, char **argv)
{
	DIR *folder = opendir("/proc/self/fd");
	int count = 0;

	while (folder && readdir(folder))
		count++;
	if (folder)
		closedir(folder);
	if (count != 2 + PEER_FD + 1 + 1)
		return 'f';
	if (environ && environ[0])
		return 'e';
	if (argc != 2 || (strcmp(argv[1], "pam") != 0 && strcmp(argv[1], "look") != 0))
		return 'a';
	return getsid(0) == getpid() ? 'y' : 's';
}

int main(int argc, char **argv)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = HELPER_DESK};
	int desk = -1;
	char byte = state(argc, argv);
	struct iovec part = {&byte, 1};
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control.room),
	};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	desk = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (desk < 0 || connect(desk, (struct sockaddr *)&address, sizeof(address)) != 0)
		return 1;
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &(int){PEER_FD}, sizeof(int));
	return sendmsg(desk, &message, MSG_NOSIGNAL) == 1 ? 0 : 1;
}
