/*
 * fuzz_page.c - whatever a store, a configuration and a browser hold, a page
 * is well formed, and none of it becomes markup.
 *
 * The input is text, a line for each of: the search, the host, the day and the
 * mark of the query; the user; a name and a type of a record, old and new
 * address, verdict, issuer, serial, key and source of an event, and "A verdict:
 * reason" of a host.  All that is left is the reason of the event.  The store
 * that answers is the target's own.
 */
#include "fuzz.h"

#include "../unit/markup.h"
#include "base/clock.h"
#include "page/page.h"

#define NOW 1795838400 /* 2026-11-28 04:00 UTC */

const char fuzz_name[] = "page";

static struct state_event event;
static struct state_host known;

enum err __wrap_store_host(struct store *st, const char *name,
    struct state_host *h);
enum err __wrap_store_history(struct store *st, const struct state_search *s,
    bool (*each)(const struct state_event *e, void *data), void *data);

enum err
__wrap_store_host(struct store *st, const char *name, struct state_host *h)
{
	(void)st;
	(void)name;
	*h = known;
	return ERR_OK;
}

/* A change and a refusal, at moments that the input chooses. */
enum err
__wrap_store_history(struct store *st, const struct state_search *s,
    bool (*each)(const struct state_event *e, void *data), void *data)
{
	struct state_event good = event;

	(void)st;
	(void)s;
	good.reason = NULL;
	good.mark = "2";
	if (each(&good, data))
		(void)each(&event, data);
	return ERR_OK;
}

/* A moment of the text, near now or anywhere at all. */
static int64_t
moment(const char *text, size_t size)
{
	int64_t at = 0;

	memcpy(&at, text, size < sizeof at ? size : sizeof at);
	return at % 2 == 0 ? at : NOW + at % (40 * 86400);
}

static void
fill_event(char **rest, size_t size)
{
	event = (struct state_event){ .mark = "1", .account = "router" };
	event.type = fuzz_line(rest);
	event.old = fuzz_line(rest);
	event.new = fuzz_line(rest);
	event.verdict = fuzz_line(rest);
	event.issuer = fuzz_line(rest);
	event.serial = fuzz_line(rest);
	event.key = fuzz_line(rest);
	event.source = fuzz_line(rest);
	event.at = moment(event.type, strlen(event.type));
	event.expiry = moment(event.serial, strlen(event.serial));
	event.proof_ms = (int)size;
}

static void
fill_host(const char *name, const char *refused)
{
	known = (struct state_host){ .refused_at = event.at,
		.applied_at = moment(refused, strlen(refused)),
		.expiry = event.expiry,
		.since = { event.at, NOW },
		.intent = *refused == 'x' };
	snprintf(known.host, sizeof known.host, "%s", name);
	snprintf(known.account, sizeof known.account, "%s",
	    *refused == 'y' ? refused : name);
	snprintf(known.refused, sizeof known.refused, "%s", refused);
	known.value[STATE_IPV4].kind =
	    *refused == 'z' ? VALUE_NONE : VALUE_ADDRESS;
	known.value[STATE_IPV4].address.family = AF_INET;
}

static void
check(const struct page *p,
    void (*write)(const struct page *p, struct buffer *to))
{
	struct buffer to = { .max = 1 << 20 };
	struct markup m;

	write(p, &to);
	if (!to.failed && markup_fault(&m, to.data) != NULL)
		abort();
	assert(!to.failed);
	buffer_free(&to);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size), *rest = text;
	struct host_settings host = { .name = NULL };
	struct account_settings account = { .hosts = &host, .host_count = 1 };
	struct provider_settings provider = { .name = NULL };
	struct settings settings = { .accounts = &account,
		.account_count = 1,
		.providers = &provider,
		.state.place = "/var/lib/ddnsgate",
		.provider_count = 1 };
	struct page p = { .settings = &settings,
		.store = (struct store *)&settings,
		.number = size,
		.now = NOW,
		.deadline = clock_now() + 60000 };

	p.search = fuzz_line(&rest);
	p.host = fuzz_line(&rest);
	p.since = fuzz_line(&rest);
	p.before = fuzz_line(&rest);
	p.user = fuzz_line(&rest);
	host.name = fuzz_line(&rest);
	account.name = provider.name = event.host = host.name;
	settings.url = *p.user != '\0' ? p.user : NULL;
	fill_event(&rest, size);
	event.host = host.name;
	fill_host(host.name, fuzz_line(&rest));
	event.reason = rest != NULL ? rest : "";
	check(&p, page_status);
	check(&p, page_history);
	p.account = &account;
	check(&p, page_status);
	check(&p, page_history);
	free(text);
	return 0;
}
