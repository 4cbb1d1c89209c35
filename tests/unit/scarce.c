#include "unit.h"

#include <dirent.h>
#include <errno.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <curl/curl.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <json-c/json.h>
#include <sqlite3.h>

#include "base/error.h"
#include "base/heap.h"
#include "scarce.h"

static bool begun, paused;
static size_t fails, number;
static pid_t owner; /* its children have memory enough */

void *__real_malloc(size_t size);

/* base/heap.c remembers that there was a lack, as it does of each. */
static void
lack(void)
{
	static volatile size_t most = PTRDIFF_MAX;

	if (heap_wipes())
		free(__real_malloc(most));
	errno = ENOMEM;
}

bool
scarce_refuses(void)
{
	if (!begun || paused || getpid() != owner || ++number != fails)
		return false;
	lack();
	return true;
}

/* TYPE NAME(WITH), called with (ARGUMENTS), gives FAILED without memory. */
#define SCARCE(type, name, failed, with, arguments) \
	UNIT_BETWEEN(scarce_refuses(), type, name, failed, with, arguments)

SCARCE(void *, malloc, NULL, (size_t size), (size))
SCARCE(void *, calloc, NULL, (size_t count, size_t size), (count, size))
SCARCE(void *, realloc, NULL, (void *p, size_t size), (p, size))
SCARCE(void *, reallocarray, NULL, (void *p, size_t count, size_t size),
    (p, count, size))
SCARCE(char *, strdup, NULL, (const char *s), (s))
SCARCE(char *, strndup, NULL, (const char *s, size_t size), (s, size))
SCARCE(FILE *, open_memstream, NULL, (char **text, size_t *len), (text, len))

SCARCE(json_object *, json_object_new_object, NULL, (void), ())
SCARCE(json_object *, json_object_new_array, NULL, (void), ())
SCARCE(json_object *, json_object_new_string, NULL, (const char *s), (s))
SCARCE(json_object *, json_object_new_string_len, NULL,
    (const char *s, int len), (s, len))
SCARCE(json_object *, json_object_new_int, NULL, (int32_t i), (i))
SCARCE(json_object *, json_object_new_int64, NULL, (int64_t i), (i))
SCARCE(json_object *, json_object_new_boolean, NULL, (json_bool b), (b))
SCARCE(int, json_object_object_add, -1,
    (json_object * to, const char *key, json_object *value), (to, key, value))
SCARCE(int, json_object_array_add, -1, (json_object * to, json_object *value),
    (to, value))
SCARCE(int, json_object_deep_copy, -1,
    (json_object * from, json_object **to, json_c_shallow_copy_fn *copy),
    (from, to, copy))
SCARCE(const char *, json_object_to_json_string_ext, NULL,
    (json_object * o, int flags), (o, flags))
SCARCE(const char *, json_object_to_json_string, NULL, (json_object * o), (o))
SCARCE(json_object *, json_tokener_parse, NULL, (const char *s), (s))
SCARCE(json_tokener *, json_tokener_new, NULL, (void), ())
SCARCE(json_tokener *, json_tokener_new_ex, NULL, (int depth), (depth))

SCARCE(int, gnutls_load_file, GNUTLS_E_FILE_ERROR,
    (const char *file, gnutls_datum_t *data), (file, data))
SCARCE(int, gnutls_x509_crt_init, GNUTLS_E_MEMORY_ERROR,
    (gnutls_x509_crt_t * crt), (crt))
SCARCE(int, gnutls_x509_name_constraints_init, GNUTLS_E_MEMORY_ERROR,
    (gnutls_x509_name_constraints_t * nc), (nc))
SCARCE(int, gnutls_init, GNUTLS_E_MEMORY_ERROR,
    (gnutls_session_t * session, unsigned int flags), (session, flags))
SCARCE(int, gnutls_certificate_allocate_credentials, GNUTLS_E_MEMORY_ERROR,
    (gnutls_certificate_credentials_t * c), (c))
