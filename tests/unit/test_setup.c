/*
 * test_setup.c - setup, where an answer, a configuration, a site or the system
 * is other than it should be: each is told, and nothing is changed.
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <curl/curl.h>
#include <gnutls/crypto.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/heap.h"
#include "certificates.h"
#include "command/command.h"
#include "command/outcome.h"
#include "command/setup/site.h"
#include "provider/description/description.h"

/* What the system or a library refuses in a row. */
enum refused {
	NOTHING,
	A_CHILD,
	A_FILE_IN_MEMORY,
	ITS_BYTES,
	THE_NAME_OF_THE_FILE,
	A_COPY,
	ANOTHER_COPY,
	A_THIRD_COPY,
	THE_NETWORK,
	NGINX,
};

static enum refused refused;
static const char *typed; /* what a person types; NULL: there is none */
static const char *machine = "machine";

/* What is installed is that of the source tree. */
int __wrap_access(const char *file, int mode);
int __real_access(const char *file, int mode);
FILE *__wrap_fopen(const char *file, const char *mode);
FILE *__real_fopen(const char *file, const char *mode);
struct description *__wrap_description_read(const char *file,
    struct error *why);
struct description *__real_description_read(const char *file,
    struct error *why);

static const char *
source(const char *file)
{
	static char place[4096];
	const char *top = getenv("DDNSGATE_SOURCE");
	const char *folder = NULL;

	if (strncmp(file, PROVIDERS_DATADIR, strlen(PROVIDERS_DATADIR)) == 0)
		folder = "providers";
	if (strncmp(file, ROUTERS_DATADIR, strlen(ROUTERS_DATADIR)) == 0)
		folder = "examples/routers";
	if (strncmp(file, SITES_DATADIR, strlen(SITES_DATADIR)) == 0)
		folder = "examples";
	if (folder == NULL)
		return file;
	snprintf(place, sizeof place, "%s/%s%s", top != NULL ? top : ".",
	    folder, strrchr(file, '/'));
	return place;
}

int
__wrap_access(const char *file, int mode)
{
	/* No nginx is on this machine. */
	if (strcmp(file, "/etc/nginx/sites-available") == 0)
		return -1;
	return __real_access(source(file), mode);
}

FILE *
__wrap_fopen(const char *file, const char *mode)
{
	return __real_fopen(source(file), mode);
}

struct description *
__wrap_description_read(const char *file, struct error *why)
{
	return __real_description_read(source(file), why);
}

/* It asks no nginx, makes no users, and is not root. */
bool __wrap_errand_exists(const char *name);
bool __wrap_errand_run(const char *const words[]);
uid_t __wrap_geteuid(void);
enum err __wrap_document_of_root(const char *file, struct error *why);
int __wrap_isatty(int fd);
int __wrap_gethostname(char *name, size_t size);

bool
__wrap_errand_exists(const char *name)
{
	(void)name;
	return true;
}

bool
__wrap_errand_run(const char *const words[])
{
	assert_string_equal(words[0], "nginx");
	return refused != NGINX;
}

uid_t
__wrap_geteuid(void)
{
	return 61500;
}

enum err
__wrap_document_of_root(const char *file, struct error *why)
{
	(void)file;
	(void)why;
	return ERR_OK;
}

int
__wrap_isatty(int fd)
{
	return fd == STDIN_FILENO && typed != NULL;
}

int
__wrap_gethostname(char *name, size_t size)
{
	snprintf(name, size, "%s", machine);
	return 0;
}

/* A verifier in no time. */
int __wrap_gnutls_pbkdf2(gnutls_mac_algorithm_t mac, const gnutls_datum_t *key,
    const gnutls_datum_t *salt, unsigned int turns, void *to, size_t len);
int __real_gnutls_pbkdf2(gnutls_mac_algorithm_t mac, const gnutls_datum_t *key,
    const gnutls_datum_t *salt, unsigned int turns, void *to, size_t len);

int
__wrap_gnutls_pbkdf2(gnutls_mac_algorithm_t mac, const gnutls_datum_t *key,
    const gnutls_datum_t *salt, unsigned int turns, void *to, size_t len)
{
	return __real_gnutls_pbkdf2(mac, key, salt, turns < 10 ? turns : 10, to,
	    len);
}

/* The kernel and the libraries. */
#define REFUSED(what) (refused == (what) ? (errno = ENOMEM, true) : false)

