#ifndef SP_SCANNER_SHARE_PYTHON_H
#define SP_SCANNER_SHARE_PYTHON_H

/* What the files of one Python program take from each other: values of modules' names, of attributes, of items. Filled by
 * walks over all files until nothing new comes (scanner/program.c), then only read, by any thread. */

#include "scanner/resolve_python.h"

enum sp_share_kind {
    SP_SHARE_GLOBAL,    /* "h.e": a name of a module of the program's own, as that module binds it */
    SP_SHARE_MEMBER,    /* "h.e", "math.a": as any file sets it from outside; bare: put into the builtins */
    SP_SHARE_ATTRIBUTE, /* by its name, of whatever object */
    SP_SHARE_ITEM       /* by its key, of whatever container */
};

/* Entries by their keys' hashes: what files ask for, and what grows. Two in one bucket cost a walk, and nothing else. */
#define SP_SHARE_BUCKETS 16384

struct sp_share {
    struct sp_arena *arena;       /* what lasts */
    struct sp_python_names names; /* kind and name: the entry's number; own modules too */
    struct sp_python_set *entries;
    uint32_t n_entries, n_room;
    uint32_t n_copies; /* left */
    uint32_t *grown;   /* by bucket: the walk in which one of its entries grew last */
    uint32_t walk;     /* of whatever file: 1, 2, … */
    uint32_t flagged;  /* the walk in which a flag was set that all files see */
    unsigned round;
    bool builtins_change, items_stored;
    bool grew; /* in this round */
    bool cut;  /* something had no room, or the rounds ended too early */
    int code;  /* SP_E… once memory ran out */
};

/* One file of the program. A module may have two names: what is started is both "__main__" and "main". */
#define SP_SHARE_NAMES_MAX 2
struct sp_share_view {
    struct sp_share *share;
    struct sp_str modules[SP_SHARE_NAMES_MAX];
    size_t n_modules;
    struct sp_str package; /* what its relative imports begin from; empty: none */
    bool collect;          /* what the file gives goes into the share */
    uint32_t walk;         /* the file's last; 0: none yet */
    uint64_t *asked;       /* a bit a bucket: what that walk asked for. NULL: nobody needs to know */
};

int sp_share_python_init(struct sp_share *share, struct sp_arena *arena, struct sp_error *error);
/* A module of the program's own, and the packages that it lies in. */
void sp_share_python_own(struct sp_share *share, struct sp_str module);
/* Does the path begin with a module of the program's own? */
bool sp_share_python_is_own(const struct sp_python_resolver *resolver, struct sp_str path);

/* Adds what the files gave to the set; false: nothing. All of these do nothing in a program of one file. */
bool sp_share_python_join(
    struct sp_python_resolver *resolver, enum sp_share_kind kind, struct sp_str name, struct sp_python_set *set);
/* As kinds GLOBAL and MEMBER, and what an object behind an own module's name holds. */
bool sp_share_python_join_member(
    struct sp_python_resolver *resolver, struct sp_str path, struct sp_str name, struct sp_python_set *set);
/* What other files set in the module that is walked. */
bool sp_share_python_join_own(struct sp_python_resolver *resolver, struct sp_str name, struct sp_python_set *set);

/* owner.name = set, where the owner may be a module of the program's own; name NULL: one that is not known, which is told. */
void sp_share_python_store(struct sp_python_resolver *resolver, struct sp_str owner, const struct sp_str *name,
    const struct sp_python_set *set, uint32_t start, uint32_t end);
/* The set goes where another file may take it without being seen: told, where it holds what imports, evaluates or reaches
 * modules. */
void sp_share_python_hand_out(
    struct sp_python_resolver *resolver, const struct sp_python_set *set, uint32_t start, uint32_t end);
/* The same of a call's arguments. */
void sp_share_python_hand_over(struct sp_python_resolver *resolver, const struct sp_python_call *call);

/* May the file's walk find more than its last one did? */
bool sp_share_python_is_due(const struct sp_share_view *view);

/* After the last walk: what functions answer is told, and where the view collects, all is shared. */
void sp_share_python_finish(struct sp_python_resolver *resolver);

#endif
