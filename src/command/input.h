/*
 * input.h - asks an administrator for what must not stand on a command line.
 */
#ifndef COMMAND_INPUT_H
#define COMMAND_INPUT_H

#include <stdbool.h>
#include <stddef.h>

#define INPUT_TOKEN_MAX 2048 /* bytes of a token that is asked for */

/*
 * One line of standard input, without its end; it never passes through a
 * buffer of stdio.  False at the end of input, or for an empty or longer line.
 */
bool input_line(char *line, size_t size);

/*
 * Prints the question on standard error, and reads a line, which may be empty.
 * False at the end of input, or for a longer line.
 */
bool input_answer(const char *question, char *line, size_t size);

/*
 * input_line(); if standard input is a terminal it asks at the terminal of the
 * process, and does not show what is typed.  A signal that ends or stops the
 * process finds the terminal as it was.  There, a line must have two bytes less
 * than size, or the result is false.
 */
bool input_secret(const char *prompt, char *line, size_t size);

/*
 * Asks for a new token, twice at a terminal; otherwise it is one line of
 * standard input.  False, told on standard error, if there is none, or the two
 * differ.
 */
bool input_token(char *token, size_t size);

#endif
