/*
 * outcome.h - what a command comes to in the end.
 */
#ifndef COMMAND_OUTCOME_H
#define COMMAND_OUTCOME_H

/*
 * The exit status of a command that ended with status: EXIT_FAILED, with a line
 * on standard error, also if its output was lost, or if memory ran out since
 * heap_begin(): what it printed may be less than whole, and what it gave as the
 * reason of a failure may be wrong.
 */
int outcome_of(int status);

#endif
