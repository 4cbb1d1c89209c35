#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/json.h"
#include "command/command.h"
#include "command/lookup.h"

/* Is there a file, and are we its owner now? */
static bool
become_owner(const char *directory)
{
	struct buffer name = { .max = 4096 };
	struct stat st;
	bool ok;

	buffer_printf(&name, "%s/state.db", directory);
	ok = !name.failed && stat(name.data, &st) == 0;
	if (!ok)
		fprintf(stderr,
		    "ddnsgate: state %s: %s; it is made when the service "
		    "starts\n",
		    directory, strerror(errno));
	else if (geteuid() == 0 &&
	    (setegid(st.st_gid) == -1 || seteuid(st.st_uid) == -1)) {
		fprintf(stderr, "ddnsgate: state %s: %s\n", directory,
		    strerror(errno));
		ok = false;
	}
	buffer_free(&name);
	return ok;
}

bool
lookup_begin(struct lookup *l, const char *file)
{
	struct error why;

	*l = (struct lookup){ .settings = settings_read(file, &why) };
	if (l->settings == NULL) {
		fprintf(stderr, "ddnsgate: %s\n", why.text);
		return false;
	}
	if (!settings_is_database(l->settings->state.place) &&
	    !become_owner(l->settings->state.place))
		return false;
	if ((l->state = state_view(l->settings, &why)) == NULL) {
		fprintf(stderr, "ddnsgate: %s\n", why.text);
		return false;
	}
	l->store = store_open(l->state);
	return l->store != NULL;
}

void
lookup_end(struct lookup *l)
{
	store_close(l->store);
	state_free(l->state);
	settings_free(l->settings);
}

int
lookup_status(const struct lookup *l, enum err rc)
{
	if (rc == ERR_OK)
		return EXIT_OK;
	fprintf(stderr, "ddnsgate: state %s: it cannot be read now\n",
	    l->settings->state.place);
	return EXIT_FAILED;
}

const char *
lookup_time(int64_t at, char text[static LOOKUP_TIME_MAX])
{
	time_t t = (time_t)at;
	struct tm tm;

	if (at == 0 || localtime_r(&t, &tm) == NULL)
		snprintf(text, LOOKUP_TIME_MAX, "never");
	else
		strftime(text, LOOKUP_TIME_MAX, "%Y-%m-%d %H:%M", &tm);
	return text;
}

json_object *
lookup_json_time(int64_t at)
{
	char text[LOOKUP_TIME_MAX];
	time_t t = (time_t)at;
	struct tm tm;

	if (at == 0 || gmtime_r(&t, &tm) == NULL)
		return NULL;
	strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm);
	return json_object_new_string(text);
}

void
lookup_json_print(json_object *o, bool *first)
{
	const char *text = json_text(o,
	    JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);

	printf("%s%s", *first ? "[\n" : ",\n", text != NULL ? text : "null");
	*first = false;
	json_object_put(o);
}

void
lookup_json_end(bool first)
{
	puts(first ? "[]" : "\n]");
}
