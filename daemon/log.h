#ifndef SP_DAEMON_LOG_H
#define SP_DAEMON_LOG_H

/* Lines on standard error, for the operator: one event a line, control characters escaped, never code, matched text or
 * environment. Under the journal they carry its level prefix. Loop thread, and main before the loop. */

#include <stdbool.h>

#include "daemon/config.h"

/* Reads the environment once: is standard error the journal's? Logs from level on. */
void sp_log_init(enum sp_log_level level);
void sp_log_set_level(enum sp_log_level level);
/* For work that only a log line needs. */
bool sp_log_wants(enum sp_log_level level);

void sp_log(enum sp_log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same for what a peer can cause as often as it likes: at most 20 a second, then a count of those left out. */
void sp_log_peer(enum sp_log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* From syslog(3)'s numbers, which the runtimes' log uses. */
enum sp_log_level sp_log_level_of_syslog(int level);

#endif
