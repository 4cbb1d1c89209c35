#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "command/command.h"
#include "command/usage.h"
#include "config/settings.h"

#define PAGE_MAX    65536
#define URL_DEFAULT "https://dns.example.org"

static const char usage_text[] =
    "usage: ddnsgate router NAME --account ACCOUNT [--config FILE]\n"
    "       ddnsgate router --list\n";

static int
is_page(const struct dirent *e)
{
	size_t len = strlen(e->d_name);

	return e->d_name[0] != '.' && len > 3 &&
	    strcmp(e->d_name + len - 3, ".md") == 0;
}

static int
list(FILE *to)
{
	struct dirent **entries;
	int count = scandir(ROUTERS_DATADIR, &entries, is_page, alphasort);

	if (count == -1) {
		fprintf(stderr, "ddnsgate: %s: %s\n", ROUTERS_DATADIR,
		    strerror(errno));
		return EXIT_FAILED;
	}
	for (int i = 0; i < count; i++) {
		fprintf(to, "%.*s\n", (int)strlen(entries[i]->d_name) - 3,
		    entries[i]->d_name);
		free(entries[i]);
	}
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
	    (size_t)snprintf(file, sizeof file, "%s/%s.md", ROUTERS_DATADIR,
		name) >= sizeof file ||
	    (f = fopen(file, "re")) == NULL)
		return false;
	while ((n = fread(block, 1, sizeof block, f)) > 0)
		buffer_add(page, block, n);
	fclose(f);
	return page->len > 0 && !page->failed;
}

/* Prints a page with {url}, {user}, {host} and {hosts} filled in. */
static void
fill(const char *page, const char *url, const struct account_settings *a)
{
	struct buffer hosts = { .max = 32768 };

	for (size_t i = 0; i < a->host_count; i++)
		buffer_printf(&hosts, "%s%s", i == 0 ? "" : ",",
		    a->hosts[i].name);
	const struct {
		const char *mark, *value;
	} marks[] = {
		{ "{url}", url },
		{ "{server}", url + strlen("https://") },
		{ "{user}", a->name },
		{ "{host}", a->hosts[0].name },
		{ "{hosts}", hosts.data },
	};
	while (*page != '\0') {
		size_t i, count = sizeof marks / sizeof *marks;

		for (i = 0; i < count; i++)
			if (strncmp(page, marks[i].mark,
				strlen(marks[i].mark)) == 0)
				break;
		if (i < count) {
			fputs(marks[i].value, stdout);
			page += strlen(marks[i].mark);
		} else {
			putchar(*page++);
		}
	}
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

	if ((s = settings_read(config, &why)) == NULL) {
		fprintf(stderr, "ddnsgate: %s\n", why.text);
		return status;
	}
	if ((a = settings_account(s, account)) == NULL) {
		fprintf(stderr, "ddnsgate: %s: has no account \"%s\"\n",
		    s->file, account);
	} else if (!read_page(name, &page)) {
		fprintf(stderr,
		    "ddnsgate: there is no page \"%s\"; "
		    "these are there:\n",
		    name);
		(void)list(stderr);
	} else {
		fill(page.data, s->url != NULL ? s->url : URL_DEFAULT, a);
		status = EXIT_OK;
	}
	buffer_free(&page);
	settings_free(s);
	return status;
}

int
command_router(int argc, char *argv[])
{
	static const struct option options[] = {
		{ "account", required_argument, NULL, 'a' },
		{ "config", required_argument, NULL, 'c' },
		{ "list", no_argument, NULL, 'l' },
		USAGE_LONG,
		{ NULL, 0, NULL, 0 },
	};
	const char *account = NULL, *config = COMMAND_CONFIG_FILE;
	int c;

	while (
	    (c = getopt_long(argc, argv, USAGE_SHORT, options, NULL)) != -1) {
		if (c == 'a')
			account = optarg;
		else if (c == 'c')
			config = optarg;
		else if (c == 'l' && argc == 2)
			return list(stdout);
		else
			return usage(usage_text, c);
	}
	if (argc - optind != 1 || account == NULL)
		return usage(usage_text, 0);
	return print_page(argv[optind], account, config);
}
