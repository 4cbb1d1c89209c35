#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/shared.h"
#include "state/engine.h"

#define WARN_MS 3600000 /* between two warnings */

const char *
value_text(const struct state_value *v, char text[static ADDRESS_TEXT_MAX])
{
	switch (v->kind) {
	case VALUE_ADDRESS:
		return address_format(&v->address, text);
	case VALUE_NONE:
		return "";
	default:
		return NULL;
	}
}

struct state_value
value_parse(const char *text)
{
	struct state_value v = { .kind = VALUE_UNKNOWN };

	if (text != NULL && *text == '\0')
		v.kind = VALUE_NONE;
	else if (text != NULL && address_parse_any(&v.address, text))
		v.kind = VALUE_ADDRESS;
	return v;
}

bool
value_equal(const struct state_value *a, const struct state_value *b)
{
	return a->kind == b->kind &&
	    (a->kind != VALUE_ADDRESS ||
		address_equal(&a->address, &b->address));
}

const char *
event_refusal(const struct state_event *e, char text[static STATE_TEXT_MAX])
{
	*text = '\0';
	if (e->reason != NULL)
		snprintf(text, STATE_TEXT_MAX, "%s %s: %s", e->type, e->verdict,
		    e->reason);
	return text;
}

/* All for which a family may be unknown. */
static unsigned int
reasons(unsigned int family)
{
	return INTENT_WRITE(family) | INTENT_DOUBT(family) |
	    INTENT_STRAY(family);
}

/* A moment after now was written by the clock of another boot. */
bool
applied_is_fresh(int64_t at, int64_t refresh_ms, int64_t now)
{
	return at <= now && now - at < refresh_ms;
}

/* Begins with no, and says yes in one place. */
bool
applied_has(const struct applied *a, const struct state_claim *c,
    int64_t refresh_ms, int64_t now)
{
	bool asked = false;

	if (memcmp(a->settings, c->settings, STATE_DIGEST_LEN) != 0)
		return false;
	for (unsigned int f = 0; f < STATE_FAMILIES; f++) {
		if (c->wanted[f].kind == VALUE_UNKNOWN)
			continue;
		asked = true;
		if (!applied_is_fresh(a->at[f], refresh_ms, now) ||
		    (a->intent & reasons(f)) != 0 ||
		    !value_equal(&a->value[f], &c->wanted[f]))
			return false;
	}
	return asked;
}

int64_t
applied_since(const struct applied *a, const struct state_claim *c)
{
	int64_t since = INT64_MAX;

	for (unsigned int f = 0; f < STATE_FAMILIES; f++)
		if (c->wanted[f].kind != VALUE_UNKNOWN && a->at[f] < since)
			since = a->at[f];
	return since;
}

void
applied_intend(struct applied *a, const struct state_claim *c, int64_t now)
{
	for (unsigned int f = 0; f < STATE_FAMILIES; f++) {
		if (c->wanted[f].kind == VALUE_UNKNOWN)
			continue;
		if ((a->intent & INTENT_WRITE(f)) != 0) {
			a->intent |= INTENT_STRAY(f);
			a->at[f] = now;
		}
		a->intent |= INTENT_WRITE(f);
	}
}

/* A moment after now was written by the clock of another boot. */
static bool
is_stray_possible(const struct applied *a, unsigned int family, int64_t now)
{
	int64_t found = a->at[family];

	return (a->intent & INTENT_STRAY(family)) != 0 && found <= now &&
	    now - found < STATE_STRAY_MS;
}

void
applied_conclude(struct applied *a, const struct state_claim *c,
    const enum state_outcome *outcomes, int64_t now)
{
	for (unsigned int f = 0; f < STATE_FAMILIES; f++) {
		if (c->wanted[f].kind == VALUE_UNKNOWN ||
		    outcomes[f] == OUTCOME_OPEN)
			continue;
		a->intent &= ~INTENT_WRITE(f);
		if (outcomes[f] == OUTCOME_ENDED) {
			a->intent |= INTENT_DOUBT(f);
			continue;
		}
		if (!value_equal(&a->value[f], &c->wanted[f]))
			a->since[f] = time(NULL);
		a->value[f] = c->wanted[f];
		if (is_stray_possible(a, f, now)) {
			a->intent |= INTENT_DOUBT(f);
			continue;
		}
		a->intent &= ~reasons(f);
		a->at[f] = now;
	}
}

void
state_warn(struct state *s, const char *fmt, ...)
{
	int64_t last = atomic_load(&s->shared->logged), now = clock_now();
	char text[ERROR_TEXT_MAX];
	va_list ap;

	atomic_fetch_add(&s->shared->errors, 1);
	if (s->hushed || (last != 0 && now - last < WARN_MS) ||
	    !atomic_compare_exchange_strong(&s->shared->logged, &last, now))
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	log_warn("state %s: %s; %s", s->place, text, s->engine->meanwhile);
}

/* NULL: this build has no engine for such a place. */
static const struct engine *
find_engine(const char *place)
{
	if (!settings_is_database(place))
		return &sqlite_engine;
#ifdef HAVE_LIBPQ
	return &postgresql_engine;
#else
	return NULL;
#endif
}

struct state *
state_view(const struct settings *settings, struct error *why)
{
	struct state *s = calloc(1, sizeof *s);

	if (s == NULL || (s->shared = shared_new(sizeof *s->shared)) == NULL) {
		error_memory(why);
		goto fail;
	}
	s->directory = -1;
	s->place = settings->state.place;
	s->ca = settings->ca;
	s->password_file = settings->state.password_file;
	s->history_s = settings->state.history_days * 86400;
	if ((s->engine = find_engine(s->place)) == NULL) {
		error_set(why, ERR_CONFIG,
		    "state %s: built without libpq; name a directory, or "
		    "build --with-libpq",
		    s->place);
		goto fail;
	}
	if (s->engine->name(s, why) == ERR_OK)
		return s;
fail:
	state_free(s);
	return NULL;
}