static bool
is_configuration(const char *file)
{
	return strcmp(strrchr(file, '/'), "/ddnsgate.json") == 0;
}

static enum refused copies; /* A_COPY: the first one is next */

static bool
is_refused_copy(void)
{
	return copies <= A_THIRD_COPY && copies++ == refused;
}

UNIT_BETWEEN(REFUSED(A_CHILD), pid_t, fork, -1, (void), ())
UNIT_BETWEEN(REFUSED(A_FILE_IN_MEMORY), int, memfd_create, -1,
    (const char *name, unsigned int flags), (name, flags))
UNIT_BETWEEN(REFUSED(ITS_BYTES), ssize_t, write, -1,
    (int fd, const void *bytes, size_t size), (fd, bytes, size))
UNIT_BETWEEN(is_configuration(to) && REFUSED(THE_NAME_OF_THE_FILE), int, rename,
    -1, (const char *from, const char *to), (from, to))
UNIT_BETWEEN(is_refused_copy(), int, json_object_deep_copy, -1,
    (struct json_object * from, struct json_object **to,
	json_c_shallow_copy_fn *how),
    (from, to, how))
UNIT_BETWEEN(REFUSED(THE_NETWORK), CURLM *, curl_multi_init, NULL, (void), ())

/* Of its own: no question is left but those that a row is about. */
#define QUIET	 "setup --no-trial --token-file @token --device none "
#define LATER	 "--ipv4 later --ipv6 no "
#define SERVER	 "--server dns.example.org "
#define NEW	 "--provider desec --host new.example.org "
#define NO_SITE	 "--site none "
#define POWERDNS "--account a --provider powerdns --host a.example.org "
#define SITE	 "--certificate @chain --key @key "
#define ENABLED                                    \
	QUIET SERVER NEW LATER SITE "--account a " \
				    "--site @sites-available/site"

#define VERIFIER                                    \
	"$pbkdf2-sha256$i=1000$c2FsdC1vZi1yb3V0ZXI" \
	"$8aVVxrwy9IrNvubLjZnvkXJBtXhjdfTV2jQm+J24CNQ"
#define ACCOUNT                                                     \
	"{\"verifier\": \"" VERIFIER "\", \"provider\": \"desec\"," \
	" \"hosts\": {\"www.example.org\": {\"ipv4\": true}}}"
#define PROVIDERS "\"providers\": {\"desec\": {}}"
#define PLAIN	  "{" PROVIDERS ", \"accounts\": {\"router\": " ACCOUNT "}}"
#define AGAIN	  "--account router --server dns.example.org "

static const char odd[] = "{\"hosts\": [\"a.example.org\"]}";
static const char example[] = "server {\n"
			      "\tserver_name old.example.org;\n"
			      "\tssl_certificate /old/chain;\n"
			      "\tpass unix:/run/ddnsgate/ddnsgate.sock;\n"
			      "\tpass unix:/run/ddnsgate/ddnsgate.sock2;\n}\n";

/*
 * A row: the configuration that is there, NULL: none; the words, where "@NAME"
 * is a file beside it; what is typed; what it comes to, and what is told.
 */
