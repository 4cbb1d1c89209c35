/*
 * test_command.c - what commands say, and leave behind, where something is odd:
 * a file, a word, an answer at the terminal, or a system call that fails.
 */
#include "unit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <bsd/readpassphrase.h>
#include <curl/curl.h>

#include "base/buffer.h"
#include "certificates.h"
#include "command/command.h"
#include "command/errand.h"
#include "command/lookup.h"
#include "command/options.h"
#include "command/outcome.h"
#include "command/person.h"
#include "command/provider_list.h"
#include "command/replacement.h"
#include "config/settings.h"
#include "provider/description/description.h"
#include "state/state.h"

/*
 * What stands between our code and the system
 */

/* The call that fails, from its nth time on; NULL: none does. */
static struct {
	const char *call;
	unsigned int nth;
	int error;
	unsigned int count;
} fault;

static bool
refuses(const char *call)
{
	if (fault.call == NULL || strcmp(fault.call, call) != 0 ||
	    ++fault.count < fault.nth)
		return false;
	errno = fault.error;
	return true;
}

#define BETWEEN(type, name, failed, with, arguments) \
	UNIT_BETWEEN(refuses(#name), type, name, failed, with, arguments)

BETWEEN(pid_t, fork, -1, (void), ())
BETWEEN(FILE *, tmpfile, NULL, (void), ())
BETWEEN(FILE *, fdopen, NULL, (int fd, const char *mode), (fd, mode))
BETWEEN(int, link, -1, (const char *from, const char *to), (from, to))
BETWEEN(int, rename, -1, (const char *from, const char *to), (from, to))
BETWEEN(ssize_t, write, -1, (int fd, const void *bytes, size_t len),
    (fd, bytes, len))
BETWEEN(int, fchmod, -1, (int fd, mode_t mode), (fd, mode))
BETWEEN(int, fsync, -1, (int fd), (fd))
BETWEEN(int, unlink, -1, (const char *name), (name))
BETWEEN(int, execv, -1, (const char *file, char *const words[]), (file, words))
BETWEEN(int, fflush, EOF, (FILE * f), (f))
BETWEEN(void *, calloc, NULL, (size_t count, size_t size), (count, size))
BETWEEN(FILE *, open_memstream, NULL, (char **text, size_t *len), (text, len))
BETWEEN(CURLcode, curl_global_init, CURLE_FAILED_INIT, (long what), (what))
BETWEEN(CURLM *, curl_multi_init, NULL, (void), ())
BETWEEN(int64_t, clock_left, -1, (int64_t until), (until))

/* top is ended after it has shown so many pages. */
static int pages;

int __wrap_nanosleep(const struct timespec *time, struct timespec *left);

int
__wrap_nanosleep(const struct timespec *time, struct timespec *left)
{
	(void)time;
	(void)left;
	return --pages > 0 ? 0 : raise(SIGTERM);
}

/* Closed it is, all the same. */
int __real_fclose(FILE *f);
int __wrap_fclose(FILE *f);

int
__wrap_fclose(FILE *f)
{
	int rc = __real_fclose(f);

	return refuses("fclose") ? EOF : rc;
}

/* The user that we are, or become; nobody becomes anyone really. */
static struct {
	uid_t user;
	gid_t group;
} self;

#define USER(type, name, with, statement) \
	type __wrap_##name with;          \
	type __wrap_##name with           \
	{                                 \
		if (refuses(#name))       \
			return -1;        \
		statement;                \
		return 0;                 \
	}

USER(int, setuid, (uid_t user), self.user = user)
USER(int, seteuid, (uid_t user), self.user = user)
USER(int, setgid, (gid_t group), self.group = group)
USER(int, setegid, (gid_t group), self.group = group)
USER(int, setgroups, (size_t count, const gid_t *list), (void)count; (void)list)
USER(int, initgroups, (const char *name, gid_t group), (void)name; (void)group)
USER(int, fchown, (int fd, uid_t user, gid_t group), (void)fd; (void)user;
     (void)group)

uid_t __wrap_geteuid(void);

uid_t
__wrap_geteuid(void)
{
	return self.user;
}

/* Who "someone" is. */
#define IDENTITY_USER "ddnsgate" /* as command/identity.h */

struct passwd *__wrap_getpwnam(const char *name);
struct passwd *__wrap_getpwuid(uid_t user);

static struct passwd someone = { .pw_name = (char[]){ "someone" },
	.pw_uid = 61500,
	.pw_gid = 61501 };

struct passwd *
__wrap_getpwnam(const char *name)
{
	return strcmp(name, someone.pw_name) == 0 ||
		strcmp(name, IDENTITY_USER) == 0 ?
	    &someone :
	    NULL;
}

struct passwd *
__wrap_getpwuid(uid_t user)
{
	return user == someone.pw_uid ? &someone : NULL;
}

/* What is typed at the terminal, a line each; NULL: there is no terminal. */
static const char *typed;

int __wrap_isatty(int fd);
char *__wrap_readpassphrase(const char *prompt, char *to, size_t size,
    int flags);

int
__wrap_isatty(int fd)
{
	(void)fd;
	return typed != NULL;
}

char *
__wrap_readpassphrase(const char *prompt, char *to, size_t size, int flags)
{
	size_t len = strcspn(typed, "\n");

	(void)flags;
	assert_non_null(strstr(prompt, "Token"));
	if (typed[len] == '\0')
		return NULL;
	snprintf(to, size, "%.*s", (int)len, typed);
	typed += len + 1;
	return to;
}

/* Installed are the descriptions of the source tree, and those of a test. */
int __real_access(const char *file, int mode);
int __wrap_access(const char *file, int mode);
int __real_scandir(const char *name, struct dirent ***list,
    int (*wanted)(const struct dirent *),
    int (*compare)(const struct dirent **, const struct dirent **));
int __wrap_scandir(const char *name, struct dirent ***list,
    int (*wanted)(const struct dirent *),
    int (*compare)(const struct dirent **, const struct dirent **));
struct description *__real_description_read(const char *file,
    struct error *why);
struct description *__wrap_description_read(const char *file,
    struct error *why);
enum err __wrap_document_of_root(const char *file, struct error *why);

/* Where an installed file is. */
static const char *
real_name(const char *file)
{
	static const struct {
		const char *installed, *real;
	} places[] = { { PROVIDERS_SYSCONFDIR, "own" },
		{ ROUTERS_DATADIR, "pages" }, { PROVIDERS_DATADIR, NULL } };
	static char name[4096];

	for (size_t i = 0; i < COUNT(places); i++) {
		size_t len = strlen(places[i].installed);

		if (strncmp(file, places[i].installed, len) != 0)
			continue;
		snprintf(name, sizeof name, "%s/%s%s",
		    places[i].real != NULL ? unit_directory() :
			getenv("DDNSGATE_SOURCE") != NULL ?
					     getenv("DDNSGATE_SOURCE") :
					     ".",
		    places[i].real != NULL ? places[i].real : "providers",
		    file + len);
		return name;
	}
	return file;
}

int
__wrap_access(const char *file, int mode)
{
	return refuses("access") ? -1 : __real_access(real_name(file), mode);
}

int
__wrap_scandir(const char *name, struct dirent ***list,
    int (*wanted)(const struct dirent *),
    int (*compare)(const struct dirent **, const struct dirent **))
{
	return refuses("scandir") ?
	    -1 :
	    __real_scandir(real_name(name), list, wanted, compare);
}

FILE *__real_fopen(const char *file, const char *mode);
FILE *__wrap_fopen(const char *file, const char *mode);

FILE *
__wrap_fopen(const char *file, const char *mode)
{
	return __real_fopen(real_name(file), mode);
}

struct description *
__wrap_description_read(const char *file, struct error *why)
{
	return __real_description_read(real_name(file), why);
}

enum err
__wrap_document_of_root(const char *file, struct error *why)
{
	(void)file;
	(void)why;
	return ERR_OK;
}

/*
 * One command
 */

#define WORDS_MAX 170
#define TEXT_MAX  65536

static char *base; /* a good configuration */

struct row {
	int (*run)(int argc, char *argv[]);
	const char *words;	     /* "-": the configuration; "@x": file x */
	const char *in;		     /* standard input */
	const char *typed;	     /* at the terminal; NULL: there is none */
	const char *pointer, *value; /* changed in the configuration */
	const char *call;	     /* that fails */
	unsigned int nth;	     /* 0 or 1: from the first one on */
	int error;
	bool root;
	int status;
	const char *says; /* somewhere in its output or errors */
};

/* Descriptor fd becomes a new file of the directory. */
static void
turn(int fd, const char *name, const char *text)
{
	int to = open(unit_write(name, text, strlen(text)), O_RDWR | O_CLOEXEC);

	assert_int_not_equal(to, -1);
	assert_int_not_equal(dup2(to, fd), -1);
	close(to);
}

/* Runs it with its words; all that it wrote is in said. */
static int
call(const struct row *r, const char *configuration, char said[TEXT_MAX])
{
	static char words[8192], files[WORDS_MAX][256];
	char *argv[WORDS_MAX + 1] = { NULL }, *at = words, *word;
	int argc = 0, status, kept[3];
	ssize_t out, err;

	assert_true(strlen(r->words) < sizeof words);
	strcpy(words, r->words);
	while ((word = strsep(&at, " ")) != NULL) {
		assert_true(argc < WORDS_MAX);
		snprintf(files[argc], sizeof *files, "%s/%s", unit_directory(),
		    word + 1);
		argv[argc] = *word == '@'  ? files[argc] :
		    strcmp(word, "-") != 0 ? word :
					     (char *)(uintptr_t)configuration;
		argc++;
	}
	fflush(stdout);
	for (int fd = 0; fd < 3; fd++)
		kept[fd] = fcntl(fd, F_DUPFD_CLOEXEC, 10);
	turn(STDIN_FILENO, "in", r->in != NULL ? r->in : "");
	turn(STDOUT_FILENO, "out", "");
	turn(STDERR_FILENO, "err", "");
	typed = r->typed;
	self.user = r->root ? 0 : 61500;
	self.group = 61500;
	fault.nth = r->nth;
	fault.error = r->error;
	fault.count = 0;
	fault.call = r->call;
	status = outcome_of(r->run(argc, argv));
	fault.call = NULL;
	fflush(stdout);
	typed = NULL;
	out = pread(STDOUT_FILENO, said, TEXT_MAX / 2, 0);
	err = pread(STDERR_FILENO, said + out, TEXT_MAX / 2 - 1, 0);
	said[out + err] = '\0';
	for (int fd = 0; fd < 3; fd++) {
		dup2(kept[fd], fd);
		close(kept[fd]);
	}
	return status;
}

static int
is_visible_or_not(const struct dirent *e)
{
	return strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
}

/* All accounts of the directory, with the names of their files. */
static char *
read_accounts(void)
{
	struct buffer all = { .max = TEXT_MAX };
	struct dirent **entries;
	char name[512];
	int count;

	snprintf(name, sizeof name, "%s/accounts.d", unit_directory());
	count = __real_scandir(name, &entries, is_visible_or_not, alphasort);
	assert_int_not_equal(count, -1);
	buffer_puts(&all, "");
	for (int i = 0; i < count; i++) {
		char *text;

		snprintf(name, sizeof name, "%s/accounts.d/%s",
		    unit_directory(), entries[i]->d_name);
		text = unit_read(name);
		buffer_join(&all, entries[i]->d_name, ": ", text, "\n", NULL);
		free(text);
		free(entries[i]);
	}
	free(entries);
	assert_false(all.failed);
	return all.data;
}

/* It says so, and whatever it could not do, it has not begun. */
static void
try(const struct row *r)
{
	static char said[TEXT_MAX];
	const char *configuration =
	    unit_write_changed("ddnsgate.json", base, r->pointer, r->value);
	char *before = read_accounts(), *after;
	int status = call(r, configuration, said);

	after = read_accounts();
	ROW(status == r->status && strstr(said, r->says) != NULL,
	    "%s%s%s: %d, not %d: %s", r->words,
	    r->call != NULL ? " without " : "", r->call != NULL ? r->call : "",
	    status, r->status, said);
	ROW(status == EXIT_OK || strcmp(before, after) == 0,
	    "%s changes the accounts from %s to %s", r->words, before, after);
	free(before);
	free(after);
}

#define VERIFIER                                    \
	"$pbkdf2-sha256$i=1000$c2FsdC1vZi1yb3V0ZXI" \
	"$8aVVxrwy9IrNvubLjZnvkXJBtXhjdfTV2jQm+J24CNQ"

static const char far[] =
    "{\"verifier\": \"" VERIFIER "\","
    " \"provider\": \"home\", \"hosts\": {\"far.example.org\":"
    " {\"ipv4\": true, \"proof\": {\"kind\": \"none\"}}}}";

static const char two[] =
    "{\"verifier\": \"" VERIFIER "\","
    " \"provider\": \"home\", \"hosts\": {\"one.example.org\": {},"
    " \"two.example.org\": {\"ipv6\": \"router\"}}}";

static void
make_folder(const char *name)
{
	char path[512];

	snprintf(path, sizeof path, "%s/%s", unit_directory(), name);
	assert_int_equal(mkdir(path, 0755), 0);
}

/* A description that logs in at a host of its own. */
static const char two_hosts[] =
    "{\"format\": 1, \"name\": \"login\", \"base\": \"https://localhost:9\","
    " \"token\": [\"key\"], \"basis\": \"recording\","
    " \"about\": \"Aword-that-is-longer-than-any-line-has-room-for-it\","
    " \"ttl\": {\"default\": 60, \"max\": 60},"
    " \"begin_base\": \"https://localhost:10\","
    " \"begin\": [{\"method\": \"POST\", \"path\": \"/login\","
    "  \"form\": {\"key\": \"{key}\"}, \"get\": {\"session\": \"/session\"}}],"
    " \"steps\": [{\"for\": \"rrset\", \"method\": \"PUT\","
    "  \"headers\": {\"Authorization\": \"Bearer {session}\"},"
    "  \"path\": \"/{name}/{type}/{addr}\"}]}";

static int
set_up(void **state)
{
	const char *folder = unit_directory(), *ca;
	struct identity authority;

	(void)state;
	identity_make_ca(&authority, "CA");
	ca = identity_file(&authority, "ca.pem");
	identity_end(&authority);
	make_folder("accounts.d");
	make_folder("state");
	make_folder("own");
	make_folder("pages");
	unit_write("own/login.json", two_hosts, strlen(two_hosts));
	unit_write("accounts.d/far.json", far, strlen(far));
	unit_write("accounts.d/two.json", two, strlen(two));
	assert_int_not_equal(asprintf(&base,
				 "{\"ca\": \"%s\", \"state\": \"%s/state\","
				 " \"log\": \"stderr\","
				 " \"defaults\": {\"ipv4\": true},"
				 " \"accounts\": {\"router\": {"
				 "  \"verifier\": \"%s\","
				 "  \"provider\": \"home\","
				 "  \"hosts\": {\"www.example.org\": {"
				 "   \"ipv6\": \"router\","
				 "   \"proof\": {\"kind\": \"none\"}}}}},"
				 " \"providers\": {\"home\": {"
				 "  \"description\": \"powerdns\","
				 "  \"addresses\": [\"127.0.0.1\"],"
				 "  \"config\": {\"base\":"
				 "   \"https://api.example:9\"}}},"
				 " \"account_directory\": \"%s/accounts.d\"}",
				 ca, folder, VERIFIER, folder),
	    -1);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	free(base);
	return 0;
}

static void
try_all(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		try(&rows[i]);
	ROWS_END();
}

static void
test_account(void **state)
{
	static const struct row rows[] = {
		{ command_account, "account add new --ttl 60 --config -",
		    .status = 2, .says = "usage: " },
		{ command_account,
		    "account add new --host new.example.org --token",
		    .status = 2, .says = "usage: " },
		{ command_account, "account enable .far --config -",
		    .status = 1, .says = "there is no account \".far\"" },
		{ command_account, "account enable a/far --config -",
		    .status = 1, .says = "there is no account \"a/far\"" },
		{ command_account, "account list --config @none", .status = 1,
		    .says = "/none: No such file" },
		{ command_account,
		    "account add new --host new.example.org --config @none",
		    .status = 1, .says = "/none: No such file" },
		{ command_account,
		    "account add .new --host new.example.org --config -",
		    .in = "token\n", .status = 1,
		    .says = "begins with no dot" },
		{ command_account,
		    "account add far --host far.example.org --config -",
		    .in = "token\n", .status = 1,
		    .says = "the account is there already" },
		/* Another one made it a moment ago. */
		{ command_account,
		    "account add new --host new.example.org --config -",
		    .in = "token\n", .call = "link", .error = EEXIST,
		    .status = 1, .says = "/new.json: File exists" },
		{ command_account,
		    "account add new --host new.example.org --config -",
		    .in = "token\n", .call = "write", .error = ENOSPC,
		    .status = 1, .says = "No space left" },
		{ command_account,
		    "account add new --host new.example.org --config -",
		    .in = "token\n", .call = "write", .nth = 2, .error = ENOSPC,
		    .status = 1, .says = "No space left" },
		{ command_account,
		    "account add new --host new.example.org --config -",
		    .in = "token\n", .call = "fchmod", .error = EPERM,
		    .status = 1, .says = "Operation not permitted" },
		{ command_account,
		    "account add new --host new.example.org --config -",
		    .in = "token\n", .call = "fchown", .error = EPERM,
		    .root = true, .status = 1,
		    .says = "Operation not permitted" },
		{ command_account,
		    "account add new --host new.example.org --config -",
		    .in = "token\n", .call = "fsync", .error = EIO, .status = 1,
		    .says = "Input/output error" },
		{ command_account, "account change far --ttl 60 --config -",
		    .call = "rename", .error = EROFS, .status = 1,
		    .says = "Read-only file system" },
		{ command_account, "account remove far --config -",
		    .call = "unlink", .error = EROFS, .status = 1,
		    .says = "Read-only file system" },
		{ command_account, "account change two --ttl 60 --config -",
		    .status = 1, .says = "the account has 2 hosts; name one" },
		{ command_account, "account change two --ttl --config -",
		    .status = 2, .says = "usage: " },
		{ command_account,
		    "account change two --host one.example.org --ttl= "
		    "--config -",
		    .status = 1, .says = "must be a whole number" },
		{ command_account,
		    "account change two --host one.example.org --ttl 60s "
		    "--config -",
		    .status = 1, .says = "must be a whole number" },
		{ command_account,
		    "account change far --ipv6 router --suffix ::8 "
		    "--prefix-length x --config -",
		    .status = 1, .says = "/ipv6/prefix_length" },
		{ command_account, "account change far --token --config -",
		    .in = "", .status = 1, .says = "no token was given" },
		{ command_account, "account change far --token --config -",
		    .in = "with blank\n", .status = 1,
		    .says = "printable characters, without blanks" },
		{ command_account, "account change far --token --config -",
		    .typed = "one\nanother\n", .status = 1,
		    .says = "The two are not the same" },
		{ command_account, "account change far --token --config -",
		    .typed = "one\n", .status = 1,
		    .says = "no token was given" },
		{ command_account, "account change far --token --config -",
		    .typed = "", .status = 1, .says = "no token was given" },
		{ command_account, "account change far --token --config -",
		    .typed = "\n\n", .status = 1,
		    .says = "no token was given" },
		/* Of a file that a person has broken meanwhile. */
		{ command_account, "account enable far --config -",
		    .pointer = "/account_directory", .value = "\"/dev\"",
		    .status = 1, .says = "there is no account \"far\"" },
		{ command_account, "account enable far --config -",
		    .pointer = "/account_directory", .status = 1,
		    .says = "names no \"account_directory\"" },
	};

	(void)state;
	try_all(rows, COUNT(rows));
}

/* What is right is done. */
static void
test_account_changed(void **state)
{
	static const struct {
		const char *words;
		const char *gives; /* part of the account's file */
	} rows[] = {
		{ "account change far --ipv4 if-public --config -",
		    "\"ipv4\": \"if-public\"" },
		{ "account change far --ipv4 false --ipv6 router --config -",
		    "\"ipv4\": false" },
		{ "account change far --ipv4 true --suffix ::8 "
		  "--prefix-length 56 --config -",
		    "\"suffix\": \"::8\"" },
		{ "account change far --suffix ::9 --config -",
		    "\"suffix\": \"::9\"" },
		{ "account change far --proof certificate --config -",
		    "\"kind\": \"certificate\"" },
		{ "account disable far --config -", "\"disabled\": true" },
		{ "account change far --zone example.org --config -",
		    "\"zone\": \"example.org\"" },
	};
	char name[512], *text;

	(void)state;
	snprintf(name, sizeof name, "%s/accounts.d/far.json", unit_directory());
	for (size_t i = 0; i < COUNT(rows); i++) {
		try(&(
		    struct row){ command_account, rows[i].words, .says = "" });
		text = unit_read(name);
		ROW(strstr(text, rows[i].gives) != NULL, "%s: %s",
		    rows[i].words, text);
		free(text);
	}
	unit_write("accounts.d/far.json", far, strlen(far));
	ROWS_END();
}

/* As many as a command line may name, and one more. */
static void
test_hosts(void **state)
{
	char words[8192] = "account add many";
	const struct row r = { command_account, words, .in = "token\n",
		.status = EXIT_USAGE, .says = "usage: ddnsgate account" };

	(void)state;
	for (int i = 0; i < SETTINGS_HOSTS_MAX + 1; i++)
		snprintf(words + strlen(words), sizeof words - strlen(words),
		    " --host=%d.example.org", i);
	strcat(words, " --config -");
	try(&r);
	ROWS_END();
}

/* The files that are wrong are told, and how many more there are. */
static void
test_many_faults(void **state)
{
	struct row r = { command_account, "account list --config -",
		.says = ": 2 more accounts are wrong" };
	char name[64];

	(void)state;
	for (int i = 0; i < SETTINGS_FAULTS_MAX + 2; i++) {
		snprintf(name, sizeof name, "accounts.d/wrong-%d.json", i);
		unit_write(name, "{", 1);
	}
	try(&r);
	r = (struct row){ command_account, "account enable wrong-0 --config -",
		.status = 1, .says = "wrong-0.json: line 1" };
	try(&r);
	for (int i = 0; i < SETTINGS_FAULTS_MAX + 2; i++) {
		snprintf(name, sizeof name, "%s/accounts.d/wrong-%d.json",
		    unit_directory(), i);
		unlink(name);
	}
	ROWS_END();
}

static void
test_hash(void **state)
{
	static const struct row rows[] = {
		{ command_hash, "hash", .status = 1,
		    .says = "no credential was given" },
		{ command_hash, "hash", .in = "user:token",
		    .says = "$pbkdf2-sha256$" },
		{ command_hash, "hash", .in = "user:token\r\n",
		    .says = "$pbkdf2-sha256$" },
		{ command_hash, "hash", .in = "\r\n", .status = 1,
		    .says = "no credential was given" },
		{ command_hash, "hash", .in = "user\n", .status = 1,
		    .says = "a credential is user:token" },
		{ command_hash, "hash", .in = "", .typed = "", .status = 1,
		    .says = "no credential was given" },
		{ command_hash, "hash", .in = "user\n", .typed = "token\n",
		    .status = 1, .says = "no token was given" },
		{ command_hash, "hash --iterations 1000", .in = "user\n",
		    .typed = "token\ntoken\n", .says = "$i=1000$" },
		{ command_hash, "hash --iterations 1e6", .status = 2,
		    .says = "takes a number" },
		{ command_hash, "hash --iterations -1000", .status = 2,
		    .says = "takes a number" },
		{ command_hash, "hash --iterations :", .status = 2,
		    .says = "takes a number" },
		{ command_hash, "hash --iterations 999", .status = 2,
		    .says = "takes a number" },
		{ command_hash, "hash --iterations 99999999", .status = 2,
		    .says = "takes a number" },
		{ command_hash, "hash --iterations 99999999999999999999",
		    .status = 2, .says = "takes a number" },
	};
	char line[3000];
	struct row r = { command_hash, "hash", .in = line, .status = 1,
		.says = "no credential was given" };

	(void)state;
	memset(line, 'x', sizeof line);
	line[sizeof line - 1] = '\0';
	try(&r);
	try_all(rows, COUNT(rows));
}

/* Whom a command becomes, and what it says where it cannot. */
static void
test_identity(void **state)
{
	static const struct row rows[] = {
		{ command_check, "check --user someone --config -",
		    .root = true, .says = "" },
		{ command_check, "check --user 61502 --config -", .root = true,
		    .says = "" },
		{ command_check, "check --user 99999999999 --config -",
		    .root = true, .status = 1,
		    .says = "99999999999: no such user" },
		{ command_check, "check --user 1x --config -", .root = true,
		    .status = 1, .says = "1x: no such user" },
		{ command_check, "check --user : --config -", .root = true,
		    .status = 1, .says = ":: no such user" },
		{ command_check, "check --user +1 --config -", .root = true,
		    .status = 1, .says = "+1: no such user" },
		{ command_notify, "notify --config -", .root = true,
		    .call = "setgid", .error = EPERM, .status = 1,
		    .says = "cannot become user 61500" },
		{ command_check, "check --user 0 --config -", .root = true,
		    .status = 1, .says = "0: serve does not run as root" },
		{ command_check, "check --user someone --config -", .status = 1,
		    .says = "only root can check as another" },
		{ command_check, "check --user someone --config -",
		    .root = true, .call = "initgroups", .error = EPERM,
		    .status = 1, .says = "cannot become user 61500" },
		{ command_check, "check --user 61502 --config -", .root = true,
		    .call = "setgroups", .error = EPERM, .status = 1,
		    .says = "cannot become user 61502" },
		{ command_check, "check --user 61502 --config -", .root = true,
		    .call = "setgid", .error = EPERM, .status = 1,
		    .says = "cannot become user 61502" },
		{ command_check, "check --user 61502 --config -", .root = true,
		    .call = "setuid", .error = EAGAIN, .status = 1,
		    .says = "cannot become user 61502" },
		{ command_status, "status --config -", .status = 1,
		    .says = "it is made when the service starts" },
	};

	(void)state;
	try_all(rows, COUNT(rows));
}

static void
test_check(void **state)
{
	static const struct row rows[] = {
		{ command_check, "check --json --config -",
		    .says = "\"good\": true" },
		{ command_check, "check --json --config -", .call = "fork",
		    .error = EAGAIN, .status = 1,
		    .says = "\"Resource temporarily unavailable\"" },
		{ command_check, "check --json --config -", .call = "tmpfile",
		    .error = EROFS, .status = 1,
		    .says = "\"Read-only file system\"" },
		{ command_check, "check --json --config -", .call = "tmpfile",
		    .nth = 2, .error = EMFILE, .status = 1,
		    .says = "\"Too many open files\"" },
		{ command_check, "check --config -", .call = "open_memstream",
		    .pointer = "/providers/home/config/base",
		    .value = "\"https://api.example:9/api/v1\"",
		    .error = ENOMEM, .says = "account router" },
		{ command_check, "check --config -",
		    .pointer = "/providers/home/config/base",
		    .value = "\"https://api.example:9/api/v1\"",
		    .says = "note: provider home: the requests would go to" },
		{ command_check, "check --json --config -",
		    .pointer = "/listen",
		    .value = "{\"socket\": \"/run/ddnsgate-test.sock\"}",
		    .says = "\"socket\": \"/run/ddnsgate-test.sock\"" },
		{ command_check, "check --quiet --json --config -", .status = 2,
		    .says = "usage: " },
		{ command_check, "check --quiet --config -", .says = "" },
		{ command_check, "check --quiet --config -",
		    .pointer = "/state", .value = "\"/nonexistent\"",
		    .says = "" },
		{ command_check, "check --config -", .pointer = "/state",
		    .value = "\"/nonexistent\"",
		    .says = "nothing will be remembered" },
		{ command_check, "check --quiet --config -",
		    .pointer = "/state", .value = "\"postgresql:///d\"",
		    .says = "" },
		{ command_check, "check --config -",
		    .pointer = "/accounts/router/hosts/www.example.org",
		    .value = "{\"ipv4\": false, \"ipv6\": {"
			     "\"prefix_length\": 56, \"suffix\": \"::8\","
			     " \"if_public\": true},"
			     " \"proof\": {\"kind\": \"none\"}}",
		    .says = "::8, if\n             it is public" },
		{ command_check, "check --config -",
		    .pointer = "/accounts/router/hosts/www.example.org",
		    .value = "{\"ipv6\": \"if-public\","
			     " \"proof\": {\"kind\": \"none\"}}",
		    .says = "sends, if it is public" },
		/* Two hosts, neither of which is there. */
		{ command_check, "check --resolve --config -",
		    .pointer = "/providers/home",
		    .value = "{\"description\": \"login\"}", .status = 1,
		    .says = "provider home: localhost: " },
		{ command_check, "check --config -", .call = "fork",
		    .error = EAGAIN, .status = 1,
		    .says = "fork: Resource temporarily unavailable" },
	};

	(void)state;
	try_all(rows, COUNT(rows));
}

static const char one_step[] =
    "{\"format\": 1, \"name\": \"little\", \"base\": \"https://api.example\","
    " \"token\": [\"key\"], \"basis\": \"run\","
    " \"ttl\": {\"default\": 60, \"max\": 60},"
    " \"steps\": [{\"for\": \"rrset\", \"method\": \"PUT\","
    "  \"path\": \"/{name}/{type}/{addr}\"}]}";

/* Beside those that are installed: one that is broken, and one that hides. */
static void
test_provider(void **state)
{
	static const struct row rows[] = {
		{ command_provider, "provider list", .status = 1,
		    .says = "own/broken.json: line 1" },
		{ command_provider, "provider list", .status = 1,
		    .says = "own/zone.ee.json: line 1" },
		{ command_provider, "provider list --json", .status = 1,
		    .says = "\"little\",\"about\":\"\"" },
		{ command_provider, "provider list", .call = "scandir",
		    .error = ENOENT, .says = "rfc2136 " },
		{ command_provider, "provider list x", .status = 2,
		    .says = "usage: " },
		{ command_provider, "provider show", .status = 2,
		    .says = "usage: " },
		{ command_provider, "provider show --nonsense", .status = 2,
		    .says = "usage: " },
		{ command_provider, "provider show ../x", .status = 1,
		    .says = "there is no provider ../x" },
		{ command_provider, "provider show little",
		    .says = "little: \n  token    key\n" },
		{ command_provider, "provider show rfc2136",
		    .says = "zone     asked by name" },
		{ command_provider, "provider show login",
		    .says = "basis    recorded answers of the provider" },
		{ command_provider, "provider list", .status = 1,
		    .says = "login           key" },
		{ command_provider, "provider show broken", .status = 1,
		    .says = "broken.json: line 1" },
		{ command_provider, "provider show duckdns",
		    .says = "zone     plays no part" },
		{ command_provider, "provider show powerdns",
		    .says = "config   base (required)" },
		{ command_provider, "provider check", .status = 2,
		    .says = "usage: " },
		{ command_provider, "provider check @none @own/little.json",
		    .status = 1, .says = "little, token of 1 part, 1 step\n" },
		{ command_provider, "provider", .status = 2,
		    .says = "usage: " },
		{ command_provider, "provider eat", .status = 2,
		    .says = "usage: " },
	};

	(void)state;
	unit_write("own/broken.json", "{", 1);
	unit_write("own/zone.ee.json", "{", 1);
	unit_write("own/.json", "{", 1);
	unit_write("own/x", "{", 1);
	unit_write("own/little.json", one_step, strlen(one_step));
	try_all(rows, COUNT(rows));
}

#define RUN "provider run --config - "

static void
test_run(void **state)
{
	static const struct row rows[] = {
		{ command_provider,
		    RUN "--dry-run --record @r home "
			"www.example.org 192.0.2.1",
		    .status = 2, .says = "usage: " },
		{ command_provider, RUN "home www.example.org 192.0.2.1",
		    .call = "curl_global_init", .status = 1,
		    .says = "libcurl" },
		{ command_notify, "notify --config -",
		    .call = "curl_global_init", .status = 1,
		    .says = "libcurl" },
		{ command_provider, RUN "home www.example.org 192.0.2.1",
		    .call = "curl_multi_init", .status = 1,
		    .says = "out of memory" },
		{ command_explain,
		    "explain --config - www.example.org ipv4=89.14.163.157",
		    .call = "curl_multi_init", .status = 1,
		    .says = "out of memory" },
		{ command_notify, "notify --config -",
		    .call = "curl_multi_init", .status = 1,
		    .says = "out of memory" },
		{ command_provider,
		    RUN "--dry-run home www.example.org 192.0.2.1",
		    .pointer =
			"/accounts/router/hosts/www.example.org/replace_set",
		    .value = "true", .says = "PATCH" },
		{ command_provider, RUN "home www.example.org", .status = 2,
		    .says = "usage: " },
		{ command_provider, RUN "--nonsense", .status = 2,
		    .says = "usage: " },
		{ command_provider,
		    "provider run --config @none home www.example.org "
		    "192.0.2.1",
		    .status = 1, .says = "/none: No such file" },
		{ command_provider, RUN "nosuch www.example.org 192.0.2.1",
		    .status = 1, .says = "nosuch" },
		{ command_provider,
		    RUN "--dry-run home www.example.org 192.0.2.1 192.0.2.2",
		    .status = 2, .says = "\"192.0.2.2\" is not an IPv4" },
		{ command_provider,
		    RUN "--dry-run home www.example.org 192.0.2.1 ipv4=none",
		    .status = 2, .says = "\"ipv4=none\" is not an IPv4" },
		{ command_provider,
		    RUN "--dry-run home www.example.org ipv6=none 192.0.2.1 x",
		    .status = 2, .says = "\"x\" is not an IPv4" },
		{ command_provider,
		    RUN "--dry-run home www.example.org ipv6=none ipv4=x",
		    .status = 2, .says = "\"ipv4=x\" is not an IPv4" },
		{ command_provider,
		    RUN "--dry-run home www.example.org ipv6=none 192.0.2.1",
		    .says = "PATCH" },
		{ command_provider, RUN "--dry-run home www 192.0.2.1",
		    .status = 2, .says = "\"www\" is not a full host name" },
		{ command_provider, RUN "--dry-run home www..org 192.0.2.1",
		    .status = 2, .says = "is not a full host name" },
		{ command_provider, RUN "home www.example.org 192.0.2.1",
		    .in = "", .status = 1, .says = "no token was given" },
		{ command_provider, RUN "home www.example.org 192.0.2.1",
		    .in = "token\n", .status = 1,
		    .says = "www.example.org A 192.0.2.1 unreachable [" },
		{ command_provider,
		    RUN "--record @r home www.example.org 192.0.2.1",
		    .in = "token\n", .status = 1, .says = "connect" },
		{ command_provider,
		    RUN "--record @in home www.example.org 192.0.2.1",
		    .in = "token\n", .status = 1, .says = "/in: File exists" },
		{ command_provider,
		    RUN "--record @none home www.example.org 192.0.2.1",
		    .in = "token\n", .call = "fdopen", .error = ENOMEM,
		    .status = 1, .says = "Cannot allocate memory" },
		{ command_provider,
		    RUN "--record @none home www.example.org 192.0.2.1",
		    .in = "token\n", .call = "fclose", .error = ENOSPC,
		    .status = 1, .says = "No space left" },
		{ command_provider,
		    RUN "--dry-run home unknown.example.org 192.0.2.1",
		    .says = "PATCH" },
		{ command_provider,
		    RUN "--dry-run little www.example.org ipv4=none",
		    .status = 1, .says = "www.example.org A none " },
		{ command_provider, RUN "home www.example.org 192.0.2.1",
		    .in = "token\n", .pointer = "/providers/home/ca",
		    .value = "\"/dev/null\"", .status = 1,
		    .says = "/dev/null" },
	};

	char name[512];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		try(&rows[i]);
	/* No file is left of a recording that failed. */
	snprintf(name, sizeof name, "%s/none", unit_directory());
	ROW(__real_access(name, F_OK) == -1, "%s is there", name);
	ROWS_END();
}

/* The part of a provider in what setup asks. */
static void
test_token(void **state)
{
	static const struct {
		const char *provider, *token;
	} rows[] = { { "rfc2136", "key:secret" }, { "little", "key" },
		{ "nosuch", "token" }, { "all-inkl", "login:password" } };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct buffer text = { .max = 256 };

		provider_list_token(rows[i].provider, &text);
		ROW(unit_same(text.data, rows[i].token), "%s: %s",
		    rows[i].provider, unit_text(text.data));
		buffer_free(&text);
	}
	ROWS_END();
}

static void
test_errand(void **state)
{
	static const struct {
		const char *const words[4];
		const char *call; /* that fails */
		bool good;
	} rows[] = {
		{ { "sh", "-c", "exit 0" }, NULL, true },
		{ { "sh", "-c", "test \"$LC_ALL\" = C.UTF-8 && ! read x" },
		    NULL, true },
		{ { "sh", "-c", "exit 3" }, NULL, false },
		{ { "sh", "-c", "kill -9 $$" }, NULL, false },
		{ { "no-such-program" }, NULL, false },
		{ { "sh", "-c", "exit 0" }, "fork", false },
		{ { "sh", "-c", "exit 0" }, "execv", false },
		/* It is ended when its time is over. */
		{ { "sleep", "3600" }, "clock_left", false },
	};

	(void)state;
	assert_true(errand_exists("sh"));
	assert_false(errand_exists("no-such-program"));
	for (size_t i = 0; i < COUNT(rows); i++) {
		bool good;

		fault.count = fault.nth = 0;
		fault.call = rows[i].call;
		fault.error = EAGAIN;
		good = errand_run(rows[i].words);
		fault.call = NULL;
		ROW(good == rows[i].good, "%zu: %s", i, rows[i].words[0]);
	}
	ROWS_END();
}

#define PROVE "prove --ca @ca.pem --allow 127.0.0.0/8 --port 9 "

static void
test_prove(void **state)
{
	static const struct row rows[] = {
		{ command_prove, PROVE "www.example.org 127.0.0.1",
		    .call = "calloc", .error = ENOMEM, .status = 1,
		    .says = "out of memory" },
		{ command_prove, PROVE "--port +9 www.example.org 127.0.0.1",
		    .status = 2, .says = "port \"+9\"" },
		{ command_prove, PROVE "www.example.org 127.0.0.1", .status = 1,
		    .says = "www.example.org 127.0.0.1: connect" },
		{ command_prove, PROVE "--show www.example.org 127.0.0.1",
		    .status = 1, .says = "no certificate was seen" },
		{ command_prove, PROVE "--request http www.example.org ::1",
		    .status = 1, .says = "--allow opens it" },
		{ command_prove,
		    "prove --allow 10.0.0.0/8 --allow 127.0.0.0/8 --ca @none "
		    "www.example.org 127.0.0.1",
		    .status = 1, .says = "/none" },
		{ command_prove, PROVE "--port 0 www.example.org 127.0.0.1",
		    .status = 2, .says = "port \"0\"" },
		{ command_prove, PROVE "--port 65536 www.example.org 127.0.0.1",
		    .status = 2, .says = "port \"65536\"" },
		{ command_prove, PROVE "--port 9x www.example.org 127.0.0.1",
		    .status = 2, .says = "port \"9x\"" },
		{ command_prove, PROVE "--port : www.example.org 127.0.0.1",
		    .status = 2, .says = "port \":\"" },
		{ command_prove, PROVE "--echo /x www.example.org 127.0.0.1",
		    .status = 1, .says = "127.0.0.1: connect" },
		{ command_prove,
		    PROVE "www.example.org 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 "
			  "16 17",
		    .status = 2, .says = "usage: " },
	};
	char many[4096] = "prove";
	struct row r = { command_prove, many, .status = 2,
		.says = "network \"10.0.0.0/8\"" };

	(void)state;
	for (int i = 0; i < SETTINGS_ALLOW_MAX + 1; i++)
		strcat(many, " --allow=10.0.0.0/8");
	strcat(many, " www.example.org 10.0.0.1");
	try(&r);
	strcpy(many, "prove");
	for (int i = 0; i < SETTINGS_PINS_MAX + 1; i++)
		strcat(many,
		    " --pin=000102030405060708090a0b0c0d0e0f"
		    "101112131415161718191a1b1c1d1e1f");
	strcat(many, " www.example.org 192.0.2.1");
	r.says = "pin \"0001";
	try(&r);
	try_all(rows, COUNT(rows));
}

static void
test_explain(void **state)
{
	static const struct row rows[] = {
		{ command_explain, "explain --config - www.example.org",
		    .status = 2, .says = "usage: " },
		{ command_explain, "explain --config @none www.example.org x",
		    .status = 1, .says = "/none: No such file" },
		{ command_explain, "explain --config - www..org x", .status = 2,
		    .says = "is not a host name" },
		{ command_explain, "explain --config - no.example.org x=",
		    .status = 1, .says = "no account has the host" },
		/* The provider is asked twice, and is not there. */
		{ command_explain,
		    "explain --config - www.example.org ipv4=89.14.163.157 "
		    "ipv6=2a01:c22::1",
		    .in = "token\n", .status = 1, .says = "connect" },
		{ command_explain,
		    "explain --config - www.example.org ipv4=89.14.163.157 "
		    "ipv6=2a01:c22::1",
		    .in = "", .says = "requests of an update" },
	};

	(void)state;
	try_all(rows, COUNT(rows));
}

#define HOSTS	 "/accounts/router/hosts"
#define NO_PROOF "\"proof\": {\"kind\": \"none\"}"

/* A page with each mark, and what is printed of it for an account. */
static void
test_router(void **state)
{
	static const char page[] =
	    "{+url}server {server}\n"
	    "{+router}router {router}\n"
	    "{-router}no router\n"
	    "{+behind}behind {behind}\n"
	    "{-behind}none behind\n"
	    "{+ipv6}ipv6 {ipv6} {-} {+x}y {nothing} {ipv6\n"
	    "{*router}{-nothing}\n"
	    "{+query}{+connection}both\n"
	    "{-query}{-connection}{query}neither\n"
	    "host {host} of {hosts} as {user}";
	static const struct row rows[] = {
		{ command_router, "router page --account router --config -",
		    .status = 1, .says = "\"url\" is missing" },
		{ command_router, "router page --account nobody --config -",
		    .status = 1, .says = "has no account \"nobody\"" },
		{ command_router, "router page --account x --config @none",
		    .status = 1, .says = "/none: No such file" },
		{ command_router, "router --list", .says = "page\n" },
		{ command_router, "router --list --json", .says = "\"page\"" },
		{ command_router, "router --list", .call = "scandir",
		    .error = EACCES, .status = 1, .says = "Permission denied" },
		{ command_router, "router --list page", .status = 2,
		    .says = "usage: " },
		{ command_router, "router", .status = 2, .says = "usage: " },
		{ command_router, "router page", .status = 2,
		    .says = "usage: " },
		{ command_router, "router page --account x --list", .status = 2,
		    .says = "usage: " },
		{ command_router, "router page --account x --json", .status = 2,
		    .says = "usage: " },
	};
	static const struct {
		const char *name;
		const char *hosts; /* of the account */
		int status;
		const char *says;
	} filled[] = {
		{ "page", "{\"a.example\": {\"ipv4\": true, " NO_PROOF "}}", 0,
		    "server dns.example\nrouter a.example\nnone behind\n"
		    "{*router}{-nothing}\n{query}neither\n"
		    "host a.example of a.example as router\n" },
		{ "page",
		    "{\"a.example\": {\"ipv4\": false, \"ipv6\": {"
		    "\"prefix_length\": 56, \"suffix\": \"::8\"}, " NO_PROOF
		    "}}",
		    0,
		    "server dns.example\nno router\nbehind a.example\n"
		    "{*router}{-nothing}\n{query}neither\n"
		    "host a.example of a.example as router\n" },
		{ "page",
		    "{\"a.example\": {\"ipv4\": true, " NO_PROOF "},"
		    " \"b.example\": {\"ipv4\": false, \"ipv6\": \"router\", " NO_PROOF
		    "},"
		    " \"c.example\": {\"ipv4\": true, \"ipv6\": \"router\", " NO_PROOF
		    "}}",
		    0,
		    "server dns.example\nrouter b.example\nnone behind\n"
		    "ipv6 b.example {-} {+x}y {nothing} {ipv6\n"
		    "{*router}{-nothing}\n{query}neither\n"
		    "host a.example of a.example,b.example,c.example as "
		    "router\n" },
		{ "nopage", NULL, 1,
		    "there is no page \"nopage\"; these are there:\nempty" },
		{ "../page", NULL, 1, "there is no page \"../page\"" },
		{ "empty", NULL, 1, "there is no page \"empty\"" },
		{ "large", NULL, 1, "there is no page \"large\"" },
		/* A name that no file can have. */
		{ NULL, NULL, 1, "there is no page \"xxx" },
	};
	static char large[70000], words[5000];
	char *kept = base;
	json_object *o;

	(void)state;
	memset(large, 'x', sizeof large - 1);
	unit_write("pages/page.txt", page, strlen(page));
	unit_write("pages/empty.txt", "", 0);
	unit_write("pages/.txt", page, strlen(page));
	unit_write("pages/page", page, strlen(page));
	unit_write("pages/large.txt", large, strlen(large));
	for (size_t i = 0; i < COUNT(rows); i++)
		try(&rows[i]);
	assert_non_null(o = json_tokener_parse(base));
	json_object_object_add(o, "url",
	    json_object_new_string("https://dns.example"));
	assert_non_null(base = strdup(json_object_to_json_string_ext(o, 0)));
	json_object_put(o);
	for (size_t i = 0; i < COUNT(filled); i++) {
		snprintf(words, sizeof words,
		    "router %.4200s --account router --config -",
		    filled[i].name != NULL ? filled[i].name : large);
		try(&(struct row){ command_router, words,
		    .pointer = filled[i].hosts != NULL ? HOSTS : NULL,
		    .value = filled[i].hosts, .status = filled[i].status,
		    .says = filled[i].says });
	}
	free(base);
	base = kept;
	ROWS_END();
}

/* More options than a command line may have. */
static void
test_options(void **state)
{
	char words[4096] = "account list --config -";

	(void)state;
	for (int i = 0; i < OPTIONS_GIVEN_MAX; i++)
		strcat(words, " --json");
	try(&(struct row){ command_account, words, .status = 2,
	    .says = "usage: " });
	ROWS_END();
}

/* Colours are for a terminal that has some. */
static void
test_terminal(void **state)
{
	static const struct {
		const char *term, *no_color;
		bool there, painted;
	} rows[] = { { "xterm", NULL, true, true },
		{ NULL, NULL, false, false }, { "", NULL, false, false },
		{ "dumb", NULL, false, false }, { "xterm", "1", true, false },
		{ "xterm", "", true, true } };

	(void)state;
	typed = "";
	for (size_t i = 0; i < COUNT(rows); i++) {
		unsetenv("TERM");
		unsetenv("NO_COLOR");
		if (rows[i].term != NULL)
			setenv("TERM", rows[i].term, 1);
		if (rows[i].no_color != NULL)
			setenv("NO_COLOR", rows[i].no_color, 1);
		ROW(person_has_terminal() == rows[i].there, "%zu: terminal", i);
		ROW((*person_paint(PAINT_BAD) != '\0') == rows[i].painted,
		    "%zu: colour", i);
	}
	unsetenv("NO_COLOR");
	typed = NULL;
	ROWS_END();
}

/* A year that no calendar has is no moment. */
static void
test_times(void **state)
{
	char text[LOOKUP_TIME_MAX];

	(void)state;
	assert_string_equal(lookup_time(INT64_MAX, text), "never");
	assert_string_equal(lookup_time(0, text), "never");
	assert_null(lookup_json_time(INT64_MAX));
	assert_null(lookup_json_time(0));
}

/* In the directory where we are; a line end is added where there is none. */
static void
test_replacement(void **state)
{
	static const struct {
		const char *text, *gives;
	} rows[] = { { "one", "one\n" }, { "one\n", "one\n" }, { "", "\n" } };
	const struct ownership o = { 0, 0, 0600 };
	struct replacement r;
	char *text;

	(void)state;
	self.user = 61500;
	assert_int_equal(chdir(unit_directory()), 0);
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_true(replacement_write(&r, "plain", rows[i].text, &o));
		assert_true(replacement_take_place(&r, false));
		replacement_end(&r);
		text = unit_read("plain");
		ROW(unit_same(text, rows[i].gives), "\"%s\"", text);
		free(text);
	}
	assert_int_equal(chdir("/"), 0);
	ROWS_END();
}

static const enum state_outcome applied[STATE_FAMILIES] = { OUTCOME_APPLIED,
	OUTCOME_APPLIED };

/* What the store has of these hosts. */
static void
fill_state(struct store *st)
{
	const struct state_event events[] = {
		{ .at = 1780000000,
		    .account = "router",
		    .host = "www.example.org",
		    .type = "A",
		    .new = "89.14.163.157",
		    .verdict = "good" },
		{ .at = time(NULL) + 60,
		    .account = "router",
		    .host = "www.example.org",
		    .type = "A",
		    .old = "89.14.163.157",
		    .new = "89.14.163.158",
		    .verdict = "proof",
		    .reason = "a reason" },
		{ .at = 1780000002,
		    .account = "router",
		    .host = "a-name-that-is-as-long-as-half-a-line.example.org",
		    .type = "AAAA",
		    .old = "2a01:c22::1",
		    .verdict = "good" },
	};
	struct state_claim c = { .host = "www.example.org",
		.account = "router",
		.wanted = { { .kind = VALUE_ADDRESS,
				.address = unit_address("89.14.163.157") },
		    { .kind = VALUE_NONE } } };
	struct state_value old[STATE_FAMILIES];

	assert_int_equal(store_intend(st, &c, old), ERR_OK);
	store_apply(st, &c, applied);
	for (size_t i = 0; i < COUNT(events); i++)
		store_record(st, &events[i]);
	c.host = "gone.example.org";
	assert_int_equal(store_intend(st, &c, old), ERR_OK);
}

/* So many hosts that their list grows. */
static void
add_hosts(struct store *st)
{
	char name[64];
	struct state_claim c = { .host = name,
		.account = "another",
		.wanted = { { .kind = VALUE_ADDRESS,
		    .address = unit_address("89.14.163.157") } } };
	struct state_value old[STATE_FAMILIES];

	for (int i = 0; i < 70; i++) {
		snprintf(name, sizeof name, "host-%d.example.org", i);
		assert_int_equal(store_intend(st, &c, old), ERR_OK);
	}
}

static void
test_state(void **state)
{
	static const struct row rows[] = {
		{ command_status, "status --config -",
		    .says = "a write is under way, or was cut off" },
		{ command_status, "status --config -",
		    .says = "nothing has come yet" },
		{ command_status, "status --config - WWW.example.org",
		    .says = "AAAA  none" },
		{ command_status, "status --config - WWW.example.org --json",
		    .says = "\"address\":\"89.14.163.157\"" },
		{ command_status, "status --config - www.example.org",
		    .says = "what to do: " },
		{ command_status, "status --config - --account nobody",
		    .says = "" },
		{ command_status, "status --config @none", .status = 1,
		    .says = "/none: No such file" },
		{ command_status, "status --config -", .root = true,
		    .call = "seteuid", .error = EPERM, .status = 1,
		    .says = "/state: Operation not permitted" },
		{ command_status, "status --config -", .root = true,
		    .call = "setegid", .error = EPERM, .status = 1,
		    .says = "/state: Operation not permitted" },
		{ command_status, "status --pool --config -",
		    .says = "pool: none serves" },
		{ command_status, "status --pool x --config -", .status = 2,
		    .says = "usage: " },
		{ command_history, "history --config - www.example.org",
		    .says = "A ? > 89.14.163.157 good" },
		{ command_history, "history --config -",
		    .says =
			"example.org\n                 AAAA 2a01:c22::1 > ?" },
		{ command_history, "history x y", .status = 2,
		    .says = "usage: " },
		{ command_history, "history --config @none", .status = 1,
		    .says = "/none: No such file" },
		{ command_forget, "forget --config @none x", .status = 1,
		    .says = "/none: No such file" },
		{ command_forget, "forget", .status = 2, .says = "usage: " },
		{ command_top, "top --config @none", .status = 1,
		    .says = "/none: No such file" },
		{ command_top, "top x", .status = 2, .says = "usage: " },
		/* Before one that a signal ends, as that ends the next, too. */
		{ command_top, "top --config -", .typed = "", .call = "fflush",
		    .error = EIO, .status = 1,
		    .says = "standard output could not be written" },
		{ command_top, "top --config -", .typed = "",
		    .says = "\033[H\033[J" },
		{ command_health, "health --config -", .status = 2,
		    .call = "fflush", .error = EIO,
		    .says = "standard output could not be written" },
		{ command_health, "health --config -", .status = 2,
		    .says = "DDNSGATE CRITICAL - " },
		{ command_health, "health x", .status = 2, .says = "usage: " },
		{ command_health, "health --config @none", .status = 2,
		    .says = "CRITICAL - " },
		{ command_notify, "notify --config -", .status = 1,
		    .says = "has no receiver of news" },
		{ command_notify, "notify x y", .status = 2,
		    .says = "usage: " },
		{ command_version, "--version x", .status = 2,
		    .says = "usage: " },
	};
	const char *file =
	    unit_write_changed("ddnsgate.json", base, NULL, NULL);
	struct settings *s;
	struct error why;
	struct state *kept;
	struct store *st;

	(void)state;
	assert_non_null(s = settings_read(file, &why));
	assert_non_null(kept = state_new(s, &why));
	assert_non_null(st = store_open(kept));
	fill_state(st);
	add_hosts(st);
	store_close(st);
	state_free(kept);
	settings_free(s);
	setenv("TERM", "xterm", 1);
	for (size_t i = 0; i < COUNT(rows); i++) {
		pages = 2;
		try(&rows[i]);
		ROW(rows[i].call == NULL || pages == 2,
		    "%s: waits, though nobody sees it", rows[i].words);
	}
	ROWS_END();
}

/* Accounts in a database that is not there. */
static void
test_table(void **state)
{
	static const struct row rows[] = {
		{ command_account, "account list --config -", .status = 1,
		    .says = "the accounts there cannot be read now" },
		{ command_account, "account show x --json --config -",
		    .status = 1,
		    .says = "the accounts there cannot be read now" },
		{ command_account,
		    "account add new --host new.example.org --config -",
		    .in = "token\n", .status = 1,
		    .says = "it is out of reach now" },
		{ command_account, "account change x --ttl 60 --config -",
		    .status = 1, .says = "it is out of reach now" },
		{ command_account, "account remove x --config -", .status = 1,
		    .says = "it is out of reach now" },
		{ command_router, "router fritzbox --account x --config -",
		    .status = 1,
		    .says = "the accounts there cannot be read now" },
		{ command_status, "status --config -", .status = 1,
		    .says = "it cannot be read now" },
		{ command_check, "check --config -", .status = 1,
		    .says = "the accounts there cannot be read now" },
	};
	char *text, *kept = base;
	json_object *o = json_tokener_parse(base);

	(void)state;
#ifndef HAVE_LIBPQ
	json_object_put(o);
	unit_skipped("this program was built without libpq");
	return;
#endif
	json_object_object_del(o, "account_directory");
	json_object_object_add(o, "account_table",
	    json_object_new_boolean(true));
	json_object_object_add(o, "state",
	    json_object_new_string("postgresql://u@127.0.0.1:1/d"));
	assert_non_null(text = strdup(json_object_to_json_string_ext(o, 0)));
	json_object_put(o);
	base = text;
	for (size_t i = 0; i < COUNT(rows); i++)
		try(&rows[i]);
	base = kept;
	free(text);
	ROWS_END();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_account),
		cmocka_unit_test(test_account_changed),
		cmocka_unit_test(test_hosts),
		cmocka_unit_test(test_many_faults),
		cmocka_unit_test(test_hash),
		cmocka_unit_test(test_identity),
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_provider),
		cmocka_unit_test(test_run),
		cmocka_unit_test(test_token),
		cmocka_unit_test(test_errand),
		cmocka_unit_test(test_prove),
		cmocka_unit_test(test_explain),
		cmocka_unit_test(test_router),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_terminal),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_replacement),
		cmocka_unit_test(test_state),
		cmocka_unit_test(test_table),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
