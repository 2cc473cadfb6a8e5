/* Random ids, straight from the kernel. Any thread; no state. */
#include "daemon/random_id.h"

#include <stdio.h>
#include <sys/random.h>

int sp_random_id_make(char ret_id[SP_RANDOM_ID_SIZE], struct sp_error *error)
{
    uint8_t bytes[(SP_RANDOM_ID_SIZE - 1) / 2];
    if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
        return sp_error_set(error, SP_EINTERNAL, "no random bytes are to be had");
    for (size_t i = 0; i < sizeof(bytes); i++)
        snprintf(ret_id + 2 * i, 3, "%02x", bytes[i]);
    return 0;
}
