/*
 * command.h - one function a command; each has a file of its name.
 *
 * argv[0] is the name of the command.  They return the exit status.
 */
#ifndef COMMAND_COMMAND_H
#define COMMAND_COMMAND_H

enum exit_status { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

#define COMMAND_CONFIG_FILE SYSCONFDIR "/ddnsgate/ddnsgate.json"

int command_serve(int argc, char *argv[]);
int command_check(int argc, char *argv[]);
int command_setup(int argc, char *argv[]);
int command_hash(int argc, char *argv[]);
int command_account(int argc, char *argv[]);
int command_explain(int argc, char *argv[]);
int command_prove(int argc, char *argv[]);
int command_provider(int argc, char *argv[]);
int command_router(int argc, char *argv[]);
int command_status(int argc, char *argv[]);
int command_history(int argc, char *argv[]);
int command_notify(int argc, char *argv[]);
int command_forget(int argc, char *argv[]);
int command_health(int argc, char *argv[]);
int command_top(int argc, char *argv[]);
int command_version(int argc, char *argv[]);

#endif
