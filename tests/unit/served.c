#include "unit.h"

#include <sys/stat.h>

#include "certificates.h"
#include "installed.h"
#include "served.h"

/* The only CA, made once. */
static const char *
authority(void)
{
	static const char *file;
	struct identity made;

	if (file != NULL)
		return file;
	identity_make_ca(&made, "CA");
	file = identity_file(&made, "ca.pem");
	identity_end(&made);
	return file;
}

static void
make_directory(const char *name)
{
	char file[512];

	snprintf(file, sizeof file, "%s/%s", unit_directory(), name);
	(void)mkdir(file, 0755);
}

const char *
served_configuration(unsigned int workers, const char *socket)
{
	const char *top = unit_directory(), *file;
	char *text;

	installed_begin();
	make_directory("state");
	make_directory("accounts.d");
	assert_int_not_equal(
	    asprintf(&text,
		"{\"workers\": %u, \"ca\": \"%s\", \"state\": \"%s/state\","
		" \"log\": \"%s/log\", \"listen\": {\"socket\": \"%s/%s\"},"
		" \"metrics\": {\"allow\": [\"192.0.2.1\"]},"
		" \"providers\": {\"home\": {\"description\": \"desec\"}},"
		" \"notify\": {\"phone\": {\"form\": \"ntfy\","
		"  \"url\": \"https://ntfy.example.org/dns\","
		"  \"events\": [\"silent\"]}},"
		" \"account_directory\": \"%s/accounts.d\"}",
		workers, authority(), top, top, top, socket, top),
	    -1);
	file = unit_write("ddnsgate.json", text, strlen(text));
	free(text);
	return file;
}
