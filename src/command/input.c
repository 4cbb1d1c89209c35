#include "config.h"

#include <bsd/readpassphrase.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/secret.h"
#include "command/input.h"

/* The bytes of a line that is there; -1: none, or a longer one. */
static ssize_t
read_line(char *line, size_t size)
{
	size_t n = 0;
	ssize_t got;
	char c;

	while ((got = read(STDIN_FILENO, &c, 1)) == 1 && c != '\n') {
		if (n + 1 == size)
			return -1;
		line[n++] = c;
	}
	if (got != 1 && n == 0)
		return -1;
	if (n > 0 && line[n - 1] == '\r')
		n--;
	line[n] = '\0';
	return (ssize_t)n;
}

bool
input_line(char *line, size_t size)
{
	return read_line(line, size) > 0;
}

bool
input_answer(const char *question, char *line, size_t size)
{
	fflush(stdout);
	fputs(question, stderr);
	return read_line(line, size) >= 0;
}

/*
 * readpassphrase(3) shows again what is typed before a signal, such as that of
 * Ctrl-C, ends or stops the program.
 */
bool
input_secret(const char *prompt, char *line, size_t size)
{
	size_t n;

	if (!isatty(STDIN_FILENO))
		return input_line(line, size);
	if (readpassphrase(prompt, line, size, RPP_REQUIRE_TTY) == NULL)
		return false;
	n = strlen(line);
	/* A line that has no room is cut there, without a word. */
	return n > 0 && n + 1 < size;
}

bool
input_token(char *token, size_t size)
{
	char again[INPUT_TOKEN_MAX + 1];
	bool same;

	if (!input_secret("Token: ", token, size) ||
	    (isatty(STDIN_FILENO) &&
		!input_secret("Token again: ", again, sizeof again))) {
		fputs("ddnsgate: no token was given\n", stderr);
		return false;
	}
	same = !isatty(STDIN_FILENO) || strcmp(token, again) == 0;
	secret_wipe(again, sizeof again);
	if (!same)
		fputs("The two are not the same.\n", stderr);
	return same;
}
