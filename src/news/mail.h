/*
 * mail.h - mail by the mail server of this machine.
 *
 * By SMTP (RFC 5321) and not by running sendmail(8): below the sandbox nothing
 * is run, and a process without new privileges, as the shipped unit asks for,
 * could not have it deliver anything, since each sendmail of Debian is
 * setuid or setgid.  No TLS, and no secret: the server is this machine's.
 *
 * Nothing here blocks; built on libcurl's multi interface, as https/exchange.h
 * is.
 */
#ifndef NEWS_MAIL_H
#define NEWS_MAIL_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "config/receiver.h"

#define MAILS_FDS_MAX 64

struct mails; /* the connections of one process */
struct mail;  /* one that is under way, or what came of it */

/* NULL without memory.  End each mail before mails_free(); NULL is fine. */
struct mails *mails_new(void);
void mails_free(struct mails *all);

/*
 * Begins to send a mail to the receiver, which ends by the deadline, a moment
 * of clock_now().  title and text are visible ASCII, the text in lines; both
 * are copied.  NULL: there is no memory.
 */
struct mail *mail_start(struct mails *all, const struct receiver_settings *to,
    const char *title, const char *text, int64_t deadline);

/* What poll(2) is to look at; returns how many, at most MAILS_FDS_MAX. */
size_t mails_fds(const struct mails *all, struct pollfd *fds);

/* Does what can be done now; to be called whenever that may be something. */
void mails_step(struct mails *all);

bool mail_done(const struct mail *m);

/* ERR_OK: the server has taken it.  ERR_UNREACHABLE, ERR_REFUSED: why not. */
enum err mail_result(const struct mail *m, struct error *why);

/* Aborts it if it is under way.  NULL is fine. */
void mail_end(struct mail *m);

#endif
