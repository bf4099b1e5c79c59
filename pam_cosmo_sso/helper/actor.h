/* SPDX-License-Identifier: MIT */
/* Who asks for something: for the log, for whoever reads it afterwards, and for no decision. */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#define ACTOR_BYTES ((size_t)192)

/*
 * Describe the process @peer, as "root (login: vic, sudo: vic, tty: pts/3)"; what is not known is
 * left out, and "unknown" is all that can be said of a process that is gone or of none (0).
 *
 * login: who signed in to the session that it is of, by the kernel's audit login uid: the name in
 * /etc/passwd, else "uid N". sudo: SUDO_USER of its environment, which whoever is root can set as
 * he likes. tty: its controlling terminal. Printable ASCII. Keeps errno.
 */
void actor_describe(pid_t peer, char ret[ACTOR_BYTES]);
