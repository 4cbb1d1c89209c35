#include "config.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "command/command.h"
#include "command/identity.h"
#include "command/options.h"
#include "https/exchange.h"
#include "news/courier.h"
#include "news/bulletin.h"
#include "news/receivers.h"

#define TRIAL_MS 10000

static const struct usage usage = {
	.synopsis =
	    "usage: ddnsgate notify [--config FILE] [--dry-run] [NAME]\n",
	.about =
	    "Sends a test message to each receiver of news, or to the one of "
	    "that name,\n"
	    "and says what came of it.\n",
	.takes = { { OPTION_CONFIG, NULL },
	    { OPTION_DRY_RUN, "show what would be sent, and send nothing" } },
};

/* What is behind the host may be a secret. */
static void
show(const struct receiver *r, const struct news_list *list)
{
	struct bulletin b;

	if (!bulletin_make(&b, r->settings, list)) {
		printf("notify %s: out of memory\n", r->settings->name);
	} else if (r->settings->mail != NULL) {
		printf("notify %s: mail from %s to %s\nSubject: %s\n\n%s\n",
		    r->settings->name, r->settings->from, r->settings->mail,
		    b.title.data, b.body.data);
	} else {
		printf("notify %s: %s %s/...%s%s%s\n", r->settings->name,
		    b.method, r->at.origin, b.ending,
		    b.query.len > 0 ? "?" : "",
		    b.query.len > 0 ? b.query.data : "");
		for (struct curl_slist *h = b.headers; h != NULL; h = h->next)
			printf("%s\n", h->data);
		if (b.body.len > 0)
			printf("\n%s\n", b.body.data);
	}
	bulletin_free(&b);
}

static bool
try_one(const struct receiver *r, const struct news_list *list,
    struct exchanges *x)
{
	struct error why;

	(void)endpoint_resolve(&r->at);
	if (courier_send(r, list, x, clock_now() + TRIAL_MS, &why) == ERR_OK) {
		printf("notify %s: %s has taken it\n", r->settings->name,
		    r->at.origin != NULL ? r->at.origin : "the mail server");
		return true;
	}
	fprintf(stderr, "ddnsgate: notify %s: %s\n", r->settings->name,
	    why.text);
	return false;
}

/* name: of one of them, or NULL. */
static int
try_all(const struct receivers *all, const char *name, bool dry,
    struct exchanges *x)
{
	struct news_list list = { .count = 0 };
	char host[256] = "this machine";
	int status = EXIT_OK;
	size_t found = 0;

	(void)gethostname(host, sizeof host - 1);
	if (!news_add_trial(&list, host))
		return EXIT_FAILED;
	for (size_t i = 0; i < all->count; i++) {
		const struct receiver *r = &all->list[i];

		if (name != NULL && strcmp(r->settings->name, name) != 0)
			continue;
		found++;
		if (dry)
			show(r, &list);
		else if (!try_one(r, &list, x))
			status = EXIT_FAILED;
	}
	news_clear(&list);
	if (found > 0)
		return status;
	fprintf(stderr, "ddnsgate: the configuration has no receiver %s%s\n",
	    name != NULL ? "called " : "of news; see \"notify\"",
	    name != NULL ? name : "");
	return EXIT_FAILED;
}

static int
run(const char *file, const char *name, bool dry, struct error *why)
{
	struct settings *s = NULL;
	struct receivers *all = NULL;
	struct trust *trust = trust_new();
	struct exchanges *x = trust != NULL ? exchanges_new(trust) : NULL;
	int status = EXIT_FAILED;

	if (x == NULL)
		error_memory(why);
	else if (identity_take(NULL, file, why) == ERR_OK &&
	    (s = settings_read_alone(file, why)) != NULL &&
	    (all = receivers_new(s, why)) != NULL &&
	    receivers_trust(all, trust, why) == ERR_OK)
		status = try_all(all, name, dry, x);
	exchanges_free(x);
	receivers_free(all);
	settings_free(s);
	trust_free(trust);
	return status;
}

int
command_notify(int argc, char *argv[])
{
	struct error why = { .code = ERR_OK };
	struct options o;
	int status = options_read(&o, &usage, argc, argv);

	if (status != -1 || o.operand_count > 1)
		return status != -1 ? status : options_wrong(&o);
	status = EXIT_FAILED;
	if (exchange_setup(&why) == ERR_OK) {
		status = run(options_config(&o), o.operands[0],
		    options_has(&o, OPTION_DRY_RUN), &why);
		exchange_teardown();
	}
	if (why.code != ERR_OK)
		fprintf(stderr, "ddnsgate: %s\n", why.text);
	return status;
}
