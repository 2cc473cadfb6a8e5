/* Keyed hashes: SipHash with one round a word and three at the end. Any thread; the process draws its key at the first call. */
#include "scanner/hash.h"

#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

struct sp_hash_key sp_hash_key(void)
{
    static atomic_uint_fast64_t drawn; /* 0: not yet */
    uint64_t key = atomic_load_explicit(&drawn, memory_order_relaxed);
    if (!key) {
        /* Where the kernel gives nothing, tables are as good as with a fixed hash. */
        if (getentropy(&key, sizeof(key)) != 0 || !key)
            key = 0x9e3779b97f4a7c15u;
        uint_fast64_t first = 0;
        if (!atomic_compare_exchange_strong(&drawn, &first, key))
            key = first;
    }
    return (struct sp_hash_key){key, key * 0xd6e8feb86659fd93u ^ key >> 32};
}

struct state {
    uint64_t a, b, c, d;
};

static uint64_t rotate(uint64_t word, unsigned n_bits)
{
    return word << n_bits | word >> (64 - n_bits);
}

static void stir(struct state *s)
{
    s->a += s->b;
    s->c += s->d;
    s->b = rotate(s->b, 13) ^ s->a;
    s->d = rotate(s->d, 16) ^ s->c;
    s->a = rotate(s->a, 32);
    s->c += s->b;
    s->a += s->d;
    s->b = rotate(s->b, 17) ^ s->c;
    s->d = rotate(s->d, 21) ^ s->a;
    s->c = rotate(s->c, 32);
}

static void take(struct state *s, uint64_t word)
{
    s->d ^= word;
    stir(s);
    s->a ^= word;
}

uint64_t sp_hash_text(struct sp_hash_key key, struct sp_str text)
{
    struct state s = {key.a ^ 0x736f6d6570736575u, key.b ^ 0x646f72616e646f6du, key.a ^ 0x6c7967656e657261u,
        key.b ^ 0x7465646279746573u};
    size_t at = 0;
    uint64_t word;
    for (; text.n_bytes - at >= sizeof(word); at += sizeof(word)) {
        memcpy(&word, text.ptr + at, sizeof(word));
        take(&s, word);
    }
    word = 0;
    if (text.n_bytes > at)
        memcpy(&word, text.ptr + at, text.n_bytes - at);
    take(&s, word | (uint64_t)text.n_bytes << 56);
    s.c ^= 0xff;
    for (int i = 0; i < 3; i++)
        stir(&s);
    return s.a ^ s.b ^ s.c ^ s.d;
}
