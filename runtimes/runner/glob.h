#ifndef SP_RUNTIMES_RUNNER_GLOB_H
#define SP_RUNTIMES_RUNNER_GLOB_H

#include <stdbool.h>

#include "proto/str.h"

/* Does a glob match a relative path? Segment by segment: '*' any bytes but not a leading dot, '?' one code point,
 * "[a-z]" and "[!a-z]" one byte of a class, '\' the next byte itself; a segment "**" any number of segments, none
 * included, of which none begins with a dot. A '[' without its end is itself. Time is bounded by the product of the
 * lengths. Pure. */
bool sp_glob_match(struct sp_str glob, struct sp_str path);

#endif
