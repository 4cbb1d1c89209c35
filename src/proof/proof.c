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

/*
 * TLS 1.2 and 1.3, forward secrecy, AEAD; no signature with SHA-1.  X25519 goes
 * first, as it costs half of what P-256 does; the server may choose another.
 */
#define PRIORITY                                           \
	"SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:"   \
	"-CIPHER-ALL:+AES-256-GCM:+AES-128-GCM:"           \
	"+CHACHA20-POLY1305:-RSA:-DHE-RSA:-SIGN-RSA-SHA1:" \
	"-SIGN-ECDSA-SHA1:-GROUP-ALL:+GROUP-X25519:"       \
	"+GROUP-SECP256R1:+GROUP-SECP384R1:"               \
	"+GROUP-SECP521R1:%PROFILE_MEDIUM"

struct prover {
	struct trust *trust;
	gnutls_priority_t priority;
};

struct prover *
prover_new(struct trust *trust, struct error *why)
{
	struct prover *p = calloc(1, sizeof *p);
	int rc = GNUTLS_E_MEMORY_ERROR;

	if (p == NULL ||
	    (rc = gnutls_priority_init(&p->priority, PRIORITY, NULL)) < 0) {
		error_set(why, ERR_MEMORY, "TLS: %s", gnutls_strerror(rc));
		prover_free(p);
		return NULL;
	}
	p->trust = trust;
	return p;
}

