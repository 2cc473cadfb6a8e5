#ifndef SP_SCANNER_SCANNER_STATE_H
#define SP_SCANNER_SCANNER_STATE_H

/* What a scanner keeps between scans. */

#include <openssl/evp.h>

#include "scanner/scan.h"

struct sp_scanner {
    struct sp_match_scratch *scratch;
    struct sp_arena work;
    struct sp_arena levels[SP_SCAN_DEPTH_MAX + 1];
    EVP_MD_CTX *digest;
    EVP_MD *sha256;
};
SP_CLEANUP_DEFINE(struct sp_scanner *, sp_scanner_free)

/* Readies the arenas for a source of this size. */
void sp_scanner_reset(struct sp_scanner *scanner, size_t code_bytes);

#endif
