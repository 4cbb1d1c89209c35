/*
 * test_roster.c - accounts in files of a directory: what they leave out, what
 * changes, and what one that is wrong does to the others.
 */
#include "unit.h"

#include <sys/stat.h>
#include <unistd.h>

#include "config/directory.h"
#include "config/roster.h"

#define MENDED "; there is no such account until that is mended"
#define STAYS  "; the account stays as it was"

static char directory[200];

static const char *
write_account(const char *name, const char *text)
{
	char file[100];

	snprintf(file, sizeof file, "accounts.d/%s", name);
	return unit_write(file, text, strlen(text));
}

static void
take_out(const char *name)
{
	char file[300];

	snprintf(file, sizeof file, "%s/%s", directory, name);
	assert_int_equal(unlink(file), 0);
}

/* Settings with these defaults and a directory that is empty at first. */
static const char *
write_settings(const char *defaults)
{
	char text[2000];

	snprintf(directory, sizeof directory, "%s/accounts.d",
	    unit_directory());
	mkdir(directory, 0755);
	snprintf(text, sizeof text,
	    "{\"peers\": [\"root\"], \"providers\": {\"desec\": {}, "
	    "\"home\": {\"description\": \"desec\"}}, \"defaults\": %s,"
	    "\"account_directory\": \"%s\", \"accounts\": {\"written\": {"
	    "\"verifier\": \"x\", \"provider\": \"desec\", \"hosts\": "
	    "{\"a.example\": {\"ipv4\": true}}}}}",
	    defaults, directory);
	return unit_write("roster.json", text, strlen(text));
}

static enum err
judge(const struct account_settings *a, void *data, struct error *why)
{
	(void)data;
	return strcmp(a->verifier, "bad") == 0 ?
	    error_set(why, ERR_CONFIG, "/verifier: is bad") :
	    ERR_OK;
}

static const struct account_judge judges = { .judge = judge };

static struct settings *
read_settings(const char *file, const struct settings *before)
{
	struct error why = { .code = ERR_OK };
	struct settings *s = settings_read_after(file, before, &judges, &why);

	if (s == NULL)
		print_error("%s\n", why.text);
	assert_non_null(s);
	return s;
}

static void
read_directory(struct settings *s)
{
	struct error why;

	s->fault_count = 0;
	assert_int_equal(directory_read(s, NULL, &judges, &why), ERR_OK);
}

/* The one fault of s, without the name of the directory. */
static const char *
fault(const struct settings *s)
{
	return s->fault_count == 1 ? s->faults[0].text + strlen(directory) + 1 :
				     NULL;
}

#define FULL                                                         \
	"{\"verifier\": \"x\", \"provider\": \"desec\", \"hosts\": " \
	"{\"%s.example\": {\"ipv4\": true}}}"

static const struct {
	const char *file, *text, *fault;
} wrong[] = {
	{ "a.json", "{", "a.json: line 1: unexpected end of data" MENDED },
	{ "b.json", "", "b.json: is empty" MENDED },
	{ "c.json", "{\"provider\": \"home\"}",
	    "c.json: /verifier: is missing" MENDED },
	{ "d.json",
	    "{\"verifier\": \"bad\", \"provider\": \"home\", \"hosts\": "
	    "{\"d.example\": {\"ipv4\": true}}}",
	    "d.json: /verifier: is bad" MENDED },
	{ "e.json",
	    "{\"verifier\": \"x\", \"hosts\": {\"e.example\": {\"ipv4\": "
	    "true}}}",
	    "e.json: /provider: is missing" MENDED },
	{ "f:g.json", "{}",
	    "f:g.json: /: the name of an account has no blanks, no colon and "
	    "no accents" MENDED },
};

static void
test_wrong(void **state)
{
	const char *file = write_settings("{}");

	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++) {
		struct settings *s;

		write_account(wrong[i].file, wrong[i].text);
		write_account("good.json",
		    "{\"verifier\": \"x\", \"provider\": \"home\", \"hosts\": "
		    "{\"good.example\": {\"ipv4\": true}}}");
		s = read_settings(file, NULL);
		ROW(unit_same(fault(s), wrong[i].fault), "%s: %s",
		    wrong[i].file, unit_text(fault(s)));
		ROW(s->account_count == 2 &&
			settings_account(s, "good") != NULL,
		    "%s: others are gone", wrong[i].file);
		settings_free(s);
		take_out(wrong[i].file);
	}
	take_out("good.json");
	ROWS_END();
}

