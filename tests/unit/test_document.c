/*
 * test_document.c - a file is read only if it is safe, and errors say where.
 */
#include "unit.h"

#include <sys/stat.h>
#include <unistd.h>

#include "config/document.h"
#include "config/secret_file.h"

#define OTHER_USER 65534

/* Writes text and reads it back as a document. */
static enum err
read_text(const char *text, size_t len, json_object **root, struct error *why)
{
	*root = NULL;
	return document_read(root, unit_write("d.json", text, len), why);
}

/* What stands after "FILE: " in an error. */
static const char *
after_file(const struct error *why)
{
	const char *file = unit_directory();

	if (strncmp(why->text, file, strlen(file)) != 0)
		return why->text;
	return why->text + strlen(file) + strlen("/d.json: ");
}

static const struct {
	const char *text;
	const char *why; /* NULL: taken */
} syntax[] = {
	{ "{}", NULL },
	{ " {} \n\n", NULL },
	{ "{\"a\": 1}", NULL },
	{ "// why\n{\"a\": /* here */ 1} // and there\n", NULL },
	{ "/* one\n * two */\n{\"a\": 1}\n/* end */", NULL },
	{ "{\"a\": \"m\xc3\xbcller\"}", NULL },
	{ "", "is empty" },
	{ "[]", "must be a JSON object: { ... }" },
	{ "7", "must be a JSON object: { ... }" },
	{ "null", "must be a JSON object: { ... }" },
	{ "\"{}\"", "must be a JSON object: { ... }" },
	{ "{", "line 1: unexpected end of data" },
	{ "{\"a\": 1,\n\"b\": 2\n", "line 3: unexpected end of data" },
	{ "{\"a\": \"b", "line 1: unexpected end of data" },
	{ "{\n\n\"a\": \"b", "line 3: unexpected end of data" },
	{ "// nothing else\n", "line 2: unexpected end of data" },
	{ "{\"a\": /* 1}", "line 1: unexpected end of data" },
	{ "{\"a\" 1}",
	    "line 1: object property name separator ':' "
	    "expected" },
	{ "{\n\"a\": 1\n\"b\": 2}",
	    "line 3: object value separator ',' expected" },
	{ "{\n\n\n\"a\": x}", "line 4: unexpected character" },
	{ "{a: 1}",
	    "line 1: quoted object property name "
	    "expected" },
	{ "{\"a\": \"\xff\"}", "line 1: invalid utf-8 string" },
	{ "{}{}",
	    "line 1: something follows the end of the "
	    "document" },
	{ "{\n}\n\n{}",
	    "line 4: something follows the end of the "
	    "document" },
	{ "{} x",
	    "line 1: something follows the end of the "
	    "document" },
	{ "{}}",
	    "line 1: something follows the end of the "
	    "document" },
	{ "{} / x", "line 1: expected comment" },
	/* Strict but for comments. */
	{ "{\"a\": \"/* b */ // c\"}", NULL },
	{ "{\"a\": \"\\\"/* \"}", NULL },
	{ "{}//", NULL },
	{ "{}/**/", NULL },
	{ "{}\n/*/\n", "line 2: unexpected end of data" },
	{ "{\"a\": 'b'}", "line 1: a single quote, where \" should be" },
	{ "{'a': 1}", "line 1: a single quote, where only \" may be" },
	{ "{\n'a\": 1, 'b': 2}",
	    "line 2: object property name separator ':' expected" },
	{ "{\"a\": True}",
	    "line 1: write true, false and null in small letters" },
	{ "{\"a\": [fALSE]}",
	    "line 1: write true, false and null in small letters" },
	{ "{\"a\": NULL}",
	    "line 1: write true, false and null in small letters" },
	{ "{\"a\": 1,}",
	    "line 1: a comma behind the last member; take it out" },
	{ "{\"a\": [1, 2, // three\n\n]}",
	    "line 1: a comma behind the last member; take it out" },
	{ "{\"a\": 01}", "line 1: number expected" },
	{ "}", "line 1: unexpected character" },
	{ "]", "line 1: unexpected character" },
	{ "nuLx", "line 1: null expected" },
	{ "TRUE x", "line 1: write true, false and null in small letters" },
	/* What editors and web pages put in. */
	{ "\xef\xbb\xbf{}",
	    "begins with a byte order mark; save it as UTF-8 without one" },
	{ "\xff\xfe{", "is UTF-16; save it as UTF-8" },
	{ "\xfe\xff", "is UTF-16; save it as UTF-8" },
	{ "{\n\xe2\x80\x9c"
	  "a\xe2\x80\x9d: 1}",
	    "line 2: the quote U+201C, where \" should be" },
	{ "{\"a\": \xe2\x80\x9e"
	  "b\xe2\x80\x9c}",
	    "line 1: the quote U+201E, where \" should be" },
	{ "{\"a\": \"b\xe2\x80\x9d,\n\"c\": \"d\"}",
	    "line 1: the quote U+201D, where \" should be" },
	{ "{\"a\xe2\x80\x9d: 1,\n\n\n\"c\": 1}",
	    "line 1: the quote U+201D, where \" should be" },
	{ "{\"a\": 1,\n\"b\": \"c\xe2\x80\x99}\n",
	    "line 2: the quote U+2019, where \" should be" },
	{ "{\xc2\xa0\"a\": 1}",
	    "line 1: the no-break space U+00A0, where a blank should be" },
	{ "{\"a\": \"\xe2\x80\x9chere they may be\xe2\x80\x9d\"}", NULL },
	/* The same name twice. */
	{ "{\"a\": 1,\n\"b\": {\"c\": 1},\n\"a\": 2}",
	    "/a: stands here twice, in lines 1 and 3; rename one, or take it "
	    "out" },
	{ "{\"a\": {\"b\": [1, {\"c\": 1, // one\n\"\\u0063\": 2}]}}",
	    "/a/b/1/c: stands here twice, in lines 1 and 2; rename one, or "
	    "take it out" },
	{ "{\"a\": 1 /* , \"a\": 2 */ }", NULL },
	{ "{\"a\":[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]}",
	    "line 1: nesting too deep" },
};

