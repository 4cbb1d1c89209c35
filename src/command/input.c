#include "config.h"

#include <stdio.h>
#include <termios.h>
#include <unistd.h>

#include "command/input.h"

bool
input_line(char *line, size_t size)
{
	size_t n = 0;
	char c;

	while (read(STDIN_FILENO, &c, 1) == 1 && c != '\n') {
		if (n + 1 == size)
			return false;
		line[n++] = c;
	}
	if (n > 0 && line[n - 1] == '\r')
		n--;
	line[n] = '\0';
	return n > 0;
}

bool
input_secret(const char *prompt, char *line, size_t size)
{
	struct termios shown, hidden;
	bool ok;

	if (!isatty(STDIN_FILENO))
		return input_line(line, size);
	fputs(prompt, stderr);
	if (tcgetattr(STDIN_FILENO, &shown) == -1)
		return false;
	hidden = shown;
	hidden.c_lflag &= ~(tcflag_t)ECHO;
	if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden) == -1)
		return false;
	ok = input_line(line, size);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
	fputc('\n', stderr);
	return ok;
}