SCARCE(int, gnutls_certificate_set_x509_trust_mem, GNUTLS_E_MEMORY_ERROR,
    (gnutls_certificate_credentials_t c, const gnutls_datum_t *ca,
	gnutls_x509_crt_fmt_t form),
    (c, ca, form))
SCARCE(int, gnutls_priority_init, GNUTLS_E_MEMORY_ERROR,
    (gnutls_priority_t * p, const char *text, const char **at), (p, text, at))
SCARCE(int, gnutls_base64_decode2, GNUTLS_E_MEMORY_ERROR,
    (const gnutls_datum_t *text, gnutls_datum_t *data), (text, data))
SCARCE(int, gnutls_base64_encode2, GNUTLS_E_MEMORY_ERROR,
    (const gnutls_datum_t *data, gnutls_datum_t *text), (data, text))
SCARCE(int, gnutls_hash_init, GNUTLS_E_MEMORY_ERROR,
    (gnutls_hash_hd_t * h, gnutls_digest_algorithm_t a), (h, a))
SCARCE(int, gnutls_hash_fast, GNUTLS_E_MEMORY_ERROR,
    (gnutls_digest_algorithm_t a, const void *text, size_t len, void *digest),
    (a, text, len, digest))
SCARCE(int, gnutls_hmac_init, GNUTLS_E_MEMORY_ERROR,
    (gnutls_hmac_hd_t * h, gnutls_mac_algorithm_t a, const void *key,
	size_t len),
    (h, a, key, len))
SCARCE(int, gnutls_hmac_fast, GNUTLS_E_MEMORY_ERROR,
    (gnutls_mac_algorithm_t a, const void *key, size_t key_len,
	const void *text, size_t len, void *digest),
    (a, key, key_len, text, len, digest))
SCARCE(int, gnutls_x509_crt_get_issuer_dn3, GNUTLS_E_MEMORY_ERROR,
    (gnutls_x509_crt_t crt, gnutls_datum_t *dn, unsigned int flags),
    (crt, dn, flags))

SCARCE(CURL *, curl_easy_init, NULL, (void), ())
SCARCE(CURLM *, curl_multi_init, NULL, (void), ())
SCARCE(CURLU *, curl_url, NULL, (void), ())
SCARCE(CURLUcode, curl_url_set, CURLUE_OUT_OF_MEMORY,
    (CURLU * u, CURLUPart what, const char *part, unsigned int flags),
    (u, what, part, flags))
SCARCE(CURLUcode, curl_url_get, CURLUE_OUT_OF_MEMORY,
    (const CURLU *u, CURLUPart what, char **part, unsigned int flags),
    (u, what, part, flags))
SCARCE(struct curl_slist *, curl_slist_append, NULL,
    (struct curl_slist * list, const char *s), (list, s))
SCARCE(char *, curl_easy_escape, NULL, (CURL * c, const char *s, int len),
    (c, s, len))

SCARCE(int, sqlite3_prepare_v2, SQLITE_NOMEM,
    (sqlite3 * db, const char *text, int len, sqlite3_stmt **s,
	const char **tail),
    (db, text, len, s, tail))
SCARCE(int, sqlite3_prepare_v3, SQLITE_NOMEM,
    (sqlite3 * db, const char *text, int len, unsigned int flags,
	sqlite3_stmt **s, const char **tail),
    (db, text, len, flags, s, tail))
SCARCE(int, sqlite3_open_v2, SQLITE_NOMEM,
    (const char *file, sqlite3 **db, int flags, const char *vfs),
    (file, db, flags, vfs))
SCARCE(int, sqlite3_exec, SQLITE_NOMEM,
    (sqlite3 * db, const char *text, int (*each)(void *, int, char **, char **),
	void *data, char **why),
    (db, text, each, data, why))