static void
test_syntax(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(syntax); i++) {
		struct error why = { .code = ERR_OK };
		json_object *root;
		enum err rc = read_text(syntax[i].text, strlen(syntax[i].text),
		    &root, &why);

		if (syntax[i].why == NULL)
			ROW(rc == ERR_OK && root != NULL, "%s: %s",
			    syntax[i].text, why.text);
		else
			ROW(rc == ERR_CONFIG && root == NULL &&
				why.code == ERR_CONFIG &&
				strcmp(after_file(&why), syntax[i].why) == 0,
			    "%s: \"%s\"", syntax[i].text, why.text);
		json_object_put(root);
	}
	ROWS_END();
}

/* A NUL would hide the rest of the file from everyone who looks at strings. */
static void
test_nul(void **state)
{
	static const struct {
		const char *text;
		size_t len;
	} files[] = {
		{ "\0{}", 3 },
		{ "{\0}", 3 },
		{ "{}\0", 3 },
		{ "{}\0x", 4 },
		{ "{\"a\": \"b\0c\"}", 12 },
		{ "{} // a\0\nx", 10 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(files); i++) {
		struct error why;
		json_object *root;

		ROW(read_text(files[i].text, files[i].len, &root, &why) ==
			    ERR_CONFIG &&
			root == NULL,
		    "%zu: taken", i);
		json_object_put(root);
	}
	ROWS_END();
}

static void
test_size(void **state)
{
	size_t len = DOCUMENT_SIZE_MAX + 2;
	char *text = malloc(len);
	struct error why;
	json_object *root;

	(void)state;
	assert_non_null(text);
	memset(text, ' ', len);
	memcpy(text, "{}", 2);
	assert_int_equal(read_text(text, DOCUMENT_SIZE_MAX, &root, &why),
	    ERR_OK);
	json_object_put(root);
	assert_int_equal(read_text(text, DOCUMENT_SIZE_MAX + 1, &root, &why),
	    ERR_CONFIG);
	assert_string_equal(after_file(&why), "larger than 67108864 bytes");
	free(text);
}

static const struct {
	mode_t file;
	mode_t directory;
	const char *why; /* after "FILE: "; NULL: taken */
	bool of_directory;
} modes[] = {
	{ 0600, 0700, NULL, false },
	{ 0640, 0755, NULL, false },
	{ 0644, 0755, NULL, false },
	{ 0444, 0555, NULL, false },
	{ 0755, 0755, NULL, false },
	{ 0660, 0755, "others can write it; chmod go-w", false },
	{ 0620, 0755, "others can write it; chmod go-w", false },
	{ 0602, 0755, "others can write it; chmod go-w", false },
	{ 0666, 0755, "others can write it; chmod go-w", false },
	{ 0600, 0775, "others can write it; chmod go-w", true },
	{ 0600, 0757, "others can write it; chmod go-w", true },
	{ 0600, 0777, "others can write it; chmod go-w", true },
	/* As in /tmp, nobody can put another file in the place of ours. */
	{ 0600, 01777, NULL, false },
	{ 0666, 01777, "others can write it; chmod go-w", false },
};

/* A directory inside ours, whose mode may change. */
static void
place(char dir[static 512], char file[static 600])
{
	snprintf(dir, 512, "%s/etc", unit_directory());
	snprintf(file, 600, "%s/d.json", dir);
	(void)mkdir(dir, 0700);
	(void)chmod(dir, 0700);
	unlink(file);
}

static void
test_modes(void **state)
{
	char dir[512], file[600], want[1400];

	(void)state;
	for (size_t i = 0; i < COUNT(modes); i++) {
		struct error why = { .code = ERR_OK };
		json_object *root = NULL;
		enum err rc;

		place(dir, file);
		(void)unit_write("etc/d.json", "{}", 2);
		assert_int_equal(chmod(file, modes[i].file), 0);
		assert_int_equal(chmod(dir, modes[i].directory), 0);
		rc = document_read(&root, file, &why);
		snprintf(want, sizeof want, "%s: %s",
		    modes[i].of_directory ? dir : file,
		    unit_text(modes[i].why));
		if (modes[i].why == NULL)
			ROW(rc == ERR_OK, "%o in %o: %s", modes[i].file,
			    modes[i].directory, why.text);
		else
			ROW(rc == ERR_CONFIG && strcmp(why.text, want) == 0,
			    "%o in %o: %s", modes[i].file, modes[i].directory,
			    why.text);
		ROW(document_of_ours(file, &why) == rc, "%o in %o: of ours, %s",
		    modes[i].file, modes[i].directory, why.text);
		json_object_put(root);
		chmod(dir, 0700);
	}
	ROWS_END();
}

static const struct {
	uid_t file;
	uid_t directory;
	bool good;
	bool of_directory;
} owners[] = {
	{ 0, 0, true, false },
	{ OTHER_USER, 0, false, false },
	{ 0, OTHER_USER, false, true },
	{ OTHER_USER, OTHER_USER, false, false },
};

static void
test_owners(void **state)
{
	char dir[512], file[600], want[1400];

	(void)state;
	if (geteuid() != 0) {
		unit_skipped("only root gives files away");
		return;
	}
	for (size_t i = 0; i < COUNT(owners); i++) {
		struct error why = { .code = ERR_OK };
		json_object *root = NULL;
		enum err rc;

		place(dir, file);
		(void)unit_write("etc/d.json", "{}", 2);
		assert_int_equal(chown(file, owners[i].file, (gid_t)-1), 0);
		assert_int_equal(chown(dir, owners[i].directory, (gid_t)-1), 0);
		rc = document_read(&root, file, &why);
		snprintf(want, sizeof want,
		    "%s: belongs to user %d; make it "
		    "root's (chown root)",
		    owners[i].of_directory ? dir : file, OTHER_USER);
		if (owners[i].good)
			ROW(rc == ERR_OK, "%zu: %s", i, why.text);
		else
			ROW(rc == ERR_CONFIG && strcmp(why.text, want) == 0,
			    "%zu: %s", i, why.text);
		json_object_put(root);
		assert_int_equal(chown(dir, 0, (gid_t)-1), 0);
	}
	ROWS_END();
}

/* A program that is not root's may have files of its own. */
static void
test_ours(void **state)
{
	char dir[512], file[600];
	struct error why;
	enum err ours, roots;

	(void)state;
	if (geteuid() != 0) {
		unit_skipped("only root becomes another user");
		return;
	}
	place(dir, file);
	(void)unit_write("etc/d.json", "{}", 2);
	assert_int_equal(chown(file, OTHER_USER, (gid_t)-1), 0);
	assert_int_equal(chown(dir, OTHER_USER, (gid_t)-1), 0);
	assert_int_equal(chmod(unit_directory(), 0711), 0);
	assert_int_equal(seteuid(OTHER_USER), 0);
	ours = document_of_ours(file, &why);
	roots = document_of_root(file, &why);
	assert_int_equal(seteuid(0), 0);
	assert_int_equal(chmod(unit_directory(), 0700), 0);
	assert_int_equal(chown(dir, 0, (gid_t)-1), 0);
	assert_int_equal(ours, ERR_OK);
	assert_int_equal(roots, ERR_CONFIG);
}

/* A link is followed; what counts is the file that it leads to. */
static void
test_link(void **state)
{
	const char *file = unit_write("target.json", "{}", 2);
	struct error why;
	json_object *root;
	char link[600];

	(void)state;
	snprintf(link, sizeof link, "%s/link.json", unit_directory());
	unlink(link);
	assert_int_equal(symlink(file, link), 0);
	assert_int_equal(document_read(&root, link, &why), ERR_OK);
	json_object_put(root);
	assert_int_equal(chmod(file, 0622), 0);
	assert_int_equal(document_read(&root, link, &why), ERR_CONFIG);
	assert_int_equal(chmod(file, 0600), 0);
}

/* Who may write where a link leads to may put another file there. */
static void
test_link_elsewhere(void **state)
{
	char dir[512], file[600], link[600], want[700];
	struct error why = { .code = ERR_OK };
	json_object *root;

	(void)state;
	place(dir, file);
	(void)unit_write("etc/d.json", "{}", 2);
	snprintf(link, sizeof link, "%s/elsewhere.json", unit_directory());
	unlink(link);
	assert_int_equal(symlink(file, link), 0);
	assert_int_equal(document_read(&root, link, &why), ERR_OK);
	json_object_put(root);
	assert_int_equal(chmod(dir, 0777), 0);
	assert_int_equal(document_read(&root, link, &why), ERR_CONFIG);
	snprintf(want, sizeof want, "%s: others can write it; chmod go-w", dir);
	assert_string_equal(why.text, want);
	assert_int_equal(document_of_root(link, &why), ERR_CONFIG);
	assert_int_equal(chmod(dir, 0700), 0);
	/* And who may write where the link is may put another link there. */
	snprintf(file, sizeof file, "%s/target.json", unit_directory());
	(void)unit_write("target.json", "{}", 2);
	snprintf(link, sizeof link, "%s/link.json", dir);
	unlink(link);
	assert_int_equal(symlink(file, link), 0);
	assert_int_equal(chmod(dir, 0777), 0);
	assert_int_equal(document_read(&root, link, &why), ERR_CONFIG);
	assert_string_equal(why.text, want);
	assert_int_equal(chmod(dir, 0700), 0);
}

static void
test_no_file(void **state)
{
	char name[600], want[700];
	struct error why;
	json_object *root;

	(void)state;
	snprintf(name, sizeof name, "%s/nowhere.json", unit_directory());
	snprintf(want, sizeof want, "%s: No such file or directory", name);
	assert_int_equal(document_read(&root, name, &why), ERR_CONFIG);
	assert_string_equal(why.text, want);
	snprintf(want, sizeof want, "%s: not a regular file", unit_directory());
	assert_int_equal(document_read(&root, unit_directory(), &why),
	    ERR_CONFIG);
	assert_string_equal(why.text, want);
	assert_int_equal(document_read(&root, "/dev/null", &why), ERR_CONFIG);
	assert_string_equal(why.text, "/dev/null: not a regular file");
}

/* A name without a slash, and one of the root of all directories. */
static void
test_bare_names(void **state)
{
	char here[4096];
	struct error why = { .code = ERR_OK };
	struct stat root;
	json_object *read = NULL;

	(void)state;
	(void)unit_write("bare.json", "{}", 2);
	assert_non_null(getcwd(here, sizeof here));
	assert_int_equal(chdir(unit_directory()), 0);
	ROW(document_read(&read, "bare.json", &why) == ERR_OK, "bare: %s",
	    why.text);
	json_object_put(read);
	assert_int_equal(chmod(".", 0777), 0);
	ROW(document_read(&read, "bare.json", &why) == ERR_CONFIG &&
		strcmp(why.text, ".: others can write it; chmod go-w") == 0,
	    "bare: %s", why.text);
	assert_int_equal(chmod(".", 0700), 0);
	assert_int_equal(chdir(here), 0);
	assert_int_equal(stat("/", &root), 0);
	why.text[0] = '\0';
	ROW(document_of_root("/dev", &why) ==
		(root.st_uid == 0 ? ERR_OK : ERR_CONFIG),
	    "root: %s", why.text);
	ROWS_END();
}

/* A text that is no file, as an account of a database. */
static void
test_parse(void **state)
{
	static char long_one[DOCUMENT_SIZE_MAX + 2];
	static const struct {
		const char *text, *why;
	} rows[] = {
		{ "", "x: is empty" },
		{ long_one, "x: larger than 67108864 bytes" },
		{ "\xff\xfe{", "x: is UTF-16; save it as UTF-8" },
		{ "{\"a\": 1, /* no end", "x: line 1: unexpected end of data" },
		{ "{\"a\": 1, \"a\": 2}",
		    "x: /a: stands here twice, in lines 1 and 1; rename one, "
		    "or take it out" },
	};

	(void)state;
	memset(long_one, ' ', sizeof long_one - 1);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct error why = { .code = ERR_OK };
		json_object *root = NULL;

		ROW(document_parse(&root, rows[i].text, "x", &why) ==
			    ERR_CONFIG &&
			root == NULL && strcmp(why.text, rows[i].why) == 0,
		    "%zu: %s", i, why.text);
	}
	ROWS_END();
}

