/*
 * sqlite.h - what each file of this room does for state.h, by the same
 * contract.
 */
#ifndef STATE_SQLITE_SQLITE_H
#define STATE_SQLITE_SQLITE_H

#include "state/engine.h"

/* applied.c */
enum store_answer sqlite_is_applied(struct store *st,
    const struct state_claim *c, int64_t refresh_ms);
enum err sqlite_intend(struct store *st, const struct state_claim *c,
    struct state_value *old);
void sqlite_apply(struct store *st, const struct state_claim *c,
    const enum state_outcome *outcomes);
bool sqlite_forget(struct store *st, const char *host);

/* check.c */
enum err sqlite_check(struct store *st, struct error *why);
enum err sqlite_count_intents(struct store *st, int64_t *count);

/* turn.c */
enum order_answer sqlite_take(struct store *st, const char *host,
    struct turn *t, int *verdicts);
enum order_answer sqlite_keep(struct store *st, const char *host,
    const struct turn *t);
void sqlite_give(struct store *st, const char *host, const struct turn *t,
    const int *verdicts);

/* history.c */
void sqlite_record(struct store *st, const struct state_event *e);
enum err sqlite_hosts(struct store *st, const char *account, const char *from,
    unsigned int most, bool (*each)(const struct state_host *h, void *data),
    void *data);
enum err sqlite_history(struct store *st, const struct state_search *s,
    bool (*each)(const struct state_event *e, void *data), void *data);
enum err sqlite_news(struct store *st, const char *after,
    bool (*each)(const struct state_event *e, void *data), void *data);

/* note.c */
bool sqlite_leads(struct store *st, uint64_t id);
void sqlite_resign(struct store *st, uint64_t id);
enum err sqlite_note(struct store *st, const char *key, struct buffer *text);
enum err sqlite_keep_note(struct store *st, const char *key, const char *before,
    const char *text);

#endif
