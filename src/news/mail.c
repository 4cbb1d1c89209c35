#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <curl/curl.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "news/mail.h"

#define MAIL_MAX (64UL << 10)

struct mails {
	CURLM *multi;
};

struct mail {
	struct mails *all;
	CURL *curl; /* NULL: done */
	struct curl_slist *to;
	struct buffer text; /* all of it, as it is sent */
	size_t sent;
	struct error why; /* ERR_OK: it was taken */
};

struct mails *
mails_new(void)
{
	struct mails *all = calloc(1, sizeof *all);

	if (all == NULL || (all->multi = curl_multi_init()) != NULL)
		return all;
	free(all);
	return NULL;
}

void
mails_free(struct mails *all)
{
	if (all == NULL)
		return;
	curl_multi_cleanup(all->multi);
	free(all);
}

/* RFC 5322 section 3.3, whatever the locale. */
static void
put_date(struct buffer *to)
{
	static const char *const days[] = { "Sun", "Mon", "Tue", "Wed", "Thu",
		"Fri", "Sat" };
	static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May",
		"Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	time_t now = time(NULL);
	struct tm tm;

	gmtime_r(&now, &tm);
	buffer_printf(to, "Date: %s, %d %s %d %02d:%02d:%02d +0000\r\n",
	    days[tm.tm_wday], tm.tm_mday, months[tm.tm_mon], tm.tm_year + 1900,
	    tm.tm_hour, tm.tm_min, tm.tm_sec);
}

/* Lines end in CRLF on the way (RFC 5321 section 2.3.8). */
static void
put_lines(struct buffer *to, const char *text)
{
	for (; *text != '\0'; text++)
		if (*text == '\n')
			buffer_puts(to, "\r\n");
		else
			buffer_add(to, text, 1);
	buffer_puts(to, "\r\n");
}

static bool
write_text(struct mail *m, const struct receiver_settings *to,
    const char *title, const char *text)
{
	const char *domain = strchr(to->from, '@');
	uint64_t id = 0;

	(void)gnutls_rnd(GNUTLS_RND_NONCE, &id, sizeof id);
	put_date(&m->text);
	buffer_printf(&m->text,
	    "From: ddnsgate <%s>\r\nTo: <%s>\r\nSubject: %s\r\n"
	    "Message-ID: <%" PRIx64 ".%lld@%s>\r\n",
	    to->from, to->mail, title, id, (long long)time(NULL),
	    domain != NULL ? domain + 1 : "ddnsgate.invalid");
	/* No robot shall answer: RFC 3834 section 5. */
	buffer_puts(&m->text,
	    "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
	    "Content-Type: text/plain; charset=us-ascii\r\n\r\n");
	put_lines(&m->text, text);
	return !m->text.failed;
}

static size_t
read_text(char *to, size_t size, size_t count, void *data)
{
	struct mail *m = data;
	size_t left = m->text.len - m->sent, n = size * count;

	if (n > left)
		n = left;
	memcpy(to, m->text.data + m->sent, n);
	m->sent += n;
	return n;
}

static bool
prepare(struct mail *m, const struct receiver_settings *to, int64_t deadline)
{
	char address[ADDRESS_TEXT_MAX], url[128], from[RECEIVER_MAIL_MAX + 3];
	bool v6 = to->smtp.family == AF_INET6;
	long ms = clock_left(deadline);
	CURL *c = m->curl;

	snprintf(url, sizeof url, "smtp://%s%s%s:%u", v6 ? "[" : "",
	    address_format(&to->smtp, address), v6 ? "]" : "",
	    (unsigned int)to->smtp_port);
	snprintf(from, sizeof from, "<%s>", to->from);
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "smtp");
	curl_easy_setopt(c, CURLOPT_PROXY, "");
	curl_easy_setopt(c, CURLOPT_USE_SSL, (long)CURLUSESSL_NONE);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_FORBID_REUSE, 1L);
	curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, ms > 0 ? ms : 1L);
	curl_easy_setopt(c, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(c, CURLOPT_READFUNCTION, read_text);
	curl_easy_setopt(c, CURLOPT_READDATA, m);
	curl_easy_setopt(c, CURLOPT_PRIVATE, m);
	curl_easy_setopt(c, CURLOPT_MAIL_RCPT, m->to);
	return curl_easy_setopt(c, CURLOPT_URL, url) == CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_MAIL_FROM, from) == CURLE_OK;
}

struct mail *
mail_start(struct mails *all, const struct receiver_settings *to,
    const char *title, const char *text, int64_t deadline)
{
	struct mail *m = calloc(1, sizeof *m);
	char mail[RECEIVER_MAIL_MAX + 3];

	if (m == NULL)
		return NULL;
	m->all = all;
	m->text.max = MAIL_MAX;
	snprintf(mail, sizeof mail, "<%s>", to->mail);
	if (write_text(m, to, title, text) &&
	    (m->to = curl_slist_append(NULL, mail)) != NULL &&
	    (m->curl = curl_easy_init()) != NULL && prepare(m, to, deadline) &&
	    curl_multi_add_handle(all->multi, m->curl) == CURLM_OK)
		return m;
	mail_end(m);
	return NULL;
}

size_t
mails_fds(const struct mails *all, struct pollfd *fds)
{
	fd_set in, out, other;
	size_t n = 0;
	int last = -1;

	FD_ZERO(&in);
	FD_ZERO(&out);
	FD_ZERO(&other);
	(void)curl_multi_fdset(all->multi, &in, &out, &other, &last);
	for (int fd = 0; fd <= last && n < MAILS_FDS_MAX; fd++) {
		short events = 0;

		if (FD_ISSET(fd, &in))
			events |= POLLIN;
		if (FD_ISSET(fd, &out))
			events |= POLLOUT;
		if (events != 0)
			fds[n++] =
			    (struct pollfd){ .fd = fd, .events = events };
	}
	return n;
}

/* It need not have begun. */
static void
let_go(struct mail *m)
{
	curl_multi_remove_handle(m->all->multi, m->curl);
	curl_easy_cleanup(m->curl);
	m->curl = NULL;
}

static void
finish(struct mail *m, CURLcode rc)
{
	long answer = 0;

	curl_easy_getinfo(m->curl, CURLINFO_RESPONSE_CODE, &answer);
	if (rc != CURLE_OK && answer >= 400)
		error_set(&m->why, ERR_REFUSED, "the mail server answers %ld",
		    answer);
	else if (rc != CURLE_OK)
		error_set(&m->why, ERR_UNREACHABLE, "the mail server: %s",
		    curl_easy_strerror(rc));
	let_go(m);
}

void
mails_step(struct mails *all)
{
	const CURLMsg *message;
	int running, left;

	(void)curl_multi_perform(all->multi, &running);
	while ((message = curl_multi_info_read(all->multi, &left)) != NULL) {
		CURLcode result = message->data.result;
		struct mail *m;

		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &m);
		if (message->msg == CURLMSG_DONE)
			finish(m, result);
	}
}

bool
mail_done(const struct mail *m)
{
	return m->curl == NULL;
}

enum err
mail_result(const struct mail *m, struct error *why)
{
	if (m->why.code != ERR_OK)
		*why = m->why;
	return m->why.code;
}

void
mail_end(struct mail *m)
{
	if (m == NULL)
		return;
	if (m->curl != NULL)
		let_go(m);
	curl_slist_free_all(m->to);
	buffer_free(&m->text);
	free(m);
}