/* Each fact that tells one file from another. */
static void
change_fact(struct edition *e, size_t which)
{
	switch (which) {
	case 0:
		e->device++;
		break;
	case 1:
		e->inode++;
		break;
	case 2:
		e->size++;
		break;
	case 3:
		e->modified.tv_sec++;
		break;
	case 4:
		e->modified.tv_nsec ^= 1;
		break;
	case 5:
		e->changed.tv_sec++;
		break;
	case 6:
		e->changed.tv_nsec ^= 1;
		break;
	default:
		break;
	}
}

/* A file that looks otherwise is the same as long as its bytes are. */
static void
test_edition(void **state)
{
	const char *file = unit_write("e.json", "{}", 2);
	struct stat st;

	(void)state;
	assert_int_equal(stat(file, &st), 0);
	for (size_t which = 0; which < 8; which++) {
		struct edition e = edition_new(&st, "{}", 2),
			       other = edition_new(&st, "{ }", 3);

		change_fact(&e, which);
		change_fact(&other, which);
		ROW(edition_is_current(&e, file), "%zu: another one", which);
		/* What nothing speaks against is not read again. */
		ROW(edition_is_current(&other, file) == (which == 7),
		    "%zu: the same", which);
	}
	assert_int_equal(unlink(file), 0);
	assert_int_equal(mkdir(file, 0700), 0);
	assert_false(
	    edition_is_current(&(struct edition){ .same = true, .size = 1 },
		file));
	assert_int_equal(rmdir(file), 0);
	assert_false(
	    edition_is_current(&(struct edition){ .same = true }, file));
	ROWS_END();
}

