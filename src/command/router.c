#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "command/command.h"
#include "command/lookup.h"
#include "command/options.h"
#include "gateway/table.h"

#define PAGE_MAX 65536
#define PAGE_END ".txt"

static const struct usage usage = {
	.synopsis =
	    "usage: ddnsgate router NAME --account ACCOUNT [--config FILE]\n"
	    "       ddnsgate router --list [--json]\n",
	.about = "What to type into a router or client.\n",
	.takes = { { OPTION_ACCOUNT, "as whom it logs in" },
	    { OPTION_CONFIG, NULL }, { OPTION_JSON, NULL },
	    { OPTION_LIST, NULL } },
};

static int
is_page(const struct dirent *e)
{
	size_t len = strlen(e->d_name);

	return e->d_name[0] != '.' && len > strlen(PAGE_END) &&
	    strcmp(e->d_name + len - strlen(PAGE_END), PAGE_END) == 0;
}

static int
list(FILE *to, bool json)
{
	bool first = true;
	struct dirent **entries;
	int count = scandir(ROUTERS_DATADIR, &entries, is_page, alphasort);

	if (count == -1) {
		fprintf(stderr, "ddnsgate: %s: %s\n", ROUTERS_DATADIR,
		    strerror(errno));
		return EXIT_FAILED;
	}
	for (int i = 0; i < count; i++) {
		const char *name = entries[i]->d_name;
		int len = (int)(strlen(name) - strlen(PAGE_END));

		if (json)
			lookup_json_print(json_object_new_string_len(name, len),
			    &first);
		else
			fprintf(to, "%.*s\n", len, name);
		free(entries[i]);
	}
	if (json)
		lookup_json_end(first);
	free(entries);
	return EXIT_OK;
}

static bool
read_page(const char *name, struct buffer *page)
{
	char file[4096], block[4096];
	FILE *f;
	size_t n;

	/* The name of a page, not a way to another file. */
	if (strchr(name, '/') != NULL ||
	    (size_t)snprintf(file, sizeof file, "%s/%s" PAGE_END,
		ROUTERS_DATADIR, name) >= sizeof file ||
	    (f = fopen(file, "re")) == NULL)
		return false;
	while ((n = fread(block, 1, sizeof block, f)) > 0)
		buffer_add(page, block, n);
	fclose(f);
	return page->len > 0 && !page->failed;
}

/* The text that {name} in a page becomes; value is NULL where there is none. */
struct mark {
	const char *name, *value;
};

/* The mark whose name and closing brace text begins with, or NULL. */
static const struct mark *
find_mark(const struct mark *m, const char *text)
{
	for (; m->name != NULL; m++) {
		size_t len = strlen(m->name);

		if (strncmp(text, m->name, len) == 0 && text[len] == '}')
			return m;
	}
	return NULL;
}

/*
 * Is the line for this account?  One that begins with {+name} is if that mark
 * has a value, one with {-name} if it has none; *line then points behind that.
 */
static bool
is_for_account(const char **line, const struct mark *marks)
{
	const struct mark *m;
	bool is = true;
	char sign;

	while ((*line)[0] == '{' &&
	    ((sign = (*line)[1]) == '+' || sign == '-') &&
	    (m = find_mark(marks, *line + 2)) != NULL) {
		is = is && (m->value != NULL) == (sign == '+');
		*line += strlen("{+}") + strlen(m->name);
	}
	return is;
}

/* Prints a page, line by line, with the values of its marks. */
static void
fill(const char *page, const struct mark *marks)
{
	while (*page != '\0') {
		const char *end = page + strcspn(page, "\n");
		bool is = is_for_account(&page, marks);
		const struct mark *m;

		while (is && page < end) {
			if (*page == '{' &&
			    (m = find_mark(marks, page + 1)) != NULL &&
			    m->value != NULL) {
				fputs(m->value, stdout);
				page += strlen("{}") + strlen(m->name);
			} else {
				putchar(*page++);
			}
		}
		if (is)
			putchar('\n');
		page = *end == '\n' ? end + 1 : end;
	}
}

