/*
 * landlock.h - which files, TCP ports and processes this process may reach:
 * landlock(7), by its system calls, since Debian 12 has no library for it.
 *
 * A ruleset denies all of the kinds of access that it names, but for what its
 * rules allow.  What the kernel does not know yet is left out without a word:
 * files are ruled since Linux 5.13, truncation since 6.2, TCP ports since 6.7,
 * ioctl(2) of devices since 6.10, signals and abstract sockets since 6.12.
 */
#ifndef POOL_LANDLOCK_H
#define POOL_LANDLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* Access to files, struct landlock_ruleset_attr, handled_access_fs. */
#define LL_EXECUTE     (UINT64_C(1) << 0)
#define LL_WRITE_FILE  (UINT64_C(1) << 1)
#define LL_READ_FILE   (UINT64_C(1) << 2)
#define LL_READ_DIR    (UINT64_C(1) << 3)
#define LL_REMOVE_DIR  (UINT64_C(1) << 4)
#define LL_REMOVE_FILE (UINT64_C(1) << 5)
#define LL_MAKE_CHAR   (UINT64_C(1) << 6)
#define LL_MAKE_DIR    (UINT64_C(1) << 7)
#define LL_MAKE_REG    (UINT64_C(1) << 8)
#define LL_MAKE_SOCK   (UINT64_C(1) << 9)
#define LL_MAKE_FIFO   (UINT64_C(1) << 10)
#define LL_MAKE_BLOCK  (UINT64_C(1) << 11)
#define LL_MAKE_SYM    (UINT64_C(1) << 12)
#define LL_REFER       (UINT64_C(1) << 13)
#define LL_TRUNCATE    (UINT64_C(1) << 14)
#define LL_IOCTL_DEV   (UINT64_C(1) << 15)
#define LL_ALL_FILES   ((UINT64_C(1) << 16) - 1)

/* TCP, handled_access_net. */
#define LL_BIND_TCP    (UINT64_C(1) << 0)
#define LL_CONNECT_TCP (UINT64_C(1) << 1)

/* What lies outside of the sandbox, scoped. */
#define LL_ABSTRACT_SOCKETS (UINT64_C(1) << 0)
#define LL_SIGNALS	    (UINT64_C(1) << 1)

/*
 * A ruleset that denies these kinds of access.  Returns its descriptor, which
 * landlock_enter() closes; -1: errno ENOSYS or EOPNOTSUPP if the kernel has no
 * Landlock.
 */
int landlock_new(uint64_t files, uint64_t tcp, uint64_t outside);

/*
 * Allows these kinds of access to what lies at path: a file, or all below a
 * directory.  A path that is not there needs no rule.  False: errno says why.
 */
bool landlock_allow_path(int ruleset, const char *path, uint64_t files);

/* Allows connections to that TCP port; true where no ports are ruled. */
bool landlock_allow_port(int ruleset, uint16_t port);

/*
 * From now on, for this process and its children, the rules hold; no new
 * privileges must have been set.  Closes ruleset.  False: errno says why.
 */
bool landlock_enter(int ruleset);

#endif