static const struct {
	const char *before, *words, *typed;
	int status;
	const char *told;
	enum refused refused;
} rows[] = {
	/* What a script answers. */
	{ NULL, QUIET SERVER NEW LATER NO_SITE, NULL, 0, "written\n", NOTHING },
	{ NULL, QUIET "--server https://dns.example.org/x " NEW LATER NO_SITE,
	    NULL, 1, "\"https://dns.example.org/x\": give the full name",
	    NOTHING },
	{ NULL, QUIET SERVER NEW "--ipv4 later --ipv6 1::x " NO_SITE, NULL, 1,
	    "\"1::x\": the IPv6 address of the web server", NOTHING },
	{ NULL, QUIET SERVER NEW LATER "--prefix-length 15 " NO_SITE, NULL, 1,
	    "\"15\": a number from 16 to 127", NOTHING },
	{ NULL, QUIET SERVER NEW LATER "--site here ", NULL, 1,
	    "\"here\": a whole file name", NOTHING },
	{ NULL, QUIET SERVER NEW LATER "--certificate x --site @site", NULL, 1,
	    "\"x\": a whole file name", NOTHING },
	{ NULL,
	    QUIET SERVER NEW LATER "--certificate @chain --key x "
				   "--site @site",
	    NULL, 1, "\"x\": a whole file name", NOTHING },
	{ NULL,
	    QUIET SERVER
	    "--host a.example.org --provider powerdns " LATER NO_SITE,
	    NULL, 1, "--set base=... is missing", NOTHING },
	{ NULL,
	    QUIET SERVER "--host a.example.org --provider powerdns "
			 "--set base=https://api.example " LATER NO_SITE,
	    NULL, 0, "written\n", NOTHING },
	{ NULL, QUIET "--account a:b " SERVER NEW LATER NO_SITE, NULL, 1,
	    "\"a:b\": ", NOTHING },
	{ NULL,
	    "setup --no-trial --token-file @token --device a/b " SERVER NEW
		LATER NO_SITE,
	    NULL, 1, "\"a/b\": there is no such page", NOTHING },
	{ NULL,
	    "setup --no-trial --token-file @long --device none " SERVER NEW
		LATER NO_SITE,
	    NULL, 1, "have at most 2048 printable characters", NOTHING },
	{ NULL, QUIET "--server dns.example.org:1/x " NEW LATER NO_SITE, NULL,
	    1, "\"dns.example.org:1/x\": give the full name", NOTHING },
	{ NULL, QUIET NEW LATER, NULL, 2, "--server is missing", NOTHING },
	{ "{\"url\": \"http://x\"}", QUIET NEW LATER, NULL, 0, "written\n",
	    NOTHING },
	{ NULL, QUIET SERVER "--provider porkbun --host a.example.org " LATER,
	    NULL, 0, "written\n", NOTHING },
	{ NULL,
	    QUIET SERVER NEW "--ipv4 later --suffix ::8 "
			     "--prefix-length 56 ",
	    NULL, 0, "written\n", NOTHING },
	{ NULL,
	    QUIET SERVER NEW "--ipv4 later --suffix ::8 --ipv6 router "
			     "--prefix-length 56 ",
	    NULL, 0, "written\n", NOTHING },
	{ NULL,
	    QUIET SERVER NEW "--ipv4 later --ipv6 2a01:c22::8 "
			     "--prefix-length 56 ",
	    NULL, 0, "written\n", NOTHING },
	{ NULL,
	    QUIET SERVER NEW LATER "--site @site --certificate @nameless "
				   "--key @key",
	    NULL, 1, "but for no name;", NOTHING },
	/* What a person does. */
	{ NULL,
	    "setup --no-trial --token-file @long --device none --account a " SERVER
		NEW LATER NO_SITE,
	    "", 1, "have at most 2048", NOTHING },
	{ "{\"providers\": {\"desec\": {\"config\": {\"x\": \"y\"}}}}",
	    QUIET SERVER NEW LATER NO_SITE "--account a", "", 1, "/config",
	    NOTHING },
	{ NULL, QUIET NEW LATER NO_SITE, "\n\n", 0,
	    "Name of this server [dns.example.org]: ", NOTHING },
	{ NULL, QUIET SERVER NEW NO_SITE "--account router ", "\nlater\nno\n",
	    0, "\"\": an IPv4 address", NOTHING },
	{ NULL, QUIET SERVER LATER NO_SITE POWERDNS,
	    "\nhttp://x\nhttps://api.example\n", 0, "must be", NOTHING },
	{ NULL, QUIET SERVER LATER NO_SITE POWERDNS, "http://x\n", 1,
	    "nothing was changed", NOTHING },
	{ PLAIN,
	    "setup --no-trial --device none --host www.example.org "
	    "--provider desec " LATER AGAIN NO_SITE,
	    "", 0, "Another token than before? [no]: ", NOTHING },
	{ NULL, ENABLED, "", 1,
	    "Another certificate, or no site? [yes]: ", NGINX },
	{ NULL, ENABLED, "no\n", 1,
	    "Another certificate, or no site? [yes]: ", NGINX },
	/* The terminal ends while he is asked for another one. */
	{ NULL, ENABLED, "yes\n", 1,
	    "Site of nginx (or none) [none]: \nddnsgate: nothing was changed",
	    NGINX },
	{ NULL, ENABLED, "yes\n/nowhere/sites-available/site\n", 1,
	    "/fullchain.pem]: \nddnsgate: nothing was changed", NGINX },
	{ NULL, ENABLED, "yes\nnone\n", 0, "ddnsgate.json: written\n", NGINX },
	/* Where the draft begins. */
	{ "nonsense", QUIET, NULL, 1, "ddnsgate.json: line 1: ", NOTHING },
	{ "3", QUIET, NULL, 1, "ddnsgate.json: ", NOTHING },
	{ "{\"providers\": null}", QUIET SERVER NEW LATER NO_SITE, NULL, 1,
	    "/providers: is no object", NOTHING },
	{ "{\"providers\": 3}", QUIET SERVER NEW LATER NO_SITE, NULL, 1,
	    "/providers: is no object", NOTHING },
	{ "{\"providers\": []}", QUIET SERVER NEW LATER NO_SITE, NULL, 1,
	    "/providers: is no object", NOTHING },
	{ "{\"providers\": {\"desec\": 3}}", QUIET SERVER NEW LATER NO_SITE,
	    NULL, 1, "/providers: is no object", NOTHING },
	{ "{\"providers\": {\"desec\": {\"config\": 3}}}",
	    QUIET SERVER NEW LATER NO_SITE, NULL, 1, "/providers: is no object",
	    NOTHING },
	{ "{\"providers\": {\"desec\": {\"config\": []}}}",
	    QUIET SERVER NEW LATER NO_SITE, NULL, 1, "/providers: is no object",
	    NOTHING },
	{ "{\"accounts\": 3}", QUIET SERVER NEW LATER NO_SITE, NULL, 1,
	    "/accounts: is no object", NOTHING },
	{ "{\"accounts\": []}", QUIET SERVER NEW LATER NO_SITE, NULL, 1,
	    "/accounts: is no object", NOTHING },
	{ "{\"accounts\": {\"router\": 3}}", QUIET SERVER NEW LATER NO_SITE,
	    NULL, 1, "/accounts: is no object", NOTHING },
	{ "{\"accounts\": {\"router\": []}}", QUIET SERVER NEW LATER NO_SITE,
	    NULL, 1, "/accounts: is no object", NOTHING },
	{ "{\"accounts\": {\"router\": null}}", QUIET SERVER NEW LATER NO_SITE,
	    NULL, 1, "/accounts: is no object", NOTHING },
	{ "{\"accounts\": {\"router\": {\"hosts\": 3}}}",
	    QUIET SERVER NEW LATER NO_SITE, NULL, 1, "/accounts: is no object",
	    NOTHING },
	{ "{\"accounts\": {\"router\": {\"hosts\": []}}}",
	    QUIET SERVER NEW LATER NO_SITE, NULL, 1, "/accounts: is no object",
	    NOTHING },
	{ "{\"accounts\": {\"router\": {\"hosts\":"
	  " {\"new.example.org\": 3}}}}",
	    QUIET SERVER NEW LATER NO_SITE, NULL, 1, "/accounts: is no object",
	    NOTHING },
	{ "{\"accounts\": {\"router\": {\"hosts\":"
	  " {\"new.example.org\": {\"ipv6\": 3}}}}}",
	    QUIET SERVER NEW LATER NO_SITE, NULL, 0, "written\n", NOTHING },
	{ "{\"accounts\": {\"router\": {\"hosts\":"
	  " {\"new.example.org\": {\"ipv6\": []}}}}}",
	    QUIET SERVER NEW
	    "--ipv4 later --ipv6 keep --prefix-length 56 " NO_SITE,
	    NULL, 1, "/ipv6", NOTHING },
	{ "{\"url\": 3, \"workers\": \"x\"}", QUIET SERVER NEW LATER NO_SITE,
	    NULL, 1, "/workers", NOTHING },
	{ "{\"workers\": \"x\", \"account_directory\": \"/nowhere\"}",
	    QUIET SERVER NEW LATER NO_SITE, NULL, 1, "/workers", NOTHING },
	{ "{\"workers\": \"x\", \"account_table\": true}",
	    QUIET SERVER NEW LATER NO_SITE, NULL, 1, "/workers", NOTHING },
	{ "{\"providers\": {\"vercel\": {\"config\": {\"team\": \"t\"}}}}",
	    QUIET SERVER LATER NO_SITE "--host a.example.org", NULL, 0,
	    "written\n", NOTHING },
	{ PLAIN, QUIET AGAIN NEW LATER NO_SITE, NULL, 0, "written\n", NOTHING },
	{ "{\"providers\": {\"desec\": {}, \"porkbun\": {}}}",
	    QUIET SERVER LATER NO_SITE "--host a.example.org", NULL, 1,
	    "--provider is missing", NOTHING },
	{ "{\"providers\": {\"desec\": {}}, \"accounts\": {\"router\":"
	  " {\"verifier\": \"" VERIFIER "\", \"hosts\": {"
	  " \"a.example.org\": {}, \"b.example.org\": {}}}}}",
	    QUIET SERVER LATER NO_SITE, NULL, 1, "--host is missing", NOTHING },
	/* What the system refuses. */
	{ NULL, QUIET SERVER NEW LATER NO_SITE, NULL, 1,
	    "ddnsgate: fork: ", A_CHILD },
	{ NULL, QUIET SERVER NEW LATER NO_SITE, NULL, 1, "out of memory",
	    A_FILE_IN_MEMORY },
	{ NULL, QUIET SERVER NEW LATER NO_SITE, NULL, 1, "out of memory",
	    ITS_BYTES },
	{ NULL, QUIET SERVER NEW LATER NO_SITE, NULL, 1, "out of memory",
	    A_COPY },
	{ NULL, QUIET SERVER NEW LATER NO_SITE, NULL, 1, "out of memory",
	    ANOTHER_COPY },
	{ NULL, QUIET SERVER NEW LATER NO_SITE, NULL, 1, "out of memory",
	    A_THIRD_COPY },
	{ PLAIN, QUIET AGAIN NEW LATER NO_SITE, NULL, 1, "out of memory",
	    ANOTHER_COPY },
	{ PLAIN, QUIET AGAIN NEW LATER NO_SITE, NULL, 1,
	    "ddnsgate.json: Cannot allocate memory", THE_NAME_OF_THE_FILE },
	{ PLAIN,
	    "setup --token-file @token --device none " AGAIN NEW LATER NO_SITE,
	    NULL, 1, "out of memory", THE_NETWORK },
	{ "{" PROVIDERS ", \"account_directory\": \"@accounts.d\"}",
	    QUIET "--account far --host www.example.org " SERVER LATER NO_SITE,
	    NULL, 1, "ddnsgate.json: Cannot allocate memory",
	    THE_NAME_OF_THE_FILE },
	{ "{" PROVIDERS ", \"account_directory\": \"@accounts.d\"}",
	    QUIET "--account new " SERVER NEW LATER NO_SITE, NULL, 1,
	    "ddnsgate.json: Cannot allocate memory", THE_NAME_OF_THE_FILE },
	{ "{" PROVIDERS ", \"account_directory\": \"@accounts.d\"}",
	    QUIET "--account odd " SERVER NEW LATER NO_SITE, NULL, 1,
	    "account \"odd\": it, its \"hosts\"", NOTHING },
	{ "{" PROVIDERS ", \"account_directory\": \"@accounts.d\"}",
	    QUIET "--account far --host www.example.org " SERVER LATER NO_SITE,
	    NULL, 0, "written", NOTHING },
#ifdef HAVE_LIBPQ
	/* Whether the account is new nobody knows, so no more is asked. */
	{ "{" PROVIDERS ", \"account_table\": true,"
	  " \"state\": \"postgresql://u@127.0.0.1:1/d\"}",
	    QUIET SERVER LATER NO_SITE, "\n", 1, "it is out of reach now\n",
	    NOTHING },
#endif
	/* The site. */
	{ NULL, QUIET SERVER NEW LATER SITE "--site @site", NULL, 0,
	    "site: written\n", NOTHING },
	{ NULL, QUIET SERVER NEW LATER SITE "--site @empty", NULL, 0,
	    "empty: written\n", NOTHING },
	{ NULL, QUIET SERVER NEW LATER SITE "--site @sites-available", NULL, 1,
	    "sites-available: Is a directory", NOTHING },
	{ NULL, QUIET SERVER NEW LATER SITE "--site @sites-available/site",
	    NULL, 0, "site: written, and enabled\n", NOTHING },
	{ NULL, QUIET SERVER NEW LATER SITE "--site @sites-available/site",
	    NULL, 1, "nginx does not take its configuration", NGINX },
};

