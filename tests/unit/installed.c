#include "unit.h"

#include <unistd.h>

#include "installed.h"

static bool begun;

void
installed_begin(void)
{
	begun = true;
}

static bool
is_installed(const char *file)
{
	return begun &&
	    strncmp(file, PROVIDERS_DATADIR, strlen(PROVIDERS_DATADIR)) == 0;
}

int
__wrap_access(const char *file, int mode)
{
	return is_installed(file) ? 0 : __real_access(file, mode);
}

enum err
__wrap_document_of_root(const char *file, struct error *why)
{
	(void)file;
	(void)why;
	return ERR_OK;
}

struct description *
__wrap_description_read(const char *file, struct error *why)
{
	char place[4096];
	const char *top = getenv("DDNSGATE_SOURCE");

	snprintf(place, sizeof place, "%s/providers%s", top ? top : ".",
	    strrchr(file, '/'));
	return __real_description_read(place, why);
}
