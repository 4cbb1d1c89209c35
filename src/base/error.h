/*
 * error.h - one code to act on, one line to read.
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#define ERROR_TEXT_MAX 512

enum err {
	ERR_OK = 0,
	ERR_MEMORY,	       /* out of memory */
	ERR_SYSTEM,	       /* a system call failed */
	ERR_CONFIG,	       /* a file of the operator is wrong */
	ERR_REQUEST,	       /* a request that cannot be understood */
	ERR_NOT_FOUND,	       /* a request for a path that is none of ours */
	ERR_METHOD,	       /* a request with a method that is not served */
	ERR_ABANDONED,	       /* nobody waits for the reply any more */
	ERR_AUTH,	       /* not a known login */
	ERR_TOO_MANY_FAILURES, /* too many logins failed from that address */
	ERR_TOO_MANY_PROOFS,   /* too many proofs of the account failed */
	ERR_UPDATES_BUSY,      /* too many updates wait for others */
	ERR_LOGINS_BUSY,    /* too many logins are checked at the same time */
	ERR_NOT_A_NAME,	    /* the request names no full host name */
	ERR_TOO_MANY_NAMES, /* the request names too many hosts */
	ERR_NOT_YOURS, /* the request names a host that is not the account's */
	ERR_ADDRESS,   /* not an address we may use */
	ERR_PROOF,     /* the host did not prove its address */
	ERR_TOKEN,     /* the provider does not accept the token */
	ERR_ZONE,      /* the provider has no zone for the name */
	ERR_REFUSED,   /* the provider refused, or made no sense */
	ERR_BUSY,      /* the provider asks to come back later */
	ERR_UNREACHABLE, /* the provider did not answer in time */
	ERR__MAX
};

/* Owned by the caller of a function that fills it. */
struct error {
	enum err code;
	char text[ERROR_TEXT_MAX];
};

/*
 * Fills e, unless it is NULL, and returns code.  A text that is too long is
 * cut.  Never give it a secret: the text ends in a log.
 */
enum err error_set(struct error *e, enum err code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* ERR_MEMORY, "out of memory". */
enum err error_memory(struct error *e);

/* Puts "prefix: " before the text of e, not NULL; returns the code of e. */
enum err error_prefix(struct error *e, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* The word for a code, as the log spells it. */
const char *error_name(enum err code);

#endif
