#include "config.h"

#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "base/heap.h"
#include "config/document.h"
#include "config/reader.h"
#include "config/receiver.h"
#include "config/directory.h"
#include "config/settings.h"
#include "config/split.h"

#define WORKERS_DEFAULT 32
#define PEER_DEFAULT	"www-data"
#define REFRESH_HOURS	25
#define HOUR_MS		3600000
#define HISTORY_DAYS	400

/*
 * More than any configuration takes, and too much for a machine of 32 bits,
 * which has none.
 */
#define REGION_SIZE ((size_t)(UINT64_C(1) << 32))

static mode_t
read_mode(const struct reader *r)
{
	const char *text = reader_string(r, "0660");
	unsigned long mode = strtoul(text, NULL, 8);

	if (strspn(text, "01234567") != strlen(text) || strlen(text) > 4 ||
	    mode > 0777) {
		reader_fail(r, "must be octal digits, as \"0660\"");
		return 0;
	}
	return (mode_t)mode;
}

static gid_t
read_group(const struct reader *r)
{
	const char *name = reader_string(r, NULL);
	const struct group *g;

	if (name == NULL)
		return (gid_t)-1;
	if ((g = getgrnam(name)) != NULL)
		return g->gr_gid;
	reader_fail(r, "no such group on this machine");
	return (gid_t)-1;
}

static void
read_listen(struct reader *r, struct listen_settings *l)
{
	struct reader m;

	l->group = (gid_t)-1;
	if (!reader_object(r))
		return;
	m = reader_member(r, "socket");
	reader_required(&m);
	l->path = reader_filename(&m, NULL);
	m = reader_member(r, "mode");
	l->mode = read_mode(&m);
	m = reader_member(r, "group");
	l->group = read_group(&m);
	read_end(r);
}

static void
read_peers(const struct reader *r, struct settings *s)
{
	size_t count = reader_array(r, SETTINGS_PEERS_MAX);
	const struct passwd *pw;

	if (!r->present && (pw = getpwnam(PEER_DEFAULT)) != NULL)
		s->peers[s->peer_count++] = pw->pw_uid;
	for (size_t i = 0; i < count; i++) {
		struct reader e = reader_element(r, i);
		const char *name = reader_string(&e, NULL);

		if (name == NULL)
			return;
		if ((pw = getpwnam(name)) == NULL) {
			reader_fail(&e, "no such user on this machine");
			return;
		}
		s->peers[s->peer_count++] = pw->pw_uid;
	}
}

void
settings_read_addresses(const struct reader *r, struct provider_settings *to)
{
	size_t count = reader_array(r, SETTINGS_ADDRESSES_MAX);

	if (r->present && count == 0)
		reader_fail(r,
		    "name at least one address, or leave it out to ask the "
		    "resolver");
	for (size_t i = 0; i < count; i++) {
		struct reader e = reader_element(r, i);
		const char *text = reader_string(&e, NULL);

		if (text == NULL)
			return;
		if (!address_parse_any(&to->addresses[i], text)) {
			reader_fail(&e, "must be an IPv4 or IPv6 address");
			return;
		}
		to->address_count++;
	}
}

/* The variables of the description, all of them strings; NULL: none. */
static json_object *
read_variables(const struct reader *r)
{
	if (!reader_object(r))
		return NULL;
	json_object_object_foreach (r->value, name, value) {
		struct reader e = reader_entry(r, name, value);

		(void)reader_string(&e, NULL);
	}
	return r->value;
}

/* The name of a description's file, without .json. */
static const char *
read_description(const struct reader *r, const char *fallback)
{
	const char *name = reader_string(r, fallback);

	if (strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789.-") !=
		strlen(name) ||
	    name[0] == '.')
		reader_fail(r,
		    "must be the name of a provider's file without .json, as "
		    "\"desec\"");
	return name;
}

static void
read_provider(struct reader *r, struct provider_settings *to, const char *ca)
{
	struct reader m;

	to->name = to->description = r->name;
	if (!reader_object(r))
		return;
	m = reader_member(r, "description");
	to->description = read_description(&m, r->name);
	m = reader_member(r, "config");
	to->variables = read_variables(&m);
	m = reader_member(r, "addresses");
	settings_read_addresses(&m, to);
	to->ca = read_filename(r, "ca", ca);
	read_end(r);
}