/* Each begins with these files, by name. */
static const char *const made[] = { "ddnsgate.json", "accounts.d/new.json",
	"sites-enabled/site" };

static const char *
name_of(const char *name)
{
	static char names[40][256];
	static size_t next;
	char *to = names[next++ % COUNT(names)];

	snprintf(to, sizeof *names, "%s/%s", unit_directory(), name);
	return to;
}

/* A site that has no room for another word. */
static void
write_full(void)
{
	size_t len = 1UL << 20;
	char *text = malloc(len);

	assert_non_null(text);
	memset(text, '#', len);
	memcpy(text, example, sizeof example - 1);
	unit_write("full", text, len);
	free(text);
}

/* As it is written again, should that come to nothing. */
static void
write_account(void)
{
	json_object *o = json_tokener_parse(ACCOUNT);
	char text[4096];

	assert_non_null(o);
	snprintf(text, sizeof text, "%s\n",
	    json_object_to_json_string_ext(o,
		JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED |
		    JSON_C_TO_STRING_NOSLASHESCAPE));
	unit_write("accounts.d/far.json", text, strlen(text));
	json_object_put(o);
}

static void
write_files(const char *before)
{
	static const char token[] = "a-token\n";
	char text[4096], line[4000];
	const char *at;

	for (size_t i = 0; i < COUNT(made); i++)
		(void)unlink(name_of(made[i]));
	memset(line, 'x', sizeof line);
	unit_write("long", line, sizeof line);
	unit_write("token", token, sizeof token - 1);
	unit_write("empty", "", 0);
	unit_write("site", example, sizeof example - 1);
	unit_write("sites-available/site", example, sizeof example - 1);
	write_account();
	unit_write("accounts.d/odd.json", odd, sizeof odd - 1);
	write_full();
	if (before == NULL)
		return;
	at = strchr(before, '@');
	snprintf(text, sizeof text, "%.*s%s%s%s",
	    (int)(at != NULL ? at - before : (int)strlen(before)), before,
	    at != NULL ? unit_directory() : "", at != NULL ? "/" : "",
	    at != NULL ? at + 1 : "");
	unit_write("ddnsgate.json", text, strlen(text));
}

