/* A server and one peer: the opening of tests of what goes over a connection. */
#ifndef SP_TEST_DAEMON_SERVED_PEER_H
#define SP_TEST_DAEMON_SERVED_PEER_H

#include "served.h"

static struct peer peer;

static inline void start_with(const char *lines)
{
    served_start(lines);
    peer_open(&peer);
}

static inline void start(void)
{
    start_with("");
}

static inline void stop(void)
{
    peer_close(&peer);
    served_stop();
}

/* A request that a worker answers. */
static const char *const source[] = {"code", "x = 1", "language", "python", NULL};

#endif