static void
read_providers(const struct reader *r, struct settings *s)
{
	size_t count;

	reader_required(r);
	if ((count = reader_entries(r, SETTINGS_PROVIDERS_MAX, "providers")) ==
	    0)
		return;
	if ((s->providers = calloc(count, sizeof *s->providers)) == NULL) {
		reader_no_memory(r);
		return;
	}
	json_object_object_foreach (r->value, name, value) {
		struct reader e = reader_entry(r, name, value);

		read_provider(&e, &s->providers[s->provider_count++], s->ca);
		if (!reader_goes_on(r))
			return;
	}
}

int
settings_compare_accounts(const void *a, const void *b)
{
	return strcmp(((const struct account_settings *)a)->name,
	    ((const struct account_settings *)b)->name);
}

/*
 * Keeps what it needs of an account, and nothing of the document: a parsed
 * account takes several times as much.
 */
static void
read_account(struct reader *r, struct settings *s)
{
	struct account_settings read = { .name = NULL };
	bool kept = true;

	account_read(r, s, &read);
	if (reader_goes_on(r) && s->provider_count > 0) {
		heap_region_enter(s->region);
		kept =
		    account_copy(&s->accounts[s->account_count], s, &read, s);
		heap_region_leave();
		s->account_count += kept;
	}
	account_end(&read, s);
	if (!kept)
		reader_no_memory(r);
}

/* The accounts one by one; r is where they stand in the document. */
static void
read_accounts(const struct reader *r, struct settings *s, struct split *parts)
{
	json_object *part;

	if (parts->members > SETTINGS_ACCOUNTS_MAX) {
		reader_fail(r, "must be an object of 1 to %d accounts",
		    SETTINGS_ACCOUNTS_MAX);
		return;
	}
	s->accounts = calloc(parts->members, sizeof *s->accounts);
	if (s->accounts == NULL) {
		reader_no_memory(r);
		return;
	}
	/* All are parsed: an error of the text comes before those of values. */
	while ((part = split_next(parts)) != NULL) {
		json_object_object_foreach (part, name, value) {
			struct reader e = reader_entry(r, name, value);

			if (reader_goes_on(r))
				read_account(&e, s);
		}
		json_object_put(part);
	}
	qsort(s->accounts, s->account_count, sizeof *s->accounts,
	    settings_compare_accounts);
}

/* A place, or an object with a place, a format and a level. */
static void
read_log(struct reader *r, struct log_settings *to)
{
	static const char *const formats[] = { "line", "json", NULL };
	static const char *const levels[] = { "info", "warning", NULL };
	struct reader m = *r;

	if (json_object_is_type(r->value, json_type_object)) {
		m = reader_member(r, "to");
		to->json = read_word(r, "format", formats, 0) == 1;
		to->only_warnings = read_word(r, "level", levels, 0) == 1;
		read_end(r);
	}
	to->to = reader_string(&m, "stderr");
	if (*to->to != '/' && strcmp(to->to, "stderr") != 0 &&
	    strcmp(to->to, "syslog") != 0)
		reader_fail(&m,
		    "must be \"stderr\", \"syslog\" or a full file name");
}

bool
settings_is_database(const char *place)
{
	return strncmp(place, "postgresql://", 13) == 0 ||
	    strncmp(place, "postgres://", 11) == 0;
}

/* A password on a command line or in a configuration is read by too many. */
static void
check_place(const struct reader *r, const char *place)
{
	const char *host = strstr(place, "://"), *at, *colon;

	if (*place == '/')
		return;
	if (!settings_is_database(place)) {
		reader_fail(r,
		    "must be a directory, from / on, or "
		    "postgresql://HOST/DATABASE");
		return;
	}
	at = strpbrk(host + 3, "@/?");
	colon = strpbrk(host + 3, ":@/?");
	if ((at != NULL && *at == '@' && *colon == ':') ||
	    strstr(place, "password=") != NULL)
		reader_fail(r,
		    "must hold no password; put it into a file and name that "
		    "as \"password_file\", or into libpq's own ~/.pgpass");
}

