#ifndef SP_DAEMON_NOTIFY_H
#define SP_DAEMON_NOTIFY_H

/* What the service manager is told (sd_notify); nothing happens where there is none. Loop thread. */

#include <stdint.h>

#include "proto/error.h"

void sp_notify_ready(void);
void sp_notify_reloading(void);
void sp_notify_stopping(void);
void sp_notify_status(const char *text);
void sp_notify_watchdog(void);
/* How often the service manager wants to hear from the watchdog, in microseconds; 0: not at all. */
uint64_t sp_notify_watchdog_us(void);

/* One line to the program that waits for readiness: "ready", or what is wrong. Closes fd; -1: nobody waits. */
void sp_notify_starter(int fd, const char *line);

#endif
