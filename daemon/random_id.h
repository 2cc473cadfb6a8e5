#ifndef SP_DAEMON_RANDOM_ID_H
#define SP_DAEMON_RANDOM_ID_H

/* Names that nobody can guess: of this life of the daemon, of a run. */

#include "proto/error.h"

#define SP_RANDOM_ID_SIZE 33 /* 32 hex digits of 128 random bits, and a NUL */

/* Any thread. SP_EINTERNAL where the kernel has no random bytes. */
int sp_random_id_make(char ret_id[SP_RANDOM_ID_SIZE], struct sp_error *error);

#endif
