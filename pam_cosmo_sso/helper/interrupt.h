/* SPDX-License-Identifier: MIT */
/* Ctrl-C at a terminal, for a caller that the signal itself does not end. */
#pragma once

/*
 * Return when the other end of @peer_fd is closed. Until then this process does nothing but be
 * there: the signal ends it, and who holds the other end sees that (see module/interrupt.h).
 */
void interrupt_await(int peer_fd);