/* What an editor or a package leaves there is no account. */
static void
test_other_files(void **state)
{
	static const char *const names[] = { ".new.json", "x.json~",
		"x.json.dpkg-new", "README", ".json" };
	const char *file = write_settings("{}");
	struct settings *s;

	(void)state;
	char link[300];

	for (size_t i = 0; i < COUNT(names); i++)
		write_account(names[i], "no account");
	/* Nor is a link that leads nowhere. */
	snprintf(link, sizeof link, "%s/gone.json", directory);
	assert_int_equal(symlink("nowhere", link), 0);
	s = read_settings(file, NULL);
	assert_int_equal(s->fault_count, 0);
	assert_int_equal(s->account_count, 1);
	settings_free(s);
	for (size_t i = 0; i < COUNT(names); i++)
		take_out(names[i]);
	take_out("gone.json");
}

static void
test_defaults(void **state)
{
	struct settings *s;
	const struct account_settings *a;

	(void)state;
	write_account("one.json",
	    "{\"verifier\": \"x\", \"hosts\": {\"one.example\": {\"ipv6\": "
	    "{\"suffix\": \"::8\"}}, \"two.example\": {\"ipv4\": false, "
	    "\"ttl\": 60, \"proof\": {}, \"ipv6\": {\"prefix_length\": 48, "
	    "\"suffix\": \"::9\"}}}}");
	s = read_settings(
	    write_settings("{\"provider\": \"home\", \"ipv4\": true,"
			   "\"prefix_length\": 56, \"ttl\": 300,"
			   "\"from_connection\": true, \"proof\": {\"kind\": "
			   "\"certificate\", \"echo\": \"/whoami\"}}"),
	    NULL);
	assert_int_equal(s->fault_count, 0);
	a = settings_account(s, "one");
	assert_non_null(a);
	assert_string_equal(s->providers[a->provider].name, "home");
	assert_true(a->from_connection);
	assert_int_equal(a->hosts[0].ipv4, IPV4_ROUTER);
	assert_int_equal(a->hosts[0].prefix_length, 56);
	assert_int_equal(a->hosts[0].ttl, 300);
	assert_string_equal(a->hosts[0].proof.echo, "/whoami");
	assert_int_equal(a->hosts[1].ipv4, IPV4_NONE);
	assert_int_equal(a->hosts[1].prefix_length, 48);
	assert_int_equal(a->hosts[1].ttl, 60);
	assert_null(a->hosts[1].proof.echo);
	/* The configuration's own accounts have them, too. */
	assert_int_equal(settings_account(s, "written")->hosts[0].ttl, 300);
	settings_free(s);
	take_out("one.json");
}

static void
test_changes(void **state)
{
	struct settings *s = read_settings(write_settings("{}"), NULL);
	uint64_t before = directory_fingerprint(directory);
	char text[200];

	(void)state;
	assert_int_equal(before, s->fingerprint);
	snprintf(text, sizeof text, FULL, "first");
	write_account("x.json", text);
	assert_true(directory_fingerprint(directory) != before);
	read_directory(s);
	assert_int_equal(directory_fingerprint(directory), s->fingerprint);
	assert_string_equal(settings_account(s, "x")->hosts[0].name,
	    "first.example");
	/* Others sort before and behind it. */
	write_account("a.json", text);
	write_account("z.json", text);
	snprintf(text, sizeof text, FULL, "another");
	write_account("x.json", text);
	read_directory(s);
	assert_int_equal(s->account_count, 4);
	assert_string_equal(settings_account(s, "x")->hosts[0].name,
	    "another.example");
	write_account("x.json", "{");
	read_directory(s);
	assert_string_equal(fault(s),
	    "x.json: line 1: unexpected end of data" STAYS);
	assert_string_equal(settings_account(s, "x")->hosts[0].name,
	    "another.example");
	/* It is told once. */
	read_directory(s);
	assert_int_equal(s->fault_count, 0);
	take_out("x.json");
	take_out("a.json");
	read_directory(s);
	assert_null(settings_account(s, "x"));
	assert_null(settings_account(s, "a"));
	assert_non_null(settings_account(s, "z"));
	assert_non_null(settings_account(s, "written"));
	take_out("z.json");
	settings_free(s);
}

