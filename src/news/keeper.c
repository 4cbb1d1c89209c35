#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "news/keeper.h"

#define ROUND_MS 30000 /* from the begin of one round to that of the next */
#define SOME	 20    /* writes of one step */
#define LAST_MS	 300   /* for all of them, at the end */
#define KEY_MAX	 (STATE_TEXT_MAX + 8)

struct keeper {
	const struct settings *settings;
	const struct seen *seen;
	struct store *store;
	size_t count;	/* of hosts */
	size_t account; /* the next host of the round */
	size_t host;
	size_t index;	  /* the same, counted through */
	int64_t round_at; /* begin of the next one */
	int64_t kept[];	  /* what is written down, a host each */
};

struct keeper *
keeper_new(const struct settings *s, const struct seen *seen, struct store *st)
{
	struct keeper *k;
	size_t count = 0;

	for (size_t i = 0; i < s->account_count; i++)
		count += s->accounts[i].host_count;
	k = calloc(1, sizeof *k + count * sizeof *k->kept);
	if (k == NULL)
		return NULL;
	k->settings = s;
	k->seen = seen;
	k->store = st;
	k->count = count;
	return k;
}

void
keeper_free(struct keeper *k)
{
	free(k);
}

static const char *
key_of(const char *host, char key[static KEY_MAX])
{
	snprintf(key, KEY_MAX, "seen %s", host);
	return key;
}

/* The next host of the round; NULL: it is over. */
static const char *
next_host(struct keeper *k)
{
	const struct settings *s = k->settings;

	while (k->account < s->account_count &&
	    k->host == s->accounts[k->account].host_count) {
		k->account++;
		k->host = 0;
	}
	return k->account < s->account_count ?
	    s->accounts[k->account].hosts[k->host].name :
	    NULL;
}

static bool
keep(struct keeper *k, const char *host, int64_t at)
{
	char key[KEY_MAX], text[24];

	snprintf(text, sizeof text, "%" PRId64, at);
	if (store_keep_note(k->store, key_of(host, key), NULL, text) != ERR_OK)
		return false;
	k->kept[k->index] = at;
	return true;
}

static void
begin_round(struct keeper *k)
{
	k->account = k->host = k->index = 0;
	k->round_at = clock_now() + ROUND_MS;
}

void
keeper_step(struct keeper *k, bool all)
{
	int64_t end = clock_now() + LAST_MS;
	const char *host;
	int written = 0;

	if (all || (next_host(k) == NULL && clock_left(k->round_at) == 0))
		begin_round(k);
	while ((host = next_host(k)) != NULL &&
	    (all ? clock_left(end) > 0 : written < SOME)) {
		int64_t at = seen_last(k->seen, host);

		if (at > k->kept[k->index] &&
		    (all || at - k->kept[k->index] >= KEEPER_S)) {
			if (!keep(k, host, at))
				return;
			written++;
		}
		k->host++;
		k->index++;
	}
}

int64_t
keeper_read(struct store *st, const char *host)
{
	struct buffer text = { .max = 32 };
	char key[KEY_MAX];
	int64_t at = 0;

	if (store_note(st, key_of(host, key), &text) == ERR_OK && text.len > 0)
		at = strtoll(text.data, NULL, 10);
	buffer_free(&text);
	return at;
}
