#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"

static const char *const names[] = {
	[ERR_OK] = "ok",
	[ERR_MEMORY] = "memory",
	[ERR_SYSTEM] = "system",
	[ERR_CONFIG] = "configuration",
	[ERR_REQUEST] = "request",
	[ERR_NOT_FOUND] = "path",
	[ERR_METHOD] = "method",
	[ERR_ABANDONED] = "abandoned",
	[ERR_AUTH] = "login",
	[ERR_TOO_MANY_FAILURES] = "limit",
	[ERR_TOO_MANY_PROOFS] = "proofs",
	[ERR_UPDATES_BUSY] = "updates",
	[ERR_LOGINS_BUSY] = "crowd",
	[ERR_NOT_A_NAME] = "name",
	[ERR_TOO_MANY_NAMES] = "names",
	[ERR_NOT_YOURS] = "host",
	[ERR_ADDRESS] = "address",
	[ERR_PROOF] = "proof",
	[ERR_TOKEN] = "token",
	[ERR_ZONE] = "zone",
	[ERR_REFUSED] = "refused",
	[ERR_BUSY] = "busy",
	[ERR_UNREACHABLE] = "unreachable",
};
_Static_assert(sizeof names / sizeof *names == ERR__MAX, "a name per error");

enum err
error_set(struct error *e, enum err code, const char *fmt, ...)
{
	va_list ap;

	if (e != NULL) {
		e->code = code;
		va_start(ap, fmt);
		vsnprintf(e->text, sizeof e->text, fmt, ap);
		va_end(ap);
	}
	return code;
}

enum err
error_memory(struct error *e)
{
	return error_set(e, ERR_MEMORY, "out of memory");
}

enum err
error_prefix(struct error *e, const char *fmt, ...)
{
	char tail[ERROR_TEXT_MAX];
	va_list ap;
	size_t used;

	memcpy(tail, e->text, sizeof tail);
	va_start(ap, fmt);
	vsnprintf(e->text, sizeof e->text, fmt, ap);
	va_end(ap);
	used = strlen(e->text);
	snprintf(e->text + used, sizeof e->text - used, ": %s", tail);
	return e->code;
}

const char *
error_name(enum err code)
{
	return code < ERR__MAX ? names[code] : "unknown";
}
