#include "config.h"

#include "gateway/reply.h"

static const char *
reason(int status)
{
	static const struct {
		int status;
		const char *reason;
	} known[] = {
		{ 200, "OK" },
		{ 400, "Bad Request" },
		{ 401, "Unauthorized" },
		{ 403, "Forbidden" },
		{ 404, "Not Found" },
		{ 405, "Method Not Allowed" },
		{ 429, "Too Many Requests" },
		{ 502, "Bad Gateway" },
		{ 503, "Service Unavailable" },
	};

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (known[i].status == status)
			return known[i].reason;
	return "Unknown";
}

void
reply_status(struct reply *r, const struct wording *w, long seconds)
{
	r->status = w->status;
	if (w->retry)
		r->retry_after = seconds > 0 ? seconds : REPLY_RETRY_AFTER;
}

void
reply_head(const struct reply *r, struct buffer *head)
{
	buffer_puts(head, "Status: ");
	buffer_number(head, r->status);
	buffer_join(head, " ", reason(r->status), "\r\nContent-Type: ",
	    r->type != NULL ? r->type :
		r->json	    ? "application/json" :
			      "text/plain; charset=utf-8",
	    "\r\nContent-Length: ", NULL);
	buffer_number(head, (long long)r->body.len);
	buffer_puts(head, "\r\nCache-Control: no-store\r\n");
	if (r->status == 401)
		buffer_puts(head,
		    "WWW-Authenticate: Basic "
		    "realm=\"ddnsgate\", charset=\"UTF-8\"\r\n");
	if (r->status == 405)
		buffer_printf(head, "Allow: %s\r\n",
		    r->allow != NULL ? r->allow : "GET, POST");
	if (r->policy != NULL)
		buffer_printf(head,
		    "Content-Security-Policy: %s\r\n"
		    "X-Content-Type-Options: nosniff\r\n"
		    "Referrer-Policy: no-referrer\r\n"
		    "Cross-Origin-Resource-Policy: same-origin\r\n",
		    r->policy);
	if (r->retry_after > 0)
		buffer_printf(head, "Retry-After: %ld\r\n", r->retry_after);
	if (r->id != NULL && *r->id != '\0')
		buffer_join(head, "X-Request-Id: ", r->id, "\r\n", NULL);
	buffer_puts(head, "\r\n");
}

void
reply_end(struct reply *r)
{
	buffer_free(&r->body);
}
