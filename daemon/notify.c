/* sd_notify, and the pipe of a client that started us. Loop thread, and main. */
#include "daemon/notify.h"

#include <stdio.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <time.h>
#include <unistd.h>

void sp_notify_ready(void)
{
    sd_notify(0, "READY=1");
}

void sp_notify_reloading(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%llu",
        (unsigned long long)now.tv_sec * 1000000ull + (unsigned long long)now.tv_nsec / 1000);
}

void sp_notify_stopping(void)
{
    sd_notify(0, "STOPPING=1");
}

void sp_notify_status(const char *text)
{
    sd_notifyf(0, "STATUS=%s", text);
}

void sp_notify_watchdog(void)
{
    sd_notify(0, "WATCHDOG=1");
}

uint64_t sp_notify_watchdog_us(void)
{
    uint64_t us = 0;
    return sd_watchdog_enabled(0, &us) > 0 ? us : 0;
}

void sp_notify_starter(int fd, const char *line)
{
    if (fd < 0)
        return;
    char text[1024];
    int n = snprintf(text, sizeof(text), "%s", line);
    if (n >= (int)sizeof(text) - 1)
        n = (int)sizeof(text) - 2;
    for (int i = 0; i < n; i++)
        if (text[i] == '\n')
            text[i] = ' ';
    text[n] = '\n';
    ssize_t written = write(fd, text, (size_t)n + 1);
    (void)written; /* it has gone: then nobody waits */
    close(fd);
}