/* All files together, to see whether any has changed. */
static char *
read_files(void)
{
	static const char *const files[] = { "ddnsgate.json", "site", "empty",
		"full", "sites-available/site", "sites-enabled/site",
		"accounts.d/far.json", "accounts.d/new.json" };
	struct buffer all = { .max = 4UL << 20 };
	char *text;

	for (size_t i = 0; i < COUNT(files); i++) {
		buffer_printf(&all, "%s:\n", files[i]);
		if (__real_access(name_of(files[i]), F_OK) == -1)
			continue;
		text = unit_read(name_of(files[i]));
		buffer_puts(&all, text);
		free(text);
	}
	assert_false(all.failed);
	return buffer_take(&all);
}

static void
turn(int fd, const char *name)
{
	int to = open(name_of(name), O_RDWR | O_CLOEXEC);

	assert_int_not_equal(to, -1);
	assert_int_not_equal(dup2(to, fd), -1);
	close(to);
}

/* Runs setup; told is what it printed, the caller's. */
static int
call(size_t row, char **told)
{
	static char words[1024];
	char *argv[40] = { NULL }, *at = words, *word;
	int argc = 0, kept[3], status;

	snprintf(words, sizeof words, "%s --config @ddnsgate.json",
	    rows[row].words);
	while ((word = strsep(&at, " ")) != NULL)
		if (*word != '\0')
			argv[argc++] = *word == '@' ?
			    (char *)(uintptr_t)name_of(word + 1) :
			    word;
	for (int fd = 0; fd < 3; fd++)
		kept[fd] = fcntl(fd, F_DUPFD_CLOEXEC, 10);
	typed = rows[row].typed;
	unit_write("in", typed != NULL ? typed : "",
	    typed != NULL ? strlen(typed) : 0);
	unit_write("out", "", 0);
	turn(STDIN_FILENO, "in");
	turn(STDOUT_FILENO, "out");
	assert_int_not_equal(dup2(STDOUT_FILENO, STDERR_FILENO), -1);
	heap_begin();
	refused = rows[row].refused;
	copies = A_COPY;
	status = outcome_of(command_setup(argc, argv));
	refused = NOTHING;
	for (int fd = 0; fd < 3; fd++) {
		dup2(kept[fd], fd);
		close(kept[fd]);
	}
	*told = unit_read(name_of("out"));
	return status;
}

