/*
 * host.h - one host of an account: its addresses, and how they are proved.
 */
#ifndef CONFIG_HOST_H
#define CONFIG_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address/address.h"
#include "config/pin.h"
#include "config/reader.h"

#define SETTINGS_ALLOW_MAX 16 /* networks of one host */
#define SETTINGS_PINS_MAX  8  /* of one host */

/* How a host shows that an address is its own; ddnsgate.json(5), proof. */
enum proof_kind { PROOF_CERTIFICATE, PROOF_PIN, PROOF_NONE };

/* The request that is sent over the TLS session; PROOF_TLS: none. */
enum proof_request { PROOF_HEAD, PROOF_TLS };

struct proof_settings {
	enum proof_kind kind;
	enum proof_request request;
	uint16_t port;
	const char *ca;	  /* file */
	const char *echo; /* path; NULL: HEAD / is enough */
	uint8_t (*pins)[PIN_LEN];
	size_t pin_count; /* at most SETTINGS_PINS_MAX */
};

/* Is there an IPv4 address, and what of one that is not public? */
enum ipv4_source { IPV4_NONE, IPV4_ROUTER, IPV4_IF_PUBLIC };

/* Where the IPv6 address of a host comes from. */
enum ipv6_source { IPV6_NONE, IPV6_ROUTER, IPV6_PREFIX };

struct host_settings {
	char *name; /* hostname_normalise() */
	enum ipv4_source ipv4;
	enum ipv6_source ipv6;
	unsigned int prefix_length; /* of IPV6_PREFIX */
	struct address suffix;
	bool ipv6_if_public; /* leave one out that is not public */
	char *zone;	     /* NULL: to be found out */
	int64_t ttl;	     /* seconds; 0: the provider's */
	bool partial;
	bool removal;	  /* "none" removes an address */
	bool replace_set; /* one address may replace several */
	struct network *allow;
	size_t allow_count; /* at most SETTINGS_ALLOW_MAX */
	struct proof_settings proof;
};

/*
 * Reads the host that r stands at; its name is that of the member.  ca is the
 * file of a proof that names none.  *to is to be released by host_end() in any
 * case; ca and the strings of its proof belong to the document.  Errors are
 * kept by r.
 */
void host_read(struct reader *r, struct host_settings *to, const char *ca);

/*
 * Checks the members of r that host_read() would take from its defaults, each
 * by itself.
 */
void host_check_defaults(struct reader *r);

/* Reads a list of networks; returns how many there are, 0 after any error. */
size_t networks_read(const struct reader *r,
    struct network to[static SETTINGS_ALLOW_MAX]);

/*
 * Makes *to a copy of from that borrows nothing but ca, which its proof keeps
 * if it is the file of from.  False without memory.  *to is to be released by
 * host_end() in any case, and the strings of its proof, but for ca, by free().
 */
bool host_copy(struct host_settings *to, const struct host_settings *from,
    const char *ca);

/* Makes *to a copy of text, NULL of NULL.  False without memory. */
bool text_copy(const char **to, const char *text);

/* Releases what host_read() or host_copy() has made. */
void host_end(struct host_settings *h);

/*
 * Can a request line hold this path (RFC 9112 section 3.2.1)?  It begins with
 * a slash, and has at most 1024 characters, no blank, and only ASCII.
 */
bool echo_valid(const char *path);

#endif
