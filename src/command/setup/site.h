/*
 * site.h - the site of nginx before ddnsgate, made of the example that is
 * installed.
 */
#ifndef COMMAND_SETUP_SITE_H
#define COMMAND_SETUP_SITE_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/error.h"

#define SITE_DEFAULT "/etc/nginx/sites-available/ddnsgate"

/* What a site says; NULL: it stays as it is in the file. */
struct site {
	const char *file;
	const char *server;	 /* name of the server */
	const char *certificate; /* file with the chain */
	const char *key;	 /* file */
	const char *socket;	 /* of ddnsgate */
	struct buffer before;	 /* what was in the file; empty: no file */
	bool placed, linked;	 /* by site_write() */
};

/* Does nginx on this machine have a directory for the default site? */
bool site_is_usual(void);

/*
 * Is the certificate in the file for that server, and is it valid now?  A file
 * that is not there is fine: it may come later.  False: why.
 */
bool site_judge_certificate(const char *file, const char *server,
    struct error *why);

/* The certificate that the file names; the caller's, NULL: none. */
char *site_certificate(const char *file);

/*
 * Writes the file: the one that is there, or else the example, with what is
 * given; anything else that somebody wrote into it stays.  If it is in
 * sites-available, and the certificate is there, it is enabled, and nginx
 * checks its whole configuration; an error of that leaves all as it was.
 * False, told on standard error.
 */
bool site_write(struct site *s);

/* Puts back what site_write() found. */
void site_undo(struct site *s);

/* Is the site in force as soon as nginx reads its configuration? */
bool site_is_enabled(const struct site *s);

void site_end(struct site *s);

#endif
