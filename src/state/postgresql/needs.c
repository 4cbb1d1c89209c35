#include "config.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libpq-fe.h>

#include "state/postgresql/postgresql.h"

#define PORT_DEFAULT "5432"

static void
add_file(struct state_needs *n, const char *path)
{
	if (path != NULL && *path == '/' && n->file_count < STATE_FILES_MAX &&
	    strlen(path) < sizeof n->files[0])
		strcpy(n->files[n->file_count++], path);
}

/* "5432,5433": one for each of several hosts, or for all; "" is the default. */
static void
add_ports(struct state_needs *n, const char *list)
{
	for (const char *p = list; p != NULL; p = strchr(p, ',')) {
		p += *p == ',';
		if (n->port_count < STATE_PORTS_MAX)
			n->ports[n->port_count++] = (uint16_t)
			    strtoul(*p == '\0' || *p == ',' ? PORT_DEFAULT : p,
				NULL, 10);
	}
}

/* The password file that libpq takes when nothing names one. */
static void
add_pgpass(struct state_needs *n)
{
	const char *home = getenv("HOME");
	const struct passwd *p;
	char path[PATH_MAX];

	if (home == NULL && (p = getpwuid(geteuid())) != NULL &&
	    setenv("HOME", p->pw_dir, 0) == 0)
		home = getenv("HOME");
	if (home == NULL)
		return;
	snprintf(path, sizeof path, "%s/.pgpass", home);
	add_file(n, path);
}

bool
postgresql_needs(const struct state *s, struct state_needs *n)
{
	static const char *const files[] = { "passfile", "sslrootcert",
		"sslcert", "sslkey", "sslcrl" };
	PQconninfoOption *options = PQconninfoParse(s->place, NULL);
	bool port = false, passfile = s->password_file != NULL;

	if (options == NULL)
		return false;
	add_file(n, s->password_file);
	add_file(n, s->ca);
	for (const PQconninfoOption *o = options; o->keyword != NULL; o++) {
		if (o->val == NULL)
			continue;
		if (strcmp(o->keyword, "port") == 0) {
			add_ports(n, o->val);
			port = true;
		}
		passfile |= strcmp(o->keyword, "passfile") == 0;
		for (size_t i = 0; i < sizeof files / sizeof *files; i++)
			if (strcmp(o->keyword, files[i]) == 0)
				add_file(n, o->val);
	}
	PQconninfoFree(options);
	if (!port)
		add_ports(n, PORT_DEFAULT);
	if (!passfile)
		add_pgpass(n);
	return true;
}