/* Does the name hold the router's own addresses, and no other machine's? */
static bool
is_router(const struct host_settings *h)
{
	return h->ipv6 == IPV6_ROUTER ||
	    (h->ipv6 == IPV6_NONE && h->ipv4 != IPV4_NONE);
}

/* The host for which a device fits best, and NULL where none does. */
struct choice {
	const char *host;   /* has an IPv4 address, else the first one */
	const char *router; /* holds the router's own addresses */
	const char *ipv6;   /* the same, with an IPv6 address */
	const char *behind; /* is behind the prefix */
};

static struct choice
choose(const struct account_settings *a)
{
	struct choice c = { .host = NULL };

	for (size_t i = a->host_count; i-- > 0;) {
		const struct host_settings *h = &a->hosts[i];

		if (h->ipv4 != IPV4_NONE)
			c.host = h->name;
		if (is_router(h) && (c.ipv6 == NULL || h->ipv6 == IPV6_ROUTER))
			c.router = h->name;
		if (h->ipv6 == IPV6_ROUTER)
			c.ipv6 = h->name;
		if (h->ipv6 == IPV6_PREFIX)
			c.behind = h->name;
	}
	if (c.host == NULL)
		c.host = a->hosts[0].name;
	return c;
}

static void
fill_for(const char *page, const char *url, const struct account_settings *a)
{
	struct buffer hosts = { .max = 32768 };
	struct choice c = choose(a);

	for (size_t i = 0; i < a->host_count; i++)
		buffer_printf(&hosts, "%s%s", i == 0 ? "" : ",",
		    a->hosts[i].name);
	fill(page,
	    (const struct mark[]){
		{ "url", url },
		{ "server", url + strlen("https://") },
		{ "user", a->name },
		{ "host", c.host },
		{ "hosts", hosts.data },
		{ "router", c.router },
		{ "ipv6", c.ipv6 },
		{ "behind", c.behind },
		{ "query", a->query_credentials ? "true" : NULL },
		{ "connection", a->from_connection ? "true" : NULL },
		{ NULL, NULL },
	    });
	buffer_free(&hosts);
}

static int
print_page(const char *name, const char *account, const char *config)
{
	struct buffer page = { .max = PAGE_MAX };
	const struct account_settings *a;
	int status = EXIT_FAILED;
	struct settings *s;
	struct error why;

	if ((s = table_read_settings(config, &why)) == NULL) {
		fprintf(stderr, "ddnsgate: %s\n", why.text);
		return status;
	}
	if ((a = settings_account(s, account)) == NULL) {
		fprintf(stderr, "ddnsgate: %s: has no account \"%s\"\n",
		    s->file, account);
	} else if (s->url == NULL) {
		fprintf(stderr,
		    "ddnsgate: %s: \"url\" is missing, so nothing can be "
		    "printed that would work.\n"
		    "Add how routers reach the web server, "
		    "\"url\": \"https://NAME\", where NAME is\n"
		    "in the certificate of that server.\n",
		    s->file);
	} else if (!read_page(name, &page)) {
		fprintf(stderr,
		    "ddnsgate: there is no page \"%s\"; "
		    "these are there:\n",
		    name);
		(void)list(stderr, false);
	} else {
		fill_for(page.data, s->url, a);
		status = EXIT_OK;
	}
	buffer_free(&page);
	settings_free(s);
	return status;
}

int
command_router(int argc, char *argv[])
{
	struct options o;
	int status = options_read(&o, &usage, argc, argv);
	const char *account;
	bool json;

	if (status != -1)
		return status;
	account = options_text(&o, OPTION_ACCOUNT, NULL);
	json = options_has(&o, OPTION_JSON);
	if (options_has(&o, OPTION_LIST) && argc == 2 + json)
		return list(stdout, json);
	if (o.operand_count != 1 || account == NULL ||
	    options_has(&o, OPTION_LIST) || json)
		return options_wrong(&o);
	return print_page(o.operands[0], account, options_config(&o));
}
