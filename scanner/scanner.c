/* The scanner as an object: what one thread reuses from scan to scan. What a scan needs only until its verdict is in the
 * scanner's own arena, which is kept, so that the steady state allocates nothing but the caller's memory. */
#include <stdlib.h>

#include "scanner/scanner_state.h"

int sp_scanner_new(struct sp_scanner **ret_scanner, struct sp_error *error)
{
    sp_cleanup(sp_scanner_free_scope) struct sp_scanner *scanner = calloc(1, sizeof(*scanner));
    if (!scanner)
        return sp_error_set(error, SP_ENO_MEMORY, NULL);
    sp_arena_init(&scanner->work, SP_SCAN_WORK_BYTES(0));
    for (size_t i = 0; i < SP_COUNT(scanner->levels); i++)
        sp_arena_init(&scanner->levels[i], SP_SCAN_WORK_BYTES(0));
    scanner->digest = EVP_MD_CTX_new();
    scanner->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    if (!scanner->digest || !scanner->sha256)
        return sp_error_set(error, SP_EINTERNAL, "libcrypto has no SHA-256");
    int r = sp_match_scratch_new(&scanner->scratch, error);
    if (r < 0)
        return r;
    *ret_scanner = SP_TAKE(scanner);
    return 0;
}

void sp_scanner_free(struct sp_scanner *scanner)
{
    if (!scanner)
        return;
    sp_match_scratch_free(scanner->scratch);
    EVP_MD_CTX_free(scanner->digest);
    EVP_MD_free(scanner->sha256);
    sp_arena_fini(&scanner->work);
    for (size_t i = 0; i < SP_COUNT(scanner->levels); i++)
        sp_arena_fini(&scanner->levels[i]);
    free(scanner);
}

/* One large source must not hold its memory for ever. */
static void reset(struct sp_arena *arena, size_t code_bytes)
{
    if (arena->used_bytes > SP_SCAN_WORK_KEEP_BYTES)
        sp_arena_fini(arena);
    sp_arena_reset(arena);
    arena->max_bytes = SP_SCAN_WORK_BYTES(code_bytes);
}

void sp_scanner_reset(struct sp_scanner *scanner, size_t code_bytes)
{
    reset(&scanner->work, code_bytes);
    for (size_t i = 0; i < SP_COUNT(scanner->levels); i++)
        reset(&scanner->levels[i], code_bytes);
}
