/* The log. Loop thread; process-wide state, because there is one standard error. Written with one write a line, so that lines
 * of other processes on the same descriptor do not cut into it. */
#include "daemon/log.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LINE_BYTES        1024
#define PEER_LINES_A_TICK 20

static const struct {
    const char *name;
    int priority;
} levels[SP_LOG_LEVEL_COUNT] = {
    [SP_LOG_ERROR] = {"error", 3},
    [SP_LOG_WARNING] = {"warning", 4},
    [SP_LOG_NOTICE] = {"notice", 5},
    [SP_LOG_INFO] = {"info", 6},
    [SP_LOG_DEBUG] = {"debug", 7},
};

static enum sp_log_level level_now = SP_LOG_INFO;
static bool to_journal;
static time_t peer_tick;
static unsigned n_peer_lines;

/* JOURNAL_STREAM holds device and inode of the stream that systemd connected. */
static bool stderr_is_journal(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    unsigned long long device, inode;
    struct stat stat;
    if (!stream || sscanf(stream, "%llu:%llu", &device, &inode) != 2 || fstat(STDERR_FILENO, &stat) < 0)
        return false;
    return stat.st_dev == device && stat.st_ino == inode;
}

void sp_log_init(enum sp_log_level level)
{
    level_now = level;
    to_journal = stderr_is_journal();
}

void sp_log_set_level(enum sp_log_level level)
{
    level_now = level;
}

bool sp_log_wants(enum sp_log_level level)
{
    return level <= level_now;
}

enum sp_log_level sp_log_level_of_syslog(int level)
{
    return level <= 3 ? SP_LOG_ERROR : level >= 7 ? SP_LOG_DEBUG : (enum sp_log_level)(level - 3);
}

static __attribute__((format(printf, 2, 0))) void write_line(enum sp_log_level level, const char *format, va_list args)
{
    char text[LINE_BYTES], line[LINE_BYTES * 4 + 64];
    vsnprintf(text, sizeof(text), format, args);
    size_t n = (size_t)(to_journal ? snprintf(line, sizeof(line), "<%d>", levels[level].priority)
                                   : snprintf(line, sizeof(line), "sallyportd: %s: ", levels[level].name));
    for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
        if (*c < 0x20 || *c == 0x7F)
            n += (size_t)snprintf(line + n, sizeof(line) - n, "\\x%02x", *c);
        else if (*c == 0xC2 && c[1] >= 0x80 && c[1] < 0xA0) /* U+0080..U+009F */
            n += (size_t)snprintf(line + n, sizeof(line) - n, "\\u%04x", *++c);
        else
            line[n++] = (char)*c;
    }
    line[n++] = '\n';
    ssize_t written = write(STDERR_FILENO, line, n);
    (void)written; /* nowhere left to say so */
}

void sp_log(enum sp_log_level level, const char *format, ...)
{
    if (!sp_log_wants(level))
        return;
    va_list args;
    va_start(args, format);
    write_line(level, format, args);
    va_end(args);
}

void sp_log_peer(enum sp_log_level level, const char *format, ...)
{
    if (!sp_log_wants(level))
        return;
    time_t now = time(NULL);
    if (now != peer_tick) {
        if (n_peer_lines > PEER_LINES_A_TICK)
            sp_log(SP_LOG_NOTICE, "%u lines about peers were left out", n_peer_lines - PEER_LINES_A_TICK);
        peer_tick = now;
        n_peer_lines = 0;
    }
    if (n_peer_lines++ >= PEER_LINES_A_TICK)
        return;
    va_list args;
    va_start(args, format);
    write_line(level, format, args);
    va_end(args);
}