struct state *
state_new(const struct settings *settings, struct error *why)
{
	struct state *s = state_view(settings, why);

	if (s != NULL)
		published_grow(&s->shared->published,
		    settings_count_hosts(settings));
	if (s == NULL || s->engine->prepare(s, why) == ERR_OK)
		return s;
	state_free(s);
	return NULL;
}

enum err
state_examine(struct state *s, struct error *why)
{
	return s->engine->examine(s, why);
}

void
state_free(struct state *s)
{
	if (s == NULL)
		return;
	if (s->engine != NULL && s->engine->leave != NULL)
		s->engine->leave(s);
	shared_free(s->shared, sizeof *s->shared);
	free(s->path);
	free(s);
}

void
state_hush(struct state *s)
{
	s->hushed = true;
}

void
state_inherit(struct state *s, struct state *from)
{
	struct state_shared *own = s->shared;

	if (strcmp(s->place, from->place) != 0)
		return;
	s->shared = from->shared;
	from->shared = own;
	published_grow_like(&s->shared->published, &own->published);
}

bool
state_needs(const struct state *s, struct state_needs *n)
{
	n->file_count = n->port_count = 0;
	return s->engine->needs == NULL || s->engine->needs(s, n);
}

struct store *
store_open(struct state *s)
{
	return s->engine->open(s);
}

void
store_close(struct store *st)
{
	if (st != NULL)
		st->engine->close(st);
}

enum store_answer
store_is_applied(struct store *st, const struct state_claim *c,
    int64_t refresh_ms)
{
	return st->engine->is_applied(st, c, refresh_ms);
}

enum order_answer
store_take(struct store *st, const char *host, struct turn *t,
    int verdicts[static ORDER_VERDICTS])
{
	return st->engine->take(st, host, t, verdicts);
}

enum order_answer
store_keep(struct store *st, const char *host, const struct turn *t)
{
	return st->engine->keep(st, host, t);
}

void
store_give(struct store *st, const char *host, const struct turn *t,
    const int *verdicts)
{
	st->engine->give(st, host, t, verdicts);
}

enum err
store_intend(struct store *st, const struct state_claim *c,
    struct state_value old[static STATE_FAMILIES])
{
	memset(old, 0, STATE_FAMILIES * sizeof *old);
	return st->engine->intend(st, c, old);
}

void
store_apply(struct store *st, const struct state_claim *c,
    const enum state_outcome outcomes[static STATE_FAMILIES])
{
	st->engine->apply(st, c, outcomes);
}

enum err
store_check(struct store *st, struct error *why)
{
	return st->engine->check(st, why);
}

enum err
store_count_intents(struct store *st, int64_t *count)
{
	return st->engine->count_intents(st, count);
}

unsigned int
state_errors(const struct state *s)
{
	return atomic_load(&s->shared->errors);
}

unsigned int
state_moved(const struct state *s)
{
	return atomic_load(&s->shared->moved);
}

bool
store_forget(struct store *st, const char *host)
{
	return st->engine->forget(st, host);
}

void
store_record(struct store *st, const struct state_event *e)
{
	st->engine->record(st, e);
}

enum err
store_hosts(struct store *st, const char *account, const char *from,
    bool (*each)(const struct state_host *h, void *data), void *data)
{
	return st->engine->hosts(st, account, from, 0, each, data);
}

static bool
take_host(const struct state_host *h, void *data)
{
	*(struct state_host *)data = *h;
	return false;
}

enum err
store_host(struct store *st, const char *name, struct state_host *h)
{
	enum err rc;

	h->host[0] = '\0';
	rc = st->engine->hosts(st, NULL, name, 1, take_host, h);
	if (rc == ERR_OK && strcmp(h->host, name) != 0)
		rc = ERR_NOT_FOUND;
	return rc;
}

enum err
store_history(struct store *st, const struct state_search *s,
    bool (*each)(const struct state_event *e, void *data), void *data)
{
	return st->engine->history(st, s, each, data);
}

enum err
store_news(struct store *st, const char *after,
    bool (*each)(const struct state_event *e, void *data), void *data)
{
	return st->engine->news(st, after, each, data);
}

int64_t
state_late_s(const struct state *s)
{
	return s->engine->late_s;
}

bool
store_leads(struct store *st, uint64_t id)
{
	return st->engine->leads(st, id);
}

void
store_resign(struct store *st, uint64_t id)
{
	st->engine->resign(st, id);
}

enum err
store_note(struct store *st, const char *key, struct buffer *text)
{
	buffer_clear(text);
	return st->engine->note(st, key, text);
}

enum err
store_keep_note(struct store *st, const char *key, const char *before,
    const char *text)
{
	return st->engine->keep_note(st, key, before, text);
}

int64_t
store_accounts_version(struct store *st)
{
	return st->engine->accounts_version != NULL ?
	    st->engine->accounts_version(st) :
	    0;
}

enum err
store_accounts(struct store *st, int64_t since,
    bool (*each)(const struct state_account *a, void *data), void *data)
{
	return st->engine->accounts != NULL ?
	    st->engine->accounts(st, since, each, data) :
	    ERR_UNREACHABLE;
}

enum err
store_account_write(struct store *st, const char *name, const char *text,
    bool is_new)
{
	return st->engine->account_write != NULL ?
	    st->engine->account_write(st, name, text, is_new) :
	    ERR_UNREACHABLE;
}
