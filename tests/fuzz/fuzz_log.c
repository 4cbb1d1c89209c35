/*
 * fuzz_log.c - any text in a line of the log: one line it stays, of characters
 * that can be read, and a request's line ends with its times.  As JSON, it is
 * an object.
 *
 * The input is text: the source of a request, its user, its path, the reason of
 * a verdict, and the reason of the whole on the rest.
 */
#include "fuzz.h"

#include <unistd.h>

#include <json-c/json.h>

#include "base/log.h"
#include "base/quote.h"
#include "gateway/report.h"

#define TIMES "; login 1 ms, proofs 2 ms, provider 3 ms"

const char fuzz_name[] = "log";

static void
check_line(const char *bytes, size_t len, bool json)
{
	struct json_object *parsed;
	char *text;

	assert(len > 0 && len <= LOG_LINE_MAX + LOG_FIELDS_MAX);
	assert(bytes[len - 1] == '\n');
	for (size_t i = 0; i + 1 < len; i++)
		assert(bytes[i] >= 0x20 && bytes[i] < 0x7f);
	if (!json)
		return;
	text = fuzz_text((const uint8_t *)bytes, len);
	parsed = json_tokener_parse(text);
	assert(json_object_is_type(parsed, json_type_object));
	json_object_put(parsed);
	free(text);
}

/* No byte of text may look like ours, or be longer than there is room. */
static void
check_quote(const char *text, size_t len)
{
	char to[64], few[QUOTE_SIZE_MIN];

	assert(quote(to, sizeof to, text, len, "\"") < sizeof to);
	assert(strchr(to, '"') == NULL);
	assert(quote(few, sizeof few, text, len, "") < sizeof few);
}

static char file[4096];

/* A log in a file of its own; its descriptor to read from. */
static int
start(void)
{
	const char *folder = getenv("TMPDIR");
	int fd;

	snprintf(file, sizeof file, "%s/fuzz_log.XXXXXX",
	    folder != NULL ? folder : "/tmp");
	if ((fd = mkstemp(file)) == -1)
		abort();
	return fd;
}

static void
end(void)
{
	unlink(file);
}

static void
report(struct request *q, char *user, char *reason, const char *whole)
{
	static struct host_settings host = {
		.name = (char *)(uintptr_t) "home.example.org"
	};
	struct record record = { .host = &host,
		.address = { AF_INET, { 89, 14, 163, 156 } },
		.verdict = VERDICT_PROVIDER };
	struct update u = { .request = q,
		.hosts = { &host },
		.host_count = 1,
		.records = &record,
		.record_count = 1,
		.result = *whole != '\0' ? ERR_NOT_FOUND : ERR_OK,
		.login_ms = 1,
		.proofs_ms = 2,
		.provider_ms = 3 };
	struct reply r = { .status = 502 };

	snprintf(u.login.user, sizeof u.login.user, "%s", user);
	error_set(&record.refusal, ERR_REFUSED, "%s", reason);
	record.why = &record.refusal;
	error_set(&u.why, u.result, "%s", whole);
	report_update(&u, &r);
}

/* The two lines that an input makes, in one of the two forms. */
static void
write_lines(int fd, const uint8_t *data, size_t size, bool json)
{
	const struct log_settings how = { .to = file, .json = json };
	char *text = fuzz_text(data, size), *rest = text, *user, *reason;
	static char written[2 * (LOG_LINE_MAX + LOG_FIELDS_MAX)];
	struct log_line line;
	struct request q = { .source = "" };
	struct error why;
	ssize_t n;

	if (log_open(&how, &why) != ERR_OK)
		abort();
	log_prepare(&line, 0, "%s", text);
	check_line(line.bytes, line.len, json);
	q.source = fuzz_line(&rest);
	user = fuzz_line(&rest);
	snprintf(q.path, sizeof q.path, "%s", fuzz_line(&rest));
	reason = fuzz_line(&rest);
	report(&q, user, reason, rest != NULL ? rest : "");
	n = pread(fd, written, sizeof written, 0);
	assert(n > (ssize_t)strlen(TIMES));
	check_line(written, (size_t)n, json);
	if (!json)
		assert(memcmp(written + n - 1 - strlen(TIMES), TIMES,
			   strlen(TIMES)) == 0);
	if (ftruncate(fd, 0) == -1)
		abort();
	free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int fd = -1;

	if (fd == -1) {
		fd = start();
		atexit(end);
	}
	check_quote((const char *)data, size);
	write_lines(fd, data, size, false);
	write_lines(fd, data, size, true);
	return 0;
}
