/* SPDX-License-Identifier: MIT */
#include "common/terminal_screen.h"

#include <sys/ioctl.h>
#include <termios.h>

struct prompt_screen terminal_screen(void)
{
	struct prompt_screen screen = {0};
	struct termios settings = {0};
	struct winsize size = {0};

	for (int fd = 0; fd <= 2; fd++) {
		if (tcgetattr(fd, &settings) != 0)
			continue;
		/* Set by virtual consoles, terminal programs and sshd where UTF-8 is spoken. */
		screen.is_ascii = (settings.c_iflag & IUTF8) == 0;
		if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0) {
			screen.cols = size.ws_col;
			screen.rows = size.ws_row;
		}
		break;
	}
	return screen;
}
