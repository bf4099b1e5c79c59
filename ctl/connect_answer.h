/* SPDX-License-Identifier: MIT */
/* What is made of an answer that somebody typed or pasted. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Take off the blanks around it. Returns where it begins, in @answer. */
char *connect_answer_trim(char *answer);

/* Is all of it text that a terminal shows as it is: no control characters, no broken UTF-8? At most
 * 1023 bytes. */
bool connect_answer_is_plain(const char *answer);

/* Cut the address of a discovery document, as browsers show it, to the issuer. Was it one? */
bool connect_answer_cut_issuer(char *answer);

/* The answer as a word of a shell's command line, in @ret of at least 4 * its bytes + 3. */
void connect_answer_quote(const char *answer, char *ret, size_t ret_size);
