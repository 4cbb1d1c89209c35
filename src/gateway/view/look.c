#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "config/operator.h"
#include "gateway/view/entrance.h"
#include "gateway/view/look.h"
#include "gateway/report.h"
#include "page/page.h"

#define VALUE_MAX 255 /* bytes of a parameter that is looked at */

/* The value of a parameter; "" if there is none, or it is too long. */
static const char *
value_of(const struct request *q, const char *name)
{
	for (size_t i = 0; i < q->parameter_count; i++)
		if (strcmp(q->parameters[i].name, name) == 0)
			return strlen(q->parameters[i].value) <= VALUE_MAX ?
			    q->parameters[i].value :
			    "";
	return "";
}

/*
 * The same without blanks around it, which a browser sends as '+'; inside, no
 * name has one.
 */
static const char *
word_of(const struct request *q, const char *name,
    char word[static VALUE_MAX + 1])
{
	const char *value = value_of(q, name);
	size_t len;

	value += strspn(value, "+ \t");
	len = strlen(value);
	while (len > 0 && strchr("+ \t", value[len - 1]) != NULL)
		len--;
	memcpy(word, value, len);
	word[len] = '\0';
	return word;
}

/* Replaces what is in the body by a sentence. */
static void
say(struct reply *r, const char *title, const char *text)
{
	buffer_clear(&r->body);
	r->body.failed = false;
	page_sentence(title, text, &r->body);
}

static void
say_why_not(struct reply *r)
{
	if (r->status == 401)
		say(r, "Log in",
		    "Log in with the user and the token of your router, or as "
		    "an operator.");
	else if (r->status == 429)
		say(r, "Too many attempts",
		    "Too many logins from your address were wrong.  Wait a "
		    "minute, then try it again.");
	else
		say(r, "Busy", "Try it again in a moment.");
}

static enum err
check_method(const struct request *q, struct reply *r)
{
	struct login nobody = { .account = NULL };
	struct error why;

	if (strcmp(q->method, "GET") == 0 || r->head)
		return ERR_OK;
	r->status = 405;
	r->allow = "GET, HEAD";
	say(r, "Not so", "This page can only be looked at.");
	error_set(&why, ERR_METHOD, "method");
	report_page(q, &nobody, r->status, &why);
	return ERR_METHOD;
}

static void
look(const struct gateway *g, struct gateway_tools *t, const struct request *q,
    struct reply *r, void (*write)(const struct page *p, struct buffer *to))
{
	char search[VALUE_MAX + 1], host[VALUE_MAX + 1];
	struct page p = { .settings = g->settings, .store = t->store };
	struct login login = { .account = NULL };

	r->type = "text/html; charset=utf-8";
	r->policy = page_policy();
	r->body.max = REPLY_PAGE_MAX;
	if (check_method(q, r) != ERR_OK)
		return;
	if (!entrance_login(g, t, q, true, &login, r)) {
		say_why_not(r);
		login_end(&login);
		return;
	}
	p.account = login.account;
	p.user = login.user;
	p.search = word_of(q, "q", search);
	p.host = word_of(q, "host", host);
	p.since = value_of(q, "since");
	p.before = value_of(q, "before");
	p.number = strtoul(value_of(q, "page"), NULL, 10);
	p.now = time(NULL);
	p.deadline = clock_now() + PAGE_STORE_MS;
	r->status = 200;
	write(&p, &r->body);
	if (r->body.failed) {
		r->status = 503;
		r->retry_after = REPLY_RETRY_AFTER;
		say(r, "Busy", "The page cannot be made now; try it again.");
	}
	login_end(&login);
}

void
look_status(const struct gateway *g, struct gateway_tools *t,
    const struct request *q, struct reply *r)
{
	look(g, t, q, r, page_status);
}

void
look_history(const struct gateway *g, struct gateway_tools *t,
    const struct request *q, struct reply *r)
{
	look(g, t, q, r, page_history);
}
