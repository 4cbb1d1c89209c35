/*
 * installed.h - the descriptions of the source tree stand in for those that
 * are installed, and whoever owns the tests may own what must be root's.
 *
 * For programs that are linked with $(INSTALLED) of Makefile.am.
 */
#ifndef UNIT_INSTALLED_H
#define UNIT_INSTALLED_H

#include "base/error.h"

struct description;

/* From now on they do. */
void installed_begin(void);

int __wrap_access(const char *file, int mode);
int __real_access(const char *file, int mode);
enum err __wrap_document_of_root(const char *file, struct error *why);
struct description *__wrap_description_read(const char *file,
    struct error *why);
struct description *__real_description_read(const char *file,
    struct error *why);

#endif