void
prover_free(struct prover *p)
{
	if (p == NULL)
		return;
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

/*
 * From one connect to the next while nobody has accepted: a host that comes up
 * is seen within this time.  The kernel's own repetitions of an unanswered SYN,
 * after 1 s and 3 s, would be too late.
 */
#define PAUSE_MS 250

/* A patient connect, for long ways, and a fresh one beside it. */
#define ATTEMPTS 2
_Static_assert(PROOFS_FDS_MAX == ATTEMPTS * PROOF_MAX, "a place a connect");

/* One proof under way. */
struct task {
	struct proof *proof;
	struct attempt_terms terms;
	struct attempt *attempts[ATTEMPTS]; /* NULL: none there */
	bool ended;
	unsigned int tries;
	int64_t again;	   /* the moment of the next one */
	struct error last; /* of the last attempt that got no answer */
};

struct proofs {
	int64_t start, deadline;
	size_t count, open;
	struct task tasks[];
};

static void
task_drop(struct task *t, size_t slot)
{
	attempt_free(t->attempts[slot]);
	t->attempts[slot] = NULL;
}

/* The one place where a proof ends. */
static void
task_end(struct proofs *run, struct task *t, enum err result)
{
	t->proof->done = true;
	t->proof->result = result;
	t->proof->ended = (int)(clock_now() - run->start);
	for (size_t i = 0; i < ATTEMPTS; i++)
		task_drop(t, i);
	t->ended = true;
	run->open--;
}

/* Keeps what the host showed, of an attempt that came so far. */
static void
task_look(struct task *t, const struct attempt *a)
{
	if (attempt_seen(a)->key[0] != '\0')
		t->proof->seen = *attempt_seen(a);
}

/* Acts on the outcome of one attempt; most outcomes end the proof. */
static void
task_judge(struct proofs *run, struct task *t, size_t slot)
{
	const struct attempt *a = t->attempts[slot];
	struct error *why = &t->proof->why;

	task_look(t, a);
	switch (attempt_outcome(a)) {
	case ATTEMPT_UNDER_WAY:
		if (attempt_connected(a))
			task_drop(t, ATTEMPTS - 1 - slot);
		break;
	case ATTEMPT_PROVED:
		task_end(run, t, ERR_OK);
		break;
	case ATTEMPT_NOT_YET:
		t->last = *attempt_why(a);
		task_drop(t, slot);
		break;
	case ATTEMPT_REFUSED:
	case ATTEMPT_LACKING:
		*why = *attempt_why(a);
		task_end(run, t, why->code);
		break;
	}
}

static bool
task_connected(const struct task *t)
{
	for (size_t i = 0; i < ATTEMPTS; i++)
		if (t->attempts[i] != NULL && attempt_connected(t->attempts[i]))
			return true;
	return false;
}

/*
 * One more connect.  The oldest one stays, since its SYN may be answered after
 * more than a pause; only what came after it gives way.
 */
static void
task_try(struct proofs *run, struct task *t)
{
	size_t slot = t->attempts[0] == NULL ? 0 : ATTEMPTS - 1;

	task_drop(t, slot);
	t->tries++;
	t->again = clock_now() + PAUSE_MS;
	if ((t->attempts[slot] = attempt_start(&t->terms)) == NULL)
		task_end(run, t, error_memory(&t->proof->why));
	else
		task_judge(run, t, slot);
}

/* The time is up: tells how far the host came, or what it did before. */
static void
task_expire(struct proofs *run, struct task *t)
{
	struct error *why = &t->proof->why;

	for (size_t i = 0; i < ATTEMPTS; i++) {
		if (t->attempts[i] == NULL ||
		    (t->last.code != ERR_OK &&
			!attempt_connected(t->attempts[i])))
			continue;
		attempt_expire(t->attempts[i]);
		t->last = *attempt_why(t->attempts[i]);
	}
	error_set(why, ERR_PROOF, "%s (%u %s)", t->last.text, t->tries,
	    t->tries == 1 ? "try" : "tries");
	task_end(run, t, ERR_PROOF);
}

static void
task_start(struct proofs *run, struct task *t, const struct prover *p,
    struct proof *proof)
{
	const char *ca =
	    proof->how->kind == PROOF_CERTIFICATE ? proof->how->ca : NULL;

	t->proof = proof;
	t->terms = (struct attempt_terms){ .host = proof->host,
		.names = proof->names,
		.address = &proof->address,
		.how = proof->how,
		.trust = trust_in(p->trust, ca),
		.nobody = trust_nobody(p->trust),
		.priority = p->priority };
	proof->why = (struct error){ .code = ERR_OK };
	proof->started = (int)(clock_now() - run->start);
	run->open++;
	if (proof->how->kind == PROOF_NONE)
		task_end(run, t, ERR_OK);
	else if (t->terms.trust == NULL)
		task_end(run, t,
		    error_set(&proof->why, ERR_SYSTEM, "%s was never loaded",
			ca));
	else
		task_try(run, t);
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
			list[i]->done = true;
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
	for (size_t i = 0; i < run->count * ATTEMPTS; i++) {
		const struct attempt *a =
		    run->tasks[i / ATTEMPTS].attempts[i % ATTEMPTS];

		/* poll() passes over a negative descriptor. */
		fds[i] = (struct pollfd){ .fd = -1 };
		if (a != NULL)
			fds[i] = (struct pollfd){ .fd = attempt_fd(a),
				.events = attempt_events(a) };
	}
	return run->count * ATTEMPTS;
}

int64_t
proofs_wake(const struct proofs *run)
{
	int64_t wake = run->deadline;

	for (size_t i = 0; i < run->count; i++) {
		const struct task *t = &run->tasks[i];

		if (!t->ended && !task_connected(t) && t->again < wake)
			wake = t->again;
	}
	return wake;
}

bool
proofs_connected(const struct proofs *run)
{
	for (size_t i = 0; i < run->count; i++)
		if (task_connected(&run->tasks[i]))
			return true;
	return false;
}

bool
proofs_open(const struct proofs *run)
{
	return run->open > 0;
}

static void
task_step(struct proofs *run, struct task *t, const struct pollfd fds[])
{
	for (size_t i = 0; i < ATTEMPTS; i++) {
		if (fds[i].revents == 0 || t->attempts[i] == NULL)
			continue;
		attempt_step(t->attempts[i]);
		task_judge(run, t, i);
	}
	if (t->ended)
		return;
	if (clock_left(run->deadline) == 0)
		task_expire(run, t);
	else if (!task_connected(t) && clock_left(t->again) == 0)
		task_try(run, t);
}

void
proofs_step(struct proofs *run, const struct pollfd fds[])
{
	for (size_t i = 0; i < run->count; i++)
		if (!run->tasks[i].ended)
			task_step(run, &run->tasks[i], fds + i * ATTEMPTS);
}

void
proofs_end(struct proofs *run)
{
	if (run == NULL)
		return;
	for (size_t i = 0; i < run->count * ATTEMPTS; i++)
		task_drop(&run->tasks[i / ATTEMPTS], i % ATTEMPTS);
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
		/* After an error of poll() the revents mean nothing. */
		if (poll(fds, n, clock_left(proofs_wake(run))) == -1)
			for (size_t i = 0; i < n; i++)
				fds[i].revents = 0;
		proofs_step(run, fds);
	}
	proofs_end(run);
}
