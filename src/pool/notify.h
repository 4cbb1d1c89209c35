/*
 * notify.h - tells the service manager how we are: sd_notify(3).
 */
#ifndef POOL_NOTIFY_H
#define POOL_NOTIFY_H

/* "READY=1" and so on.  Does nothing when nobody asked to be told. */
void notify(const char *state);

#endif
