#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/heap.h"
#include "base/json.h"
#include "news/feed.h"
#include "news/lookout.h"
#include "news/outages.h"

#define TOLD_MAX    1024 /* events that are told, but behind from */
#define SCAN_MAX    1000 /* events of one look */
#define BEFORE	    8	 /* events of a host that are looked through for one */
#define NOTE_MAX    (1UL << 20)
#define LOOK_OUT_MS 60000 /* between two looks at what the clock brings */

/* An event that was told, or is none to tell. */
struct told {
	char mark[STATE_MARK_MAX];
	int64_t at;
};

struct feed {
	const struct receiver_settings *to;
	const struct feed_source *source;
	struct store *store;
	int64_t late_s;
	char key[128];
	struct buffer kept; /* the note, as it was read or kept last */
	bool known;	    /* there was one once */
	/*
	 * Everything up to this mark is told.  Behind it, an event may turn up
	 * before one that was told already.
	 */
	char from[STATE_MARK_MAX];
	struct told told[TOLD_MAX];
	size_t told_count;
	/* So far the last look has come. */
	char seen[STATE_MARK_MAX];
	struct outages outages, next_outages; /* as told, and after a look */
	struct lookout lookout;
	int64_t look_out_at; /* the next time */
};

/* Was there memory for what the clock has brought? */
static bool
has_lookout(const struct feed *f)
{
	return f->lookout.certificates != NULL && f->lookout.silent != NULL;
}

struct feed *
feed_new(const struct receiver_settings *to, const struct feed_source *from)
{
	struct feed *f = calloc(1, sizeof *f);

	if (f == NULL)
		return NULL;
	f->to = to;
	f->source = from;
	f->store = from->store;
	f->late_s = state_late_s(from->state);
	f->lookout = (struct lookout){ .settings = from->settings,
		.store = from->store,
		.seen = from->seen,
		.to = to,
		.certificates = json_object_new_object(),
		.silent = json_object_new_object() };
	f->kept.max = NOTE_MAX;
	snprintf(f->key, sizeof f->key, "notify %s", to->name);
	if (has_lookout(f))
		return f;
	feed_free(f);
	return NULL;
}

void
feed_free(struct feed *f)
{
	if (f == NULL)
		return;
	buffer_free(&f->kept);
	json_object_put(f->lookout.certificates);
	json_object_put(f->lookout.silent);
	free(f);
}

static void
set_mark(char to[static STATE_MARK_MAX], const char *mark)
{
	snprintf(to, STATE_MARK_MAX, "%s", mark);
}

/*
 * The note
 */

static void
add_told(struct feed *f, const char *mark, int64_t at)
{
	struct told *t = &f->told[f->told_count++];

	set_mark(t->mark, mark);
	t->at = at;
}

static const char *
member_text(json_object *o, const char *name)
{
	json_object *value = NULL;

	(void)json_object_object_get_ex(o, name, &value);
	return json_object_is_type(value, json_type_string) ?
	    json_object_get_string(value) :
	    "";
}

/* A copy of a member that is an object, or an empty one. */
static json_object *
member_object(json_object *o, const char *name)
{
	json_object *value = NULL, *copy = NULL;

	(void)json_object_object_get_ex(o, name, &value);
	if (json_object_is_type(value, json_type_object))
		(void)json_object_deep_copy(value, &copy, NULL);
	return copy != NULL ? copy : json_object_new_object();
}

/* What the clock has brought. */
static void
read_lookout(struct feed *f, json_object *o)
{
	json_object *value = NULL;

	json_object_put(f->lookout.certificates);
	json_object_put(f->lookout.silent);
	f->lookout.certificates = member_object(o, "certificates");
	f->lookout.silent = member_object(o, "silent");
	(void)json_object_object_get_ex(o, "since", &value);
	f->lookout.from = json_object_get_int64(value);
	value = NULL;
	(void)json_object_object_get_ex(o, "outages", &value);
	outages_read(&f->outages, f->source->settings, value);
}

/*
 * What is none of ours is as if it were not there.  False without memory: then
 * what was told may seem not to be, and the note is to be read again.
 */
static bool
read_note(struct feed *f)
{
	size_t lacks = heap_lacks();
	json_object *o = json_tokener_parse(f->kept.data), *told = NULL;

	read_lookout(f, o);
	f->told_count = 0;
	set_mark(f->from, member_text(o, "from"));
	(void)json_object_object_get_ex(o, "told", &told);
	if (json_object_is_type(told, json_type_object)) {
		json_object_object_foreach (told, mark, at)
			if (f->told_count < TOLD_MAX)
				add_told(f, mark, json_object_get_int64(at));
	}
	json_object_put(o);
	return heap_lacks() == lacks && has_lookout(f);
}

