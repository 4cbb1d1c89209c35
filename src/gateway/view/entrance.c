#include "config.h"

#include "base/clock.h"
#include "base/heap.h"
#include "gateway/notice.h"
#include "gateway/view/entrance.h"
#include "gateway/report.h"

/* The replies of /update to the same errors. */
static const struct wording errors[ERR__MAX] = {
	[ERR_OK] = { "busy\n", 503, true },
	[ERR_AUTH] = { "badauth\n", 401, false },
	[ERR_TOO_MANY_FAILURES] = { "limit\n", 429, true },
};

bool
entrance_login(const struct gateway *g, struct gateway_tools *t,
    const struct request *q, bool accounts_too, struct login *login,
    struct reply *r)
{
	/* Clients that cannot be told apart are counted as one. */
	int64_t start = clock_now();
	struct address source = { .family = AF_INET };
	bool known = request_source(q, &source);
	const struct wording *w;
	struct error why;
	enum err rc;

	notice_source(g->notices, known ? &source : NULL);
	rc = account_authenticate_operator(g->accounts, q->authorization,
	    &source, accounts_too, login, &why);
	/* Nobody is told that a right login is wrong for what was our lack. */
	if (rc != ERR_OK && heap_lacked())
		rc = error_memory(&why);
	t->tally.login = tally_login(login, rc);
	if (t->tally.login != LOGIN_NONE)
		t->tally.login_ms = (int)(clock_now() - start);
	if (rc == ERR_OK)
		return true;
	w = errors[rc].word != NULL ? &errors[rc] : &errors[ERR_OK];
	r->json = false;
	reply_status(r, w, login->wait);
	buffer_puts(&r->body, w->word);
	report_page(q, login, r->status, &why);
	return false;
}
