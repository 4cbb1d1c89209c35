/*
 * tables.h - the tables of a database that several machines share.
 */
#ifndef STATE_POSTGRESQL_TABLES_H
#define STATE_POSTGRESQL_TABLES_H

#include "state/postgresql/connection.h"

/*
 * Are the tables there, in the version that this program knows?  Makes them, or
 * brings those of an older version up, unless the state is only looked at.  For
 * each new connection: a database may be replaced by an empty one, or be out of
 * reach when the program starts.  ERR_CONFIG: a newer program made them.
 * ERR_UNREACHABLE: they cannot be made or read now.
 */
enum err tables_ready(PGconn *c, const struct state *s, int64_t deadline,
    struct error *why);

#endif
