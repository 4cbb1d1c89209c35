/*
 * refusal.h - a refusal in words, and what to do about it.
 *
 * For the page and for `ddnsgate status' alike.
 */
#ifndef PAGE_REFUSAL_H
#define PAGE_REFUSAL_H

#include <stdbool.h>

#define REFUSAL_WORD_MAX 16

/* The parts of state_host.refused, "A proof: REASON". */
struct refusal {
	char type[REFUSAL_WORD_MAX];	/* "A" or "AAAA", or "" */
	char verdict[REFUSAL_WORD_MAX]; /* verdict_word(), or "" */
	const char *reason;		/* the rest; borrowed */
};

/* What is none of this form is a reason alone. */
void refusal_read(struct refusal *r, const char *text);

/* "IPv4" for "A", "IPv6" for "AAAA"; any other type as it is. */
const char *refusal_family(const char *type);

/* The verdict in a sentence; one that is not known is told as it is. */
const char *refusal_words(const char *verdict);

/*
 * What the owner of the host can do, in one or two sentences; never NULL.
 * reason, which may be NULL, is the text that the log has.
 */
const char *refusal_advice(const char *verdict, const char *reason);

/*
 * May an account be told why a proof failed?  Only where the address is the
 * one that it asked from, or in the same /48: of any other one it could find
 * out what is there.  Any other verdict says nothing of a foreign network.
 */
bool refusal_is_open(const char *verdict, const char *source,
    const char *address);

/* What to do where the reason is not told. */
extern const char refusal_checks[];

#endif
