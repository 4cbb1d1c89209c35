/*
 * board.h - what a pool does, as status and top show it.
 */
#ifndef COMMAND_BOARD_H
#define COMMAND_BOARD_H

#include <json-c/json.h>

#include "pool/scoreboard.h"

/*
 * Prints it for a person, at most lines of workers that are at work; b: NULL
 * where there is no pool.
 */
void board_print(const struct scoreboard *b, unsigned int lines);

/* The same as JSON, which the caller releases. */
json_object *board_json(const struct scoreboard *b);

#endif
