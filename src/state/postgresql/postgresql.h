/*
 * postgresql.h - what each file of this room does for state.h, by the same
 * contract.
 */
#ifndef STATE_POSTGRESQL_POSTGRESQL_H
#define STATE_POSTGRESQL_POSTGRESQL_H

#include "state/engine.h"

/* needs.c */
bool postgresql_needs(const struct state *s, struct state_needs *n);

/* applied.c */
enum store_answer postgresql_is_applied(struct store *st,
    const struct state_claim *c, int64_t refresh_ms);
enum err postgresql_intend(struct store *st, const struct state_claim *c,
    struct state_value *old);
void postgresql_apply(struct store *st, const struct state_claim *c,
    const enum state_outcome *outcomes);
bool postgresql_forget(struct store *st, const char *host);

enum err postgresql_check(struct store *st, struct error *why);
enum err postgresql_count_intents(struct store *st, int64_t *count);

/* turn.c */
enum order_answer postgresql_take(struct store *st, const char *host,
    struct turn *t, int *verdicts);
enum order_answer postgresql_keep(struct store *st, const char *host,
    const struct turn *t);
void postgresql_give(struct store *st, const char *host, const struct turn *t,
    const int *verdicts);

/* history.c */
void postgresql_record(struct store *st, const struct state_event *e);
enum err postgresql_hosts(struct store *st, const char *account,
    const char *from, unsigned int most,
    bool (*each)(const struct state_host *h, void *data), void *data);
enum err postgresql_history(struct store *st, const struct state_search *s,
    bool (*each)(const struct state_event *e, void *data), void *data);

enum err postgresql_news(struct store *st, const char *after,
    bool (*each)(const struct state_event *e, void *data), void *data);

/* note.c */
bool postgresql_leads(struct store *st, uint64_t id);
void postgresql_resign(struct store *st, uint64_t id);
enum err postgresql_note(struct store *st, const char *key,
    struct buffer *text);
enum err postgresql_keep_note(struct store *st, const char *key,
    const char *before, const char *text);

/* account.c */
int64_t postgresql_accounts_version(struct store *st);
enum err postgresql_accounts(struct store *st, int64_t since,
    bool (*each)(const struct state_account *a, void *data), void *data);
enum err postgresql_account_write(struct store *st, const char *name,
    const char *text, bool is_new);

#endif