static void
test_stays_after_a_reload(void **state)
{
	const char *file = write_settings("{}");
	struct settings *s, *next;
	char text[200];

	(void)state;
	snprintf(text, sizeof text, FULL, "first");
	write_account("x.json", text);
	s = read_settings(file, NULL);
	write_account("x.json", "{");
	next = read_settings(file, s);
	settings_free(s);
	assert_string_equal(fault(next),
	    "x.json: line 1: unexpected end of data" STAYS);
	assert_string_equal(settings_account(next, "x")->hosts[0].name,
	    "first.example");
	settings_free(next);
	take_out("x.json");
}

static void
test_twice(void **state)
{
	const char *file = write_settings("{}");
	struct settings *s;
	char text[200], want[600];

	(void)state;
	snprintf(text, sizeof text, FULL, "first");
	write_account("written.json", text);
	s = read_settings(file, NULL);
	snprintf(want, sizeof want,
	    "written.json: account written is in the configuration %s, too; "
	    "remove one of them; the other one is in force",
	    file);
	assert_string_equal(fault(s), want);
	assert_string_equal(settings_account(s, "written")->hosts[0].name,
	    "a.example");
	settings_free(s);
	take_out("written.json");
}

/* What a host names of its own goes with its account, too. */
static void
test_own_files(void **state)
{
	struct settings *s = read_settings(write_settings("{}"), NULL);
	const struct account_settings *a;

	(void)state;
	write_account("x.json",
	    "{\"verifier\": \"x\", \"provider\": \"desec\", \"hosts\": {"
	    "\"x.example\": {\"ipv4\": true, \"zone\": \"x.example\","
	    " \"allow\": [\"10.0.0.0/8\"],"
	    " \"proof\": {\"ca\": \"/etc/own.pem\", \"echo\": \"/ip\"}}}}");
	read_directory(s);
	assert_int_equal(s->fault_count, 0);
	assert_non_null(a = settings_account(s, "x"));
	assert_string_equal(a->hosts[0].proof.ca, "/etc/own.pem");
	assert_string_equal(a->hosts[0].proof.echo, "/ip");
	take_out("x.json");
	read_directory(s);
	assert_null(settings_account(s, "x"));
	settings_free(s);
}

/*
 * An account whose file is wrong now stays as it was, unless that has become
 * wrong, too: its provider is gone, or its CA.
 */
static const struct {
	const char *verifier, *provider;
	bool stays;
} formers[] = {
	{ "x", "home", true },
	{ "fickle", "home", false },
	{ "x", "gone", false },
};

static bool is_fickle;

static enum err
judge_again(const struct account_settings *a, void *data, struct error *why)
{
	(void)data;
	return is_fickle && strcmp(a->verifier, "fickle") == 0 ?
	    error_set(why, ERR_CONFIG, "/verifier: is bad now") :
	    ERR_OK;
}

/* The same settings with one provider more. */
static const char *
add_provider(const char *file)
{
	char *text = unit_read(file);
	const char *changed = unit_write_changed("former.json", text,
	    "/providers/gone", "{\"description\": \"desec\"}");

	free(text);
	return changed;
}

static void
test_former(void **state)
{
	static const struct account_judge strict = { .judge = judge_again };
	char text[400];

	(void)state;
	for (size_t i = 0; i < COUNT(formers); i++) {
		const char *file = write_settings("{}");
		struct settings *s, *next;
		struct error why = { .code = ERR_OK };

		if (strcmp(formers[i].provider, "gone") == 0)
			file = add_provider(file);
		snprintf(text, sizeof text,
		    "{\"verifier\": \"%s\", \"provider\": \"%s\", \"hosts\":"
		    " {\"x.example\": {\"ipv4\": true}}}",
		    formers[i].verifier, formers[i].provider);
		write_account("x.json", text);
		is_fickle = false;
		s = settings_read_after(file, NULL, &strict, &why);
		assert_non_null(s);
		assert_int_equal(s->fault_count, 0);
		write_account("x.json", "{");
		is_fickle = true;
		next =
		    settings_read_after(write_settings("{}"), s, &strict, &why);
		assert_non_null(next);
		settings_free(s);
		ROW((settings_account(next, "x") != NULL) == formers[i].stays,
		    "%zu: %s", i, unit_text(fault(next)));
		ROW(unit_same(fault(next),
			formers[i].stays ?
			    "x.json: line 1: unexpected end of data" STAYS :
			    "x.json: line 1: unexpected end of data" MENDED),
		    "%zu: %s", i, unit_text(fault(next)));
		settings_free(next);
		take_out("x.json");
	}
	ROWS_END();
}

