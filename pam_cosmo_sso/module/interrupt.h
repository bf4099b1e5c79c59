/* SPDX-License-Identifier: MIT */
/*
 * Ctrl-C while a result is waited for at a terminal. Most programs end of it. Some do not: login of
 * util-linux ignores SIGINT, sudo notes it for later. There a process of ours is put beside the
 * program, into the group to which the terminal sends the signal, and ends of it instead.
 */
#pragma once

/*
 * Start that process where SIGINT would not end this one. Returns a socket, which the caller owns:
 * it can be read, or is hung up, once the process has ended, and closing it ends the process. -1 if
 * there is nothing to watch; also if the process could not be started: the sign-in goes on without.
 * Changes neither signals nor the terminal.
 */
int interrupt_watch(void);
