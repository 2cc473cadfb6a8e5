#ifndef SP_DAEMON_VERDICT_FIT_H
#define SP_DAEMON_VERDICT_FIT_H

/* A verdict in the room that there is for it. Any thread; no state. */

#include "proto/arena.h"
#include "proto/buffer.h"
#include "scanner/scanner.h"

/* As sp_verdict_pack, but with fewer findings where the map would take more than bytes_max: non-blocking ones go first, then
 * the last ones; `truncated` is true then, `counts` and `safe` stay exact. What is left of it without any finding is appended
 * however large it is: only the buffer's own bound fails (SP_ETOO_LARGE). The arena is for work. */
int sp_verdict_fit_pack(const struct sp_verdict *verdict, unsigned extra_pairs, size_t bytes_max,
    struct sp_arena *arena, struct sp_buffer *buffer);

#endif
