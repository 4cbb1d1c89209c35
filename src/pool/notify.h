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

#endif
