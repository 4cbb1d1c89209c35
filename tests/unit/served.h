/*
 * served.h - a configuration that can be served from.
 *
 * For programs that are linked with $(INSTALLED) of Makefile.am.
 */
#ifndef UNIT_SERVED_H
#define UNIT_SERVED_H

/*
 * Writes ddnsgate.json into the directory of the test: so many workers on a
 * socket of that name there, accounts.d, a receiver of news, a state, and a log
 * of the name log.  Returns its full name.  Fails the test if it cannot.
 */
const char *served_configuration(unsigned int workers, const char *socket);

#endif
