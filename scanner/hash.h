#ifndef SP_SCANNER_HASH_H
#define SP_SCANNER_HASH_H

/* Hashes of what a program brings with it. Those of a table that grows with it hang on a key that each process draws for itself, so that nobody can write
 * names that share a slot of a table: a table of them would take a time that grows with their square. What is found never
 * hangs on the key, only where it lies. Any thread. */

#include <stdint.h>

#include "proto/str.h"

struct sp_hash_key {
    uint64_t a, b;
};

/* The same at every call. */
struct sp_hash_key sp_hash_key(void);

uint64_t sp_hash_text(struct sp_hash_key key, struct sp_str text);

#define SP_HASH_START 2166136261u

/* Without a key (FNV-1a), goes on from what went before: for what is bounded anyhow, where two that meet cost a step. */
static inline uint32_t sp_hash_on_word(uint32_t hash, uint32_t word)
{
    return (hash ^ word) * 16777619u;
}

static inline uint32_t sp_hash_on(uint32_t hash, struct sp_str text)
{
    for (size_t i = 0; i < text.n_bytes; i++)
        hash = sp_hash_on_word(hash, (unsigned char)text.ptr[i]);
    return hash;
}

static inline uint64_t sp_hash_number(struct sp_hash_key key, uint64_t number)
{
    unsigned __int128 product = (unsigned __int128)(number ^ key.a) * (key.b | 1);
    product = (unsigned __int128)((uint64_t)product ^ (uint64_t)(product >> 64) ^ key.b) * (key.a | 1);
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

#endif
