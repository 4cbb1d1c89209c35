/*
 * activity.h - what this process does at the moment, for whoever looks at it
 * with ps(1), or at the scoreboard with ddnsgate status --pool.
 *
 * The title of a process can be read by every user of the machine, so it tells
 * no account, no host and no address.
 */
#ifndef BASE_ACTIVITY_H
#define BASE_ACTIVITY_H

#include <stdatomic.h>

enum activity {
	ACTIVITY_IDLE,
	ACTIVITY_READING,   /* a request comes in */
	ACTIVITY_LOGIN,	    /* who is it? */
	ACTIVITY_STATE,	    /* what is published already? */
	ACTIVITY_WAITING,   /* for another update of the account or the host */
	ACTIVITY_PROOF,	    /* hosts are asked; the provider may be, too */
	ACTIVITY_PROVIDER,  /* all hosts have answered */
	ACTIVITY_REPLY,	    /* the reply leaves */
	ACTIVITY_FINISHING, /* at the provider, after the reply */
	ACTIVITY__COUNT
};

/* To be called first in main(): titles take the place of the arguments. */
void activity_setup(int argc, char *argv[], char *envp[]);

/*
 * From now on the title of this process begins with what, such as "worker", a
 * constant; each activity_set() adds a word to it, and stores its number at
 * where, which outlives the process; NULL: nowhere.
 */
void activity_show(const char *what, _Atomic int *where);

/* Does nothing before activity_show(). */
void activity_set(enum activity a);

/*
 * The same for what is over in less than anybody could read, most of the time:
 * the title stays as it was.  Whoever has to wait then calls activity_set().
 */
void activity_pass(enum activity a);

/* One or more words; "?" for a number that is none of enum activity. */
const char *activity_name(int a);

#endif
