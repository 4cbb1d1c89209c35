#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command/person.h"

bool
person_has_terminal(void)
{
	const char *term = getenv("TERM");

	return isatty(STDOUT_FILENO) == 1 && term != NULL && *term != '\0' &&
	    strcmp(term, "dumb") != 0;
}

const char *
person_paint(enum paint p)
{
	static const char *const codes[] = {
		[PAINT_PLAIN] = "\033[0m",
		[PAINT_GOOD] = "\033[32m",
		[PAINT_BAD] = "\033[31m",
		[PAINT_STRONG] = "\033[1m",
	};
	const char *no = getenv("NO_COLOR");

	return person_has_terminal() && (no == NULL || *no == '\0') ? codes[p] :
								      "";
}

/* How much of text fits into room columns; more than that if it is a word. */
static size_t
fitting(const char *text, size_t room)
{
	size_t len = strlen(text), last = 0;

	if (len <= room)
		return len;
	for (size_t i = 0; i <= room; i++)
		if (text[i] == ' ')
			last = i;
	return last > 0 ? last : strcspn(text, " ");
}

void
person_text(int column, int used, const char *text)
{
	do {
		int left = PERSON_COLUMNS - (used > 0 ? used : column);
		size_t len = fitting(text, left > 20 ? (size_t)left : 20);

		printf("%*s%.*s\n", used > 0 ? 0 : column, "", (int)len, text);
		text += len;
		text += strspn(text, " ");
		used = 0;
	} while (*text != '\0');
}
