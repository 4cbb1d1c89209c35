#include "config.h"

#include <stdio.h>
#include <string.h>

#include "command/command.h"
#include "command/options.h"
#include "config/settings.h"
#include "pool/inquiry.h"
#include "pool/scoreboard.h"

#define ANSWER_MS      5000
#define BODY_MAX       4096
#define SOCKET_DEFAULT "/run/ddnsgate/ddnsgate.sock"

/* As plug-ins of Nagios end: monitoring-plugins.org, "Plugin Return Codes". */
enum health { HEALTH_OK, HEALTH_WARNING, HEALTH_CRITICAL };

static const struct usage usage = {
	.synopsis = "usage: ddnsgate health [--config FILE] [--socket FILE]\n",
	.about =
	    "Asks the running service whether it is as it should be, prints "
	    "one line,\n"
	    "and exits with 0; with 1 if the service says what is wrong; with "
	    "2 if it\n"
	    "does not answer.\n",
	.takes = { { OPTION_CONFIG, NULL }, { OPTION_SOCKET, NULL } },
};

static int
tell(enum health h, const char *text)
{
	static const char *const words[] = { "OK", "WARNING", "CRITICAL" };

	printf("DDNSGATE %s - %s\n", words[h], text);
	return fflush(stdout) == 0 ? (int)h : HEALTH_CRITICAL;
}

/* "32 workers, 3 busy"; of a service without a pool, that it answers. */
static void
describe(const char *file, char *text, size_t size)
{
	const struct scoreboard *b = scoreboard_view(file);
	unsigned int all, busy;

	snprintf(text, size, "it answers");
	if (b == NULL)
		return;
	scoreboard_workers(b, &all, &busy);
	snprintf(text, size, "%u workers, %u busy", all, busy);
	scoreboard_unview(b);
}

/* Where the service listens, by its configuration. */
static int
find_socket(const char *file, char *name, size_t size)
{
	struct error why;
	struct settings *s = settings_read_alone(file, &why);

	if (s == NULL)
		return tell(HEALTH_CRITICAL, why.text);
	snprintf(name, size, "%s",
	    s->listen.path != NULL ? s->listen.path : SOCKET_DEFAULT);
	settings_free(s);
	return HEALTH_OK;
}

static int
ask(const char *file, const char *socket)
{
	struct buffer body = { .max = BODY_MAX };
	const char *fault = "it says nothing";
	char text[64];
	struct error why;
	int status, rc;

	if (inquiry_get(socket, "/healthz", ANSWER_MS, &status, &body, &why) !=
	    ERR_OK) {
		rc = tell(HEALTH_CRITICAL, why.text);
	} else if (status == 200) {
		describe(file, text, sizeof text);
		rc = tell(HEALTH_OK, text);
	} else {
		if (body.len > 0) {
			body.data[strcspn(body.data, "\n")] = '\0';
			fault = body.data;
		}
		rc = tell(HEALTH_WARNING, fault);
	}
	buffer_free(&body);
	return rc;
}

int
command_health(int argc, char *argv[])
{
	const char *file, *socket;
	char name[4096];
	struct options o;
	int rc = options_read(&o, &usage, argc, argv);

	if (rc != -1 || o.operand_count > 0)
		return rc != -1 ? rc : options_wrong(&o);
	file = options_config(&o);
	socket = options_text(&o, OPTION_SOCKET, NULL);
	if (socket == NULL) {
		if ((rc = find_socket(file, name, sizeof name)) != HEALTH_OK)
			return rc;
		socket = name;
	}
	return ask(file, socket);
}