static enum err
keep(struct feed *f)
{
	json_object *o = json_object_new_object();
	json_object *told = json_object_new_object();
	struct buffer next = { .max = NOTE_MAX };
	enum err rc = ERR_MEMORY;
	const char *text;
	bool whole;

	whole = json_add_made(o, "from", json_object_new_string(f->from)) &&
	    json_add_made(o, "since", json_object_new_int64(f->lookout.from)) &&
	    json_add_made(o, "certificates",
		json_object_get(f->lookout.certificates)) &&
	    json_add_made(o, "silent", json_object_get(f->lookout.silent)) &&
	    json_add_made(o, "outages",
		outages_write(&f->outages, f->source->settings));
	for (size_t i = 0; i < f->told_count && whole; i++)
		whole = json_add_made(told, f->told[i].mark,
		    json_object_new_int64(f->told[i].at));
	whole = json_add_made(o, "told", told) && whole;
	text = whole ? json_text(o, JSON_C_TO_STRING_PLAIN) : NULL;
	if (text != NULL && buffer_puts(&next, text))
		rc = store_keep_note(f->store, f->key,
		    f->kept.len > 0 ? f->kept.data : "", next.data);
	buffer_free(&f->kept);
	f->kept = next;
	f->known = f->known || rc == ERR_OK;
	/* What is there is read before anything else is told. */
	if (rc != ERR_OK)
		buffer_free(&f->kept);
	json_object_put(o);
	return rc;
}

struct first {
	struct feed *feed;
	bool found;
};

static bool
find_before(const struct state_event *e, void *data)
{
	struct first *x = data;

	if (e->at >= x->feed->source->began)
		return true;
	set_mark(x->feed->from, e->mark);
	x->found = true;
	return false;
}

/*
 * Nothing is kept: the receiver is a new one, and is told what happens from its
 * begin on; or the store is, which was moved aside, and all in it is news.
 */
static enum err
begin(struct feed *f)
{
	struct first x = { f, false };
	enum err rc = ERR_OK;

	f->from[0] = '\0';
	f->told_count = 0;
	f->outages = (struct outages){ .mark = "" };
	if (!f->known) {
		f->lookout.from = time(NULL);
		rc = store_history(f->store,
		    &(struct state_search){ .most = BEFORE }, find_before, &x);
	}
	return rc == ERR_OK ? keep(f) : rc;
}

/* Another machine may have told something meanwhile. */
static enum err
load(struct feed *f)
{
	struct buffer text = { .max = NOTE_MAX };
	enum err rc = store_note(f->store, f->key, &text);

	if (rc != ERR_OK) {
		buffer_free(&text);
		return rc;
	}
	if (text.len == 0) {
		buffer_free(&text);
		buffer_free(&f->kept);
		return begin(f);
	}
	if (f->kept.len == 0 || strcmp(text.data, f->kept.data) != 0) {
		buffer_free(&f->kept);
		f->kept = text;
		f->known = true;
		if (read_note(f))
			return ERR_OK;
		buffer_free(&f->kept);
		return ERR_MEMORY;
	}
	buffer_free(&text);
	return ERR_OK;
}

/*
 * Moves from over what is told and certainly has nothing before it; pending:
 * the earliest event that is still to be told, or "".
 */
static void
advance(struct feed *f, const char *pending)
{
	int64_t settled = (int64_t)time(NULL) - f->late_s;
	size_t left = 0;

	for (size_t i = 0; i < f->told_count; i++) {
		const struct told *t = &f->told[i];

		if ((*pending != '\0' && strcmp(t->mark, pending) >= 0) ||
		    strcmp(t->mark, f->seen) > 0)
			continue;
		if ((f->late_s == 0 || t->at < settled ||
			f->told_count > TOLD_MAX / 2) &&
		    strcmp(t->mark, f->from) > 0)
			set_mark(f->from, t->mark);
	}
	for (size_t i = 0; i < f->told_count; i++)
		if (strcmp(f->told[i].mark, f->from) > 0)
			f->told[left++] = f->told[i];
	f->told_count = left;
}

static bool
is_told(const struct feed *f, const char *mark)
{
	for (size_t i = 0; i < f->told_count; i++)
		if (strcmp(f->told[i].mark, mark) == 0)
			return true;
	return false;
}

/*
 * A look
 */

struct look {
	struct feed *feed;
	struct news_list *list;
	int64_t now;
	size_t count;
	bool changed; /* what is told */
};

static bool
is_wanted(const struct look *l, const struct state_event *e)
{
	return (l->feed->to->kinds & (1U << news_kind_of(e))) != 0 &&
	    e->at > l->now - FEED_WEEK_S;
}

static void
skip(struct look *l, const char *mark, int64_t at)
{
	add_told(l->feed, mark, at);
	l->changed = true;
}

