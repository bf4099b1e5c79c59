/* SPDX-License-Identifier: MIT */
/* The terminal that somebody sits at, as far as it can be asked. */
#pragma once

#include "common/prompt_text.h"

/* That of the first standard descriptor which is one; zero and not ASCII alone if there is none. */
struct prompt_screen terminal_screen(void);