SCARCE(int, sqlite3_bind_int64, SQLITE_NOMEM,
    (sqlite3_stmt * s, int at, sqlite3_int64 value), (s, at, value))
SCARCE(int, sqlite3_bind_text, SQLITE_NOMEM,
    (sqlite3_stmt * s, int at, const char *text, int len, void (*end)(void *)),
    (s, at, text, len, end))
SCARCE(int, sqlite3_step, SQLITE_NOMEM, (sqlite3_stmt * s), (s))

/* With as few turns as a test needs, which does it a thousand times. */
int __real_gnutls_pbkdf2(gnutls_mac_algorithm_t mac, const gnutls_datum_t *key,
    const gnutls_datum_t *salt, unsigned int turns, void *to, size_t len);
int __wrap_gnutls_pbkdf2(gnutls_mac_algorithm_t mac, const gnutls_datum_t *key,
    const gnutls_datum_t *salt, unsigned int turns, void *to, size_t len);

int
__wrap_gnutls_pbkdf2(gnutls_mac_algorithm_t mac, const gnutls_datum_t *key,
    const gnutls_datum_t *salt, unsigned int turns, void *to, size_t len)
{
	if (scarce_refuses())
		return GNUTLS_E_MEMORY_ERROR;
	return __real_gnutls_pbkdf2(mac, key, salt, turns < 10 ? turns : 10, to,
	    len);
}

/* The kernel needs memory, too, and says ENOMEM. */
SCARCE(int, open, -1, (const char *file, int flags, mode_t mode),
    (file, flags, mode))
SCARCE(ssize_t, read, -1, (int fd, void *to, size_t size), (fd, to, size))
SCARCE(int, fstat, -1, (int fd, struct stat *st), (fd, st))
SCARCE(int, stat, -1, (const char *file, struct stat *st), (file, st))
SCARCE(int, lstat, -1, (const char *file, struct stat *st), (file, st))
SCARCE(void *, mmap, MAP_FAILED,
    (void *at, size_t len, int prot, int flags, int fd, off_t offset),
    (at, len, prot, flags, fd, offset))
SCARCE(FILE *, fdopen, NULL, (int fd, const char *mode), (fd, mode))
SCARCE(FILE *, fopen, NULL, (const char *file, const char *mode), (file, mode))
SCARCE(FILE *, tmpfile, NULL, (void), ())
SCARCE(DIR *, opendir, NULL, (const char *name), (name))
SCARCE(char *, realpath, NULL, (const char *file, char *to), (file, to))
SCARCE(int, pipe, -1, (int fds[2]), (fds))
SCARCE(int, socket, -1, (int domain, int type, int protocol),
    (domain, type, protocol))
SCARCE(int, mkostemp, -1, (char *name, int flags), (name, flags))
SCARCE(int, fsync, -1, (int fd), (fd))
SCARCE(int, rename, -1, (const char *from, const char *to), (from, to))
SCARCE(int, mkdir, -1, (const char *name, mode_t mode), (name, mode))

void
scarce_begin(size_t which)
{
	heap_begin();
	number = 0;
	fails = which;
	owner = getpid();
	begun = true;
}

void
scarce_pause(bool on)
{
	paused = on;
}

size_t
scarce_end(void)
{
	begun = false;
	return number;
}

size_t
scarce_each(const char *name, bool (*story)(struct error *why))
{
	struct error why;
	size_t count;

	scarce_begin(0);
	if (!story(&why))
		fail_msg("%s: %s", name, why.text);
	count = scarce_end();
	for (size_t n = 1; n <= count; n++) {
		bool good;

		why = (struct error){ .code = ERR_OK };
		scarce_begin(n);
		good = story(&why);
		scarce_end();
		ROW(good || why.code == ERR_MEMORY || !heap_wipes() ||
			strstr(why.text, strerror(ENOMEM)) != NULL,
		    "%s, %zu of %zu: %s %s", name, n, count,
		    error_name(why.code), why.text);
	}
	return count;
}