/* A directory or a URL, or an object with a file that has the password. */
static void
read_state(struct reader *r, struct state_settings *to)
{
	struct reader m = *r;

	to->place = SETTINGS_STATE_DEFAULT;
	if (json_object_is_type(r->value, json_type_object)) {
		m = reader_member(r, "url");
		reader_required(&m);
		to->password_file = read_filename(r, "password_file", NULL);
		read_end(r);
	}
	to->place = reader_string(&m, SETTINGS_STATE_DEFAULT);
	check_place(&m, to->place);
}

static const char *
read_url(const struct reader *r)
{
	const char *url = reader_string(r, NULL);

	if (url != NULL &&
	    (strncmp(url, "https://", 8) != 0 || url[8] == '\0' ||
		strpbrk(url + 8, "/?# ") != NULL))
		reader_fail(r,
		    "must be https:// and a host, as "
		    "\"https://dns.example.org\"");
	return url;
}

static void
read_metrics(struct reader *r, struct metrics_settings *to)
{
	struct reader allow;

	to->hosts = true;
	if (!reader_object(r))
		return;
	allow = reader_member(r, "allow");
	to->allow_count = networks_read(&allow, to->allow);
	to->hosts = read_bool(r, "hosts", true);
	read_end(r);
}

/* All but the accounts, which r lacks. */
static void
read_settings(struct reader *r, struct settings *s)
{
	struct reader m, providers, operators, notify, defaults;

	s->workers = (unsigned int)read_integer(r, "workers", 1,
	    SETTINGS_WORKERS_MAX, WORKERS_DEFAULT);
	m = reader_member(r, "listen");
	read_listen(&m, &s->listen);
	m = reader_member(r, "peers");
	read_peers(&m, s);
	m = reader_member(r, "log");
	read_log(&m, &s->log);
	m = reader_member(r, "metrics");
	read_metrics(&m, &s->metrics);
	m = reader_member(r, "state");
	read_state(&m, &s->state);
	s->state.refresh_ms =
	    read_integer(r, "refresh", 1, 8760, REFRESH_HOURS) * HOUR_MS;
	s->state.history_days =
	    read_integer(r, "history", 1, 3650, HISTORY_DAYS);
	m = reader_member(r, "url");
	s->url = read_url(&m);
	s->ca = read_filename(r, "ca", SETTINGS_CA_DEFAULT);
	providers = reader_member(r, "providers");
	operators = reader_member(r, "operators");
	notify = reader_member(r, "notify");
	defaults = reader_member(r, "defaults");
	(void)reader_member(r, "accounts"); /* is read apart */
	s->account_directory = read_filename(r, "account_directory", NULL);
	m = reader_member(r, "account_table");
	s->account_table = reader_bool(&m, false);
	if (s->account_table && !settings_is_database(s->state.place))
		reader_fail(&m,
		    "needs a database, \"state\": \"postgresql://...\"");
	read_end(r);
	read_providers(&providers, s);
	operators_read(&operators, s);
	receivers_read(&notify, s);
	account_check_defaults(&defaults, s);
}

/*
 * The document is what the text says without its accounts, or all of it.
 * False: that is no document.
 */
static bool
read_document(struct settings *s, const struct buffer *text,
    struct split *parts, struct faults *faults, struct error *why)
{
	struct reader top, accounts;
	enum err rc;

	heap_region_enter(s->region);
	rc = document_parse_text(&s->document,
	    parts != NULL ? &parts->rest : text, s->file, why);
	heap_region_leave();
	if (rc != ERR_OK)
		return false;
	top = reader_top(s->document, s->file, why);
	top.faults = faults;
	read_settings(&top, s);
	accounts = reader_member(&top, "accounts");
	if (parts != NULL) {
		read_accounts(&accounts, s, parts);
		return !parts->failed;
	}
	if (s->account_directory == NULL && !s->account_table)
		reader_required(&accounts);
	/* Could they be read, they would be parts. */
	if (reader_entries(&accounts, SETTINGS_ACCOUNTS_MAX, "accounts") > 0)
		reader_no_memory(&accounts);
	return true;
}