/* A writer that never comes must not keep us waiting. */
static void
test_fifo(void **state)
{
	char name[600];
	struct error why;
	json_object *root;

	(void)state;
	snprintf(name, sizeof name, "%s/fifo", unit_directory());
	assert_int_equal(mkfifo(name, 0600), 0);
	alarm(5);
	assert_int_equal(document_read(&root, name, &why), ERR_CONFIG);
	alarm(0);
}

/* A secret is one line of visible characters, in a file that is not open. */
static void
test_secret_file(void **state)
{
	static char full[SECRET_FILE_MAX + 2], long_one[SECRET_FILE_MAX + 3];
	static const struct {
		const char *text, *secret; /* NULL: it is refused */
		mode_t mode;
	} rows[] = {
		{ "tok-en\n", "tok-en", 0600 },
		{ "tok-en", "tok-en", 0640 },
		{ full, full, 0600 },
		{ "tok-en\n", NULL, 0604 },
		{ long_one, NULL, 0600 },
		{ "", NULL, 0600 },
		{ "\n", NULL, 0600 },
		{ "tok en\n", NULL, 0600 },
		{ "tok-en\n\n", NULL, 0600 },
		{ "tok-en\r\n", NULL, 0600 },
		{ "t\xc3\xb6k\n", NULL, 0600 },
		{ "tok\x7f\n", NULL, 0600 },
	};
	struct buffer none = { .max = SECRET_FILE_MAX + 1 };
	struct error why;

	(void)state;
	memset(full, 'x', SECRET_FILE_MAX);
	memset(long_one, 'x', SECRET_FILE_MAX + 1);
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *file =
		    unit_write("secret", rows[i].text, strlen(rows[i].text));
		struct buffer got = { .max = SECRET_FILE_MAX + 1 };
		enum err rc;

		assert_int_equal(chmod(file, rows[i].mode), 0);
		why.text[0] = '\0';
		rc = secret_file_read(file, &got, &why);
		ROW(rows[i].secret != NULL ?
			rc == ERR_OK && unit_same(got.data, rows[i].secret) :
			rc == ERR_CONFIG && got.len == 0 &&
			    strncmp(why.text, file, strlen(file)) == 0,
		    "%zu: %s, \"%s\"", i, error_name(rc), why.text);
		ROW(strstr(why.text, "tok") == NULL, "%zu: tells it", i);
		buffer_free(&got);
	}
	assert_int_equal(secret_file_read(unit_directory(), &none, &why),
	    ERR_CONFIG);
	assert_non_null(strstr(why.text, "not a regular file"));
	ROWS_END();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_syntax),
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_size),
		cmocka_unit_test(test_modes),
		cmocka_unit_test(test_owners),
		cmocka_unit_test(test_ours),
		cmocka_unit_test(test_edition),
		cmocka_unit_test(test_link),
		cmocka_unit_test(test_link_elsewhere),
		cmocka_unit_test(test_no_file),
		cmocka_unit_test(test_bare_names),
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_fifo),
		cmocka_unit_test(test_secret_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
