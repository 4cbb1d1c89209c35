/*
 * notify.h - tells the service manager how we are: sd_notify(3).
 */
#ifndef POOL_NOTIFY_H
#define POOL_NOTIFY_H

/* "READY=1" and so on.  Does nothing when nobody asked to be told. */
void notify(const char *state);

/*
 * The same, with a text for people that systemctl status shows ("STATUS=").
 * state may be NULL.  Control characters of the text become blanks, and what is
 * longer than NOTIFY_STATUS_MAX is cut.
 */
#define NOTIFY_STATUS_MAX 1024
void notify_status(const char *state, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * Between these two the manager's watchdog is fed each second by SIGALRM, for
 * work that keeps the caller from doing so, such as reading a large
 * configuration.  After a minute the feeding ends, so that the watchdog still
 * finds a caller that hangs.
 */
void notify_while_busy(void);
void notify_busy_end(void);

#endif