static void
prepare(void)
{
	struct identity ca, leaf;

	identity_make_ca(&ca, "CA");
	identity_make(&leaf, &ca,
	    &(struct leaf){ .names = { "dns.example.org" } });
	assert_non_null(identity_file(&leaf, "chain"));
	identity_end(&leaf);
	identity_make(&leaf, &ca, &(struct leaf){ .common_name = "CN" });
	assert_non_null(identity_file(&leaf, "nameless"));
	identity_end(&leaf);
	identity_end(&ca);
	assert_int_equal(mkdir(name_of("accounts.d"), 0755), 0);
	assert_int_equal(mkdir(name_of("sites-available"), 0755), 0);
	assert_int_equal(mkdir(name_of("sites-enabled"), 0755), 0);
}

/* What failed has changed nothing. */
static void
test_rows(void **state)
{
	char *told, *before, *after;
	int status;

	(void)state;
	prepare();
	machine = "dns.example.org";
	for (size_t i = 0; i < COUNT(rows); i++) {
		write_files(rows[i].before);
		before = read_files();
		status = call(i, &told);
		ROW(status == rows[i].status &&
			strstr(told, rows[i].told) != NULL,
		    "row %zu, %s: %d, %s", i, rows[i].words, status, told);
		after = read_files();
		ROW((strcmp(before, after) != 0) == (status == 0),
		    "row %zu, %s: %s", i, rows[i].words, after);
		free(told);
		free(before);
		free(after);
	}
	ROWS_END();
}

