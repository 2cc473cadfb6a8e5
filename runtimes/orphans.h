#ifndef SP_RUNTIMES_ORPHANS_H
#define SP_RUNTIMES_ORPHANS_H

/* What a spawner that was killed has left. The kernel ends its sandboxes with it, all but one that bubblewrap was just making:
 * between its clone and the moment when its inside asks to die with it, the inside waits for bubblewrap, and where that is gone,
 * for ever. It holds no code yet, and is still of the spawner's session. Loop thread; blocks for one look at /proc. */

#include <stddef.h>
#include <sys/types.h>

/* Kills what lives in the session of a spawner that has ended, where we may: a daemon that gave up root may not, and its next
 * spawner clears the control groups. Returns how many it found. Nothing is done where the number is another's by now. */
size_t sp_orphans_kill(pid_t session);

#endif
