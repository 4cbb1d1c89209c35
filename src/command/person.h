/*
 * person.h - output for a person: colours where they are wanted, and lines that
 * fit.
 */
#ifndef COMMAND_PERSON_H
#define COMMAND_PERSON_H

#include <stdbool.h>

#define PERSON_COLUMNS 80

enum paint { PAINT_PLAIN, PAINT_GOOD, PAINT_BAD, PAINT_STRONG };

/* Is standard output a terminal that can move its cursor? */
bool person_has_terminal(void);

/*
 * What switches standard output to that colour, or back: "" unless it is such a
 * terminal and NO_COLOR (no-color.org) is not set.
 */
const char *person_paint(enum paint p);

/*
 * Prints text after the first column of each line, broken at blanks so that
 * lines fit; used: columns of the first line that are printed already.  A text
 * without a word ends that line.
 */
void person_text(int column, int used, const char *text);

#endif