/* A site, what it is to say, and what becomes of it; NULL: it is refused. */
#define OURS  "/run/ddnsgate/ddnsgate.sock"
#define SOCK  "\tserver unix:" OURS
#define OTHER "/run/ddnsgate/ddnsgate.sock-2"

static const struct {
	const char *before;
	struct site site;
	const char *after;
} sites[] = {
	{ SOCK " fails=0;\n" SOCK ";\n", { .socket = OTHER },
	    SOCK "-2 fails=0;\n" SOCK "-2;\n" },
	/* Once more, and with one of another name that begins the same. */
	{ SOCK "-2 fails=0;\n" SOCK "-2;\n" SOCK, { .socket = OTHER },
	    SOCK "-2 fails=0;\n" SOCK "-2;\n" SOCK "-2" },
	{ SOCK ";\n", { .socket = OURS }, SOCK ";\n" },
	{ SOCK ";\n", { .socket = NULL }, SOCK ";\n" },
	{ "server_names 1;\n \tserver_name\ta b; # c\nserver_name d;\n",
	    { .server = "dns.example.org" },
	    "server_names 1;\n \tserver_name\tdns.example.org; # c\n"
	    "server_name d;\n" },
	{ "server_name a\n\tb;\n", { .server = "dns.example.org" },
	    "server_name a\n\tb;\n" },
	{ "server_name", { .server = "dns.example.org" }, "server_name" },
	{ "ssl_certificate_key k;\nssl_certificate c;\n",
	    { .certificate = "/chain" },
	    "ssl_certificate_key k;\nssl_certificate /chain;\n" },
	{ "ssl_certificate_key k;\nssl_certificate c;\n", { .key = "/key" },
	    "ssl_certificate_key /key;\nssl_certificate c;\n" },
};

/* A file of ours ends in a newline. */
static bool
begins(const char *text, const char *with)
{
	size_t len = strlen(with);

	return strncmp(text, with, len) == 0 &&
	    strspn(text + len, "\n") == strlen(text + len);
}

static void
test_sites(void **state)
{
	struct site one;
	char *text;

	(void)state;
	for (size_t i = 0; i < COUNT(sites); i++) {
		one = sites[i].site;
		one.file = unit_write("site", sites[i].before,
		    strlen(sites[i].before));
		assert_true(site_write(&one));
		text = unit_read(one.file);
		ROW(begins(text, sites[i].after), "%s", text);
		free(text);
		site_undo(&one);
		text = unit_read(one.file);
		ROW(begins(text, sites[i].before), "undone: %s", text);
		free(text);
		site_end(&one);
	}
	unit_write("site", "server { }\n", 11);
	assert_null(site_certificate(name_of("site")));
	write_full();
	one = (struct site){ .file = name_of("full"),
		.server = "a-longer-name.example.org" };
	assert_false(site_write(&one));
	site_end(&one);
	one = (struct site){ .file = name_of("full"),
		.socket = "/run/a-longer-name-of-a-socket" };
	assert_false(site_write(&one));
	site_end(&one);
	ROWS_END();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_sites),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
