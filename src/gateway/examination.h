/*
 * examination.h - all errors of a configuration at once.
 */
#ifndef GATEWAY_EXAMINATION_H
#define GATEWAY_EXAMINATION_H

#include "config/settings.h"

/*
 * Fills faults, which is empty, with all errors that gateway_new() would meet
 * in a file, but those of accounts elsewhere.
 */
void gateway_examine(const char *file, struct faults *faults);

#endif
