#ifndef SP_PROTO_CLOCK_H
#define SP_PROTO_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Milliseconds of a clock that is never set. Any thread; needs libc only. */
static inline uint64_t sp_clock_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

#endif