static bool
take(const struct state_event *e, void *data)
{
	struct look *l = data;
	struct feed *f = l->feed;
	char before[STATE_MARK_MAX];

	set_mark(before, f->seen);
	set_mark(f->seen, e->mark);
	outages_count(&f->next_outages, f->source->settings, e);
	if (is_told(f, e->mark))
		return true;
	if (!is_wanted(l, e)) {
		skip(l, e->mark, e->at);
	} else if (!news_add_event(l->list, e)) {
		set_mark(f->seen, before);
		return false;
	}
	/* There must be room to note what is told. */
	return ++l->count < SCAN_MAX &&
	    f->told_count + l->list->count < TOLD_MAX;
}

/* The refusal that is looked for before another one, and what was found. */
struct same {
	const char *type, *new, *verdict;
	int64_t at;
	bool found;
};

static bool
compare(const struct state_event *e, void *data)
{
	struct same *s = data;

	if (e->type == NULL || strcmp(e->type, s->type) != 0)
		return true;
	s->found = strcmp(e->verdict, s->verdict) == 0 &&
	    strcmp(e->new != NULL ? e->new : "", s->new) == 0 &&
	    e->at > s->at - FEED_DAY_S;
	return false;
}

static const char *
field(const struct news *n, const char *name)
{
	return member_text(n->fields, name);
}

/* Was the same refused to the host just before? */
static bool
is_repeated(const struct feed *f, const struct news *n)
{
	struct same s = { field(n, "type"), field(n, "new"),
		field(n, "verdict"), n->at, false };
	const struct state_search search = { .host = field(n, "host"),
		.before = n->mark,
		.most = BEFORE };

	return n->kind == NEWS_REFUSED &&
	    store_history(f->store, &search, compare, &s) == ERR_OK && s.found;
}

/* Events that only repeat the one before are no news. */
static void
skip_repeated(struct look *l)
{
	struct news_list *list = l->list;

	for (size_t i = 0; i < list->count;)
		if (is_repeated(l->feed, &list->items[i])) {
			skip(l, list->items[i].mark, list->items[i].at);
			news_remove(list, i);
		} else {
			i++;
		}
}

/* When a provider has worked last, though nothing changed there. */
struct worked {
	const struct settings *settings;
	size_t provider;
	int64_t at;
};

static bool
find_worked(const struct state_host *h, void *data)
{
	struct worked *w = data;
	const struct account_settings *a =
	    settings_account(w->settings, h->account);

	if (a != NULL && a->provider == w->provider && h->applied_at > w->at)
		w->at = h->applied_at;
	return true;
}

static void
tell_outages(struct look *l)
{
	struct feed *f = l->feed;
	const struct settings *s = f->source->settings;

	for (size_t i = 0; i < s->provider_count; i++) {
		struct outage *o = &f->next_outages.list[i];
		struct worked w = { s, i, 0 };

		if ((f->to->kinds & (1U << NEWS_PROVIDER)) == 0 ||
		    !outage_is_due(o, f->to->provider_s) ||
		    store_hosts(f->store, NULL, "", find_worked, &w) != ERR_OK)
			continue;
		outage_correct(o, w.at);
		if (outage_is_due(o, f->to->provider_s))
			o->told =
			    news_add_outage(l->list, s->providers[i].name, o);
	}
}

/* What no event brings. */
static enum err
look_out(struct look *l)
{
	static const unsigned int by_clock =
	    1U << NEWS_CERTIFICATE | 1U << NEWS_SILENT;
	struct feed *f = l->feed;
	enum err rc;

	if ((f->to->kinds & by_clock) == 0 || l->list->count > 0 ||
	    clock_left(f->look_out_at) > 0)
		return ERR_OK;
	rc = lookout_find(&f->lookout, l->list);
	/* What is found is looked for again at once, if it cannot be told. */
	if (l->list->count == 0)
		f->look_out_at = clock_now() + LOOK_OUT_MS;
	return rc;
}

enum err
feed_look(struct feed *f, struct news_list *list)
{
	struct look l = { f, list, time(NULL), 0, false };
	enum err rc = load(f);

	if (rc != ERR_OK)
		return rc;
	set_mark(f->seen, f->from);
	f->next_outages = f->outages;
	if ((rc = store_news(f->store, f->from, take, &l)) != ERR_OK)
		return rc;
	skip_repeated(&l);
	tell_outages(&l);
	if ((rc = look_out(&l)) != ERR_OK)
		return rc;
	if (list->count == 0)
		f->outages = f->next_outages;
	if (!l.changed)
		return ERR_OK;
	advance(f, list->count > 0 ? list->items[0].mark : "");
	return keep(f);
}

enum err
feed_told(struct feed *f, const struct news_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct news *n = &list->items[i];

		if (n->mark[0] == '\0')
			lookout_told(&f->lookout, n);
		else if (f->told_count < TOLD_MAX)
			add_told(f, n->mark, n->at);
	}
	f->outages = f->next_outages;
	f->look_out_at = 0; /* there may be more than one message holds */
	advance(f, "");
	return keep(f);
}
