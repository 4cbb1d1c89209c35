/*
 * fuzz_state.c - a file of the state in which anything was overwritten, cut
 * off or replaced.
 *
 * The input is a letter and changes.  "d" changes the database, "w" its log of
 * writes, which were both good before; "r" is followed by a whole database.  A
 * change is where (two bytes), how many bytes (one), and these; where there are
 * none left, the file is cut off at the place.
 */
#include "fuzz.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "state/state.h"

#define REFRESH	 3600000
#define FILE_MAX (1 << 20)

const char fuzz_name[] = "state";

static struct settings settings = { .state.history_days = 400 };
static char folder[256], paths[3][300]; /* state.db, -wal, -shm */

struct content {
	uint8_t bytes[FILE_MAX];
	size_t len;
};

static const struct address published = { AF_INET, { 89, 14, 163, 156 } };

static struct state_claim
claim(const char *host)
{
	return (struct state_claim){ .host = host,
		.account = "router",
		.settings = "settings",
		.wanted = { { .kind = VALUE_ADDRESS, .address = published },
		    { .kind = VALUE_UNKNOWN } } };
}

static void
publish(struct store *st, const char *host)
{
	static const enum state_outcome outcomes[STATE_FAMILIES] = {
		OUTCOME_APPLIED, OUTCOME_APPLIED
	};
	struct state_value old[STATE_FAMILIES];
	struct state_claim c = claim(host);

	if (store_intend(st, &c, old) == ERR_OK)
		store_apply(st, &c, outcomes);
}

static void
record(struct store *st)
{
	const struct state_event e = { .at = 1,
		.source = "89.14.163.1",
		.account = "router",
		.host = "home.example.org",
		.type = "A",
		.new = "89.14.163.156",
		.verdict = "good" };

	store_record(st, &e);
}

static void
read_file(const char *path, struct content *c)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd != -1 ? read(fd, c->bytes, sizeof c->bytes) : -1;

	if (n < 0)
		abort();
	c->len = (size_t)n;
	close(fd);
}

static void
write_file(const char *path, const uint8_t *bytes, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd == -1 || write(fd, bytes, len) != (ssize_t)len)
		abort();
	close(fd);
}

static void
change(struct content *c, const uint8_t *data, size_t size)
{
	while (size >= 3) {
		size_t at = (size_t)(data[0] << 8 | data[1]), n = data[2];

		data += 3;
		size -= 3;
		if (n > size) {
			if (at < c->len)
				c->len = at;
			return;
		}
		for (size_t i = 0; i < n && at + i < c->len; i++)
			c->bytes[at + i] = data[i];
		data += n;
		size -= n;
	}
}

static bool
any_host(const struct state_host *h, void *data)
{
	assert(strlen(h->host) < sizeof h->host);
	assert(strlen(h->refused) < sizeof h->refused);
	return ++*(int *)data < 100;
}

static bool
any_event(const struct state_event *e, void *data)
{
	(void)e;
	return ++*(int *)data < 100;
}

/* Whatever is there, the program goes on, and keeps what is new. */
static void
use(void)
{
	struct error why;
	struct state *s = state_new(&settings, &why);
	struct store *st;
	struct state_claim c = claim("home.example.org");
	struct turn t = { .arrival = 1 };
	int verdicts[ORDER_VERDICTS], count = 0;

	if (s == NULL) {
		assert(why.code == ERR_CONFIG && *why.text != '\0');
		return;
	}
	if ((st = store_open(s)) == NULL)
		abort();
	(void)store_is_applied(st, &c, REFRESH);
	c.wanted[0].address.bytes[3]++; /* nobody published that one */
	assert(store_is_applied(st, &c, REFRESH) != STORE_YES);
	c.wanted[0].address.bytes[3]--;
	(void)store_take(st, c.host, &t, verdicts);
	publish(st, c.host);
	record(st);
	(void)store_hosts(st, NULL, "", any_host, &count);
	count = 0;
	(void)store_history(st, &(struct state_search){ .most = 0 }, any_event,
	    &count);
	store_give(st, c.host, &t, verdicts);
	store_close(st);
	state_free(s);
}

/* Both files as a program leaves them that was killed. */
static void
start(struct content *database, struct content *writes)
{
	const char *top = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
	static const char *const endings[] = { "", "-wal", "-shm" };
	struct error why;
	struct state *s;
	struct store *st;

	snprintf(folder, sizeof folder, "%s/fuzz_state.XXXXXX", top);
	if (mkdtemp(folder) == NULL ||
	    log_open(&(struct log_settings){ .to = "/dev/null" }, &why) !=
		ERR_OK)
		abort();
	for (size_t i = 0; i < 3; i++)
		snprintf(paths[i], sizeof paths[i], "%s/state.db%s", folder,
		    endings[i]);
	settings.state.place = folder;
	if ((s = state_new(&settings, &why)) == NULL ||
	    (st = store_open(s)) == NULL)
		abort();
	publish(st, "home.example.org");
	publish(st, "second.example.org");
	record(st);
	read_file(paths[0], database);
	read_file(paths[1], writes);
	store_close(st);
	state_free(s);
}

static void
clean(void)
{
	char moved[300];

	for (size_t i = 0; i < 3; i++)
		unlink(paths[i]);
	snprintf(moved, sizeof moved, "rm -rf %s/*", folder);
	if (system(moved) != 0)
		abort();
}

static void
end(void)
{
	clean();
	rmdir(folder);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct content good[2], now[2];

	if (*folder == '\0') {
		start(&good[0], &good[1]);
		atexit(end);
	}
	if (size == 0)
		return 0;
	memcpy(now, good, sizeof now);
	if (data[0] == 'r') {
		write_file(paths[0], data + 1, size - 1);
	} else {
		change(&now[data[0] == 'w'], data + 1, size - 1);
		write_file(paths[0], now[0].bytes, now[0].len);
		write_file(paths[1], now[1].bytes, now[1].len);
	}
	use();
	clean();
	return 0;
}
