#include "config.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include <gnutls/gnutls.h>

#include "base/clock.h"
#include "proof/attempt.h"
#include "proof/proof.h"
#include "tls/trust.h"

/* TLS 1.2 and 1.3, forward secrecy, AEAD; no signature with SHA-1. */
#define PRIORITY                                           \
	"SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:"   \
	"-CIPHER-ALL:+AES-256-GCM:+AES-128-GCM:"           \
	"+CHACHA20-POLY1305:-RSA:-DHE-RSA:-SIGN-RSA-SHA1:" \
	"-SIGN-ECDSA-SHA1:%PROFILE_MEDIUM"

struct prover {
	struct trust *trust;
	gnutls_priority_t priority;
};

struct prover *
prover_new(struct error *why)
{
	struct prover *p = calloc(1, sizeof *p);
	int rc = GNUTLS_E_MEMORY_ERROR;

	if (p == NULL || (p->trust = trust_new()) == NULL ||
	    (rc = gnutls_priority_init(&p->priority, PRIORITY, NULL)) < 0) {
		error_set(why, ERR_MEMORY, "TLS: %s", gnutls_strerror(rc));
		prover_free(p);
		return NULL;
	}
	return p;
}

void
prover_free(struct prover *p)
{
	if (p == NULL)
		return;
	trust_free(p->trust);
	if (p->priority != NULL)
		gnutls_priority_deinit(p->priority);
	free(p);
}

enum err
prover_prepare(struct prover *p, const struct proof_settings *how,
    struct error *why)
{
	if (how->kind != PROOF_CERTIFICATE)
		return ERR_OK;
	return trust_load(p->trust, how->ca, why);
}

/* One proof under way. */
struct task {
	struct proof *proof;
	struct attempt_terms terms;
	struct attempt *attempt; /* NULL: the proof has ended */
};

struct proofs {
	int64_t start, deadline;
	size_t count, open;
	struct task tasks[];
};

/* The one place where a proof ends. */
static void
task_end(struct proofs *run, struct task *t, enum err result)
{
	t->proof->result = result;
	t->proof->ended = (int)(clock_now() - run->start);
	attempt_free(t->attempt);
	t->attempt = NULL;
	run->open--;
}

/* Ends the proof if its attempt has. */
static void
task_judge(struct proofs *run, struct task *t)
{
	struct error *why = &t->proof->why;

	switch (attempt_outcome(t->attempt)) {
	case ATTEMPT_UNDER_WAY:
		break;
	case ATTEMPT_PROVED:
		task_end(run, t, ERR_OK);
		break;
	case ATTEMPT_REFUSED:
	case ATTEMPT_LACKING:
		*why = *attempt_why(t->attempt);
		task_end(run, t, why->code);
		break;
	}
}

static void
task_start(struct proofs *run, struct task *t, const struct prover *p,
    struct proof *proof)
{
	const char *ca =
	    proof->how->kind == PROOF_CERTIFICATE ? proof->how->ca : NULL;

	t->proof = proof;
	t->terms = (struct attempt_terms){ .host = proof->host,
		.address = &proof->address,
		.how = proof->how,
		.credentials = trust_credentials(p->trust, ca),
		.priority = p->priority };
	proof->why = (struct error){ .code = ERR_OK };
	proof->started = (int)(clock_now() - run->start);
	run->open++;
	if (proof->how->kind == PROOF_NONE)
		task_end(run, t, ERR_OK);
	else if (t->terms.credentials == NULL)
		task_end(run, t,
		    error_set(&proof->why, ERR_SYSTEM, "%s was never loaded",
			ca));
	else if ((t->attempt = attempt_start(&t->terms)) == NULL)
		task_end(run, t, error_memory(&proof->why));
	else
		task_judge(run, t);
}

struct proofs *
proofs_start(const struct prover *p, struct proof *const list[], size_t count,
    int64_t deadline)
{
	struct proofs *run =
	    calloc(1, sizeof *run + count * sizeof *run->tasks);

	if (run == NULL) {
		for (size_t i = 0; i < count; i++) {
			list[i]->result = error_memory(&list[i]->why);
			list[i]->started = list[i]->ended = 0;
		}
		return NULL;
	}
	run->start = clock_now();
	run->deadline = deadline;
	run->count = count;
	for (size_t i = 0; i < count; i++)
		task_start(run, &run->tasks[i], p, list[i]);
	return run;
}

size_t
proofs_fds(const struct proofs *run, struct pollfd fds[])
{
	for (size_t i = 0; i < run->count; i++) {
		const struct attempt *a = run->tasks[i].attempt;

		/* poll() passes over a negative descriptor. */
		fds[i] = (struct pollfd){ .fd = -1 };
		if (a != NULL)
			fds[i] = (struct pollfd){ .fd = attempt_fd(a),
				.events = attempt_events(a) };
	}
	return run->count;
}

int64_t
proofs_wake(const struct proofs *run)
{
	return run->deadline;
}

bool
proofs_open(const struct proofs *run)
{
	return run->open > 0;
}

void
proofs_step(struct proofs *run, const struct pollfd fds[])
{
	bool expired = clock_left(run->deadline) == 0;

	for (size_t i = 0; i < run->count; i++) {
		struct task *t = &run->tasks[i];

		if (t->attempt == NULL)
			continue;
		if (fds[i].revents != 0)
			attempt_step(t->attempt);
		if (expired)
			attempt_expire(t->attempt);
		task_judge(run, t);
	}
}

void
proofs_end(struct proofs *run)
{
	if (run == NULL)
		return;
	for (size_t i = 0; i < run->count; i++)
		attempt_free(run->tasks[i].attempt);
	free(run);
}

void
prover_run(struct prover *p, struct proof *const list[], size_t count,
    int64_t deadline)
{
	struct proofs *run = proofs_start(p, list, count, deadline);
	struct pollfd fds[PROOFS_FDS_MAX];
	size_t n;

	if (run == NULL)
		return;
	while (proofs_open(run)) {
		n = proofs_fds(run, fds);
		/* What poll() left in revents after an error means nothing. */
		if (poll(fds, n, clock_left(proofs_wake(run))) == -1)
			for (size_t i = 0; i < n; i++)
				fds[i].revents = 0;
		proofs_step(run, fds);
	}
	proofs_end(run);
}