/* The error of a text that is no document, told as of all of it. */
static void
tell_syntax(const struct buffer *text, const char *file, struct error *why)
{
	json_object *whole;

	if (document_parse_text(&whole, text, file, why) != ERR_OK)
		return;
	json_object_put(whole);
	error_memory(why);
}

static bool
read_text(struct settings *s, const struct buffer *text, struct faults *faults,
    struct error *why)
{
	struct split parts;
	struct error names;
	bool found, done;

	found = split_begin(&parts, text->data, text->len, "accounts");
	done = read_document(s, text, found ? &parts : NULL, faults, why);
	split_end(&parts);
	if (!done) {
		tell_syntax(text, s->file, why);
		return false;
	}
	if (document_check_names(text, s->file, &names) == ERR_OK)
		return true;
	*why = names;
	return false;
}

/*
 * Reads the file; false: it holds no document, and why tells the reason.  Else
 * why, and faults unless it is NULL, tell what is wrong in the document.
 */
static bool
read_file(struct settings *s, const char *file, struct faults *faults,
    struct error *why)
{
	struct buffer text;
	bool done;

	if ((s->file = strdup(file)) == NULL) {
		error_memory(why);
		return false;
	}
	s->region = heap_region_new(REGION_SIZE);
	done = document_load(&text, s->file, &s->edition, why) == ERR_OK &&
	    read_text(s, &text, faults, why);
	buffer_free(&text);
	return done;
}

struct settings *
settings_read_alone(const char *file, struct error *why)
{
	struct settings *s = calloc(1, sizeof *s);

	if (s == NULL)
		error_memory(why);
	else if (read_file(s, file, NULL, why) && why->code == ERR_OK)
		return s;
	settings_free(s);
	return NULL;
}

void
settings_examine(const char *file, struct faults *faults,
    void (*further)(const struct settings *s, struct faults *faults))
{
	struct settings *s = calloc(1, sizeof *s);
	struct error why;

	if (s == NULL)
		error_memory(&why);
	if (s != NULL && read_file(s, file, faults, &why))
		further(s, faults);
	else
		faults_add(faults, &why, NULL);
	settings_free(s);
}

struct settings *
settings_read_after(const char *file, const struct settings *before,
    const struct account_judge *judge, struct error *why)
{
	struct settings *s = settings_read_alone(file, why);

	if (s != NULL && s->account_directory != NULL &&
	    directory_read(s, before, judge, why) != ERR_OK) {
		settings_free(s);
		return NULL;
	}
	if (s != NULL)
		s->ready = true;
	return s;
}

struct settings *
settings_read(const char *file, struct error *why)
{
	return settings_read_after(file, NULL, NULL, why);
}

void
settings_free(struct settings *s)
{
	if (s == NULL)
		return;
	/*
	 * Document and accounts are given back with the region, if there is
	 * one.
	 */
	for (size_t i = 0; i < s->account_count; i++)
		if (s->region == NULL || s->accounts[i].loose)
			account_end(&s->accounts[i], s);
	if (s->region == NULL)
		json_object_put(s->document);
	free(s->accounts);
	free(s->providers);
	free(s->operators);
	free(s->receivers);
	free(s->file);
	heap_region_free(s->region);
	free(s);
}

size_t
settings_count_hosts(const struct settings *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->account_count; i++)
		n += s->accounts[i].host_count;
	return n;
}

const struct account_settings *
settings_account(const struct settings *s, const char *name)
{
	const struct account_settings wanted = { .name = name };

	return bsearch(&wanted, s->accounts, s->account_count,
	    sizeof *s->accounts, settings_compare_accounts);
}

const struct host_settings *
settings_host(const struct account_settings *a, const char *name)
{
	for (size_t i = 0; a != NULL && i < a->host_count; i++)
		if (strcmp(a->hosts[i].name, name) == 0)
			return &a->hosts[i];
	return NULL;
}