/* The accounts of a database beside those of the configuration. */
static void
test_table(void **state)
{
	struct settings *s = read_settings(write_settings("{}"), NULL);
	struct error why;
	struct roster *r;
	char text[200], want[600];

	(void)state;
	snprintf(text, sizeof text, FULL, "dir");
	write_account("d.json", text);
	read_directory(s);
	snprintf(text, sizeof text, FULL, "table");
	r = roster_begin(s, NULL, &judges, ACCOUNT_IN_TABLE, false, &why);
	assert_non_null(r);
	roster_offer_text(r, "t", text, 1);
	roster_offer_text(r, "d", text, 1);
	roster_offer_text(r, "nobody", NULL, 1);
	roster_offer_text(r, "written", NULL, 1);
	assert_int_equal(roster_end(r, true, &why), ERR_OK);
	assert_string_equal(settings_account(s, "t")->hosts[0].name,
	    "table.example");
	assert_string_equal(settings_account(s, "d")->hosts[0].name,
	    "dir.example");
	assert_non_null(settings_account(s, "written"));
	assert_int_equal(s->fault_count, 1);
	snprintf(want, sizeof want,
	    "database: account d: account d is in the directory %s, too; "
	    "remove one of them; the other one is in force",
	    directory);
	assert_string_equal(s->faults[0].text, want);
	/* One that is wrong now, and one that went; a file for a third. */
	s->fault_count = 0;
	r = roster_begin(s, NULL, &judges, ACCOUNT_IN_TABLE, false, &why);
	roster_offer_text(r, "t", "{", 2);
	roster_offer_text(r, "t", "{", 2);
	assert_int_equal(roster_end(r, true, &why), ERR_OK);
	assert_non_null(settings_account(s, "t"));
	write_account("t.json", text);
	s->fault_count = 0;
	read_directory(s);
	assert_string_equal(fault(s),
	    "t.json: account t is in the database, too; remove one of them; "
	    "the other one is in force");
	r = roster_begin(s, NULL, &judges, ACCOUNT_IN_TABLE, false, &why);
	roster_offer_text(r, "t", NULL, 3);
	assert_int_equal(roster_end(r, true, &why), ERR_OK);
	assert_null(settings_account(s, "t"));
	settings_free(s);
	take_out("d.json");
	take_out("t.json");
}

/* A configuration without accounts, whose directory has none at first. */
static void
test_only_directory(void **state)
{
	const char *file = write_settings("{}");
	char text[200], *whole = unit_read(file);
	struct settings *s, *next;

	(void)state;
	file = unit_write_changed("none.json", whole, "/accounts", NULL);
	free(whole);
	s = read_settings(file, NULL);
	assert_int_equal(s->account_count, 0);
	read_directory(s);
	assert_int_equal(s->account_count, 0);
	snprintf(text, sizeof text, FULL, "first");
	write_account("x.json", text);
	read_directory(s);
	assert_int_equal(s->account_count, 1);
	write_account("x.json", "{");
	next = settings_read_after(file, s, NULL, &(struct error){ 0 });
	assert_non_null(next);
	assert_non_null(settings_account(next, "x"));
	settings_free(next);
	settings_free(s);
	/* What is wrong in one place is not as it was in another one. */
	file = write_settings("{}");
	s = read_settings(file, NULL);
	whole = unit_read(file);
	file = unit_write_changed("none.json", whole, "/accounts", NULL);
	free(whole);
	write_account("written.json", "{");
	next = read_settings(file, s);
	assert_null(settings_account(next, "written"));
	assert_null(settings_account(next, "x"));
	settings_free(next);
	settings_free(s);
	take_out("written.json");
	take_out("x.json");
}

/* More of them are wrong than are kept. */
static void
test_many_wrong(void **state)
{
	const char *file = write_settings("{}");
	struct settings *s;
	char name[32];

	(void)state;
	for (size_t i = 0; i < SETTINGS_FAULTS_MAX + 2; i++) {
		snprintf(name, sizeof name, "w%zu.json", i);
		write_account(name, "{");
	}
	s = read_settings(file, NULL);
	assert_int_equal(s->fault_count, SETTINGS_FAULTS_MAX + 2);
	assert_int_equal(s->account_count, 1);
	settings_free(s);
	for (size_t i = 0; i < SETTINGS_FAULTS_MAX + 2; i++) {
		snprintf(name, sizeof name, "w%zu.json", i);
		take_out(name);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_other_files),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_stays_after_a_reload),
		cmocka_unit_test(test_twice),
		cmocka_unit_test(test_own_files),
		cmocka_unit_test(test_former),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_only_directory),
		cmocka_unit_test(test_many_wrong),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
